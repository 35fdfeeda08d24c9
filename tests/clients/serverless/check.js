exports.handler = async (event) => ({ ...event, checked: true });

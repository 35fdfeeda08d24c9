"""AWS CloudFormation: templates become stacks of resources, each made by the operations of its own service."""

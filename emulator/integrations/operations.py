"""Operations that Resource ARNs stand for: for those who want to know what a Task would call, without calling."""

from __future__ import annotations

from functools import cache

from emulator.integrations import sdk
from emulator.integrations.optimized import ACTIONS
from emulator.permissions.asking import Operation


@cache
def find_operation(service: str, action: str) -> Operation | None:
    """The operation of the service and the action of a Resource ARN, as in ``aws-sdk:s3`` and ``getObject``.

    None if no model has it.
    """
    if service.startswith("aws-sdk:"):
        name = sdk.find_service(service.removeprefix("aws-sdk:"))
        model = None if name is None else sdk.find_operation(name, action)
        spelling = sdk.member_name
    else:
        optimized = ACTIONS.get((service, action))
        model = None if optimized is None else optimized.model()
        spelling = sdk.capitalized
    if model is None:
        return None
    members = model.input_shape.members if model.input_shape is not None else {}
    return Operation(model.service_model.service_name, model.name, {spelling(member): member for member in members})

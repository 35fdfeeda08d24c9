"""Universal targets: any operation of any service, called as an SDK does.

Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator import moto_door
from emulator.arns import Arn
from emulator.faults import Fault
from emulator.integrations import sdk
from emulator.lambdas.functions import FunctionName, Request
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from botocore.model import Shape

    from emulator.world import World

OURS: Final = frozenset({"dynamodb", "dynamodbstreams", "stepfunctions", "cloudformation"})


def call_any(world: World, target: str, text: str) -> None:
    """Call the operation that ``arn:aws:scheduler:REGION:ACCOUNT:aws-sdk:SERVICE:ACTION`` names.

    Raises:
        Fault, ServiceError: there is no such operation, the input is not for it, or the service refuses.
    """
    arn = Arn.parse(target)
    _, name, action = [*arn.names, "", ""][:3]
    service = sdk.find_service(name)
    operation = None if service is None else sdk.find_operation(service, action)
    if service is None or operation is None:
        raise Fault("ValidationException", f"There is no operation {action} of a service {name}.")
    try:
        params = loads(text)
    except InvalidJSON:
        params = None
    if not isinstance(params, dict):
        raise Fault("ValidationException", f"The input of {name}:{action} is not a JSON object.")
    if service in OURS:
        perform(world, Call(service, operation.name, params, arn.account, arn.region, ""))
    elif (service, operation.name) == ("lambda", "Invoke"):
        function = FunctionName.parse(params.get("FunctionName", ""), arn.account, arn.region)
        world.lambdas.invoke_later(Request(function, params.get("Payload", "{}"), world.lambdas.new_id()))
    else:
        from botocore.exceptions import BotoCoreError

        try:
            moto_door.call(service, operation.name, _for_sdk(operation.input_shape, params), arn.account, arn.region)
        except BotoCoreError as error:
            raise Fault("ValidationException", str(error)) from None


def _for_sdk(shape: Shape | None, value: JSON) -> Any:
    """A value of JSON as an SDK takes it: blobs are bytes, given as base64, or as text where that is none."""
    from botocore.model import ListShape, MapShape, Shape, StructureShape

    match shape, value:
        case StructureShape(), dict():
            return {name: _for_sdk(shape.members.get(name), member) for name, member in value.items()}
        case ListShape(), list():
            return [_for_sdk(shape.member, item) for item in value]
        case MapShape(), dict():
            return {name: _for_sdk(shape.value, member) for name, member in value.items()}
        case Shape(type_name="blob"), str():
            try:
                return base64.b64decode(value, validate=True)
            except ValueError:
                return value.encode()
        case _:
            return value

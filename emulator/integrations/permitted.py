"""Permitted: the integrations of an execution, of which each asks IAM before it calls.

So does one for which a mock stands: on AWS its service would have been called.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

from asl_interpreter.errors import TASK_FAILED, StateError
from asl_interpreter.jsontext import dumps
from asl_interpreter.tasks import Integration, Resolve, TaskRequest
from emulator.integrations import sdk
from emulator.integrations.caller import new_uuid
from emulator.integrations.operations import find_operation
from emulator.permissions.asked_by import Actor, AskedBy, TakenOn
from emulator.permissions.asking import Facts, Need, Place, account_of
from emulator.permissions.guard import Denial, Guard
from emulator.permissions.sentences import refusal
from emulator.permissions.tasks import needs_of_task
from emulator.wire.operations import service_model


def permitted(resolve: Resolve, guard: Guard, account: str, region: str) -> Resolve:
    """The integrations that ``resolve`` finds, each of which asks the guard first."""
    asking: dict[str, tuple[Integration, Integration]] = {}

    def find(resource: str, state: str = "") -> Integration:
        integration = resolve(resource, state)
        known = asking.get(resource)
        if known is None or known[0] is not integration:
            known = asking[resource] = (integration, _asking(integration, resource))
        return known[1]

    def _asking(integration: Integration, resource: str) -> Integration:
        handler, choose = integration.handler, integration.choose
        member, beside = _deciding(resource)
        place = f"{resource} of {account} in {region}"

        def ask(request: TaskRequest) -> object:
            execution, arguments = request.context["Execution"], request.arguments
            role = str(execution["RoleArn"])
            what: Hashable = None
            if member is not None and request.role is None and isinstance(arguments, dict):
                named = arguments.get(member)
                if isinstance(named, str) and (beside is None or beside not in arguments):
                    what = (role, place, named)
                    if guard.allowed_before(what):
                        with AskedBy(TakenOn(guard, role, execution["Id"])):
                            return handler(request)
            with AskedBy(_check(guard, resource, request, account, region, what)):
                return handler(request)

        chosen = None if choose is None else lambda request: _asking(choose(request), resource)
        return dataclasses.replace(integration, handler=ask, choose=chosen)

    return find


_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


_DECIDING: Final[Mapping[tuple[str, str], tuple[str, str | None]]] = {
    **{("dynamodb", f"{verb}Item"): ("TableName", None) for verb in ("get", "put", "update", "delete")},
    ("lambda", "invoke"): ("FunctionName", "Qualifier"),
    ("sns", "publish"): ("TopicArn", None),
    ("sqs", "sendMessage"): ("QueueUrl", None),
    ("states", "startExecution"): ("StateMachineArn", None),
}
"""Service and action -> the argument that tells what is needed, unless a second one is there, too."""


def _deciding(resource: str) -> tuple[str | None, str | None]:
    """The argument by which a Task with this Resource is judged, and one that must not be there.

    None if any of them may count. All others are for conditions.
    """
    match = _SERVICE.match(resource)
    action = "" if match is None else resource[match.end() :].partition(".")[0]
    return (None, None) if match is None else _DECIDING.get((match[1], action), (None, None))


def _check(
    guard: Guard, resource: str, request: TaskRequest, account: str, region: str, what: Hashable | None
) -> Actor:
    """See that whoever a Task calls for may do what it asks; who that is. ``what`` is what else would be judged alike.

    Raises:
        StateError: IAM does not allow it, in the words of the integration.
    """
    execution, machine = request.context["Execution"], request.context["StateMachine"]
    revision = guard.registry.revision()
    actor = guard.taken_on(str(execution["RoleArn"]), execution["Id"])
    if request.role is not None and _ROLE.fullmatch(str(request.role)):
        denial = guard.lacking(actor, [Need("sts:AssumeRole", request.role)], region)
        if denial is not None:
            raise StateError(TASK_FAILED, denial.sentence)
        actor, account = guard.taken_on(request.role, execution["Id"]), account_of(request.role)
    facts = Facts(Place(account, region, guard.registry.find(account, region)), str(machine["Name"]))
    wanted = needs_of_task(resource, request.arguments, facts, find_operation)
    denial = guard.lacking(actor, wanted, region)
    if denial is not None:
        raise _error(resource, denial, request)
    if what is not None:
        guard.remember(what, actor, wanted, revision)
    return actor


def permit_of(guard: Guard) -> Callable[[str, str | None, str, dict[str, Any]], str | None]:
    """What says why a Distributed Map may not call an operation of S3; None if it may."""

    def permit(owner: str, role: str | None, operation: str, params: dict[str, Any]) -> str | None:
        if role is None:
            return None
        region = owner.split(":")[3]
        denial = guard.refusal(guard.taken_on(role, owner), "s3", operation, params, account_of(owner), region)
        return None if denial is None else refusal("s3", "rest-xml", denial.sentence).message

    return permit


_SERVICE: Final = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:((?:aws-sdk:)?[a-zA-Z0-9-]+):")


def _error(resource: str, denial: Denial, request: TaskRequest) -> StateError:
    """The error of a Task whose service refuses it.

    What a Task fails with that may not call an endpoint, or take on a role, was not seen: States.TaskFailed is ours.
    """
    match = _SERVICE.match(resource)
    service = "lambda" if match is None else match[1]
    if service == "http":
        name = TASK_FAILED if denial.action.startswith("states:") else "Events.ConnectionResource.AccessDenied"
        return StateError(name, denial.sentence)
    if service == "apigateway":
        return StateError("ApiGateway.403", dumps({"Message": denial.sentence}))
    optimized = not service.startswith("aws-sdk:")
    botocore_name = sdk.OPTIMIZED[service][2] if optimized else sdk.find_service(service.removeprefix("aws-sdk:"))
    if botocore_name is None:  # AWS has ended the service
        return StateError(TASK_FAILED, denial.sentence)
    refused = refusal(botocore_name, str(service_model(botocore_name).metadata["protocol"]), denial.sentence)
    request_id = new_uuid(request)
    if optimized:
        return sdk.optimized_error(service, refused.code, refused.message, refused.status, request_id)
    return sdk.sdk_error(botocore_name, refused.code, refused.message, refused.status, request_id)

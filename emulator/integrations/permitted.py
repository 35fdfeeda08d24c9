"""Permitted: the integrations of an execution, of which each asks IAM before it calls.

So does one for which a mock stands: on AWS its service would have been called.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, Final

from asl_interpreter.errors import TASK_FAILED, StateError
from asl_interpreter.jsontext import dumps
from asl_interpreter.tasks import Integration, Resolve, TaskRequest
from emulator.integrations import sdk
from emulator.integrations.caller import new_uuid
from emulator.integrations.operations import find_operation
from emulator.permissions.asking import Facts, Need, Place, account_of
from emulator.permissions.guard import Actor, Denial, Guard, session_actor, session_name
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

        def ask(request: TaskRequest) -> object:
            _check(guard, resource, request, account, region)
            return handler(request)

        chosen = None if choose is None else lambda request: _asking(choose(request), resource)
        return dataclasses.replace(integration, handler=ask, choose=chosen)

    return find


_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


def _check(guard: Guard, resource: str, request: TaskRequest, account: str, region: str) -> None:
    """See that whoever a Task calls for may do what it asks.

    Raises:
        StateError: IAM does not allow it, in the words of the integration.
    """
    execution, machine = request.context["Execution"], request.context["StateMachine"]
    session, role = session_name(execution["Id"]), str(execution["RoleArn"])
    actor = _taken_on(guard, role, session)
    if request.role is not None and _ROLE.fullmatch(str(request.role)):
        denial = guard.lacking(actor, [Need("sts:AssumeRole", request.role)], region)
        if denial is not None:
            raise StateError(TASK_FAILED, denial.sentence)
        actor, account = _taken_on(guard, request.role, session), account_of(request.role)
    facts = Facts(Place(account, region, guard.registry.find(account, region)), str(machine["Name"]))
    denial = guard.lacking(actor, needs_of_task(resource, request.arguments, facts, find_operation), region)
    if denial is not None:
        raise _error(resource, denial, request)


def permit_of(guard: Guard) -> Callable[[str, str | None, str, dict[str, Any]], str | None]:
    """What says why a Distributed Map may not call an operation of S3; None if it may."""

    def permit(owner: str, role: str | None, operation: str, params: dict[str, Any]) -> str | None:
        if role is None:
            return None
        region = owner.split(":")[3]
        denial = guard.refusal(
            _taken_on(guard, role, session_name(owner)), "s3", operation, params, account_of(owner), region
        )
        return None if denial is None else refusal("s3", "rest-xml", denial.sentence).message

    return permit


def _taken_on(guard: Guard, role: str, session: str) -> Actor:
    return session_actor(role, guard.registry.role(role), session, account_of(role))


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

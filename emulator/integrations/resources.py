"""Resource ARNs: what a Task's ``Resource`` stands for.

Lambda functions, activities, the optimized integrations, and ``aws-sdk:service:action`` for everything botocore
knows. Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from asl_interpreter.errors import NOT_BUILT, StateError
from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import (
    Again,
    Callback,
    Integration,
    Later,
    Polled,
    Submitted,
    TaskHandler,
    TaskRequest,
    UnknownResource,
)
from emulator.arns import Arn
from emulator.faults import Fault
from emulator.integrations import api_gateway, emr, http_task, lambda_functions, messages, parameters, sdk, services
from emulator.integrations.bedrock import StoredData
from emulator.integrations.caller import Answer, Caller, Optimized
from emulator.integrations.calls import call_service, job_again
from emulator.integrations.marks import marked
from emulator.integrations.mocks import Mock, Step
from emulator.integrations.optimized import ACTIONS, TOKEN, parameters_of
from emulator.integrations.selection import Selection
from emulator.stepfunctions.encryption import hold_data_key
from emulator.stepfunctions.mocks import Answered

if TYPE_CHECKING:
    from asl_interpreter.tasks import Resolve
    from emulator.world import World

Found = Callable[[Caller, TaskRequest, JSON], Submitted | Polled]
"""Finds the job that an attempt had started, by its request and what TaskSubmitted showed."""

_ENDED: Final = frozenset(
    {
        *("alexaforbusiness", "codestar", "elasticinference", "elastictranscoder", "evidently", "honeycode"),
        *("iot1clickprojects", "iotanalytics", "iotevents", "ioteventsdata", "iotfleethub", "lookoutmetrics"),
        *("lookoutvision", "macie", "mobile", "opsworks", "opsworkscm", "panorama", "qldb", "qldbsession"),
        *("robomaker", "sms"),
    }
)
"""Services that AWS has ended: botocore has dropped their models, definitions that name them still exist."""
_RESOURCE: Final = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?P<service>[a-zA-Z0-9-]+(?::[a-zA-Z0-9-]+)?):(?P<action>[a-zA-Z0-9]+)(?P<suffix>\.\S+)?"
)
_LAMBDA: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[\w-]+:function:[\w-]+(:[\w$-]+)?")
_ACTIVITY: Final = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:\S+")


Stored: TypeAlias = Callable[[TaskRequest], StoredData]
_PARSED: Final = frozenset({"Input", "Output"})
"""What ``.sync:2`` reads as JSON in the description of an execution."""


class Called(NamedTuple):
    """The operation that a Task calls, by botocore's names."""

    service: str
    operation: str
    error: Callable[[Fault, str], StateError]
    """How the Task fails if the service refuses the call with a Fault, under the id of a request."""


class Resources:
    """Finds integrations, for the Tasks of one account in one region."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self._caller = Caller(world, account, region)
        self._found: dict[str, Integration] = {}

    def __call__(self, resource: str, _state: str = "") -> Integration:
        """The integration of a Resource ARN.

        Raises:
            UnknownResource: AWS would not recognize it.
        """
        found = self._found.get(resource)
        if found is None:
            found = self._found[resource] = self._find(resource)
        return found

    def watched(self, watch: http_task.Watch) -> Resolve:
        """The same, but HTTP Tasks also tell what they send and get."""

        def resolve(resource: str, state: str = "") -> Integration:
            integration = self(resource, state)
            if integration.service != "http":
                return integration
            return replace(integration, handler=self._with_caller(partial(http_task.invoke, "", watch=watch)))

        return resolve

    def answered_by(self, title: str, answer: Later) -> Resolve:
        """The same, but a mock answers at once in place of each. That it could be an answer was seen before."""
        from emulator.integrations.mocked import answered_at_once  # which needs this

        return answered_at_once(self, Mock(title, Selection("*"), (Step(0, math.inf, answer),)))

    def answering(self, resource: str) -> Answered | None:
        """The operation whose answer a Task's result is; None if no model tells."""
        match = _RESOURCE.fullmatch(resource)
        if match is None or match["suffix"] == ".waitForTaskToken":
            return None
        service, action = match["service"], match["action"]
        if service.startswith("aws-sdk:"):
            name = sdk.find_service(service.removeprefix("aws-sdk:"))
            operation = None if name is None else sdk.find_operation(name, action)
            return None if operation is None else Answered(operation, sdk.member_name)
        parsed: frozenset[str] = frozenset()
        if match["suffix"] is not None:  # the result is the answer of what was polled
            operation = sdk.find_operation("stepfunctions", "describeExecution") if service == "states" else None
            parsed = _PARSED if match["suffix"] == ".sync:2" else parsed
        else:
            optimized = ACTIONS.get((service, action))
            operation = None if optimized is None or optimized.answers else optimized.model()
        return None if operation is None else Answered(operation, sdk.capitalized, parsed)

    def called(self, resource: str) -> Called | None:
        """The operation that a Task calls; None if its Resource is an activity, or calls no operation of AWS."""
        if _LAMBDA.fullmatch(resource):
            return Called("lambda", "Invoke", partial(_optimized_error, "lambda"))
        match = _RESOURCE.fullmatch(resource)
        if match is None:
            return None
        service, action = match["service"], match["action"]
        if service.startswith("aws-sdk:"):
            name = sdk.find_service(service.removeprefix("aws-sdk:"))
            return None if name is None else Called(name, sdk.capitalized(action), partial(_sdk_error, name))
        if service not in sdk.OPTIMIZED:
            return None
        model = ACTIONS[service, action].model() if (service, action) in ACTIONS else None
        operation = sdk.capitalized(action) if model is None else model.name
        return Called(sdk.OPTIMIZED[service][2], operation, partial(_optimized_error, service))

    def stored(self, resource: str) -> Stored | None:
        """How the data of a Task's call comes from S3 and goes there; None if the call has them all."""
        return partial(StoredData, self._caller) if resource.endswith(":states:::bedrock:invokeModel") else None

    def _find(self, resource: str) -> Integration:
        if _LAMBDA.fullmatch(resource):
            invoke = partial(lambda_functions.invoke_directly, resource)
            return Integration(
                *("lambda", "", "", self._with_caller(invoke)),
                blocking=True,
                size_name=resource,
                apart=lambda _request: self._runs_apart(resource),
            )
        if _ACTIVITY.fullmatch(resource):
            return self._activity(resource)
        match = _RESOURCE.fullmatch(resource)
        if match is None:
            raise UnknownResource(_not_an_arn(resource))
        service, action, suffix = match["service"], match["action"], match["suffix"] or ""
        if service.startswith("aws-sdk:"):
            return self._aws_sdk(resource, service, action, suffix)
        optimized = ACTIONS.get((service, action))
        if optimized is None or suffix not in optimized.suffixes:
            raise UnknownResource(_unrecognized(resource))
        if (service, action) in _UNBUILT:
            unbuilt = _unbuilt(service, action + suffix, f"{service}:{action}{suffix}")
            try:
                taken = parameters_of(service, action)
            except KeyError:  # the botocore that is installed does not know the service yet: a mock answers unchecked
                return unbuilt
            return replace(unbuilt, check=taken.check, check_start=taken.check_start)
        taken = parameters_of(service, action)
        mark = partial(_marked, service, action + suffix)
        handler, blocking = _BUILT.get((service, action), (partial(call_service, optimized, taken), True))
        blocking = blocking or service in self._caller.world.elsewhere
        call = self._with_caller(partial(handler, suffix))
        open_callback = self._caller.world.callbacks.open if suffix else None
        apart = self._invokes_apart if (service, action) == ("lambda", "invoke") else _never
        checks = (taken.check, taken.check_start)
        whole = action + suffix
        return Integration(
            *("task", service, whole, call, blocking, service, open_callback, *checks, mark, apart),
            again=self._again(partial(job_again, optimized, taken, suffix), service, suffix),
        )

    def _again(self, job: Found, service: str, suffix: str) -> Again | None:
        """How a job is found that an attempt had started."""
        if not suffix.startswith(".sync"):
            return None
        found = partial(services.execution_again, suffix) if service == "states" else job
        return lambda request, output: found(self._caller.taking_on(request.role), request, output)

    def _runs_apart(self, function: JSON) -> bool:
        caller = self._caller
        return caller.world.lambdas.runs_apart(function, caller.account, caller.region)

    def _invokes_apart(self, request: TaskRequest) -> bool:
        """Whether the function of an Invoke runs in a process of its own."""
        return isinstance(request.arguments, dict) and self._runs_apart(request.arguments.get("FunctionName"))

    def _with_caller(self, call: Callable[[Caller, TaskRequest], Answer]) -> TaskHandler:
        """Have a call made on behalf of whoever the request says."""
        return lambda request: call(self._caller.taking_on(request.role), request)

    def _activity(self, arn: str) -> Integration:
        world, parsed = self._caller.world, Arn.parse(arn)
        activities = world.activities(parsed.account, parsed.region)

        def open_callback(execution: str, seed: int) -> Callback:
            activities.called(arn)
            return world.callbacks.open(execution, seed, arn)

        def offer(request: TaskRequest) -> Signal[JSON]:
            activity = activities.called(arn)
            execution, role = request.context["Execution"]["Id"], str(request.context["Execution"]["RoleArn"])
            try:
                hold_data_key(world, activity.encrypted, execution, role)
            except Fault as fault:
                return activity.refuse(StateError(fault.code, fault.message))
            return activity.offer(request)

        return Integration("activity", "", "", offer, blocking=False, size_name=arn, open_callback=open_callback)

    def _aws_sdk(self, resource: str, service: str, action: str, suffix: str) -> Integration:
        name = service.removeprefix("aws-sdk:")
        if name in _ENDED:
            return _unbuilt(service, action + suffix, f"{service}:{action}, a service that AWS has ended,")
        botocore_name = sdk.find_service(name)
        if botocore_name is None or suffix not in TOKEN:
            raise UnknownResource(_unrecognized(resource))
        operation = sdk.find_operation(botocore_name, action)
        if operation is None or not sdk.offers(operation):
            raise UnknownResource(_unrecognized(resource))
        taken = parameters.of_operation(operation, sdk.member_name, writes_json=True)
        call = partial(services.call_sdk, botocore_name, operation, taken)
        apart: Callable[[TaskRequest], bool] = _never
        if (botocore_name, operation.name) == ("lambda", "Invoke"):
            call, apart = partial(lambda_functions.invoke_by_sdk, taken), self._invokes_apart
        blocking = services.may_block(botocore_name, operation.name) or botocore_name in self._caller.world.elsewhere
        open_callback = self._caller.world.callbacks.open if suffix else None
        handler = self._with_caller(call)
        checks = (taken.check, taken.check_start)
        built = Integration("task", service, action + suffix, handler, blocking, name, open_callback, *checks)
        return replace(built, apart=apart)


def _marked(service: str, action: str, arguments: JSON, context: JSON) -> JSON:
    return marked(service, action, arguments, context.get("Execution", {}).get("Id", ""))


def _optimized_error(service: str, fault: Fault, request_id: str) -> StateError:
    return sdk.optimized_error(service, fault.code, fault.message, fault.status, request_id)


def _sdk_error(service: str, fault: Fault, request_id: str) -> StateError:
    return sdk.sdk_error(service, fault.code, fault.message, fault.status, request_id)


def _never(_request: TaskRequest) -> bool:
    return False


_BUILT: Final[Mapping[tuple[str, str], tuple[Optimized, bool]]] = {
    **{
        ("dynamodb", name): (partial(services.call_dynamodb, name), False)
        for name in ("getItem", "putItem", "updateItem", "deleteItem")
    },
    ("apigateway", "invoke"): (api_gateway.invoke, True),
    **{
        ("elasticmapreduce", f"modifyInstance{kind}ByName"): (partial(emr.modify_by_name, kind), True)
        for kind in ("Fleet", "Group")
    },
    ("events", "putEvents"): (messages.put_events, True),
    ("http", "invoke"): (http_task.invoke, True),
    ("lambda", "invoke"): (lambda_functions.invoke_function, True),
    ("sns", "publish"): (messages.publish, True),
    ("sqs", "sendMessage"): (messages.send_message, True),
    ("states", "startExecution"): (services.start_execution, False),
}
"""Optimized integrations of which the model does not say all, and whether they may take real time."""
_UNBUILT: Final = frozenset(
    {
        ("bedrock", "invokeModel"),
        ("bedrockagentcore", "invokeHarness"),
        ("eks", "call"),
        ("eks", "runJob"),
    }
)


def _not_an_arn(resource: str) -> str:
    return _unrecognized(resource) if resource.startswith("arn:") else "Value is not a valid resource ARN"


def _unrecognized(resource: str) -> str:
    return (
        f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, "
        "or the resource is not available in this region."
    )


def _unbuilt(service: str, action: str, what: str) -> Integration:
    """An integration that AWS has and this emulator lacks: accepted in a definition, an error when a Task calls it."""

    def refuse(_request: TaskRequest) -> JSON | Later | Submitted:
        raise StateError(NOT_BUILT, f"Dynastep has not built {what} yet. A mock can stand for it: docs/mocks.md")

    handler: TaskHandler = refuse
    return Integration("task", service, action, handler, blocking=False, size_name=service)

"""Resource ARNs: what a Task's ``Resource`` stands for.

Lambda functions, activities, the optimized integrations, and ``aws-sdk:service:action`` for everything botocore
knows. Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from asl_interpreter.errors import NOT_BUILT, StateError
from asl_interpreter.jsontext import JSON
from asl_interpreter.signals import Signal
from asl_interpreter.tasks import Callback, Integration, Later, Submitted, TaskHandler, TaskRequest, UnknownResource
from emulator.arns import Arn
from emulator.integrations import lambda_functions, messages, sdk, services

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from emulator.world import World

_SYNC: Final = frozenset({"", ".sync"})
_TOKEN: Final = frozenset({"", ".waitForTaskToken"})
_PLAIN: Final = frozenset({""})

OPTIMIZED: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "apigateway": {"invoke": _TOKEN},
    "athena": {
        "startQueryExecution": _SYNC,
        "stopQueryExecution": _PLAIN,
        "getQueryExecution": _PLAIN,
        "getQueryResults": _PLAIN,
    },
    "batch": {"submitJob": _SYNC},
    "bedrock": {
        "invokeModel": _TOKEN,
        "createModelCustomizationJob": _SYNC | _TOKEN,
    },
    "codebuild": {
        "startBuild": _SYNC,
        "stopBuild": _PLAIN,
        "batchDeleteBuilds": _PLAIN,
        "batchGetReports": _PLAIN,
        "startBuildBatch": _SYNC,
        "stopBuildBatch": _PLAIN,
        "retryBuildBatch": _SYNC,
        "deleteBuildBatch": _PLAIN,
    },
    "databrew": {"startJobRun": _SYNC},
    "dynamodb": dict.fromkeys(("getItem", "putItem", "updateItem", "deleteItem"), _PLAIN),
    "ecs": {"runTask": _SYNC | _TOKEN},
    "eks": {
        **dict.fromkeys(
            (
                "createCluster",
                "deleteCluster",
                "createNodegroup",
                "deleteNodegroup",
                "createFargateProfile",
                "deleteFargateProfile",
                "runJob",
            ),
            _SYNC,
        ),
        "call": _PLAIN,
    },
    "elasticmapreduce": {
        "createCluster": _SYNC,
        "terminateCluster": _SYNC,
        "addStep": _SYNC,
        "cancelStep": _PLAIN,
        "setClusterTerminationProtection": _PLAIN,
        "modifyInstanceFleetByName": _PLAIN,
        "modifyInstanceGroupByName": _PLAIN,
    },
    "emr-containers": {"createVirtualCluster": _PLAIN, "deleteVirtualCluster": _SYNC, "startJobRun": _SYNC},
    "emr-serverless": dict.fromkeys(
        (
            "createApplication",
            "startApplication",
            "stopApplication",
            "deleteApplication",
            "startJobRun",
            "cancelJobRun",
        ),
        _SYNC,
    ),
    "events": {"putEvents": _TOKEN},
    "glue": {"startJobRun": _SYNC},
    "http": {"invoke": _PLAIN},
    "lambda": {"invoke": _TOKEN},
    "mediaconvert": {"createJob": _SYNC},
    "sagemaker": {
        **dict.fromkeys(("createEndpoint", "createEndpointConfig", "createModel", "updateEndpoint"), _PLAIN),
        **dict.fromkeys(
            (
                "createLabelingJob",
                "createHyperParameterTuningJob",
                "createProcessingJob",
                "createTrainingJob",
                "createTransformJob",
            ),
            _SYNC,
        ),
    },
    "sns": {"publish": _TOKEN},
    "sqs": {"sendMessage": _TOKEN},
    "states": {"startExecution": frozenset({"", ".sync", ".sync:2", ".waitForTaskToken"})},
}
"""Service -> action -> the suffixes that AWS offers for it."""

_BOTOCORE_NAMES: Final = {"bedrock": "bedrock-runtime", "elasticmapreduce": "emr", "states": "stepfunctions"}
"""Services of optimized integrations that botocore calls otherwise."""
_ENDED: Final = frozenset({"lookoutmetrics", "lookoutvision", "opsworks", "opsworkscm", "qldb", "robomaker"})
"""Services that AWS has ended: botocore has dropped their models, definitions that name them still exist."""
_WITHOUT_MODEL: Final = frozenset({"activity", "apigateway", "http"})
_RESOURCE: Final = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?P<service>[a-zA-Z0-9-]+(?::[a-zA-Z0-9-]+)?):(?P<action>[a-zA-Z0-9]+)(?P<suffix>\.\S+)?"
)
_LAMBDA: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[\w-]+:function:[\w-]+(:[\w$-]+)?")
_ACTIVITY: Final = re.compile(r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:\S+")


class Resources:
    """Finds integrations, for the Tasks of one account in one region."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self._caller = services.Caller(world, account, region)
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

    def answering(self, resource: str) -> OperationModel | None:
        """The operation whose answer is the result of a Task; None where no model tells."""
        match = _RESOURCE.fullmatch(resource)
        if match is None or match["suffix"] == ".waitForTaskToken":
            return None
        service, action = match["service"], match["action"]
        if service.startswith("aws-sdk:"):
            name = sdk.find_service(service.removeprefix("aws-sdk:"))
        else:
            name = None if service in _WITHOUT_MODEL else _BOTOCORE_NAMES.get(service, service)
        if match["suffix"] is not None:  # the result is the answer of the operation that was polled
            name, action = (name, "describeExecution") if service == "states" else (None, action)
        return None if name is None else sdk.find_operation(name, action)

    def _find(self, resource: str) -> Integration:
        if _LAMBDA.fullmatch(resource):
            invoke = partial(lambda_functions.invoke_directly, self._caller, resource)
            return Integration("lambda", "", "", invoke, blocking=True, size_name=resource)
        if _ACTIVITY.fullmatch(resource):
            return self._activity(resource)
        match = _RESOURCE.fullmatch(resource)
        if match is None:
            raise UnknownResource(_not_an_arn(resource))
        service, action, suffix = match["service"], match["action"], match["suffix"] or ""
        if service.startswith("aws-sdk:"):
            return self._aws_sdk(resource, service, action, suffix)
        if suffix not in OPTIMIZED.get(service, {}).get(action, ()):
            raise UnknownResource(_unrecognized(resource))
        if (build := _BUILT.get((service, action))) is None:
            return _unbuilt(service, action + suffix, f"{service}:{action}{suffix}")
        handler, blocking = build
        blocking = blocking or service in self._caller.world.elsewhere
        call = partial(handler, self._caller, suffix)
        open_callback = self._caller.world.callbacks.open if suffix else None
        return Integration("task", service, action + suffix, call, blocking, service, open_callback)

    def _activity(self, arn: str) -> Integration:
        world, parsed = self._caller.world, Arn.parse(arn)
        activities = world.activities(parsed.account, parsed.region)

        def open_callback(execution: str, seed: int) -> Callback:
            activities.called(arn)
            return world.callbacks.open(execution, seed)

        def offer(request: TaskRequest) -> Signal[JSON]:
            return activities.called(arn).offer(request)

        return Integration("activity", "", "", offer, blocking=False, size_name=arn, open_callback=open_callback)

    def _aws_sdk(self, resource: str, service: str, action: str, suffix: str) -> Integration:
        name = service.removeprefix("aws-sdk:")
        if name in _ENDED:
            return _unbuilt(service, action + suffix, f"{service}:{action}, a service that AWS has ended,")
        botocore_name = sdk.find_service(name)
        if botocore_name is None or suffix not in _TOKEN:
            raise UnknownResource(_unrecognized(resource))
        operation = sdk.find_operation(botocore_name, action)
        if operation is None:
            raise UnknownResource(_unrecognized(resource))
        call = partial(services.call_sdk, self._caller, botocore_name, operation)
        if (botocore_name, operation.name) == ("lambda", "Invoke"):
            call = partial(lambda_functions.invoke_by_sdk, self._caller, operation)
        blocking = services.may_block(botocore_name, operation.name) or botocore_name in self._caller.world.elsewhere
        open_callback = self._caller.world.callbacks.open if suffix else None
        return Integration("task", service, action + suffix, call, blocking, name, open_callback)


_BUILT: Final[Mapping[tuple[str, str], tuple[services.Optimized, bool]]] = {
    **{("dynamodb", name): (partial(services.call_dynamodb, name), False) for name in OPTIMIZED["dynamodb"]},
    ("events", "putEvents"): (messages.put_events, True),
    ("lambda", "invoke"): (lambda_functions.invoke_function, True),
    ("sns", "publish"): (messages.publish, True),
    ("sqs", "sendMessage"): (messages.send_message, True),
    ("states", "startExecution"): (services.start_execution, False),
}
"""The optimized integrations that are built, and whether they may take real time."""


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

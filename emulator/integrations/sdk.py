"""How Step Functions speaks of services: names and texts of errors, casing of members. Fed by botocore's models.

Two SDKs for Java show through: optimized integrations use version 1 (``DynamoDB.AmazonDynamoDBException``, details
separated by semicolons), ``aws-sdk`` integrations version 2 (``DynamoDb.DynamoDbException``, by commas). Texts as
observed on AWS.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON
from emulator.wire.loading import installed
from emulator.wire.operations import service_model

if TYPE_CHECKING:
    from botocore.model import OperationModel

OPTIMIZED: Final[Mapping[str, tuple[str, str, str]]] = {
    "athena": ("Athena", "AmazonAthena", "athena"),
    "batch": ("Batch", "AWSBatch", "batch"),
    "bedrock": ("Bedrock", "AmazonBedrock", "bedrock"),
    "codebuild": ("CodeBuild", "AWSCodeBuild", "codebuild"),
    "databrew": ("DataBrew", "AWSGlueDataBrew", "databrew"),
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2", "dynamodb"),
    "ecs": ("ECS", "AmazonECS", "ecs"),
    "eks": ("EKS", "AmazonEKS", "eks"),
    "elasticmapreduce": ("ElasticMapReduce", "AmazonElasticMapReduce", "emr"),
    "emr-containers": ("EMRContainers", "AmazonEMRContainers", "emr-containers"),
    "emr-serverless": ("EMRServerless", "AWSEMRServerless", "emr-serverless"),
    "events": ("EventBridge", "AmazonCloudWatchEvents", "events"),
    "glue": ("Glue", "AWSGlue", "glue"),
    "lambda": ("Lambda", "AWSLambda", "lambda"),
    "mediaconvert": ("MediaConvert", "AWSMediaConvert", "mediaconvert"),
    "sagemaker": ("SageMaker", "AmazonSageMaker", "sagemaker"),
    "sns": ("SNS", "AmazonSNS", "sns"),
    "sqs": ("SQS", "AmazonSQS", "sqs"),
    "states": ("StepFunctions", "AWSStepFunctions", "stepfunctions"),
}
"""Service of an optimized integration -> the prefix of its errors, the SDK's name of it, botocore's name."""


def optimized_error(
    service: str, code: str, message: str, status: int, request_id: str, shown_code: str = ""
) -> StateError:
    """The error of an optimized integration; ``shown_code`` is what its text calls the code, if not that itself."""
    prefix, sdk_name, botocore_name = OPTIMIZED[service]
    name = exception_name(botocore_name, code) or f"{sdk_name.removesuffix('v2')}Exception"
    shown = f"Service: {sdk_name}; Status Code: {status}; Error Code: {shown_code or code}"
    details = f"{shown}; Request ID: {request_id}; Proxy: null"
    return StateError(f"{prefix}.{name}", f"{message} ({details})")


def sdk_error(
    service: str, code: str, message: str, status: int, request_id: str, extended_request_id: str = ""
) -> StateError:
    """The error of an ``aws-sdk`` integration; ``service`` is botocore's name."""
    prefix = client_name(service_model(service).service_id)
    name = exception_name(service, code)
    name = f"{prefix}Exception" if name is None else class_name(name)
    details = f"Service: {prefix}, Status Code: {status}, Request ID: {request_id}"
    if service == "s3":
        details += f", Extended Request ID: {extended_request_id}"
    attempts = " (SDK Attempt Count: 1)" if service == "stepfunctions" else ""
    return StateError(f"{prefix}.{name}", f"{message} ({details}){attempts}")


@cache
def exception_name(service: str, code: str) -> str | None:
    """The SDK's class for an error code: ``NoSuchKey`` -> ``NoSuchKeyException``; None if the model lacks the code."""
    for shape in service_model(service).error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            name = str(shape.name).removesuffix("Fault")
            return name if name.endswith("Exception") else f"{name}Exception"
    return None


_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+(?:[A-Z](?![A-Za-z0-9]))?|[A-Z]+|\d+")


def class_name(name: str) -> str:
    """A name as the second SDK writes it in its classes: ``DynamoDB`` -> ``DynamoDb``, ``IoT`` -> ``Iot``."""
    return "".join(word.capitalize() for word in _WORD.findall(name))


@cache
def client_name(service_id: str) -> str:
    """The second SDK's name of a service: ``CloudWatch Logs`` -> ``CloudWatchLogs``, ``Config Service`` -> ``Config``.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html ("Exception prefix").
    """
    return class_name(service_id).removesuffix("Service")


def member_name(name: str) -> str:
    """A member as ``aws-sdk`` integrations write it: ``DBInstances`` -> ``DbInstances``, ``ETag`` -> ``ETag``.

    That is the second SDK's name with a capital, in which an abbreviation at the beginning is one word, and which
    Java itself has not taken.
    """
    if name in _TAKEN:
        return _TAKEN[name]
    beginning = _ABBREVIATION.match(name)
    return name[:1].upper() + (name[1:] if beginning is None else beginning[0][1:].lower() + name[beginning.end() :])


_TAKEN: Final = {"Equals": "EqualsValue", "equals": "EqualsValue", "NULL": "Nul"}
_ABBREVIATION: Final = re.compile(r"[A-Za-z][A-Z]+(?=[A-Z][a-z])|[A-Za-z][A-Z]+(?![a-z])")


@cache
def find_service(name: str) -> str | None:
    """The service that an ``aws-sdk`` ARN calls ``sfn`` or ``cloudwatchlogs``, by botocore's name; None if none."""
    return _services().get(name)


@cache
def _services() -> Mapping[str, str]:
    """The second SDK's name of every service, in lower case -> botocore's. Reads only the head of each model."""
    loader = installed()
    services: dict[str, str] = {}
    for name in loader.list_available_services("service-2"):
        version = loader.determine_latest_version(name, "service-2")
        for folder in loader.search_paths:
            model = Path(folder) / name / version / "service-2.json.gz"
            if model.is_file():
                with gzip.open(model, "rb") as file:
                    head = file.read(_HEAD)
                found = _SERVICE_ID.search(head)
                if found is not None:
                    services[client_name(found[1].decode()).lower()] = name
    return services


_HEAD: Final = 4096
_SERVICE_ID: Final = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')


def find_operation(service: str, action: str) -> OperationModel | None:
    """The operation that an ARN calls ``putItem``; None if the service has none of that name."""
    model = service_model(service)
    name = capitalized(action)
    if action == name or name not in model.operation_names:
        return None
    return model.operation_model(name)


def offers(operation: OperationModel) -> bool:
    """Whether ``aws-sdk`` integrations have the operation: it streams no events, and AWS does not leave it out.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html ("Unsupported API
    actions for supported services").
    """
    if operation.has_event_stream_input or operation.has_event_stream_output:
        return False
    return operation.name not in _LEFT_OUT.get(operation.service_model.service_name, "").split()


_LEFT_OUT: Final = {
    "codedeploy": (
        "BatchGetDeploymentInstances GetDeploymentInstance ListDeploymentInstances SkipWaitTimeForInstanceTermination"
    ),
    "comprehendmedical": "DetectEntities",
    "directconnect": (
        "AllocateConnectionOnInterconnect DescribeConnectionLoa DescribeConnectionsOnInterconnect "
        "DescribeInterconnectLoa"
    ),
    "discovery": "DescribeExportConfigurations ExportConfigurations",
    "efs": "CreateTags",
    "emr": "DescribeJobFlows",
    "iot": "AttachPrincipalPolicy DetachPrincipalPolicy ListPolicyPrincipals ListPrincipalPolicies",
    "iotdeviceadvisor": "ListTestCases",
    "lambda": "InvokeAsync",
    "mediapackage": "RotateChannelCredentials",
    "rds-data": "ExecuteSql",
    "shield": "DeleteSubscription",
    "sts": "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity",
}
"""botocore's name of a service -> its operations that no state machine can call."""


def from_answer(operation: OperationModel, answer: Mapping[str, Any], form: Form) -> dict[str, JSON]:
    """An operation's answer as a Task's result: members in the order of their names, but a streamed body last."""
    if operation.output_shape is None:
        return {}
    members = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    result: dict[str, JSON] = _from_shape(operation.output_shape, members, form)
    if operation.has_streaming_output:
        body = form.spelling(operation.output_shape.serialization["payload"])
        if body in result:
            result[body] = result.pop(body)
    return result


def _from_shape(shape: Any, value: Any, form: Form) -> JSON:
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        known = shape.members
        shown = {
            form.spelling(name): _from_shape(known[name], item, form)
            for name, item in value.items()
            if name in known and item is not None
        }
        return dict(sorted(shown.items()))
    if kind == "list":
        return [_from_shape(shape.member, item, form) for item in value]
    if kind == "map":
        return {key: _from_shape(shape.value, item, form) for key, item in value.items()}
    if kind == "blob":
        return _text(value.read() if hasattr(value, "read") else value)
    if kind == "timestamp":
        return form.time(value if isinstance(value, datetime) else datetime.fromtimestamp(value, timezone.utc))
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def iso_instant(moment: datetime) -> str:
    """A time as Java's Instant prints it: fractions only where there are any."""
    moment = moment.astimezone(timezone.utc)
    milliseconds = moment.microsecond // 1000
    fraction = f".{milliseconds:03}" if milliseconds else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def capitalized(name: str) -> str:
    """A member as optimized integrations write it."""
    return name[:1].upper() + name[1:]


@dataclass(frozen=True, slots=True)
class Form:
    """How an integration shows an answer."""

    spelling: Callable[[str], str]
    time: Callable[[datetime], JSON]


FIRST_SDK: Final = Form(capitalized, lambda moment: int(moment.timestamp() * 1000))
"""Optimized integrations: capitals, and times in milliseconds."""
SECOND_SDK: Final = Form(member_name, iso_instant)
"""``aws-sdk`` integrations: capitals of the second SDK, and times by ISO-8601."""


def http_metadata(headers: Mapping[str, str], request_id: str, status: int = 200) -> dict[str, JSON]:
    """The members that optimized integrations add to an answer."""
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(headers),
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": request_id},
    }

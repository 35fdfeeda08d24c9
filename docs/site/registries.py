"""What the code has: operations, the fields of the States Language, functions and integrations, from its own tables.

``fidelity.py`` beside this file shows all of them, each with what the tests say. Nothing is listed here by hand but the
services that the pages are about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from asl_interpreter.jsonata.functions import FUNCTIONS as JSONATA
from asl_interpreter.language.intrinsic_functions import FUNCTIONS as INTRINSICS
from asl_interpreter.reading import datasets, fields
from emulator import wiring
from emulator.apigateway.control.operations import OPERATIONS as REST_APIS
from emulator.apigateway.v2.operations import OPERATIONS as HTTP_APIS
from emulator.integrations.optimized import ACTIONS
from emulator.integrations.resources import _UNBUILT
from emulator.lambdas.durable_api import _ANSWERS
from emulator.moto_door.not_built import NOT_BUILT
from emulator.wire.operations import handlers, service_model

SERVICES: Final[Mapping[str, str]] = {
    "stepfunctions": "Step Functions",
    "dynamodb": "DynamoDB",
    "dynamodbstreams": "DynamoDB Streams",
    "lambda": "Lambda",
    "sqs": "SQS",
    "sns": "SNS",
    "events": "EventBridge",
    "scheduler": "EventBridge Scheduler",
    "pipes": "EventBridge Pipes",
    "apigateway": "API Gateway: REST APIs",
    "apigatewayv2": "API Gateway: HTTP and WebSocket APIs",
    "apigatewaymanagementapi": "API Gateway: connections of WebSocket APIs",
    "s3": "S3",
    "kinesis": "Kinesis",
    "cloudwatch": "CloudWatch",
    "logs": "CloudWatch Logs",
    "iam": "IAM",
    "sts": "STS",
    "kms": "KMS",
    "secretsmanager": "Secrets Manager",
    "ssm": "Systems Manager",
    "cognito-idp": "Cognito user pools",
    "cloudformation": "CloudFormation",
    "cloudcontrol": "Cloud Control",
}
"""Services by botocore's names, and how the pages call them; ours first."""
WHOLE: Final = frozenset({"stepfunctions", "dynamodb", "dynamodbstreams", "cloudformation", "cloudcontrol"})
"""Services of which nothing is moto's."""


def ours(service: str) -> frozenset[str]:
    """The operations of a service that Dynastep answers itself."""
    match service:
        case "apigateway":
            return frozenset(REST_APIS) | {"TestInvokeMethod", "TestInvokeAuthorizer", "FlushStageAuthorizersCache"}
        case "apigatewayv2":
            return frozenset(HTTP_APIS)
        case "apigatewaymanagementapi":
            return frozenset(service_model(service).operation_names)
        case "lambda":
            return frozenset(_ANSWERS) | {"Invoke"}
        case _ if service in WHOLE or service == "iam":
            return frozenset(handlers(service)) & frozenset(service_model(service).operation_names)
        case _:
            return frozenset()


class Operation(NamedTuple):
    """An operation of a service, and who answers: ``ours``, ``moto``, ``refused`` (nobody) or ``unknown``."""

    name: str
    by: str


def operations(service: str, of_moto: Mapping[str, list[str]]) -> list[Operation]:
    """Every operation that AWS has of a service; ``of_moto`` says which of them moto has a method for."""
    own, refused, known = ours(service), NOT_BUILT.get(service, frozenset()), frozenset(of_moto.get(service, ()))

    def by(name: str) -> str:
        if name in refused:
            return "refused"
        if name in own:
            return "ours"
        if name in known:
            return "moto"
        return "unknown" if service == "s3" else "refused"

    return [Operation(name, by(name)) for name in sorted(service_model(service).operation_names)]


class Field(NamedTuple):
    """A field of the States Language, or a field with one of its words: ``Retrier.JitterStrategy=FULL``."""

    path: str
    languages: tuple[str, ...]


_BOTH: Final = ("JSONPath", "JSONata")
_LISTED: Final = re.compile(r"Value should be one of the following: \[(.*)\]")


def objects() -> Mapping[str, list[Field]]:
    """The objects of the States Language -> their fields, in the order of the rules that the interpreter reads by."""
    rules: dict[str, fields.Rules] = dict(fields.STATES)
    found = {
        "State machine": [Field(f"State machine.{name}", ("",)) for name in fields.MACHINE.fields if name != "States"]
    }
    found |= {kind: [Field(kind, _BOTH), *_fields(kind, each)] for kind, each in rules.items()}
    for path, each in (
        ("Retrier", fields.RETRIER),
        ("Catcher", fields.CATCHER),
        ("Choice rule", fields.CONDITION),
        ("Map.ItemProcessor.ProcessorConfig", fields.PROCESSOR_CONFIG),
        ("Map.ItemReader", datasets.READER),
        ("Map.ItemReader.ReaderConfig", datasets.READER_CONFIG),
        ("Map.ItemBatcher", datasets.BATCHER),
        ("Map.ResultWriter", datasets.WRITER),
        ("Map.ResultWriter.WriterConfig", datasets.WRITER_CONFIG),
    ):
        found[path] = list(_fields(path, each))
    return found


def _fields(path: str, rules: fields.Rules) -> Iterator[Field]:
    for name, field in rules.fields.items():
        if name == "Type":
            continue  # the same as the state
        languages = _BOTH if field.language is None else (field.language,)
        yield Field(f"{path}.{name}", languages)
        yield from (Field(f"{path}.{name}={word}", languages) for word in _words(field.check) if name in _WORDS)


_WORDS: Final = frozenset(
    {
        *("Mode", "ExecutionType", "JitterStrategy", "InputType", "Transformation", "ManifestType", "CSVDelimiter"),
        *("CSVHeaderLocation", "OutputType"),
    }
)


def _words(check: Callable[[str], str | None]) -> list[str]:
    """The words that a field takes, as its refusal lists them."""
    listed = _LISTED.search(check("") or "")
    return [] if listed is None else listed[1].split(", ")


def intrinsic_functions() -> list[str]:
    """The intrinsic functions of JSONPath."""
    return sorted(INTRINSICS)


def jsonata_functions() -> list[str]:
    """The functions of JSONata, each with its ``$``."""
    return sorted((f"${name}" for name in JSONATA), key=str.lower)


class Integration(NamedTuple):
    """An optimized integration in one of its patterns, and the operation that answers, by botocore's names."""

    name: str
    operation: str
    is_built: bool


def integrations() -> list[Integration]:
    """The optimized integrations, each pattern (``""``, ``.sync``, ``.waitForTaskToken``) by itself."""
    found = []
    for (service, name), action in ACTIONS.items():
        model = action.model()
        operation = "" if model is None else f"{model.service_model.service_name}:{model.name}"
        found += [
            Integration(f"{service}:{name}{suffix}", operation, (service, name) not in _UNBUILT)
            for suffix in sorted(action.suffixes)
        ]
    return found


assert wiring.Lasting  # noqa: S101 - importing it has every service offer its handlers

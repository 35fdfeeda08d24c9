"""How resources are looked at whose types have code of their own: which operation shows one, and by which names.

A row is read as those of ``modelled`` are; what makes, changes and deletes the resource stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying.services import Refused
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made

if TYPE_CHECKING:
    from emulator.deploying.types.resource_type import Order

_ATTRIBUTES: Final = {"AttributeNames": ["All"]}
_ROWS: Final[Mapping[str, Modelled]] = {
    "AWS::DynamoDB::Table": Modelled("dynamodb", "Table", ways={"BillingMode": "BillingModeSummary.BillingMode"}),
    "AWS::Events::EventBus": Modelled("events", "EventBus"),
    "AWS::IAM::Role": Modelled("iam", "Role"),
    "AWS::KMS::Key": Modelled("kms", "Key", read_by="DescribeKey"),
    "AWS::Kinesis::Stream": Modelled("kinesis", "Stream", read_by="DescribeStreamSummary"),
    "AWS::Lambda::Alias": Modelled("lambda", "Alias", keyed=("FunctionName", "Name")),
    "AWS::Lambda::Function": Modelled(
        "lambda", "Function", read_by="GetFunctionConfiguration", elsewhere=frozenset({"Code", "Architectures"})
    ),
    "AWS::Logs::LogGroup": Modelled(
        "logs", "LogGroup", renamed={"LogGroupName": "logGroupNamePrefix"}, keyed=("logGroupNamePrefix",)
    ),
    "AWS::Pipes::Pipe": Modelled("pipes", "Pipe"),
    "AWS::SNS::Topic": Modelled("sns", "Topic", read_by="GetTopicAttributes", elsewhere=frozenset({"Subscription"})),
    "AWS::SQS::Queue": Modelled("sqs", "Queue", read_by="GetQueueAttributes", always=_ATTRIBUTES),
    "AWS::SSM::Parameter": Modelled("ssm", "Parameter", always={"WithDecryption": True}),
    "AWS::Scheduler::Schedule": Modelled("scheduler", "Schedule"),
    "AWS::SecretsManager::Secret": Modelled(
        "secretsmanager", "Secret", elsewhere=frozenset({"SecretString", "GenerateSecretString"})
    ),
    "AWS::StepFunctions::Activity": Modelled("stepfunctions", "Activity"),
    "AWS::StepFunctions::StateMachine": Modelled(
        "stepfunctions",
        "StateMachine",
        renamed={"DefinitionString": "definition"},
        elsewhere=frozenset({"DefinitionS3Location", "DefinitionSubstitutions"}),
    ),
    "AWS::StepFunctions::StateMachineAlias": Modelled(
        "stepfunctions", "StateMachineAlias", elsewhere=frozenset({"DeploymentPreference"})
    ),
}


def _rule(order: Order, made: Made) -> Mapping[str, Any]:
    bus, _, name = made.id.rpartition("|")
    shown = order.call("events", "DescribeRule", Name=name, EventBusName=bus or None)
    targets = order.call("events", "ListTargetsByRule", Rule=name, EventBusName=bus or None)["Targets"]
    return {name: value for name, value in {**shown, "Targets": targets}.items() if name in order.properties}


def _bucket(order: Order, made: Made) -> Mapping[str, Any]:
    order.call("s3", "HeadBucket", Bucket=made.id)
    versioning = order.call("s3", "GetBucketVersioning", Bucket=made.id)
    shown = {"BucketName": made.id, "VersioningConfiguration": {"Status": versioning.get("Status", "Suspended")}}
    return {name: value for name, value in shown.items() if name in order.properties}


_OTHERS: Final = {"AWS::Events::Rule": _rule, "AWS::S3::Bucket": _bucket}


def is_there(order: Order, name: str) -> bool:
    """Whether a resource of a name is there, as far as its service shows it by the name alone. Raises Refused."""
    from emulator.deploying.types import find_type

    try:
        if order.type in _OTHERS:
            _OTHERS[order.type](order, Made(name, {}))
            return True
        handler = _ROWS.get(order.type) or find_type(order.type)
        return isinstance(handler, Modelled) and handler.shows(order, name)
    except Refused as refused:
        if refused.is_absence or refused.status in (400, 403):
            return False
        raise


def look(order: Order, made: Made) -> Mapping[str, Any] | None:
    """A resource's properties as its service shows them; None for types that are not looked at. Raises Refused."""
    from emulator.deploying.types import find_type

    if order.type in _OTHERS:
        return _OTHERS[order.type](order, made)
    handler = _ROWS.get(order.type) or find_type(order.type)
    if not isinstance(handler, Modelled):
        return None
    shown = handler.look(order, made)
    if shown is not None and "DefinitionSubstitutions" in order.properties:
        return {name: value for name, value in shown.items() if name not in ("Definition", "DefinitionString")}
    return shown

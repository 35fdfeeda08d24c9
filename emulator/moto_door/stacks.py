"""Stacks: the state machines of CloudFormation's templates, their versions and aliases, and activities, which are ours.

moto keeps the stacks; each resource is made, changed and deleted by the operations of the API.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_StepFunctions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Final

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.core.common_models import CloudFormationModel

from asl_interpreter.jsontext import JSON, dumps
from emulator.faults import Fault
from emulator.moto_door.calls import call
from emulator.moto_door.state import world_of
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

_GONE: Final = ("ResourceNotFound", "StateMachineDoesNotExist")
"""What is said of something that is to be deleted and is not there."""


class _Resource:
    """A resource of a stack. ``attributes`` are what Fn::GetAtt finds; Ref gives the ARN."""

    kind: ClassVar[str]
    named_by: ClassVar[str] = ""
    """The property that names it; empty if none does."""
    fixed: ClassVar[tuple[str, ...]]
    """Properties that no operation changes: a change of one makes another resource in its place."""

    def __init__(self, account: str, region: str, name: str, properties: Mapping[str, Any]) -> None:
        self.account = account
        self.region = region
        self.name = name
        self.properties = properties
        self.attributes: dict[str, JSON] = {}

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return str(self.attributes["Arn"])

    def get_cfn_attribute(self, attribute: str) -> JSON:
        """What Fn::GetAtt gives."""
        if attribute not in self.attributes:
            raise UnformattedGetAttTemplateException
        return self.attributes[attribute]

    def is_created(self) -> bool:
        """It is there at once."""
        return True

    def perform(self, operation: str, **params: JSON) -> dict[str, JSON]:
        """Perform an operation of Step Functions. Raises ValidationError, in the words of its refusal."""
        request = Call("stepfunctions", operation, params, self.account, self.region, "")
        try:
            return perform(world_of(self.account), request)
        except Fault as fault:
            if operation.startswith("Delete") and fault.code in _GONE:
                return {}
            raise ValidationError(message=fault.message) from None

    def make(self) -> None:
        """Create it."""
        raise NotImplementedError

    def change(self) -> None:
        """Change it to what its properties say now."""
        raise NotImplementedError

    def delete(self, _account: str, _region: str) -> None:
        """Delete it."""
        raise NotImplementedError

    def tag(self, before: Mapping[str, Any]) -> None:
        """Give it the tags of its properties, and take from it those that it had and has no more."""
        old, new = ({tag["Key"] for tag in of.get("Tags", ())} for of in (before, self.properties))
        if old - new:
            self.perform("UntagResource", resourceArn=self.physical_resource_id, tagKeys=sorted(old - new))
        if new:
            self.perform("TagResource", resourceArn=self.physical_resource_id, tags=_lowered(self.properties["Tags"]))


def _lowered(value: Any) -> Any:
    """A property as the API writes it: ``{"IncludeExecutionData": true}`` -> ``{"includeExecutionData": true}``."""
    match value:
        case dict():
            return {name[:1].lower() + name[1:]: _lowered(item) for name, item in value.items()}
        case list():
            return [_lowered(item) for item in value]
        case _:
            return value


def _given(properties: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, JSON]:
    """The properties that a template has, by the API's names."""
    return {member: _lowered(properties[name]) for name, member in names.items() if name in properties}


class _StateMachine(_Resource):
    kind = "AWS::StepFunctions::StateMachine"
    named_by = "StateMachineName"
    fixed = ("StateMachineName", "StateMachineType")

    _CHANGEABLE: ClassVar = {
        "RoleArn": "roleArn",
        "LoggingConfiguration": "loggingConfiguration",
        "TracingConfiguration": "tracingConfiguration",
        "EncryptionConfiguration": "encryptionConfiguration",
    }

    def _definition(self) -> str:
        if "DefinitionS3Location" in self.properties:
            place = self.properties["DefinitionS3Location"]
            version = {"VersionId": place["Version"]} if "Version" in place else {}
            asked = {"Bucket": place["Bucket"], "Key": place["Key"], **version}
            text = call("s3", "GetObject", asked, self.account, self.region)["Body"].read().decode()
        elif "Definition" in self.properties:
            text = dumps(self.properties["Definition"])
        else:
            text = self.properties.get("DefinitionString", "")
        for name, value in self.properties.get("DefinitionSubstitutions", {}).items():
            text = text.replace(f"${{{name}}}", value if isinstance(value, str) else dumps(value))
        return str(text)

    def make(self) -> None:
        more = _given(self.properties, {**self._CHANGEABLE, "StateMachineType": "type", "Tags": "tags"})
        made = self.perform("CreateStateMachine", name=self.name, definition=self._definition(), **more)
        self.attributes = {"Arn": made["stateMachineArn"], "Name": self.name, "StateMachineRevisionId": "INITIAL"}

    def change(self) -> None:
        more = _given(self.properties, self._CHANGEABLE)
        arn = self.physical_resource_id
        changed = self.perform("UpdateStateMachine", stateMachineArn=arn, definition=self._definition(), **more)
        self.attributes["StateMachineRevisionId"] = changed.get("revisionId", "INITIAL")

    def delete(self, _account: str, _region: str) -> None:
        self.perform("DeleteStateMachine", stateMachineArn=self.physical_resource_id)


class _Activity(_Resource):
    kind = "AWS::StepFunctions::Activity"
    named_by = "Name"
    fixed = ("Name", "EncryptionConfiguration")

    def make(self) -> None:
        more = _given(self.properties, {"EncryptionConfiguration": "encryptionConfiguration", "Tags": "tags"})
        made = self.perform("CreateActivity", name=self.name, **more)
        self.attributes = {"Arn": made["activityArn"], "Name": self.name}

    def change(self) -> None:
        """Its tags are all that can change."""

    def delete(self, _account: str, _region: str) -> None:
        self.perform("DeleteActivity", activityArn=self.physical_resource_id)


class _Version(_Resource):
    kind = "AWS::StepFunctions::StateMachineVersion"
    fixed = ("StateMachineArn", "StateMachineRevisionId", "Description")

    def make(self) -> None:
        names = {"StateMachineRevisionId": "revisionId", "Description": "description"}
        more = _given(self.properties, names)
        if more.get("revisionId") == "INITIAL":
            del more["revisionId"]
        machine = self.properties.get("StateMachineArn")
        made = self.perform("PublishStateMachineVersion", stateMachineArn=machine, **more)
        self.attributes = {"Arn": made["stateMachineVersionArn"]}

    def change(self) -> None:
        """Nothing of a version can change."""

    def delete(self, _account: str, _region: str) -> None:
        self.perform("DeleteStateMachineVersion", stateMachineVersionArn=self.physical_resource_id)


class _Alias(_Resource):
    kind = "AWS::StepFunctions::StateMachineAlias"
    named_by = "Name"
    fixed = ("Name",)

    def _routing(self) -> dict[str, JSON]:
        preference = self.properties.get("DeploymentPreference")
        if preference is None:
            routes = _lowered(self.properties.get("RoutingConfiguration"))
        else:  # the traffic is shifted at once
            routes = [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]
        return {"routingConfiguration": routes, **_given(self.properties, {"Description": "description"})}

    def make(self) -> None:
        made = self.perform("CreateStateMachineAlias", name=self.name, **self._routing())
        self.attributes = {"Arn": made["stateMachineAliasArn"], "Name": self.name}

    def change(self) -> None:
        arn = self.physical_resource_id
        self.perform("UpdateStateMachineAlias", stateMachineAliasArn=arn, **self._routing())

    def delete(self, _account: str, _region: str) -> None:
        self.perform("DeleteStateMachineAlias", stateMachineAliasArn=self.physical_resource_id)


def _model(of: type[_Resource]) -> type[CloudFormationModel]:
    """The class by which moto makes resources of a type; moto looks for direct subclasses of its own."""

    def create(name: str, resource: Mapping[str, Any], account: str, region: str, **_: Any) -> _Resource:
        properties = resource.get("Properties", {})
        made = of(account, region, properties.get(of.named_by, name), properties)
        made.make()
        return made

    def update(
        original_resource: _Resource,
        new_resource_name: str,
        cloudformation_json: Mapping[str, Any],
        account_id: str,
        region_name: str,
    ) -> _Resource:
        before, properties = original_resource.properties, cloudformation_json.get("Properties", {})
        if any(before.get(name) != properties.get(name) for name in of.fixed):
            made = create(new_resource_name, cloudformation_json, account_id, region_name)
            original_resource.delete(account_id, region_name)
            return made
        original_resource.properties = properties
        original_resource.change()
        if "Tags" in (*before, *properties):
            original_resource.tag(before)
        return original_resource

    members = {
        "cloudformation_type": staticmethod(lambda: of.kind),
        "cloudformation_name_type": staticmethod(lambda: of.named_by),
        "has_cfn_attr": classmethod(lambda _cls, name: name in ("Arn", "Name", "StateMachineRevisionId")),
        "create_from_cloudformation_json": staticmethod(create),
        "update_from_cloudformation_json": staticmethod(update),
    }
    return type(of.__name__.strip("_"), (CloudFormationModel,), members)


_made: list[type[CloudFormationModel]] = []
"""moto finds a class by its base, which does not hold it."""


@cache
def wire_stacks() -> None:
    """Have moto's stacks made of these resources. Of the process."""
    _made.extend(map(_model, (_StateMachine, _Activity, _Version, _Alias)))
    parsing.get_model_list.cache_clear()
    parsing.get_model_map.cache_clear()

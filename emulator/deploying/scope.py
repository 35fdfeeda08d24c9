"""Scope: what the references of a template mean in one stack, while it is planned and while it is deployed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying.intrinsics import NOTHING, UNKNOWN, evaluate, function_of, references
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.schemas import schema
from emulator.deploying.templates import PSEUDO_PARAMETERS, Resource, Template, format_error

if TYPE_CHECKING:
    from emulator.deploying.parameters import Parameter
    from emulator.deploying.services import Services
    from emulator.deploying.stacks import Exported, Row

ZONES: Final = "abcdef"
_MOST_ZONES: Final = {"us-east-1": 6, "us-west-2": 4, "ap-northeast-1": 3, "us-west-1": 2}


def pseudo_parameters(services: Services, name: str, stack_id: str, topics: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the pseudo parameters give in a stack."""
    return {
        "AWS::AccountId": services.account,
        "AWS::NotificationARNs": list(topics),
        "AWS::NoValue": NOTHING,
        "AWS::Partition": services.partition,
        "AWS::Region": services.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": name,
        "AWS::URLSuffix": services.suffix,
    }


class Literals:
    """A scope in which only parameters, pseudo parameters, mappings and conditions mean something."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        mappings: Mapping[str, Any],
        conditions: Mapping[str, Any],
        region: str,
    ) -> None:
        """``parameters`` are the values that Ref gives, those of pseudo parameters too."""
        self.parameters = parameters
        self.mappings = mappings
        self.conditions = conditions
        self.region = region
        self._truths: dict[str, bool] = {}

    def ref(self, name: str) -> Any:
        """A parameter."""
        if name not in self.parameters:
            raise InvalidTemplate(f"Template error: {name} cannot be known while transforms are applied")
        return self.parameters[name]

    def attribute(self, resource: str, name: str) -> Any:
        """There are no resources here."""
        raise InvalidTemplate(f"Template error: {resource}.{name} cannot be known while transforms are applied")

    def condition(self, name: str) -> bool:
        """Whether a condition holds."""
        if name not in self.conditions:
            raise InvalidTemplate(f"Template error: unresolved condition dependency {name} in Fn::If")
        if name not in self._truths:
            found = evaluate(self.conditions[name], self)
            self._truths[name] = found if isinstance(found, bool) else str(found).lower() == "true"
        return self._truths[name]

    def mapped(self, name: str, top: str, second: str) -> Any:
        """A value of a mapping."""
        return self.mappings[name][top][second]

    def imported(self, name: str) -> Any:
        """Imports are known to deployments alone."""
        raise InvalidTemplate(f"Template error: the import {name} cannot be known while transforms are applied")

    def zones(self, region: str) -> list[str]:
        """The zones of a region."""
        region = region or self.region
        return [region + letter for letter in ZONES[: _MOST_ZONES.get(region, 3)]]


class Values(Literals):
    """The scope of a stack: its resources are known, too, as far as there are any."""

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Parameter],
        pseudo: Mapping[str, Any],
        rows: Mapping[str, Row],
        exports: Callable[[], Mapping[str, Exported]],
    ) -> None:
        given = {**{name: parameter.value for name, parameter in parameters.items()}, **pseudo}
        super().__init__(given, template.mappings, template.conditions, pseudo["AWS::Region"])
        self.template = template
        self.rows = rows
        self.exports = exports
        self.imports: set[str] = set()
        self.planning = False
        self.replaced: set[str] = set()
        """Resources of which only the execution of a plan will tell the physical id."""
        self.changed: set[str] = set()
        """Resources whose attributes may be other ones once a plan is executed."""

    def ref(self, name: str) -> Any:
        """A parameter, or the physical id of a resource."""
        if name in self.parameters:
            return self.parameters[name]
        row = self.rows.get(name)
        if self.planning and (row is None or name in self.replaced):
            return UNKNOWN
        if row is None:
            raise format_error(f"Unresolved resource dependencies [{name}] in the Resources block of the template")
        return row.physical_id

    def attribute(self, resource: str, name: str) -> Any:
        """An attribute of a resource."""
        row = self.rows.get(resource)
        if self.planning and (row is None or resource in self.replaced or resource in self.changed):
            return UNKNOWN
        if row is None:
            raise format_error(f"Unresolved resource dependencies [{resource}] in the Resources block of the template")
        if name in row.attributes:
            return row.attributes[name]
        known = schema(row.type)
        if known is not None and name in known.properties and name in row.properties:
            return row.properties[name]
        if row.type == "AWS::CloudFormation::Stack" and name.startswith("Outputs."):
            raise InvalidTemplate(f"Attribute 'Outputs.{name[8:]}' does not exist")
        if known is None:
            raise InvalidTemplate(f"CustomResource attribute error: Vendor response doesn't contain {name} attribute")
        raise InvalidTemplate(f"Requested attribute {name} does not exist in schema for {row.type}")

    def imported(self, name: str) -> Any:
        """What another stack exports."""
        found = self.exports().get(name)
        if found is None:
            if self.planning:
                return UNKNOWN
            raise InvalidTemplate(f"No export named {name} found")
        self.imports.add(name)
        return found.value

    def active(self) -> dict[str, Resource]:
        """The resources whose conditions hold, in their order, with the branches of Fn::If that are taken.

        Raises:
            InvalidTemplate: one of them refers to one whose condition does not hold.
        """
        template = self.template
        kept = [
            template.resources[name]
            for name in template.order
            if (condition := template.resources[name].condition) is None or self.condition(condition)
        ]
        names = {resource.logical_id for resource in kept}
        missing: list[str] = []
        for resource in kept:
            for name, _ in references(self.taken(resource.properties)):
                if name in template.resources and name not in names and name not in template.parameters:
                    missing.append(name)
        if missing:
            shown = ", ".join(dict.fromkeys(missing))
            raise format_error(f"Unresolved resource dependencies [{shown}] in the Resources block of the template")
        return {resource.logical_id: resource for resource in kept}

    def taken(self, value: Any) -> Any:
        """A value with the branches of Fn::If that are taken."""
        match value:
            case dict():
                if function_of(value) == "Fn::If":
                    condition, *branches = value["Fn::If"]
                    return self.taken(branches[0 if self.condition(condition) else 1])
                return {name: self.taken(member) for name, member in value.items()}
            case list():
                return [self.taken(item) for item in value]
            case _:
                return value


def is_pseudo(name: str) -> bool:
    """Whether a name is a pseudo parameter's."""
    return name in PSEUDO_PARAMETERS


# Dynamic references

_DYNAMIC: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")


def resolve(value: Any, services: Services) -> Any:
    """A value with its dynamic references resolved.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html

    Raises:
        InvalidTemplate: what one of them names is not there.
    """
    match value:
        case dict():
            return {name: resolve(member, services) for name, member in value.items()}
        case list():
            return [resolve(item, services) for item in value]
        case str() if "{{resolve:" in value:
            return _DYNAMIC.sub(lambda match: _resolved(match[1], match[2], services), value)
        case _:
            return value


def _resolved(kind: str, what: str, services: Services) -> str:
    from emulator.deploying.services import Refused

    try:
        if kind == "secretsmanager":
            return _secret(what, services)
        found = services.call("ssm", "GetParameter", Name=what, WithDecryption=True)
        return str(found["Parameter"]["Value"])
    except Refused as refused:
        if kind == "secretsmanager":
            raise InvalidTemplate(
                f"Could not parse SecretString JSON of {what}" if not refused.code else refused.message
            ) from None
        raise InvalidTemplate(f"Unable to fetch parameters [{what}] from parameter store for this account.") from None


def _secret(what: str, services: Services) -> str:
    import json

    parts = what.split(":")
    size = 7 if what.startswith("arn:") else 1
    secret, rest = ":".join(parts[:size]), [*parts[size:], "", "", "", ""]
    stage, version = rest[2] or None, rest[3] or None
    found = services.call("secretsmanager", "GetSecretValue", SecretId=secret, VersionStage=stage, VersionId=version)
    text = str(found.get("SecretString", ""))
    if not rest[1]:
        return text
    try:
        return str(json.loads(text)[rest[1]])
    except (ValueError, KeyError, TypeError):
        message = f"Could not find a value associated with JSONKey in SecretString: {rest[1]}"
        raise InvalidTemplate(message) from None

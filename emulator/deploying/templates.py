"""Templates: a template is compiled once, into frozen parts that refer to each other by name, or is refused.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html; the texts of refusals as
AWS was seen to answer them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.deploying import intrinsics
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.schemas import schema
from emulator.deploying.snapshots import SNAPPED, default_policy

MOST_RESOURCES: Final = 500
MOST_OF_OTHERS: Final = 200
"""Parameters, outputs, mappings."""

_SECTIONS: Final = frozenset(
    {
        *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Transform"),
        *("Resources", "Outputs", "Rules", "Hooks"),
    }
)
_MEMBERS: Final = frozenset(
    {
        *("Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"),
        *("CreationPolicy", "UpdatePolicy", "Version"),
    }
)
_POLICIES: Final = ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
_ALPHANUMERIC: Final = re.compile(r"[A-Za-z0-9]+")

PSEUDO_PARAMETERS: Final = frozenset(
    {
        *("AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId"),
        *("AWS::StackName", "AWS::URLSuffix"),
    }
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as a template declares it; its properties still hold functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...]
    condition: str | None
    deletion_policy: str
    replace_policy: str
    metadata: Any
    creation_policy: Any = None

    @property
    def is_custom(self) -> bool:
        """Whether a function of the user's makes it."""
        return self.type.startswith("Custom::") or self.type == "AWS::CloudFormation::CustomResource"


@dataclass(frozen=True, slots=True)
class Output:
    """An output."""

    name: str
    value: Any
    description: str | None
    export: Any
    condition: str | None


@dataclass(frozen=True, slots=True)
class Template:
    """A template whose transforms have been applied. ``order`` has each resource after those it refers to."""

    description: str | None
    metadata: Any
    version: str | None
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Output]
    order: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]
    """Logical id -> the resources that it refers to, or depends on by name."""


def format_error(message: str) -> InvalidTemplate:
    """A refusal of a template's form."""
    return InvalidTemplate(f"Template format error: {message}")


def check_sections(document: Mapping[str, Any]) -> None:
    """Refuse what is no template, before its transforms are applied."""
    for name in document:
        if name not in _SECTIONS and not (name == "Globals" and "Transform" in document):  # which SAM takes away
            raise InvalidTemplate(f"Invalid template property or properties [{name}]")
    version = document.get("AWSTemplateFormatVersion")
    if version is not None and str(version) != "2010-09-09":
        raise format_error(f"Template format version {version} is unrecognized")
    description = document.get("Description")
    if description is not None and not isinstance(description, str):
        raise format_error("Every Description member must be a string.")
    resources = document.get("Resources")
    if resources is None or resources == {}:
        raise format_error("At least one Resources member must be defined.")
    if not isinstance(resources, dict):
        raise format_error("Any Resources member must be an object.")


def compile_template(document: Mapping[str, Any]) -> Template:
    """Compile a template whose transforms have been applied.

    Raises:
        InvalidTemplate: AWS refuses it.
    """
    check_sections(document)
    parameters = _section(document, "Parameters")
    for name, declared in parameters.items():
        _named("Parameter", name)
        if not isinstance(declared, dict) or "Type" not in declared:
            raise format_error("Every Parameters object must contain a Type member.")
    resources = {name: _resource(name, declared) for name, declared in document["Resources"].items()}
    outputs = {name: _output(name, declared) for name, declared in _section(document, "Outputs").items()}
    conditions = _section(document, "Conditions")
    mappings = _mappings(document)
    for what, size, most in (
        ("resources", len(resources), MOST_RESOURCES),
        ("parameters", len(parameters), MOST_OF_OTHERS),
        ("outputs", len(outputs), MOST_OF_OTHERS),
        ("mappings", len(mappings), MOST_OF_OTHERS),
    ):
        if size > most:
            raise format_error(f"Number of {what}, {size}, is greater than maximum allowed, {most}")
    unknown = sorted({each.type for each in resources.values() if not _is_type(each)})
    if unknown:
        raise format_error(f"Unrecognized resource types: [{', '.join(unknown)}]")
    _check_functions(resources, outputs, conditions)
    _check_conditions(resources, outputs, conditions)
    _check_references(resources, outputs, parameters)
    needs = {name: frozenset(_needs(each, resources)) for name, each in resources.items()}
    version = document.get("AWSTemplateFormatVersion")
    return Template(
        document.get("Description"),
        document.get("Metadata"),
        None if version is None else str(version),
        parameters,
        mappings,
        conditions,
        resources,
        outputs,
        _ordered(needs),
        needs,
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise format_error(f"Any {name} member must be an object.")
    return section


def _named(what: str, name: str) -> None:
    if not _ALPHANUMERIC.fullmatch(name):
        raise format_error(f"{what} name {name} is non alphanumeric.")


def _is_type(resource: Resource) -> bool:
    return resource.is_custom or schema(resource.type) is not None or resource.type == "AWS::CDK::Metadata"


def _resource(name: str, declared: Any) -> Resource:
    if name.startswith("Fn::"):
        raise format_error(f"Resource name {name} is non alphanumeric.")
    if not isinstance(declared, dict):
        raise format_error("Any Resources member must be an object.")
    for member in declared:
        if member not in _MEMBERS:
            raise InvalidTemplate(f"Invalid template resource property '{member}'")
    _named("Resource", name)
    if not isinstance(declared.get("Type"), str):
        raise format_error(f"[/Resources/{name}] Every Resources object must contain a Type member.")
    properties = declared.get("Properties")
    if properties is None:
        properties = {}
    if not isinstance(properties, dict):
        raise format_error(f"[/Resources/{name}/Properties] Properties must be an object.")
    _no_nulls(properties, f"/Resources/{name}/Properties")
    condition = declared.get("Condition")
    if condition is not None and not isinstance(condition, str):
        raise format_error(f"[/Resources/{name}] Every Condition member must be a string.")
    return Resource(
        name,
        declared["Type"],
        properties,
        _names_of(declared.get("DependsOn", ())),
        condition,
        _policy(name, declared, "DeletionPolicy"),
        _policy(name, declared, "UpdateReplacePolicy"),
        declared.get("Metadata"),
        declared.get("CreationPolicy"),
    )


def _names_of(depends_on: Any) -> tuple[str, ...]:
    depends_on = (depends_on,) if isinstance(depends_on, str) else depends_on
    if not isinstance(depends_on, list | tuple) or not all(isinstance(each, str) for each in depends_on):
        raise format_error("DependsOn must be a string or list of strings.")
    return tuple(depends_on)


def _policy(name: str, declared: Mapping[str, Any], member: str) -> str:
    kind = str(declared["Type"])
    default = default_policy(kind, declared.get("Properties") or {}) if member == "DeletionPolicy" else "Delete"
    policy = declared.get(member, default)
    if policy not in _POLICIES:
        raise format_error(f"Unrecognized {member} {policy} for resource {name}")
    if policy == "Snapshot" and kind not in SNAPPED:
        words = "deletion policy" if member == "DeletionPolicy" else "update replace policy"
        raise InvalidTemplate(f"Template error: resource type {kind} does not support {words} Snapshot")
    return str(policy)


def _output(name: str, declared: Any) -> Output:
    _named("Output", name)
    if not isinstance(declared, dict) or "Value" not in declared:
        raise format_error("Every Outputs member must contain a Value object")
    _no_nulls(declared["Value"], f"/Outputs/{name}/Value")
    export = declared.get("Export")
    if export is not None and (not isinstance(export, dict) or "Name" not in export):
        raise format_error(f"[/Outputs/{name}/Export] Every Export member must contain a Name.")
    description = declared.get("Description")
    return Output(name, declared["Value"], description, export["Name"] if export else None, declared.get("Condition"))


def _no_nulls(value: Any, where: str) -> None:
    match value:
        case None:
            raise InvalidTemplate(f"[{where}] 'null' values are not allowed in templates")
        case dict():
            for name, member in value.items():
                _no_nulls(member, f"{where}/{name}")
        case list():
            for index, item in enumerate(value):
                _no_nulls(item, f"{where}/{index}")


def _mappings(document: Mapping[str, Any]) -> Mapping[str, Any]:
    mappings = _section(document, "Mappings")
    for name, mapping in mappings.items():
        if not isinstance(mapping, dict):
            raise format_error(f"Every Mappings member {name} must be a map")
        for key, values in mapping.items():
            if not isinstance(values, dict):
                raise format_error(f"Every Mappings member {key} must be a map")
            if any(isinstance(value, dict) for value in values.values()):
                raise format_error("Every Mappings attribute must be a String or a List.")
    return mappings


def _check_functions(
    resources: Mapping[str, Resource], outputs: Mapping[str, Output], conditions: Mapping[str, Any]
) -> None:
    for resource in resources.values():
        intrinsics.check(resource.properties)
        _known_functions(resource.properties)
    for output in outputs.values():
        for value in (output.value, output.export):
            intrinsics.check(value)
            _known_functions(value)
    intrinsics.check(conditions)
    _known_functions(conditions)


def _known_functions(value: Any) -> None:
    match value:
        case dict():
            name = intrinsics.function_of(value)
            if name is not None and name.startswith("Fn::") and name not in intrinsics.FUNCTIONS:
                if name.startswith("Fn::ForEach") or name in ("Fn::Length", "Fn::ToJsonString"):
                    raise InvalidTemplate(f"Template error: {name} needs the transform AWS::LanguageExtensions")
                raise InvalidTemplate(f"Template validation error: Unsupported function: {name}")
            for member in value.values():
                _known_functions(member)
        case list():
            for item in value:
                _known_functions(item)


def _check_conditions(
    resources: Mapping[str, Resource], outputs: Mapping[str, Output], conditions: Mapping[str, Any]
) -> None:
    def look(names: Iterable[str], where: str) -> None:
        for name in names:
            if name not in conditions:
                raise InvalidTemplate(f"Template error: unresolved condition dependency {name} in {where}")

    for name, condition in conditions.items():
        look(intrinsics.conditions_used(condition), f"the Conditions block of the template, {name}")
    for resource in resources.values():
        if resource.condition is not None and resource.condition not in conditions:
            raise InvalidTemplate(
                f"Template format error: Unresolved condition {resource.condition} of resource {resource.logical_id}"
            )
        look(_ifs(resource.properties), "Fn::If")
    for output in outputs.values():
        if output.condition is not None and output.condition not in conditions:
            raise format_error(f"Unresolved condition {output.condition} in the Outputs block of the template")
        look(_ifs(output.value), "Fn::If")
    _no_circle_of_conditions(conditions)


def _ifs(value: Any) -> Iterator[str]:
    """The conditions of Fn::If alone: in a policy, a member "Condition" is no reference."""
    match value:
        case dict():
            if intrinsics.function_of(value) == "Fn::If" and isinstance(value["Fn::If"][0], str):
                yield value["Fn::If"][0]
            for member in value.values():
                yield from _ifs(member)
        case list():
            for item in value:
                yield from _ifs(item)


def _no_circle_of_conditions(conditions: Mapping[str, Any]) -> None:
    needs = {name: frozenset(intrinsics.conditions_used(value)) for name, value in conditions.items()}
    if (circle := _circle(needs)) is not None:
        raise format_error(f"Circular dependency between conditions: [{', '.join(circle)}]")


def _check_references(
    resources: Mapping[str, Resource], outputs: Mapping[str, Output], parameters: Mapping[str, Any]
) -> None:
    known = parameters.keys() | resources.keys() | PSEUDO_PARAMETERS
    missing: list[str] = []
    for resource in resources.values():
        missing += _unresolved(resource.properties, known, resources)
        missing += [name for name in resource.depends_on if name not in resources]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise format_error(f"Unresolved resource dependencies [{names}] in the Resources block of the template")
    for output in outputs.values():
        missing += _unresolved([output.value, output.export], known, resources)
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise InvalidTemplate(f"Unresolved resource dependencies [{names}] in the Outputs block of the template")


def _unresolved(value: Any, known: Iterable[str], resources: Mapping[str, Resource]) -> list[str]:
    missing = []
    for name, attribute in intrinsics.references(value):
        if attribute and name not in resources:
            raise _undefined(name)
        if name not in known:
            missing.append(name)
    return missing


def _undefined(name: str) -> InvalidTemplate:
    return InvalidTemplate(f"Template error: instance of Fn::GetAtt references undefined resource {name}")


def _needs(resource: Resource, resources: Mapping[str, Resource]) -> Iterator[str]:
    yield from resource.depends_on
    for name, _ in intrinsics.references(resource.properties):
        if name in resources:
            yield name


def _ordered(needs: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Every resource after those it needs, else by name. Raises InvalidTemplate, they need each other."""
    if (circle := _circle(needs)) is not None:
        raise InvalidTemplate(f"Circular dependency between resources: [{', '.join(circle)}]")
    done: dict[str, None] = {}
    waiting = sorted(needs, reverse=True)
    while waiting:
        name = waiting[-1]
        open_ones = sorted(needs[name] - done.keys(), reverse=True)
        if name in done or not open_ones:
            done[waiting.pop()] = None
        else:
            waiting.extend(open_ones)
    return tuple(done)


def _circle(needs: Mapping[str, frozenset[str]]) -> list[str] | None:
    """Those that need each other, and those that need them; None if nobody does."""
    open_ones = dict(needs)
    while open_ones:
        free = [name for name, needed in open_ones.items() if not needed & open_ones.keys()]
        if not free:
            return sorted(open_ones)
        for name in free:
            del open_ones[name]
    return None

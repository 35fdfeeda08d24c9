"""Changes: what making a stack as a template says would do, before anybody does it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import UNKNOWN, evaluate, references
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.schemas import schema

if TYPE_CHECKING:
    from emulator.deploying.scope import Values
    from emulator.deploying.stacks import Given, Row, Stack
    from emulator.deploying.templates import Resource


@dataclass(slots=True)
class Change:
    """What becomes of one resource."""

    action: str
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str | None = None
    policy_action: str | None = None
    scope: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None

    def described(self, *, values: bool) -> dict[str, Any]:
        """The change as DescribeChangeSet shows it; ``values`` if the properties' values shall be there, too."""
        shown: dict[str, Any] = {
            "PolicyAction": self.policy_action,
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id or None,
            "ResourceType": self.type,
            "Replacement": self.replacement,
            "Scope": self.scope,
            "Details": [_shown_detail(detail, self, values=values) for detail in self.details],
        }
        if values:
            for member, properties in (("BeforeContext", self.before), ("AfterContext", self.after)):
                if properties is not None:
                    shown[member] = dumps({"Properties": _known(properties)})
        return {"Type": "Resource", "ResourceChange": {key: value for key, value in shown.items() if value is not None}}


def _shown_detail(detail: Mapping[str, Any], change: Change, *, values: bool) -> dict[str, Any]:
    target = dict(detail["Target"])
    name = target.get("Name")
    if values and name is not None:
        target["Path"] = f"/Properties/{name}"
        before, after = (change.before or {}).get(name), (change.after or {}).get(name)
        for member, value in (("BeforeValue", before), ("AfterValue", after)):
            if value is not None:
                found = _known(value)
                target[member] = found if isinstance(found, str) else dumps(found)
        target["AttributeChangeType"] = "Add" if before is None else "Remove" if after is None else "Modify"
    return {**detail, "Target": target}


def _known(value: Any) -> Any:
    """A value as a change set shows it: a text in which something is not known yet is not known."""
    match value:
        case dict():
            return {name: _known(member) for name, member in value.items()}
        case list():
            return [_known(item) for item in value]
        case str() if UNKNOWN in value:
            return UNKNOWN
        case _:
            return value


def is_unknown(value: Any) -> bool:
    """Whether something in a value will be known only when the change is made."""
    match value:
        case dict():
            return any(map(is_unknown, value.values()))
        case list():
            return any(map(is_unknown, value))
        case _:
            return isinstance(value, str) and UNKNOWN in value


ALWAYS: Final = "Always"
PERHAPS: Final = "Conditionally"
NEVER: Final = "Never"


_REPLACING: Final = frozenset({("AWS::DynamoDB::Table", "LocalSecondaryIndexes")})
"""What replaces a resource although the registry's schema does not say so."""


def recreation(kind: str, name: str) -> str:
    """Whether a change of a property of a type makes another resource in its place."""
    known = schema(kind)
    if known is None:
        return ALWAYS if name == "ServiceToken" else NEVER
    if name in known.replacing or (kind, name) in _REPLACING:
        return ALWAYS
    return PERHAPS if name in known.perhaps else NEVER


def plan(stack: Stack, given: Given, scope: Values) -> list[Change]:
    """What becomes of each resource, sorted as AWS sorts them: by name, a longer one before its own beginning.

    Raises:
        InvalidTemplate: a resource would become one of another type.
    """
    scope.planning = True
    rows = {name: row for name, row in stack.rows.items() if row.is_there}
    active = scope.active()
    other = [name for name, resource in active.items() if name in rows and rows[name].type != resource.type]
    if other:
        text = "Update of resource type is not permitted. The new template modifies resource type of the following "
        raise InvalidTemplate(f"{text}resources: [{', '.join(sorted(other))}]")
    changes = []
    for name, resource in active.items():
        properties = evaluate(resource.properties, scope)
        row = rows.get(name)
        if row is None:
            changes.append(Change("Add", name, resource.type, after=properties))
            continue
        change = _modification(stack, given, scope, resource, row, properties)
        if change is not None:
            changes.append(change)
            (scope.replaced if change.replacement == "True" else scope.changed).add(name)
    for name, row in rows.items():
        if name not in active:
            policy = row.deletion_policy if row.deletion_policy in ("Retain", "Snapshot") else "Delete"
            changes.append(Change("Remove", name, row.type, row.physical_id, None, policy, before=row.properties))
    return sorted(changes, key=lambda change: change.logical_id + chr(0x10FFFF))


def _modification(
    stack: Stack, given: Given, scope: Values, resource: Resource, row: Row, properties: Mapping[str, Any]
) -> Change | None:
    """How a resource changes; None if it does not."""
    changed = sorted(
        name for name in {*row.properties, *properties} if row.properties.get(name) != properties.get(name)
    )
    details: list[dict[str, Any]] = []
    replacement = "False"
    for name in changed:
        again = recreation(resource.type, name)
        found = list(_details(stack, given, scope, resource, name, again))
        details += found
        if again == ALWAYS and not is_unknown(properties.get(name)):
            replacement = "True"
        elif again != NEVER and replacement == "False":
            replacement = "Conditional"
    scopes = ["Properties"] if changed else []
    if resource.metadata != row.metadata:
        scopes.append("Metadata")
        target = {"Attribute": "Metadata", "RequiresRecreation": NEVER}
        details.append({"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"})
    for attribute, then, now in (
        ("DeletionPolicy", row.deletion_policy, resource.deletion_policy),
        ("UpdateReplacePolicy", row.replace_policy, resource.replace_policy),
    ):
        if then != now:
            scopes.append(attribute)
            target = {"Attribute": attribute, "RequiresRecreation": NEVER}
            details.append({"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"})
    if not scopes:
        return None
    policy = None
    if replacement == "True":
        kept = resource.replace_policy if resource.replace_policy in ("Retain", "Snapshot") else "Delete"
        policy = f"ReplaceAnd{kept}"
    return Change(
        *("Modify", resource.logical_id, resource.type, row.physical_id, replacement, policy, scopes, details),
        row.properties,
        properties,
    )


def _details(
    stack: Stack, given: Given, scope: Values, resource: Resource, name: str, again: str
) -> Iterator[dict[str, Any]]:
    """What causes the change of a property."""
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": again}
    causes = 0
    known = stack.given.parameters if stack.given is not None else {}
    for reference, attribute in dict.fromkeys(references(resource.properties.get(name))):
        if reference in given.parameters:
            before, after = known.get(reference), given.parameters[reference]
            if before is None or before.value != after.value:
                causes += 1
                yield _detail(target, "Static", "ParameterReference", reference)
                yield _detail(target, "Dynamic", "DirectModification", None)
        elif reference in scope.replaced | scope.changed:
            causes += 1
            if attribute:
                yield _detail(target, "Dynamic", "ResourceAttribute", f"{reference}.{attribute}")
            else:
                yield _detail(target, "Dynamic", "ResourceReference", reference)
    if not causes:
        yield _detail(target, "Static", "DirectModification", None)


def _detail(target: Mapping[str, Any], evaluation: str, source: str, cause: str | None) -> dict[str, Any]:
    detail = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return detail if cause is None else {**detail, "CausingEntity": cause}


def has_other_changes(stack: Stack, given: Given) -> bool:
    """Whether anything but resources changes: outputs, tags, parameters, topics."""
    before = stack.given
    if before is None:
        return True
    outputs_before, outputs = before.template.outputs, given.template.outputs
    if outputs_before != outputs:
        return True
    was = {name: parameter.value for name, parameter in before.parameters.items()}
    now = {name: parameter.value for name, parameter in given.parameters.items()}
    if was != now and any(_uses(output, was, now) for output in outputs.values()):
        return True
    return sorted(before.tags) != sorted(given.tags) or before.notification_arns != given.notification_arns


def _uses(output: Any, was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    names = {name for name, _ in references([output.value, output.export])}
    return any(was.get(name) != now.get(name) for name in names)

"""A resource type: how a resource is made, changed and deleted by the operations of its service."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, TypeVar

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.schemas import schema
from emulator.deploying.services import Refused, Services
from emulator.wire.operations import service_model

if TYPE_CHECKING:
    from botocore.model import Shape

    from emulator.deploying.deployment import Deployment
    from emulator.deploying.templates import Resource

T = TypeVar("T")
Waiting: TypeAlias = "T | Generator[float, None, T]"
"""What work gives: its result, or the seconds that it waits for on the way to it."""

Properties: TypeAlias = Mapping[str, Any]

STACK_TAGS: Final = "::stack tags"
"""Beside the properties of a resource before an update: the tags that its stack had."""


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that is there: what Ref gives, and what Fn::GetAtt gives."""

    id: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: a resource with its properties, for a stack."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    services: Services
    deployment: Deployment
    seed: str
    resource: Resource | None = None

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """Call an operation, by botocore's names. Raises Refused."""
        return self.services.call(service, operation, **params)

    def named(self, member: str, longest: int = 64, *, lower: bool = False, short: bool = False) -> str:
        """The name that a property gives, or one that is made up: ``<stack>-<LogicalId>-<12 letters or digits>``.

        ``short`` leaves out the stack's name, as the handlers of some services do.
        """
        given = self.properties.get(member)
        if given:
            return as_text(given)
        digest = hashlib.sha256(self.seed.encode()).digest()
        suffix = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:12])
        stack = self.deployment.stack.name
        front = self.logical_id if short else f"{stack}-{self.logical_id}"
        room = longest - len(suffix) - 1
        if len(front) > room:
            half = (room - 1) // 2
            front = self.logical_id[:room] if short else f"{stack[:half]}-{self.logical_id[:half]}"
        name = f"{front}-{suffix}"
        return name.lower() if lower else name

    def tags(self, *, system: bool = False) -> dict[str, str]:
        """The resource's tags: those of its stack, AWS's own (``system``), those of its properties."""
        stack = self.deployment.stack
        own = tags_of(self.properties.get(tag_property(self.type)))
        ours = {
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.id,
            "aws:cloudformation:logical-id": self.logical_id,
        }
        return {**stack.tags, **(ours if system else {}), **own}

    def tags_before(self, before: Properties) -> dict[str, str]:
        """The tags that the resource had before an update."""
        return {**before.get(STACK_TAGS, {}), **tags_of(before.get(tag_property(self.type)))}

    def retag(
        self,
        before: Properties,
        tag: Callable[[dict[str, str]], Any],
        untag: Callable[[list[str]], Any],
    ) -> None:
        """Give the resource its tags, and take from it those that it has no more."""
        was, now = self.tags_before(before), self.tags()
        if gone := sorted(was.keys() - now.keys()):
            untag(gone)
        if new := {key: value for key, value in now.items() if was.get(key) != value}:
            tag(new)


_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"[:36]


def tag_property(kind: str) -> str:
    """The property of a type that holds tags."""
    known = schema(kind)
    return (known.tags if known is not None else "") or "Tags"


def tags_of(value: Any) -> dict[str, str]:
    """Tags as a mapping, from either of the two forms in which templates give them."""
    if isinstance(value, dict):
        return {key: as_text(text) for key, text in value.items()}
    return {as_text(tag["Key"]): as_text(tag.get("Value", "")) for tag in value or ()}


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as a list."""
    return [{key: name, value: text} for name, text in tags.items()]


class ResourceType:
    """How resources of a type come, change and go."""

    updates: ClassVar[bool] = True
    """Whether a resource can change in place; otherwise every change makes another one."""
    takes_tags: ClassVar[bool] = False
    """Whether the tags of the stack are handed on, so that a change of them alone changes the resource."""

    def create(self, order: Order) -> Waiting[Made]:
        """Make a resource. Raises Refused."""
        raise NotImplementedError

    def update(self, order: Order, before: Properties, made: Made) -> Waiting[Made]:
        """Change a resource to what its properties say now. Raises Refused."""
        raise NotImplementedError

    def delete(self, order: Order, made: Made) -> Waiting[None]:
        """Delete a resource. Raises Refused; that it is not there is forgiven."""
        raise NotImplementedError

    def adopt(self, services: Services, identifier: Properties) -> Made | None:
        """A resource that is there already, for a stack that imports it; None for types that cannot be imported.

        Raises:
            Refused: there is none.
            KeyError: the identifier is not one of this type.
        """
        del services, identifier
        return None


class Absent(ResourceType):
    """A type that is not made here: its stack fails, naming it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def create(self, order: Order) -> Made:
        """Refuse to make one."""
        del order
        raise Refused(
            f"Dynastep does not make resources of the type {self.kind}: docs/cloudformation.md", "InvalidRequest"
        )

    def delete(self, order: Order, made: Made) -> None:
        """There is nothing to delete."""


class Put(ResourceType):
    """A type that is changed as it is made."""

    def put(self, order: Order, before: Properties) -> None:
        """Make one, with no properties before, or change one. Raises Refused."""
        raise NotImplementedError

    def identify(self, order: Order) -> Made:
        """Which one was made; a name is made up for what has none."""
        name = order.named("")
        return Made(name, {"Id": name})

    def create(self, order: Order) -> Made:
        """Make one."""
        self.put(order, {})
        return self.identify(order)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        self.put(order, before)
        return made


def gained_and_lost(order: Order, before: Properties, member: str) -> tuple[list[str], list[str]]:
    """What a property that lists names has now and had not, and the other way round."""
    now, was = ([as_text(each) for each in of.get(member) or ()] for of in (order.properties, before))
    return [each for each in now if each not in was], [each for each in was if each not in now]


def invalid(logical_id: str, problems: Sequence[str]) -> Refused:
    """The properties of a resource are not those of its type, in the words of AWS's validation."""
    return Refused(f"Properties validation failed for resource {logical_id} with message:\n" + "\n".join(problems))


def checked(logical_id: str, kind: str, properties: Properties) -> None:
    """Refuse properties that a type does not have, and the absence of those it requires.

    Raises:
        Refused: in AWS's words.
    """
    known = schema(kind)
    if known is None or kind == "AWS::CloudFormation::CustomResource":
        return
    problems = [f"#: required key [{name}] not found" for name in known.required if name not in properties]
    extra = [name for name in properties if name not in known.properties]
    problems += [f"#: extraneous key [{name}] is not permitted" for name in extra]
    if problems:
        raise invalid(logical_id, problems)


def naming_property(kind: str) -> str | None:
    """The property by which a resource is named by hand; None if there is none."""
    known = schema(kind)
    if known is None:
        return None
    if len(known.identifier) == 1 and known.identifier[0] not in known.attributes:
        return known.identifier[0]
    name = kind.rpartition("::")[2] + "Name"
    return name if name in known.replacing else None


# Properties as an operation takes them.


def fit(service: str, operation: str, given: Properties, order: Order) -> dict[str, Any]:
    """Properties as the parameters of an operation: its spelling of names, its types of values.

    ``{"Delay": "2", "RoleARN": "..."}`` becomes ``{"delay": 2, "roleArn": "..."}`` where the model says so.

    Raises:
        Refused: the operation has no such parameter, or a value cannot be one.
    """
    shape = service_model(service).operation_model(operation).input_shape
    problems: list[str] = []
    fitted = _fit(shape, given, "#", problems)
    if problems:
        raise invalid(order.logical_id, problems)
    found: dict[str, Any] = fitted
    return found


def fit_value(shape: Any, value: Any) -> Any:
    """A value as a shape takes one; None if it cannot be one."""
    problems: list[str] = []
    fitted = _fit(shape, value, "#", problems)
    return None if problems else fitted


def _fit(shape: Any, value: Any, where: str, problems: list[str]) -> Any:
    match shape.type_name:
        case "structure" if not getattr(shape, "is_document_type", False):
            return _fit_structure(shape, value, where, problems)
        case "list":
            items = value if isinstance(value, list) else [value]
            return [_fit(shape.member, item, f"{where}/{index}", problems) for index, item in enumerate(items)]
        case "map":
            if isinstance(value, list):
                value = tags_of(value)
            if isinstance(value, dict):
                return {name: _fit(shape.value, item, f"{where}/{name}", problems) for name, item in value.items()}
            problems.append(f"{where}: expected type: JSONObject, found: {_kind(value)}")
            return {}
        case _:
            return _fit_scalar(shape, value, where, problems)


def _fit_structure(shape: Any, value: Any, where: str, problems: list[str]) -> dict[str, Any]:
    if isinstance(value, list) and {"Quantity", "Items"} <= shape.members.keys():  # as CloudFront has lists
        return {"Quantity": len(value), "Items": _fit(shape.members["Items"], value, where, problems)}
    if not isinstance(value, dict):
        problems.append(f"{where}: expected type: JSONObject, found: {_kind(value)}")
        return {}
    members = {name.lower(): name for name in shape.members}
    fitted = {}
    for name, item in value.items():
        member = members.get(name.lower())
        if member is None:
            problems.append(f"{where}: extraneous key [{name}] is not permitted")
        else:
            fitted[member] = _fit(shape.members[member], item, f"{where}/{name}", problems)
    problems.extend(
        f"{where}: required key [{name[:1].upper() + name[1:]}] not found"
        for name in shape.required_members
        if name not in fitted and where != "#"
    )
    return fitted


def _fit_scalar(shape: Shape, value: Any, where: str, problems: list[str]) -> Any:
    try:
        match shape.type_name:
            case "string":
                return dumps(value) if isinstance(value, dict | list) else as_text(value)
            case "integer" | "long":
                return int(as_text(value))
            case "float" | "double":
                return float(as_text(value))
            case "boolean":
                return {"true": True, "false": False}[as_text(value).lower()]
            case "blob":
                return as_text(value).encode()
            case _:
                return value
    except (ValueError, KeyError):
        problems.append(f"{where}: expected type: {shape.type_name.capitalize()}, found: {_kind(value)}")
        return None


def _kind(value: Any) -> str:
    names = {str: "String", bool: "Boolean", int: "Integer", float: "Double", list: "JSONArray", dict: "JSONObject"}
    return names.get(type(value), "Null")

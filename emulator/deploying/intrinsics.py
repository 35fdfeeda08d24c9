"""Intrinsic functions: what a template's functions give, once it is known what its references mean.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeAlias

from asl_interpreter.jsontext import dumps
from emulator.deploying.reading import InvalidTemplate

NOTHING: Final = object()
"""What Ref gives of AWS::NoValue: the member that has it goes."""

UNKNOWN: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""What a change set shows of a value that only its execution will tell."""


class Scope(Protocol):
    """What the references of a template mean."""

    def ref(self, name: str) -> Any:
        """A parameter, a pseudo parameter, or a resource."""

    def attribute(self, resource: str, name: str) -> Any:
        """An attribute of a resource."""

    def condition(self, name: str) -> bool:
        """Whether a condition of the template is true."""

    def mapped(self, name: str, top: str, second: str) -> Any:
        """A value of the template's mappings. Raises KeyError where there is none."""

    def imported(self, name: str) -> Any:
        """What another stack exports."""

    def zones(self, region: str) -> list[str]:
        """The availability zones of a region; of the stack's own if it is empty."""


def function_of(value: Any) -> str | None:
    """The function that a value is a call of; None if it is none."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name in ("Ref", "Condition") or name.startswith("Fn::"):
            return str(name)
    return None


def evaluate(value: Any, scope: Scope) -> Any:
    """A value with its functions replaced by what they give. Raises InvalidTemplate."""
    match value:
        case dict():
            name = function_of(value)
            if name is not None and (handler := FUNCTIONS.get(name)) is not None:
                return handler(value[name], scope)
            if name is not None and name.startswith("Fn::"):
                raise InvalidTemplate(f"Template error: {name} is not supported here")
            members = ((key, evaluate(member, scope)) for key, member in value.items())
            return {key: member for key, member in members if member is not NOTHING}
        case list():
            return [item for item in (evaluate(item, scope) for item in value) if item is not NOTHING]
        case _:
            return value


def as_text(value: Any) -> str:
    """A value as it stands in a text: ``true``, ``3``; a list is joined by commas."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return ",".join(map(as_text, value))
        case _:
            return dumps(value)


def substitute(text: str, lookup: Callable[[str], str]) -> str:
    """A text of Fn::Sub with each ``${name}`` replaced; ``${!name}`` is ``${name}``."""
    return _PLACE.sub(lambda match: f"${{{match[1][1:]}}}" if match[1][0] == "!" else lookup(match[1].strip()), text)


_PLACE: Final = re.compile(r"\$\{([^{}]+)\}")


def places(text: str) -> Iterator[str]:
    """The names in a text of Fn::Sub."""
    for match in _PLACE.finditer(text):
        if match[1][0] != "!":
            yield match[1].strip()


# What the functions say of arguments that they do not take.

_JOIN: Final = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings "
    "to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)
_SPLIT: Final = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)
_SELECT: Final = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
_SUB: Final = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
    "first argument, and an optional second argument to specify a mapping of values to replace in the string"
)
_GET_ATT: Final = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
    "attribute"
)
_EQUALS: Final = "Template error: every Fn::Equals object requires a list of 2 string parameters."
_IF: Final = "Template error: Fn::If requires a list argument with three elements"
_FIND: Final = "Template error: Fn::FindInMap requires a list argument with three elements"
_CIDR: Final = "Template error: every Fn::Cidr object requires two or three parameters: an address block, a count, bits"
_COUNTS: Final = {"Fn::And": (2, 10), "Fn::Or": (2, 10), "Fn::Not": (1, 1)}


def check(value: Any) -> None:
    """Refuse calls of functions whose arguments cannot be right, wherever in a value they stand."""
    match value:
        case dict():
            name = function_of(value)
            if name is not None and name in _CHECKS:
                _CHECKS[name](value[name])
            elif name in _COUNTS:
                least, most = _COUNTS[name]
                if not isinstance(value[name], list) or not least <= len(value[name]) <= most:
                    size = f"{least}" if least == most else f"at least {least} and at most {most}"
                    raise InvalidTemplate(f"Template error: every {name} object requires a list of {size} parameters.")
            for member in value.values():
                check(member)
        case list():
            for item in value:
                check(item)


def get_att_parts(argument: Any) -> tuple[Any, Any]:
    """The resource and the attribute of Fn::GetAtt: ``["A", "Arn"]``, ``"A.Arn"``, attributes may hold dots."""
    if isinstance(argument, str):
        argument = argument.split(".", 1)
    if not isinstance(argument, list) or len(argument) < 2 or not all(argument):
        raise InvalidTemplate(_GET_ATT)
    if len(argument) > 2:
        return argument[0], ".".join(map(as_text, argument[1:]))
    return argument[0], argument[1]


def _of(size: int, message: str, *others: int) -> Callable[[Any], None]:
    def look(argument: Any) -> None:
        if not isinstance(argument, list) or len(argument) not in (size, *others):
            raise InvalidTemplate(message)

    return look


def _check_join(argument: Any) -> None:
    _of(2, _JOIN)(argument)
    if not isinstance(argument[0], str) or not (isinstance(argument[1], list) or function_of(argument[1])):
        raise InvalidTemplate(_JOIN)


def _check_split(argument: Any) -> None:
    _of(2, _SPLIT)(argument)
    if not isinstance(argument[0], str) or not (isinstance(argument[1], str) or function_of(argument[1])):
        raise InvalidTemplate(_SPLIT)


def _check_sub(argument: Any) -> None:
    if isinstance(argument, str):
        return
    match argument:
        case [str(), dict()]:
            return
    raise InvalidTemplate(_SUB)


def _check_get_att(argument: Any) -> None:
    get_att_parts(argument)


_CHECKS: Final[Mapping[str, Callable[[Any], None]]] = {
    "Fn::Cidr": _of(2, _CIDR, 3),
    "Fn::Equals": _of(2, _EQUALS),
    "Fn::FindInMap": _of(3, _FIND, 4),
    "Fn::GetAtt": _check_get_att,
    "Fn::If": _of(3, _IF),
    "Fn::Join": _check_join,
    "Fn::Select": _of(2, _SELECT),
    "Fn::Split": _check_split,
    "Fn::Sub": _check_sub,
}


# The functions.


def _ref(argument: Any, scope: Scope) -> Any:
    return scope.ref(as_text(evaluate(argument, scope)))


def _get_att(argument: Any, scope: Scope) -> Any:
    resource, attribute = (as_text(evaluate(part, scope)) for part in get_att_parts(argument))
    return scope.attribute(resource, attribute)


def _sub(argument: Any, scope: Scope) -> str:
    _check_sub(argument)
    text, given = (argument, {}) if isinstance(argument, str) else argument

    def lookup(name: str) -> str:
        if name in given:
            return as_text(evaluate(given[name], scope))
        resource, dot, attribute = name.partition(".")
        found = scope.attribute(resource, attribute) if dot else scope.ref(name)
        return "" if found is NOTHING else as_text(found)

    return as_text(evaluate(substitute(text, lookup), scope))


def _join(argument: Any, scope: Scope) -> str:
    delimiter, items = (evaluate(part, scope) for part in _pair(argument, _JOIN))
    if not isinstance(items, list):
        if items == UNKNOWN:
            return UNKNOWN
        raise InvalidTemplate(_JOIN)
    return as_text(delimiter).join(map(as_text, items))


def _split(argument: Any, scope: Scope) -> list[str]:
    delimiter, text = (evaluate(part, scope) for part in _pair(argument, _SPLIT))
    if not isinstance(delimiter, str) or not delimiter or isinstance(text, dict | list):
        raise InvalidTemplate(_SPLIT)
    return as_text(text).split(delimiter)


def _select(argument: Any, scope: Scope) -> Any:
    index, items = (evaluate(part, scope) for part in _pair(argument, _SELECT))
    if items in (UNKNOWN, [UNKNOWN]):
        return UNKNOWN
    try:
        at = int(index)
    except (TypeError, ValueError):
        raise InvalidTemplate(_SELECT) from None
    if not isinstance(items, list):
        raise InvalidTemplate(_SELECT)
    if not 0 <= at < len(items):
        raise InvalidTemplate(f"Template error: Fn::Select cannot select nonexistent value at index {at}")
    return items[at]


def _pair(argument: Any, message: str) -> list[Any]:
    _of(2, message)(argument)
    pair: list[Any] = argument
    return pair


def _find_in_map(argument: Any, scope: Scope) -> Any:
    _of(3, _FIND, 4)(argument)
    name, top, second = (as_text(evaluate(part, scope)) for part in argument[:3])
    try:
        return scope.mapped(name, top, second)
    except KeyError:
        if len(argument) > 3 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
            return evaluate(argument[3]["DefaultValue"], scope)
        raise InvalidTemplate(f"Template error: Unable to get mapping for {name}::{top}::{second}") from None


def _if(argument: Any, scope: Scope) -> Any:
    _of(3, _IF)(argument)
    return evaluate(argument[1 if scope.condition(str(argument[0])) else 2], scope)


def _base64(argument: Any, scope: Scope) -> str:
    return base64.b64encode(as_text(evaluate(argument, scope)).encode()).decode()


def _get_azs(argument: Any, scope: Scope) -> list[str]:
    return scope.zones(as_text(evaluate(argument, scope)))


def _import_value(argument: Any, scope: Scope) -> Any:
    return scope.imported(as_text(evaluate(argument, scope)))


MOST_BLOCKS: Final = 256


def _cidr(argument: Any, scope: Scope) -> list[str]:
    _of(2, _CIDR, 3)(argument)
    block, count, *bits = (evaluate(part, scope) for part in argument)
    try:
        network = ipaddress.ip_network(as_text(block), strict=False)
        wanted, host_bits = int(count), int(bits[0]) if bits else 8
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        found = [str(subnet) for subnet, _ in zip(subnets, range(min(wanted, MOST_BLOCKS)), strict=False)]
    except (TypeError, ValueError):
        raise InvalidTemplate(_CIDR) from None
    if not 1 <= wanted <= MOST_BLOCKS or len(found) < wanted:
        raise InvalidTemplate(f"Template error: Fn::Cidr cannot make {wanted} blocks of {as_text(block)}")
    return found


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = (evaluate(part, scope) for part in _pair(argument, _EQUALS))
    return as_text(left) == as_text(right)


def _is_true(value: Any, scope: Scope) -> bool:
    found = evaluate(value, scope)
    return found if isinstance(found, bool) else as_text(found) == "true"


def _and(argument: Any, scope: Scope) -> bool:
    return all(_is_true(part, scope) for part in argument)


def _or(argument: Any, scope: Scope) -> bool:
    return any(_is_true(part, scope) for part in argument)


def _not(argument: Any, scope: Scope) -> bool:
    return not _is_true(argument[0], scope)


def _condition(argument: Any, scope: Scope) -> Any:
    """A condition by its name. A policy's own member "Condition" is a mapping, and no call."""
    return scope.condition(argument) if isinstance(argument, str) else {"Condition": evaluate(argument, scope)}


def _length(argument: Any, scope: Scope) -> int:
    items = evaluate(argument, scope)
    if not isinstance(items, list):
        raise InvalidTemplate("Template error: every Fn::Length object requires a list.")
    return len(items)


def _to_json_string(argument: Any, scope: Scope) -> str:
    return dumps(evaluate(argument, scope))


Function: TypeAlias = Callable[[Any, Scope], Any]

FUNCTIONS: Final[Mapping[str, Function]] = {
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Ref": _ref,
}


def references(value: Any) -> Iterator[tuple[str, str]]:
    """What a value refers to: pairs of a name and an attribute, which is empty for Ref. Branches of Fn::If count."""
    match value:
        case dict():
            name = function_of(value)
            argument = value[name] if name is not None else None
            if name == "Ref" and isinstance(argument, str):
                yield argument, ""
                return
            if name == "Fn::GetAtt":
                resource, attribute = get_att_parts(argument)
                if isinstance(resource, str):
                    yield resource, attribute if isinstance(attribute, str) else "?"
                    return
            if name == "Fn::Sub":
                yield from _references_of_sub(argument)
                return
            for member in value.values():
                yield from references(member)
        case list():
            for item in value:
                yield from references(item)


def _references_of_sub(argument: Any) -> Iterator[tuple[str, str]]:
    _check_sub(argument)
    text, given = (argument, {}) if isinstance(argument, str) else argument
    yield from references(given)
    for place in places(text):
        if place not in given:
            resource, _, attribute = place.partition(".")
            yield resource, attribute


def conditions_used(value: Any) -> Iterator[str]:
    """The names of the conditions that a value depends on."""
    match value:
        case dict():
            name = function_of(value)
            argument = value[name] if name is not None else None
            if name == "Condition" and isinstance(argument, str):
                yield argument
            elif name == "Fn::If" and isinstance(argument, list) and argument and isinstance(argument[0], str):
                yield argument[0]
            for member in value.values():
                yield from conditions_used(member)
        case list():
            for item in value:
                yield from conditions_used(item)

"""Rendering: the nodes of a template, and what each makes of the variables."""

from __future__ import annotations

import math
import operator as operators
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Protocol

from emulator.apigateway.velocity.values import MISSING, Tool, are_equal, call, element, is_true, member, text_of

MOST_ROUNDS: Final = 1000
"""Rounds of one ``#foreach``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""
MOST_STEPS: Final = 1_000_000
LARGEST: Final = 10 * 1024 * 1024
"""Characters of what a template makes: as many as a payload may have bytes."""


class TemplateFailed(Exception):
    """A template cannot be rendered; the message says why."""


class _Ended(Exception):
    """``#stop``: nothing more is rendered."""


class _Broken(Exception):
    """``#break``: the loop ends."""


@dataclass(slots=True)
class Scope:
    """The variables, and how much has been done."""

    variables: dict[str, Any]
    written: list[str] = field(default_factory=list)
    steps: int = 0
    size: int = 0

    def step(self) -> None:
        """Count one more step."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise TemplateFailed("the template takes too many steps")

    def write(self, text: str) -> None:
        """Write a text."""
        self.size += len(text)
        if self.size > LARGEST:
            raise TemplateFailed("what the template makes is too large")
        self.written.append(text)


class Node(Protocol):
    """What stands in a template."""

    def render(self, scope: Scope) -> None:
        """Write what it makes."""


class Expression(Protocol):
    """What has a value."""

    def value(self, scope: Scope) -> Any:
        """The value; MISSING if a reference leads nowhere."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read."""

    text: str
    nodes: tuple[Node, ...]

    def render(self, variables: dict[str, Any]) -> str:
        """The text that comes of it. ``#set`` changes ``variables``.

        Raises:
            TemplateFailed: nothing can come of it, such as of a loop with too many rounds.
        """
        scope = Scope(variables)
        try:
            _render(self.nodes, scope)
        except (_Ended, _Broken):
            pass
        except RecursionError:
            raise TemplateFailed("its values are too deep") from None
        return "".join(scope.written)


def _render(nodes: Iterable[Node], scope: Scope) -> None:
    for node in nodes:
        scope.step()
        node.render(scope)


@dataclass(frozen=True, slots=True)
class Text:
    """Text as it stands."""

    text: str

    def render(self, scope: Scope) -> None:
        """Write what it makes."""
        scope.write(self.text)


class Step(Protocol):
    """A part of a reference behind its name."""

    def of(self, value: Any, scope: Scope) -> Any:
        """What it finds in a value."""


@dataclass(frozen=True, slots=True)
class Member:
    """``.name``."""

    name: str

    def of(self, value: Any, scope: Scope) -> Any:  # noqa: ARG002 - as the others
        """What it finds in a value."""
        return member(value, self.name)


@dataclass(frozen=True, slots=True)
class Call:
    """``.name(arguments)``."""

    name: str
    arguments: tuple[Expression, ...]

    def of(self, value: Any, scope: Scope) -> Any:
        """What it finds in a value."""
        return call(value, self.name, [_known(each.value(scope)) for each in self.arguments])


@dataclass(frozen=True, slots=True)
class Element:
    """``[index]``."""

    index: Expression

    def of(self, value: Any, scope: Scope) -> Any:
        """What it finds in a value."""
        return element(value, self.index.value(scope))


def _known(value: Any) -> Any:
    return None if value is MISSING else value


@dataclass(frozen=True, slots=True)
class Reference:
    """``$name.member``; what leads nowhere is written as nothing, as API Gateway does, quiet or not."""

    text: str
    name: str
    steps: tuple[Step, ...]
    is_quiet: bool

    def value(self, scope: Scope) -> Any:
        """Its value."""
        scope.step()
        found = scope.variables.get(self.name, MISSING)
        for step in self.steps:
            if found is None or found is MISSING:
                return MISSING
            found = step.of(found, scope)
        return found

    def render(self, scope: Scope) -> None:
        """Write what it makes."""
        found = self.value(scope)
        if found is not None and found is not MISSING:
            scope.write(text_of(found))

    def assign(self, value: Any, scope: Scope) -> None:
        """Put a value where this leads to."""
        if not self.steps:
            scope.variables[self.name] = value
            return
        parent = Reference(self.text, self.name, self.steps[:-1], self.is_quiet).value(scope)
        last = self.steps[-1]
        if isinstance(last, Call):
            raise TemplateFailed(f"{self.text} cannot be set")
        key = last.name if isinstance(last, Member) else last.index.value(scope) if isinstance(last, Element) else None
        if isinstance(parent, dict):
            parent[key if isinstance(key, str) else text_of(key)] = value
        elif isinstance(parent, list) and isinstance(key, int) and 0 <= key < len(parent):
            parent[key] = value


@dataclass(frozen=True, slots=True)
class Set:
    """``#set($target = value)``; null is not assigned."""

    target: Reference
    source: Expression

    def render(self, scope: Scope) -> None:
        """Write what it makes."""
        found = self.source.value(scope)
        if found is not None and found is not MISSING:
            self.target.assign(found, scope)


@dataclass(frozen=True, slots=True)
class If:
    """``#if``, with its branches; the condition of ``#else`` is None."""

    branches: tuple[tuple[Expression | None, tuple[Node, ...]], ...]

    def render(self, scope: Scope) -> None:
        """Write what it makes."""
        for condition, nodes in self.branches:
            if condition is None or is_true(condition.value(scope)):
                _render(nodes, scope)
                return


@dataclass(frozen=True, slots=True)
class ForEach:
    """``#foreach($variable in items)``."""

    variable: str
    items: Expression
    nodes: tuple[Node, ...]

    def render(self, scope: Scope) -> None:
        """Write what it makes."""
        found = self.items.value(scope)
        items = list(found.values()) if isinstance(found, dict) else list(found) if isinstance(found, list) else []
        if len(items) > MOST_ROUNDS:
            raise TemplateFailed(f"a #foreach has more than {MOST_ROUNDS} rounds")
        names = (self.variable, "foreach", "velocityCount", "velocityHasNext")
        before = {name: scope.variables[name] for name in names if name in scope.variables}
        for index, item in enumerate(items):
            has_next = index + 1 < len(items)
            scope.variables[self.variable] = item
            scope.variables |= {"velocityCount": index + 1, "velocityHasNext": has_next}
            scope.variables["foreach"] = Tool(
                {
                    "count": index + 1,
                    "index": index,
                    "hasNext": has_next,
                    "first": index == 0,
                    "last": not has_next,
                    "parent": before.get("foreach"),
                },
                {"hasNext": lambda has_next=has_next: has_next},
            )
            try:
                _render(self.nodes, scope)
            except _Broken:
                break
        for name in names:
            scope.variables.pop(name, None)
        scope.variables |= before


@dataclass(frozen=True, slots=True)
class Break:
    """``#break``."""

    def render(self, scope: Scope) -> None:  # noqa: ARG002 - as the others
        """End it."""
        raise _Broken


@dataclass(frozen=True, slots=True)
class Stop:
    """``#stop``."""

    def render(self, scope: Scope) -> None:  # noqa: ARG002 - as the others
        """End it."""
        raise _Ended


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as it stands."""

    constant: Any

    def value(self, scope: Scope) -> Any:  # noqa: ARG002 - as the others
        """Its value."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A string in double quotes."""

    template: Template

    def value(self, scope: Scope) -> Any:
        """Its value."""
        inner = Scope(scope.variables, steps=scope.steps)
        _render(self.template.nodes, inner)
        scope.steps = inner.steps
        return "".join(inner.written)


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    items: tuple[Expression, ...]

    def value(self, scope: Scope) -> Any:
        """Its value."""
        return [_known(item.value(scope)) for item in self.items]


@dataclass(frozen=True, slots=True)
class MapOf:
    """``{"a": b}``."""

    entries: tuple[tuple[Expression, Expression], ...]

    def value(self, scope: Scope) -> Any:
        """Its value."""
        return {text_of(_known(key.value(scope))): _known(item.value(scope)) for key, item in self.entries}


@dataclass(frozen=True, slots=True)
class Range:
    """``[1..3]``."""

    first: Expression
    last: Expression

    def value(self, scope: Scope) -> Any:
        """Its value."""
        first, last = self.first.value(scope), self.last.value(scope)
        if not isinstance(first, int) or not isinstance(last, int):
            return MISSING
        if abs(last - first) >= MOST_ROUNDS:
            raise TemplateFailed(f"a range has more than {MOST_ROUNDS} numbers")
        return list(range(first, last + 1) if first <= last else range(first, last - 1, -1))


@dataclass(frozen=True, slots=True)
class Not:
    """``!a``."""

    operand: Expression

    def value(self, scope: Scope) -> Any:
        """Its value."""
        return not is_true(self.operand.value(scope))


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands."""

    operator: str
    left: Expression
    right: Expression

    def value(self, scope: Scope) -> Any:
        """Its value."""
        left = self.left.value(scope)
        match self.operator:
            case "or":
                return is_true(left) or is_true(self.right.value(scope))
            case "and":
                return is_true(left) and is_true(self.right.value(scope))
        return _combined(self.operator, left, self.right.value(scope))


def _combined(operator: str, left: Any, right: Any) -> Any:
    if operator in ("==", "!="):
        return are_equal(left, right) == (operator == "==")
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        return text_of(_known(left)) + text_of(_known(right))
    if not (_is_number(left) and _is_number(right)):
        return False if operator in _COMPARED else None
    if operator in _COMPARED:
        return _COMPARED[operator](left, right)
    return _COMPUTED[operator](left, right)


def _divided(left: Any, right: Any) -> Any:
    """A quotient, of integers cut off towards zero as Java does; nothing where the divisor is zero."""
    if right == 0:
        return None
    return math.trunc(Fraction(left, right)) if isinstance(left, int) and isinstance(right, int) else left / right


def _rest(left: Any, right: Any) -> Any:
    """A remainder, which has the sign of the dividend."""
    return None if right == 0 else left - right * math.trunc(_divided(left, right))


_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operators.lt,
    ">": operators.gt,
    "<=": operators.le,
    ">=": operators.ge,
}
_COMPUTED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": _divided,
    "%": _rest,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""What an expression says: frozen nodes of its tree.

One tree serves every kind of expression. The parser makes it with names as written; ``resolve`` puts the attribute's
own name in place of each ``#placeholder``. ``:values`` stay references, since they differ from request to request.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Path:
    """A place in an item: attribute or member names, and list indexes."""

    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"[{', '.join(f'[{step}]' if isinstance(step, int) else step for step in self.steps)}]"


@dataclass(frozen=True, slots=True)
class ValueRef:
    """A ``:value`` of the request, with its colon."""

    name: str


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function applied to operands."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left + right`` or ``left - right`` on the right-hand side of SET."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition as an operand: a BOOL, as in PartiQL's ``attribute_exists(n) = false``."""

    condition: ConditionNode


Operand: TypeAlias = "Path | ValueRef | FunctionCall | Arithmetic | Truth"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left operator right`` with one of = <> < <= > >=."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """``operand BETWEEN low AND high``, bounds included."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """``operand IN (options)``."""

    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold."""

    parts: tuple[ConditionNode, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the parts holds."""

    parts: tuple[ConditionNode, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: ConditionNode


ConditionNode: TypeAlias = "Comparison | Between | In | And | Or | Not | FunctionCall"


@dataclass(frozen=True, slots=True)
class Action:
    """One clause of an update: ``section`` is SET, REMOVE, ADD or DELETE; REMOVE has no operand."""

    section: str
    path: Path
    operand: Operand | None


Node: TypeAlias = "Operand | ConditionNode | Action"


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below this one, in the order of the text."""
    match node:
        case Path() | ValueRef():
            return ()
        case FunctionCall():
            return node.arguments
        case Comparison() | Arithmetic():
            return (node.left, node.right)
        case Between():
            return (node.operand, node.low, node.high)
        case In():
            return (node.operand, *node.options)
        case And() | Or():
            return node.parts
        case Not():
            return (node.part,)
        case Truth():
            return (node.condition,)
        case Action():
            return (node.path,) if node.operand is None else (node.path, node.operand)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, each before what it holds, in the order of the text."""
    pending = [node]
    while pending:
        here = pending.pop()
        yield here
        pending.extend(reversed(children(here)))


def resolve_path(path: Path, names: Mapping[str, str]) -> Path:
    """The path with its placeholders replaced. Raises KeyError with the placeholder that ``names`` lacks."""
    return Path(tuple(names[step] if isinstance(step, str) and step[0] == "#" else step for step in path.steps))


def resolve_operand(node: Operand, names: Mapping[str, str]) -> Operand:
    """The operand with every path resolved; see ``resolve_path``."""
    match node:
        case Path():
            return resolve_path(node, names)
        case ValueRef():
            return node
        case FunctionCall():
            return FunctionCall(node.function, tuple(resolve_operand(argument, names) for argument in node.arguments))
        case Arithmetic():
            return Arithmetic(node.operator, resolve_operand(node.left, names), resolve_operand(node.right, names))
        case Truth():
            return Truth(resolve_condition(node.condition, names))


def resolve_condition(node: ConditionNode, names: Mapping[str, str]) -> ConditionNode:
    """The condition with every path resolved; see ``resolve_path``."""
    match node:
        case Comparison():
            return Comparison(node.operator, resolve_operand(node.left, names), resolve_operand(node.right, names))
        case Between():
            return Between(*(resolve_operand(part, names) for part in (node.operand, node.low, node.high)))
        case In():
            options = tuple(resolve_operand(option, names) for option in node.options)
            return In(resolve_operand(node.operand, names), options)
        case And():
            return And(tuple(resolve_condition(part, names) for part in node.parts))
        case Or():
            return Or(tuple(resolve_condition(part, names) for part in node.parts))
        case Not():
            return Not(resolve_condition(node.part, names))
        case FunctionCall():
            return FunctionCall(node.function, tuple(resolve_operand(argument, names) for argument in node.arguments))


def resolve_action(node: Action, names: Mapping[str, str]) -> Action:
    """The action with every path resolved; see ``resolve_path``."""
    operand = None if node.operand is None else resolve_operand(node.operand, names)
    return Action(node.section, resolve_path(node.path, names), operand)

"""What the picture of a definition shows: states as boxes, transitions between them, scopes inside Map and Parallel.

A definition that is still being written is drawn as far as it goes: a transition to a state that is not there ends in a
box of type ``Missing``, and what is not an object is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from asl_interpreter.jsontext import JSON, dumps

TransitionKind: TypeAlias = Literal["next", "choice", "default", "catch"]


class TransitionKey(NamedTuple):
    """Which transition of a state is meant: of its Choice rules and Catchers each has a number, from 0 on."""

    state: str
    kind: TransitionKind
    number: int = 0


START: Final = "#start"
END: Final = "#end"
"""Keys of the two round boxes of a scope; no state can be named like them in the same scope, for keys hold a slash."""


class Box(NamedTuple):
    """A state, or where a scope begins or ends."""

    key: str
    """Unique in the picture, as the location of a problem: ``/States/Each/ItemProcessor/States/Ship``."""
    name: str
    type: str
    """The Type of the state, or ``Start``, ``End`` and ``Missing``."""
    scopes: tuple[Scope, ...] = ()
    detail: str = ""
    """What a Task calls, how long a Wait waits: a second line for people."""


class Transition(NamedTuple):
    """An arrow from one box to another of the same scope."""

    source: str
    target: str
    key: TransitionKey | None
    """None for the arrow from the start."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Boxes and the arrows between them. No transition of the States Language leaves its scope."""

    boxes: Mapping[str, Box] = field(default_factory=dict)
    transitions: tuple[Transition, ...] = ()


DEEPEST: Final = 32
"""Scopes inside scopes that are shown; what is deeper is left out, like the inside of a closed state."""


def outline(definition: JSON, *, closed: frozenset[str] = frozenset()) -> Scope:
    """The outline of a definition; of the states named in ``closed`` what is inside is not shown."""
    return _scope(definition, "", closed, DEEPEST)


def states(scope: Scope) -> Iterator[Box]:
    """Every state of an outline, those inside of others too, outer ones first."""
    for box in scope.boxes.values():
        if box.type not in ("Start", "End", "Missing"):
            yield box
        for inner in box.scopes:
            yield from states(inner)


def _scope(processor: JSON, path: str, closed: frozenset[str], depth: int) -> Scope:
    given = _object(_object(processor).get("States"))
    prefix = f"{path}/States/"
    start, end = path + START, path + END
    boxes = {start: Box(start, "Start", "Start")}
    arrows: list[tuple[str, str, TransitionKey | None, str]] = []
    first = _object(processor).get("StartAt")
    if isinstance(first, str):
        arrows.append((start, prefix + first, None, ""))
    for name, content in given.items():
        state, key = _object(content), prefix + name
        inner = () if name in closed or not depth else tuple(_inner(state, key, closed, depth - 1))
        boxes[key] = Box(key, name, str(state.get("Type", "")), inner, _detail(state))
        arrows += [
            (key, prefix + target, TransitionKey(name, kind, number), label)
            for kind, number, target, label in _transitions(state)
        ]
        if state.get("End") is True or state.get("Type") in ("Succeed", "Fail"):
            arrows.append((key, end, TransitionKey(name, "next"), ""))
    for _, target, _, _ in arrows:
        boxes.setdefault(target, Box(end, "End", "End") if target == end else _missing(target, prefix))
    return Scope(boxes, tuple(Transition(*arrow) for arrow in arrows))


def _missing(key: str, prefix: str) -> Box:
    return Box(key, key.removeprefix(prefix), "Missing")


def _object(value: JSON) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: JSON) -> list[dict[str, Any]]:
    return [_object(entry) for entry in value] if isinstance(value, list) else []


def _inner(state: Mapping[str, Any], key: str, closed: frozenset[str], depth: int) -> Iterator[Scope]:
    if state.get("Type") == "Parallel":
        for index, branch in enumerate(_objects(state.get("Branches"))):
            yield _scope(branch, f"{key}/Branches[{index}]", closed, depth)
    elif state.get("Type") == "Map":
        field_name = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        yield _scope(state.get(field_name), f"{key}/{field_name}", closed, depth)


def _transitions(state: Mapping[str, Any]) -> Iterator[tuple[TransitionKind, int, str, str]]:
    if isinstance(state.get("Next"), str):
        yield "next", 0, state["Next"], ""
    for index, rule in enumerate(_objects(state.get("Choices"))):
        if isinstance(rule.get("Next"), str):
            yield "choice", index, rule["Next"], condition(rule)
    if isinstance(state.get("Default"), str):
        yield "default", 0, state["Default"], "Default"
    for index, catcher in enumerate(_objects(state.get("Catch"))):
        if isinstance(catcher.get("Next"), str):
            errors = catcher.get("ErrorEquals")
            named = errors if isinstance(errors, list) else []
            yield "catch", index, catcher["Next"], "Catch " + ", ".join(map(str, named))


_SIGNS: Final = {
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
}


def condition(rule: Mapping[str, Any]) -> str:
    """A Choice rule in one line: ``$.total > 100 and not $.paid is present``, or the expression of a Condition."""
    if "Condition" in rule:
        return str(rule["Condition"]).removeprefix("{%").removesuffix("%}").strip()
    for field_name, word in (("And", " and "), ("Or", " or ")):
        if field_name in rule:
            return word.join(_part(entry) for entry in _objects(rule[field_name]))
    if "Not" in rule:
        return f"not {_part(_object(rule['Not']))}"
    operator = next((name for name in rule if name not in ("Variable", "Next", "Assign", "Output", "Comment")), "")
    if operator.startswith("Is"):
        verb = "is" if rule[operator] is not False else "is not"
        return f"{rule.get('Variable', '')} {verb} {operator[2:].lower()}"
    sign = next((sign for name, sign in _SIGNS.items() if operator.removesuffix("Path").endswith(name)), operator)
    operand = rule.get(operator)
    shown = str(operand) if operator.endswith("Path") else dumps(operand)
    return f"{rule.get('Variable', '')} {sign} {shown}"


def _part(rule: Mapping[str, Any]) -> str:
    text = condition(rule)
    return f"({text})" if "And" in rule or "Or" in rule else text


def _detail(state: Mapping[str, Any]) -> str:
    match state.get("Type"):
        case "Task":
            return _called(state)
        case "Wait":
            unit = next(
                (name for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if name in state), ""
            )
            return f"{state[unit]} s" if unit == "Seconds" else str(state.get(unit, ""))
        case "Map":
            config = _object(_object(state.get("ItemProcessor")).get("ProcessorConfig"))
            return "distributed" if config.get("Mode") == "DISTRIBUTED" else ""
        case _:
            return ""


def _called(state: Mapping[str, Any]) -> str:
    """``lambda:invoke``, or the name of a function: the resource less what every ARN has."""
    resource = str(state.get("Resource", ""))
    if resource.startswith("arn:") and ":states:" in resource and ":activity:" not in resource:
        called = resource.rsplit(":::", maxsplit=1)[-1]
        arguments = _object(state.get("Arguments")) or _object(state.get("Parameters"))
        function = arguments.get("FunctionName")
        if isinstance(function, str) and called.startswith("lambda:invoke"):
            return f"{called} {function.removesuffix(':$LATEST').rpartition(':')[2]}"
        return called
    return resource.rpartition(":function:")[2] if ":function:" in resource else resource.rpartition(":")[2]

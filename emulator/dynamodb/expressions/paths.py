"""Document paths on items: reading one, keeping many apart, and cutting an item down to them.

A ``Branch`` is the tree that a set of paths makes: from a step to what lies below it, or to a leaf at a path's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar, cast

from emulator.dynamodb.expressions.syntax import Path
from emulator.dynamodb.model.values import Attributes, Value
from emulator.dynamodb.rejections import invalid

Steps: TypeAlias = tuple[str | int, ...]
_L = TypeVar("_L")
Branch: TypeAlias = "dict[str | int, Branch[_L] | _L]"


def reader(steps: Steps) -> Callable[[Attributes], Value | None]:
    """What reads the value at the path, or None where there is none."""
    first = cast("str", steps[0])
    if len(steps) == 1:
        return lambda attributes: attributes.get(first)
    rest = steps[1:]

    def read(attributes: Attributes) -> Value | None:
        value = attributes.get(first)
        for step in rest:
            if value is None:
                return None
            kind, payload = value
            if isinstance(step, int):
                value = payload[step] if kind == "L" and step < len(payload) else None
            else:
                value = payload.get(step) if kind == "M" else None
        return value

    return read


def branch(kind: str, leaves: Iterable[tuple[Path, _L]]) -> Branch[_L]:
    """The tree of the paths, each with its leaf.

    Raises:
        Fault: one path is another or lies within it, or two paths take one place for a map and for a list.
    """
    known: list[Path] = []
    tree: Branch[_L] = {}
    for path, leaf in leaves:
        _check_apart(kind, known, path)
        known.append(path)
        node = tree
        for step in path.steps[:-1]:
            node = cast("Branch[_L]", node.setdefault(step, {}))
        node[path.steps[-1]] = leaf
    return tree


def _check_apart(kind: str, known: list[Path], path: Path) -> None:
    for other in known:
        if other.steps[0] != path.steps[0]:
            continue
        problem = _clash(other.steps, path.steps)
        if problem:
            raise invalid(
                f"Invalid {kind}: Two document paths {problem} with each other; must remove or rewrite one of "
                f"these paths; path one: {other}, path two: {path}"
            )


def _clash(one: Steps, two: Steps) -> str | None:
    for left, right in zip(one, two):  # noqa: B905 - the longer path goes on below the shorter
        if isinstance(left, int) != isinstance(right, int):
            return "conflict"
        if left != right:
            return None
    return "overlap"


def project(attributes: Attributes, tree: Branch[None]) -> Attributes:
    """The item cut down to the paths: maps keep the members asked for, lists the elements asked for, without gaps."""
    kept: Attributes = {}
    for step, below in tree.items():
        name = cast("str", step)
        value = attributes.get(name)
        if value is not None:
            part = value if below is None else _part(value, below)
            if part is not None:
                kept[name] = part
    return kept


def _part(value: Value, tree: Branch[None]) -> Value | None:
    kind, payload = value
    lists = isinstance(next(iter(tree)), int)
    if kind == "M" and not lists:
        members = project(payload, tree)
        return ("M", members) if members else None
    if kind == "L" and lists:
        elements = []
        for index, below in sorted(
            cast("list[tuple[int, Branch[None] | None]]", list(tree.items())), key=lambda x: x[0]
        ):
            if index < len(payload):
                part = payload[index] if below is None else _part(payload[index], below)
                if part is not None:
                    elements.append(part)
        return ("L", tuple(elements)) if elements else None
    return None

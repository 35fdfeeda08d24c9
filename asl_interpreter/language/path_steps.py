"""The steps of a path: how the text of a JSONPath is split, what each step applies to and where it leads.

Source: the compiler and the tokens of the old https://github.com/json-path/JsonPath that Step Functions runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..jsontext import JSON
from .filters import compile_filter, reads_document

MAX_STEPS: Final = 1_000
"""Steps of one path; as many levels as Jackson, with which AWS reads and writes documents, lets them have."""
NOWHERE: Final = sys.maxsize
"""An index that no array has. Every negative index is one, for they do not count from the end."""


class InvalidPath(ValueError):
    """A text is not a path. The message says why, in AWS's words where they are known."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path."""

    text: str
    """As Jayway writes it: ``['a']``."""
    types: tuple[type, ...]
    """What it applies to."""
    select: Callable[[JSON], Iterable[JSON]]
    """Where it leads from a value of these types."""
    key: str | int | None = None
    """The name or the index, where it leads to one place; negative only for ``[(@.length-1)]``."""

    bind: Callable[[JSON], Callable[[JSON], Iterable[JSON]]] | None = None
    """Given where ``select`` depends on the whole document: makes it."""

    def selecting(self, document: JSON) -> Callable[[JSON], Iterable[JSON]]:
        """Where it leads, in a document."""
        return self.select if self.bind is None else self.bind(document)

    @property
    def merges(self) -> bool:
        """Whether it is a union of names, which leads to one new object."""
        return self.key is None and self.types == (dict,)


_ROOT: Final = re.compile(r"\$(?:\$|(?P<variable>[^\W\d]\w*))?")
_STEP: Final = re.compile(
    r"""
    (?P<dots>\.{0,2})
    (?: (?P<name>[^.\[\]\s*][^.\[\]\s]*)
      | (?P<wildcard>\*)
      | \[\s*(?: (?P<names>'[^']*'(?:\s*,\s*'[^']*')*)
              | (?P<all>\*)
              | (?P<indexes>-?[0-9]{1,9}(?:\s*,\s*-?[0-9]{1,9})*)
              | (?P<start>-?[0-9]{1,9})?\s*:\s*(?P<stop>-?[0-9]{1,9})?
              | \(\s*@\.(?:length|size)(?:\(\))?\s*-\s*(?P<back>[0-9]{1,9})\s*\)
              | \?\s*(?P<filter>\((?:[^'"\[\]]
                                   | '(?:[^'\\]|\\.)*'
                                   | "(?:[^"\\]|\\.)*"
                                   | \[[^'\]]*(?:'[^']*'[^'\]]*)*\]
                                   )*\))
             )\s*\]
    )""",
    re.VERBOSE | re.DOTALL,
)
_BRACKET: Final = re.compile(r"\[\s*['0-9*?(:-]")


def scan(text: str) -> tuple[str, tuple[Step, ...]]:
    """Split a path into its root (``$``, ``$$``, or the name of a variable) and its steps.

    White space at the end means nothing: definitions in YAML have it, and are deployed.

    Raises:
        InvalidPath: it is not a path.
    """
    text = text.rstrip()
    root = _ROOT.match(text)
    if root is None:
        raise InvalidPath("Reference path didn't start with '$'")
    steps: list[Step] = []
    at = root.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None or (not step["dots"] and (step["name"] or step["wildcard"])):
            raise InvalidPath(_complaint(text, at))
        if step["dots"] == "..":
            steps.append(_DESCENT)
        steps.append(_step(step))
        at = step.end()
        if len(steps) > MAX_STEPS:
            raise InvalidPath(f"Path has more than {MAX_STEPS} steps")
    return root["variable"] or root[0], tuple(steps)


def _complaint(text: str, at: int) -> str:
    if text[at] == "[" and not _BRACKET.match(text, at):
        return "'[' must be followed by ' or '['"
    return f"Illegal step at character {at}: {text[at : at + 40]}"


def _step(match: re.Match[str]) -> Step:
    if match["name"] is not None:
        return _member(match["name"])
    if match["wildcard"] or match["all"]:
        return _WILDCARD
    if match["names"] is not None:
        names = re.findall(r"'([^']*)'", match["names"])
        return _member(names[0]) if len(names) == 1 else _members(names)
    if match["indexes"] is not None:
        indexes = [int(index) for index in match["indexes"].split(",")]
        return _element(indexes[0]) if len(indexes) == 1 else _elements(indexes)
    if match["back"] is not None:
        return _last(int(match["back"]))
    if match["filter"] is not None:
        return _filter(match["filter"], descends=match["dots"] == "..")
    return _slice(*(None if match[bound] is None else int(match[bound]) for bound in ("start", "stop")))


def _member(name: str) -> Step:
    return Step(f"['{name}']", (dict,), lambda value: (value[name],) if name in value else (), name)


def _members(names: list[str]) -> Step:
    """A union of names: one object of those that are there."""
    text = ", ".join(f"'{name}'" for name in names)
    return Step(f"[{text}]", (dict,), lambda value: ({name: value[name] for name in names if name in value},))


def _element(index: int) -> Step:
    key = index if index >= 0 else NOWHERE
    return Step(f"[{index}]", (list,), lambda value: (_at(value, key),), key)


def _elements(indexes: list[int]) -> Step:
    keys = [index if index >= 0 else NOWHERE for index in indexes]
    return Step(f"[{','.join(map(str, indexes))}]", (list,), lambda value: (_at(value, key) for key in keys))


def _last(back: int) -> Step:
    """``[(@.length-1)]``: counted from the end."""
    key = -back or NOWHERE
    return Step(f"[(@.length-{back})]", (list,), lambda value: (_at(value, key),), key)


def _at(array: list[JSON], index: int) -> JSON:
    """The element, or null where there is none: so Jackson's trees, which Jayway reads, answer it."""
    try:
        return array[index]
    except IndexError:
        return None


def _slice(start: int | None, stop: int | None) -> Step:
    """A slice. Old Jayway counts from the end only where one bound is left out; between two bounds it does not."""
    if start is None and stop is None:
        raise InvalidPath("Slice has no bound: [:]")
    text = f"[{'' if start is None else start}:{'' if stop is None else stop}]"
    if start is None or stop is None:
        return Step(text, (list,), lambda value: value[start:stop])
    return Step(
        text, (list,), lambda value: (_at(value, i) if i >= 0 else None for i in range(start, min(stop, len(value))))
    )


def _filter(text: str, *, descends: bool) -> Step:
    """A filter: the elements of an array that it lets through, or the object itself; after ``..`` always the node."""

    def bind(document: JSON) -> Callable[[JSON], Iterable[JSON]]:
        passes = compile_filter(text, document)
        return lambda value: filter(passes, value if isinstance(value, list) and not descends else (value,))

    try:
        select = bind(None)
    except ValueError as error:
        raise InvalidPath(str(error)) from None
    return Step("[?]", (dict, list), select, bind=bind if reads_document(text) else None)


def _children(value: JSON) -> Iterable[JSON]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _nodes(value: JSON) -> Iterator[JSON]:
    """Every object and array of a document, parents first."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(reversed(node.values()))
        elif isinstance(node, list):
            yield node
            waiting.extend(reversed(node))


_WILDCARD: Final = Step("[*]", (object,), _children)
_DESCENT: Final = Step("..", (object,), _nodes)

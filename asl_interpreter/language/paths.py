"""JSONPath and Reference Paths, compiled once.

Step Functions reads paths with an old Jayway JsonPath (Java), and its rules and words are kept here:

- A name after a dot may be of any characters but ``.``, ``[`` and space. So ``$.a-b`` and ``$.été`` are plain paths,
  and ``$.list.length()`` asks for a member called ``length()``: there are no functions.
- Between the quotes of ``['name']`` nothing is special, not even a backslash.
- A path that names one place fails where it leads nowhere. Any other gives the list of what it finds, maybe empty; it
  fails only where, up to its first wildcard, slice, filter or descent, a step does not apply to the value it meets.

Source: Amazon States Language specification, "Paths" and "Reference Paths"; https://github.com/json-path/JsonPath;
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html; the words are observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from .. import jsontext
from ..jsontext import JSON
from .path_steps import NOWHERE, InvalidPath, Step, scan

if TYPE_CHECKING:
    import random

    from ..jsonata import Chose, Pace

__all__ = [
    "Evaluate",
    "Frame",
    "IndexOutOfRange",
    "InvalidPath",
    "NotALeaf",
    "NotApplicable",
    "NullInput",
    "Path",
    "PathNotFound",
    "ReferencePath",
    "ReferencePathConflict",
    "compile_path",
    "compile_reference_path",
]

MAX_MATCHES: Final = 1_000_000
"""What the steps of a path may look at and find. No payload holds as many, but descents through a deep one multiply."""
MANY: Final = 16
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of what a path finds, if that is many values: far more than any payload."""


class Frame(Protocol):
    """The documents that an expression of one state may read, and where chance comes from."""

    @property
    def input(self) -> JSON:
        """``$``."""

    @property
    def context(self) -> JSON:
        """``$$``."""

    @property
    def variables(self) -> Mapping[str, JSON]:
        """``$name``."""

    @property
    def random(self) -> random.Random:
        """The only source of chance."""

    @property
    def pace(self) -> Pace:
        """How an expression in JSONata shares the processor, and where its chance comes from."""

    def bindings(self, *, context: bool) -> Mapping[str, JSON]:
        """The variables of a JSONata expression, ``states`` among them, in it the context object if it is wanted."""

    def now(self) -> float:
        """Seconds since 1970."""

    def chose(self, text: str) -> Chose | None:
        """Who wants to know which way the conditionals of an expression with this text go."""


Evaluate: TypeAlias = Callable[[Frame], JSON]
"""A compiled expression."""


class PathNotFound(LookupError):
    """A path leads nowhere. ``path`` is its text, ``reason`` is Jayway's; as text, AWS's whole sentence."""

    _sentence = "Invalid path '{path}' : {reason}"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return self._sentence.format(path=self.path, reason=self.reason)


class IndexOutOfRange(PathNotFound):
    """A path ends at an element that its array does not have. A plain field of a payload template is then null."""


class NotApplicable(PathNotFound):
    """A step of a path does not apply to the value it meets, such as a name to an array."""


class NotALeaf(PathNotFound):
    """A path goes on after a union of names, which AWS accepts in a definition and refuses when it gets there."""


class NullInput(PathNotFound):
    """A path was applied to an input that is null. Not even ``$`` may be."""

    _sentence = "{reason}"


class ReferencePathConflict(PathNotFound):
    """A document has no room at a Reference Path: a parent cannot have such a child, or its array is too short."""

    _sentence = "{reason}"


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path; as text, what it was compiled from.

    Called with a frame it gives the value that it names, or if it is not definite the list of the values it finds. (Not
    so a union of names at the end of a path that else is definite: one object of those members that are there.)
    Nothing is copied.

    Raises:
        PathNotFound: when called, it leads nowhere.
    """

    text: str
    root: str
    """``$``, ``$$``, or the name of a variable."""
    definite: bool
    """Whether it names exactly one place: it has no wildcard, slice, filter, descent or union."""
    evaluate: Evaluate = field(repr=False, compare=False)
    """The same as calling the path, but faster."""

    def __call__(self, frame: Frame) -> JSON:
        """Evaluate the path."""
        return self.evaluate(frame)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """A compiled Reference Path, one place in a document, as ResultPath has it; as text, what it was compiled from."""

    text: str
    keys: tuple[str | int, ...]

    def read(self, document: JSON) -> JSON:
        """What is at this place.

        Raises:
            ReferencePathConflict: there is nothing.
        """
        value = document
        for key in self.keys:
            inside = isinstance(value, list) and isinstance(key, int) and key < len(value)
            if not inside and not (isinstance(value, dict) and key in value):
                shown = jsontext.dumps(document)
                raise ReferencePathConflict(self.text, f'Unable to apply step "{key}" to input {shown}')
            value = value[key]
        return value

    def write(self, document: JSON, value: JSON) -> JSON:
        """The document with the value at this place. Objects that are missing on the way there are made.

        The document does not change; the result shares with it all that is not on the way.

        Raises:
            ReferencePathConflict: the document has no room for it. An array never grows.
        """
        parents: list[JSON] = []
        parent = document
        for key in self.keys:
            parent = self._copy_of_parent(parent, key, is_root=not parents)
            parents.append(parent)
            parent = parent.get(key, {}) if isinstance(parent, dict) else parent[key]
        for parent, key in zip(reversed(parents), reversed(self.keys), strict=True):
            parent[key] = value
            value = parent
        return value

    def _copy_of_parent(self, parent: JSON, key: str | int, *, is_root: bool) -> JSON:
        if isinstance(parent, dict) and isinstance(key, str):
            return parent.copy()
        if isinstance(parent, list) and isinstance(key, int) and key < len(parent):
            return parent.copy()
        step = f'step "{key}"' if isinstance(parent, (dict, list)) or not is_root else f"ReferencePath {self.text}"
        raise ReferencePathConflict(self.text, f"Unable to apply {step} to input {jsontext.dumps(parent)}")

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def compile_path(text: str) -> Path:
    """Compile a JSONPath: ``$.a``, ``$$.Execution.Id``, ``$variable['b c'][0]``, ``$..c[?(@.d > 1)]``.

    Raises:
        InvalidPath: AWS would refuse it.
    """
    root, steps = scan(text)
    definite = all(step.key is not None for step in steps)
    route = _Route(text, root, steps)
    return Path(text, root, definite, _reader(route) if definite else _finder(route))


@lru_cache(maxsize=4096)
def compile_reference_path(text: str) -> ReferencePath:
    """Compile a Reference Path: ``$``, ``$.a.b``, ``$['b c'][0]``.

    Raises:
        InvalidPath: AWS would refuse it. It may be a path, but not to one place in the state's own document.
    """
    root, steps = scan(text)
    if root != "$":
        raise InvalidPath("Reference path must not lead into the context object or a variable")
    keys: list[str | int] = []
    for step in steps:
        if step.key is None or (isinstance(step.key, int) and not 0 <= step.key < NOWHERE):
            raise InvalidPath(f"Reference path must name one place, but has the step {step.text}")
        keys.append(step.key)
    return ReferencePath(text, tuple(keys))


@dataclass(frozen=True, slots=True)
class _Route:
    """A path as its steps."""

    path: str
    root: str
    steps: tuple[Step, ...]

    def walk(self, document: JSON, count: int) -> JSON:
        """Take the first ``count`` steps, each of which leads to one place.

        Raises:
            PathNotFound: in Jayway's words, the step that leads nowhere.
        """
        if document is None and self.root == "$":
            raise NullInput(self.path, "Unable to apply Path transformation to null or empty input.")
        value = document
        for number, step in enumerate(self.steps[:count]):
            self.check(number, value)
            is_last = number + 1 == len(self.steps)
            try:
                value = value[step.key]
            except KeyError:
                what = "No results for path:" if is_last else "Missing property in path"
                raise PathNotFound(self.path, f"{what} {self.text_before(number + 1)}") from None
            except IndexError:
                if is_last:
                    raise IndexOutOfRange(self.path, f"No results for path: {self.text_before(number + 1)}") from None
                value = None
        return value

    def check(self, number: int, value: JSON) -> None:
        """See that a step applies to the value to which the steps before it have led.

        Raises:
            NotApplicable: it does not.
        """
        step = self.steps[number]
        if isinstance(value, step.types):
            return
        before, rest = self.text_before(number), "".join(step.text for step in self.steps[number:])
        shown = value if isinstance(value, str) else jsontext.dumps(value)
        if step.types == (dict,):
            reason = f"Property {step.text} not found in path {before}"
        elif step.types != (list,):
            reason = f"Filter: {rest} can not be applied to primitives. Current context is: {shown}"
        elif value is None:
            reason = f"The path {before} is null"
        else:
            reason = f"Filter: {rest} can only be applied to arrays. Current context is: {shown}"
        raise NotApplicable(self.path, reason)

    def text_before(self, number: int) -> str:
        """The path up to a step, as Jayway writes it: ``$['a']['b']``."""
        return "$" + "".join(step.text for step in self.steps[:number])


def _document(route: _Route) -> Evaluate:
    """What the root of the route names."""
    path, root = route.path, route.root
    if root in ("$", "$$"):
        return attrgetter("input" if root == "$" else "context")

    def document(frame: Frame) -> JSON:
        try:
            return frame.variables[root]
        except KeyError:
            raise PathNotFound(path, f"No results for path: ${root}") from None

    return document


def _reader(route: _Route) -> Evaluate:
    """Evaluate a definite path: run along its keys, and walk only where that ends too early."""
    root = _document(route)
    keys = [step.key for step in route.steps]
    count = len(keys)

    def read(frame: Frame) -> JSON:
        document = value = root(frame)
        try:
            for key in keys:
                value = value[key]
        except (LookupError, TypeError):
            return route.walk(document, count)
        return value

    def read_element(frame: Frame) -> JSON:
        value = read(frame)
        # A string here may be a character of a string. (Were the last key a name, it would not have been found in one.)
        return route.walk(root(frame), count) if isinstance(value, str) else value

    def read_whole(frame: Frame) -> JSON:
        document = root(frame)
        return route.walk(document, 0) if document is None else document

    if not keys:
        return read_whole
    return read_element if isinstance(keys[-1], int) else read


def _finder(route: _Route) -> Evaluate:
    """Evaluate a path that finds any number of values."""
    root = _document(route)
    count = next(number for number, step in enumerate(route.steps) if step.key is None)
    first = route.steps[count]
    early = {number for number, step in enumerate(route.steps[:-1]) if step.merges}

    def find(frame: Frame) -> JSON:
        try:
            document = root(frame)
            value = route.walk(document, count)
        except (NotApplicable, NullInput):
            raise
        except PathNotFound:
            if first.merges:
                raise
            return []
        route.check(count, value)
        work = _Work(route)
        found = [value]
        for number, step in enumerate(route.steps[count:], count):
            if number in early and any(isinstance(value, dict) for value in found):
                reason = f"Multi properties can only be used as path leafs: {route.text_before(number + 1)}"
                raise NotALeaf(route.path, reason)
            found = work.take(step, found, document)
        if len(found) > MANY and jsontext.exceeds(found, LARGEST):
            raise PathNotFound(route.path, f"More than {LARGEST} bytes")
        return found[0] if first.merges else found

    return find


class _Work:
    """What the steps of one path have looked at and found, together: descents multiply."""

    def __init__(self, route: _Route) -> None:
        self._path = route.path
        self._left = MAX_MATCHES

    def take(self, step: Step, values: Iterable[JSON], document: JSON) -> list[JSON]:
        """Take a step from each value that it applies to.

        Raises:
            PathNotFound: that would be too much work.
        """
        select = step.selecting(document)
        found: list[JSON] = []
        for value in values:
            if isinstance(value, step.types):
                self._spend(len(value) if isinstance(value, list) else 1)
                before = len(found)
                found.extend(islice(select(value), self._left + 1))
                self._spend(len(found) - before)
        return found

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise PathNotFound(self._path, f"More than {MAX_MATCHES} matches")

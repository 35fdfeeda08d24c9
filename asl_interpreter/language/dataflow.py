"""How data flows through a state: what it sees, what it hands on.

In JSONPath: InputPath, Parameters, (the work), ResultSelector, ResultPath, OutputPath. Source: Amazon States Language
specification, "Input and output processing";
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from ..errors import DATA_LIMIT_EXCEEDED, REFERENCE_PATH_CONFLICT, RUNTIME, StateError
from ..jsonata import Chose, Pace
from ..jsontext import JSON
from .paths import Evaluate, Frame, PathNotFound, ReferencePath

NOTHING: Final[Mapping[str, JSON]] = {}


class Source(Protocol):
    """Where a state's expressions get what is not in its input."""

    variables: Mapping[str, JSON]

    def context(self) -> JSON:
        """The context object."""

    def now(self) -> float:
        """Seconds since 1970."""

    @property
    def random(self) -> random.Random:
        """Where chance comes from."""

    @property
    def pace(self) -> Pace:
        """How expressions share the processor."""

    def chose(self, text: str) -> Chose | None:
        """Who wants to know which way the conditionals of an expression with this text go."""


class StateFrame:
    """What the expressions of one state may read: ``$``, ``$$``, ``$name``, ``$states``, chance and the time."""

    __slots__ = ("_context", "_source", "input", "states")

    def __init__(self, document: JSON, source: Source, states: Mapping[str, JSON] = NOTHING) -> None:
        self.input = document
        self.states = states
        """What ``$states`` has beside input and context: ``result`` or ``errorOutput``."""
        self._source = source
        self._context: JSON = None

    @property
    def variables(self) -> Mapping[str, JSON]:
        """The variables in scope."""
        return self._source.variables

    @property
    def random(self) -> random.Random:
        """Where chance comes from."""
        return self._source.random

    @property
    def pace(self) -> Pace:
        """How an expression in JSONata shares the processor, and where its chance comes from."""
        return self._source.pace

    @property
    def context(self) -> JSON:
        """The context object, made when an expression first asks for it."""
        if self._context is None:
            self._context = self._source.context()
        return self._context

    def now(self) -> float:
        """Seconds since 1970."""
        return self._source.now()

    def chose(self, text: str) -> Chose | None:
        """Who wants to know which way the conditionals of an expression with this text go."""
        return self._source.chose(text)

    def bindings(self, *, context: bool) -> Mapping[str, JSON]:
        """The variables of a JSONata expression; ``context`` is whether it may read the context object."""
        states = {"input": self.input, **self.states}
        if context:
            states["context"] = self.context
        return {**self.variables, "states": states}

    def reading(self, document: JSON, states: Mapping[str, JSON] = NOTHING) -> StateFrame:
        """The same state, but ``$`` is another document."""
        return StateFrame(document, self._source, states)


@dataclass(frozen=True, slots=True)
class PathFlow:
    """The data flow of a state in JSONPath. None means: not there, so the document passes unchanged."""

    input_path: Evaluate | None = None
    parameters: Evaluate | None = None
    result_selector: Evaluate | None = None
    result_path: ReferencePath | None = None
    """Where the result goes in the state's input; the root replaces it all."""
    keeps_result: bool = True
    """False where ResultPath is null: the result is dropped."""
    output_path: Evaluate | None = None
    assigned: Evaluate | None = None

    def read(self, frame: StateFrame) -> JSON:
        """The effective input: InputPath, then Parameters."""
        document = self.select_input(frame)
        if self.parameters is None:
            return document
        return self.parameters(frame if document is frame.input else frame.reading(document))

    def select_input(self, frame: StateFrame) -> JSON:
        """The input after InputPath."""
        return frame.input if self.input_path is None else self.input_path(frame)

    def write(self, frame: StateFrame, result: JSON) -> JSON:
        """The state's output: ResultSelector, ResultPath into the state's input, OutputPath."""
        if self.result_selector is not None:
            result = self.result_selector(frame.reading(result))
        output = place(frame.input, self.result_path, result) if self.keeps_result else frame.input
        return self.select_output(frame, output)

    def select_output(self, frame: StateFrame, output: JSON) -> JSON:
        """The output after OutputPath."""
        return output if self.output_path is None else self.output_path(frame.reading(output))

    def assign(self, frame: StateFrame, result: JSON) -> Mapping[str, JSON] | None:
        """The variables that the state sets; ``$`` is its result."""
        if self.assigned is None:
            return None
        variables: Mapping[str, JSON] = self.assigned(frame.reading(result))
        return variables


@dataclass(frozen=True, slots=True)
class QueryFlow:
    """The data flow of a state in JSONata: Arguments, (the work), Output and Assign side by side."""

    arguments: Evaluate | None = None
    output: Evaluate | None = None
    assigned: Evaluate | None = None
    result_name: str | None = None
    """What ``$states`` calls the result, where there is one: ``result``, or ``errorOutput`` in a Catcher."""

    def read(self, frame: StateFrame) -> JSON:
        """The effective input: Arguments, or the input as it is."""
        return frame.input if self.arguments is None else self.arguments(frame)

    def select_input(self, frame: StateFrame) -> JSON:
        """The input as it is."""
        return frame.input

    def write(self, frame: StateFrame, result: JSON) -> JSON:
        """The state's output: Output, or the result."""
        return result if self.output is None else self.output(self._seeing(frame, result))

    def select_output(self, frame: StateFrame, output: JSON) -> JSON:
        """The output of a state without a result: Output, or what it was given."""
        return output if self.output is None else self.output(frame)

    def assign(self, frame: StateFrame, result: JSON) -> Mapping[str, JSON] | None:
        """The variables that the state sets, all at once."""
        if self.assigned is None:
            return None
        variables: Mapping[str, JSON] = self.assigned(self._seeing(frame, result))
        return variables

    def _seeing(self, frame: StateFrame, result: JSON) -> StateFrame:
        return frame if self.result_name is None else frame.reading(frame.input, {self.result_name: result})


Flow: TypeAlias = PathFlow | QueryFlow

PLAIN: Final = PathFlow()
"""The flow of a state that has none of the fields."""


def place(document: JSON, path: ReferencePath | None, value: JSON) -> JSON:
    """Put a value into a document at a reference path; without a path it replaces the document.

    Raises:
        StateError: States.ReferencePathConflict, the document has no room for it. The specification calls that
            States.ResultPathMatchFailure; AWS was seen to report this.
    """
    if path is None:
        return value
    try:
        return path.write(document, value)
    except PathNotFound as error:
        raise StateError(REFERENCE_PATH_CONFLICT, str(error)) from None


OVER_QUOTA: Final = "exceeding the maximum number of bytes service limit."
"""How AWS ends what it says of data over the quota."""


def too_large(what: str) -> StateError:
    """What is said of a payload over the quota."""
    return StateError(DATA_LIMIT_EXCEEDED, f"The state/task '{what}' returned a result with a size {OVER_QUOTA}")


def located(path: Evaluate) -> Evaluate:
    """A path that fails the state where it finds nothing, in AWS's words for a field that selects a document."""

    def evaluate(frame: Frame) -> JSON:
        try:
            return path(frame)
        except PathNotFound as error:
            raise StateError(RUNTIME, str(error)) from None

    return evaluate

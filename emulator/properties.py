"""Property testing of state machines with hypothesis: inputs, and failures of Tasks, which shrink together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from asl_interpreter.jsontext import JSON, loads
from emulator.bench.chaos import UNNAMED
from emulator.bench.definitions import Definition, definition_text
from emulator.bench.schemas import values_like, values_of
from emulator.testing import emulator

if TYPE_CHECKING:
    from emulator.bench.execution import Execution
    from emulator.testing import Dynastep

LATEST_CALL: Final = 3
"""The number of the last call of a Task that a failure may hit."""


def inputs(*examples: JSON, schema: JSON = None) -> SearchStrategy[Any]:
    """Inputs like the examples, or such that fit a JSON Schema.

    Raises:
        ValueError: there are no examples and no schema, or both.
        UnknownSchema: the schema has a keyword for which no values are made.
    """
    if schema is None:
        return values_like(examples)
    if examples:
        raise ValueError("inputs() takes examples or a schema, not both")
    return values_of(schema)


@dataclass(frozen=True, slots=True)
class Failure:
    """A Task that fails: which of its calls, from 0, and with what."""

    place: str
    """The state: ``Each/Ship``."""
    error: str
    call: int = 0
    lasting: bool = False
    """Whether every later attempt fails as well."""


@dataclass(frozen=True, slots=True, repr=False)
class Scenario:
    """What a machine is tried with."""

    definition: Definition
    input: JSON
    failures: tuple[Failure, ...] = ()

    def __repr__(self) -> str:
        """Without the definition, which is the same in all."""
        return f"Scenario(input={self.input!r}, failures={self.failures!r})"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - the signature is hypothesis's
        printer.text(repr(self))

    def run(self, prepare: Callable[[Dynastep], object] | None = None, **options: Any) -> Execution:
        """Run the machine in an emulator of its own, until it ends or nothing more happens by itself.

        ``prepare`` gets that emulator first, and makes functions, tables and mocks, which need not be used;
        ``options`` are those of ``emulator``.
        """
        __tracebackhide__ = True
        with emulator(**options) as dynastep:
            if prepare is not None:
                prepare(dynastep)
            for failure in self.failures:
                dynastep.faults(
                    failure.place,
                    error=failure.error,
                    calls=[failure.call],
                    lasting=failure.lasting,
                    message="a failure of a scenario",
                    optional=True,
                )
            started = dynastep.start(self.definition, self.input)
            dynastep.settle()
            dynastep.allow_unused()
            return started.now()


def scenarios(
    definition: Definition, given: SearchStrategy[Any], *, failures: bool | Collection[str] = True, most: int = 2
) -> SearchStrategy[Scenario]:
    """Inputs of a machine, each with up to ``most`` failures of its Tasks.

    A Task fails with the errors that ``failures`` lists; if it is True, with those that its Retry and Catch and those
    of the states around it name, and with one that none names.

    Raises:
        CannotRead: the definition is a file or a text that cannot be read.
    """
    text, _ = definition_text(definition)
    possible = (
        []
        if failures is False
        else [
            (place, error)
            for place, named in _tasks(loads(text))
            for error in (dict.fromkeys([*named, UNNAMED]) if failures is True else failures)
        ]
    )
    return _scenarios(definition, given, possible, most)


@st.composite
def _scenarios(
    draw: st.DrawFn, definition: Definition, given: SearchStrategy[Any], possible: list[tuple[str, str]], most: int
) -> Scenario:
    value = draw(given)
    if not possible:
        return Scenario(definition, value)
    one = st.builds(
        lambda chosen, call, lasting: Failure(chosen[0], chosen[1], call, lasting),
        st.sampled_from(possible),
        st.integers(0, LATEST_CALL),
        st.booleans(),
    )
    return Scenario(definition, value, tuple(draw(st.lists(one, max_size=most, unique_by=lambda each: each.place))))


_OF_NO_TASK: Final = frozenset({"States.ALL", "States.TaskFailed", "States.Runtime"})


_Tasks: TypeAlias = "Iterator[tuple[str, list[str]]]"


def _tasks(machine: Mapping[str, Any], around: str = "", named: tuple[str, ...] = ()) -> _Tasks:
    """The places of the Tasks of a definition, and the errors that Retriers and Catchers name for them."""
    for name, state in machine["States"].items():
        place = f"{around}{name}"
        rules = [*state.get("Retry", ()), *state.get("Catch", ())]
        own = (*(error for rule in rules for error in rule["ErrorEquals"] if error not in _OF_NO_TASK), *named)
        if state["Type"] == "Task":
            yield place, list(own)
        inner = [state[key] for key in ("ItemProcessor", "Iterator") if key in state]
        for processor in (*state.get("Branches", ()), *inner):
            yield from _tasks(processor, f"{place}/", own)

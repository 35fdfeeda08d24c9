"""Parsing: a definition as JSON becomes a Machine, in which everything is compiled exactly once, or it is refused.

First the table in ``fields`` says what is wrong with each object of the definition, then ``validation`` says what is
wrong between objects. Only a definition that both let pass is compiled. This module knows the structure of states;
``in_jsonpath`` and ``in_jsonata`` know what the fields of a state mean in its query language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol, get_args

from .. import jsontext
from ..definition import (
    MAX_DELAY_SECONDS,
    Catcher,
    Choice,
    ChoiceRule,
    Distribution,
    Fail,
    ItemBatcher,
    ItemReader,
    Machine,
    Map,
    Parallel,
    Pass,
    Processor,
    ResultWriter,
    Retrier,
    State,
    Succeed,
    Task,
    Wait,
    WaitUnit,
)
from ..errors import InvalidDefinition, Problem
from ..jackson import explain
from ..jsontext import JSON, InvalidJSON
from ..language.dataflow import Flow
from ..language.paths import Evaluate
from ..language.references import variable_references
from ..tasks import Resolve
from .fields import SCHEMA, Language
from .in_jsonata import InJSONata
from .in_jsonpath import InJSONPath, constant
from .validation import check_definition, check_single_state


def read(text: str) -> JSON:
    """The JSON value of a definition's text.

    Raises:
        InvalidDefinition: the text is no JSON; the problem says why in AWS's words.
    """
    try:
        return jsontext.loads(text)
    except InvalidJSON as error:
        flaw = explain(text)
        if not text.strip():
            problem = Problem(SCHEMA, "Definition must be a valid JSON object", None)
        elif flaw is None:
            problem = Problem("INVALID_JSON_DESCRIPTION", str(error), None)
        else:
            problem = Problem("INVALID_JSON_DESCRIPTION", str(flaw), flaw.source)
        raise InvalidDefinition([problem]) from None


def parse(definition: JSON, resolve: Resolve, *, express: bool = False) -> Machine:
    """Compile a definition.

    ``resolve`` must know every Resource in it.

    Raises:
        InvalidDefinition: AWS would refuse it.
    """
    problems = list(check_definition(definition, resolve, express=express))
    if problems:
        raise InvalidDefinition(problems)
    language = definition.get("QueryLanguage", "JSONPath")
    start_at, states = _Builder(language).states(definition)
    return Machine(
        start_at,
        states,
        definition.get("Comment"),
        definition.get("TimeoutSeconds") or None,
        variable_references(definition, language),
    )


def parse_state(name: str, definition: JSON, resolve: Resolve, machine_language: Language = "JSONPath") -> State:
    """Compile one state of a machine in that language, on its own: where it leads need not exist.

    Raises:
        InvalidDefinition: AWS would refuse it.
    """
    problems = list(check_single_state(name, definition, resolve, machine_language))
    if problems:
        raise InvalidDefinition(problems)
    return _Builder(machine_language).state(name, definition)


class FieldCompiler(Protocol):
    """Compiles the fields of states in one query language; ``part`` names a part of a state: ``Choices[1]``."""

    @property
    def arguments(self) -> str:
        """The name of the field that says what a service is given."""

    def flow(self, state: Mapping[str, JSON]) -> Flow:
        """The data flow of a state."""

    def rule_flow(self, state: Mapping[str, JSON], rule: Mapping[str, JSON], part: str) -> Flow:
        """The data flow where a Choice state is left by a rule."""

    def catcher_flow(self, catcher: Mapping[str, JSON], part: str) -> Flow:
        """The data flow where a state is left by a Catcher."""

    def payload(self, holder: Mapping[str, JSON], field: str, part: str = "") -> Evaluate:
        """A value in which parts are computed; ``part`` is the name of the part of the state that has the field."""

    def text(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """Error or Cause of a Fail state."""

    def condition(self, rule: Mapping[str, JSON], part: str) -> Evaluate:
        """Whether a Choice rule holds."""

    def wait(self, unit: WaitUnit, value: JSON) -> Evaluate:
        """How long a Wait state waits, or until when."""

    def seconds(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """TimeoutSeconds or HeartbeatSeconds of a Task."""

    def items(self, state: Mapping[str, JSON], *, distributed: bool) -> Evaluate:
        """The items of a Map."""

    def limit(self, holder: Mapping[str, JSON], field: str, minimum: int | None, part: str = "") -> Evaluate | None:
        """A whole number in a Map state or a part of one, at least the minimum where there is one."""

    def percentage(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """A number from 0 to 100 in a Map state."""


class _Builder:
    """Compiles the states of a definition that has no problems."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._compilers: Mapping[Language, FieldCompiler] = {"JSONPath": InJSONPath(), "JSONata": InJSONata()}

    def states(self, machine: Mapping[str, JSON]) -> tuple[str, dict[str, State]]:
        return machine["StartAt"], {name: self.state(name, state) for name, state in machine["States"].items()}

    def processor(self, machine: Mapping[str, JSON]) -> Processor:
        """Compile the states inside a state."""
        return Processor(*self.states(machine))

    def state(self, name: str, state: Mapping[str, JSON]) -> State:
        """Compile one state."""
        compiler = self._compilers[state.get("QueryLanguage", self._language)]
        return _BUILD[state["Type"]](self, compiler, name, state)

    def build_pass(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Pass:
        result = (state["Result"],) if "Result" in state else None
        return Pass(name, state.get("Next"), compiler.flow(state), result)

    def build_succeed(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Succeed:
        return Succeed(name, compiler.flow(state))

    def build_fail(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Fail:
        return Fail(name, compiler.flow(state), compiler.text(state, "Error"), compiler.text(state, "Cause"))

    def build_choice(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Choice:
        rules = tuple(
            ChoiceRule(compiler.condition(rule, part), rule["Next"], compiler.rule_flow(state, rule, part))
            for part, rule in _numbered(state, "Choices")
        )
        return Choice(name, compiler.flow(state), rules, state.get("Default"))

    def build_wait(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Wait:
        unit = next(unit for unit in _WAIT_UNITS if unit in state)
        text = state[unit]
        reference = text if unit.endswith("Path") else ""
        value = compiler.wait(unit, text)
        return Wait(name, state.get("Next"), compiler.flow(state), unit, value, reference)

    def build_task(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Task:
        return Task(
            name,
            state.get("Next"),
            compiler.flow(state),
            state["Resource"],
            compiler.seconds(state, "TimeoutSeconds"),
            compiler.seconds(state, "HeartbeatSeconds"),
            compiler.payload(state, "Credentials") if "Credentials" in state else None,
            _retriers(state),
            _catchers(compiler, state),
        )

    def build_parallel(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Parallel:
        branches = tuple(self.processor(branch) for branch in state["Branches"])
        catchers = _catchers(compiler, state)
        return Parallel(name, state.get("Next"), compiler.flow(state), branches, _retriers(state), catchers)

    def build_map(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON]) -> Map:
        processor = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        config = state[processor].get("ProcessorConfig", {})
        machine = Machine(*self.states(state[processor]))
        distribution = None
        if config.get("Mode", "INLINE") == "DISTRIBUTED":
            distribution = _distribution(compiler, state, config, machine)
        selector = "ItemSelector" if "ItemSelector" in state else "Parameters"
        flow = compiler.flow({key: value for key, value in state.items() if key != "Parameters"})
        return Map(
            name,
            state.get("Next"),
            flow,
            distribution,
            machine,
            compiler.items(state, distributed=distribution is not None),
            state.get("ItemsPath", "$"),
            compiler.payload(state, selector) if selector in state else None,
            compiler.limit(state, "MaxConcurrency", minimum=0) or constant(0),
            compiler.limit(state, "ToleratedFailureCount", minimum=0),
            compiler.percentage(state, "ToleratedFailurePercentage"),
            _retriers(state),
            _catchers(compiler, state),
        )


_BUILD: Final[Mapping[str, Callable[[_Builder, FieldCompiler, str, Mapping[str, JSON]], State]]] = {
    "Pass": _Builder.build_pass,
    "Task": _Builder.build_task,
    "Choice": _Builder.build_choice,
    "Wait": _Builder.build_wait,
    "Succeed": _Builder.build_succeed,
    "Fail": _Builder.build_fail,
    "Parallel": _Builder.build_parallel,
    "Map": _Builder.build_map,
}
_WAIT_UNITS: Final[tuple[WaitUnit, ...]] = get_args(WaitUnit)


def _catchers(compiler: FieldCompiler, state: Mapping[str, JSON]) -> tuple[Catcher, ...]:
    return tuple(
        Catcher(tuple(rule["ErrorEquals"]), rule["Next"], compiler.catcher_flow(rule, part))
        for part, rule in _numbered(state, "Catch")
    )


def _numbered(state: Mapping[str, JSON], field: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The rules of a list, each with the name of the part of the state that it is: ``Catch[1]``."""
    return ((f"{field}[{number}]", rule) for number, rule in enumerate(state.get(field, ())))


def _retriers(state: Mapping[str, JSON]) -> tuple[Retrier, ...]:
    return tuple(
        Retrier(
            tuple(rule["ErrorEquals"]),
            rule.get("IntervalSeconds", 1),
            rule.get("MaxAttempts", 3),
            rule.get("BackoffRate", 2.0),
            rule.get("MaxDelaySeconds", MAX_DELAY_SECONDS),
            rule.get("JitterStrategy") == "FULL",
        )
        for rule in state.get("Retry", ())
    )


def _distribution(
    compiler: FieldCompiler, state: Mapping[str, JSON], config: Mapping[str, JSON], machine: Machine
) -> Distribution:
    reader, batcher = state.get("ItemReader"), state.get("ItemBatcher")
    return Distribution(
        machine,
        config.get("ExecutionType") == "EXPRESS",
        state.get("Label"),
        None if reader is None else _item_reader(compiler, reader),
        None if batcher is None else _item_batcher(compiler, batcher),
        _result_writer(compiler, state.get("ResultWriter", {})),
    )


def _item_reader(compiler: FieldCompiler, reader: Mapping[str, JSON]) -> ItemReader:
    config = reader.get("ReaderConfig", {})
    return ItemReader(
        reader["Resource"],
        _arguments(compiler, reader, "ItemReader") or constant({}),
        {name: value for name, value in config.items() if name not in ("MaxItems", "MaxItemsPath")},
        compiler.limit(config, "MaxItems", None, "ItemReader/ReaderConfig"),
    )


def _item_batcher(compiler: FieldCompiler, batcher: Mapping[str, JSON]) -> ItemBatcher:
    return ItemBatcher(
        compiler.limit(batcher, "MaxItemsPerBatch", 0, "ItemBatcher"),
        compiler.limit(batcher, "MaxInputBytesPerBatch", 0, "ItemBatcher"),
        compiler.payload(batcher, "BatchInput", "ItemBatcher") if "BatchInput" in batcher else None,
    )


def _result_writer(compiler: FieldCompiler, writer: Mapping[str, JSON]) -> ResultWriter:
    arguments = _arguments(compiler, writer, "ResultWriter")
    config = {"Transformation": "COMPACT" if arguments is None else "NONE", **writer.get("WriterConfig", {})}
    return ResultWriter(arguments, config["Transformation"], config.get("OutputType", "JSON"))


def _arguments(compiler: FieldCompiler, holder: Mapping[str, JSON], part: str) -> Evaluate | None:
    """What a part of a Map state tells the service that it reads from or writes to."""
    field = compiler.arguments
    return compiler.payload(holder, field, part) if field in holder else None

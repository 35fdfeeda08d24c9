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
from ..tasks import Resolve, UnknownResource
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
    problems = list(check_definition(definition))
    if problems:
        raise InvalidDefinition(problems)
    language = definition.get("QueryLanguage", "JSONPath")
    builder = _Builder(resolve, language, express=express)
    start_at, states = builder.states(definition, "")
    if builder.problems:
        raise InvalidDefinition(builder.problems)
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
    problems = list(check_single_state(name, definition, machine_language))
    if problems:
        raise InvalidDefinition(problems)
    builder = _Builder(resolve, machine_language, express=False)
    state = builder.state(name, definition, f"/States/{name}")
    if builder.problems:
        raise InvalidDefinition(builder.problems)
    return state


class FieldCompiler(Protocol):
    """Compiles the fields of states in one query language.

    ``where`` is the location of a state in the definition, ``part`` names a part of it: ``Choices[1]``, ``ItemReader``.
    """

    @property
    def arguments(self) -> str:
        """The name of the field that says what a service is given."""

    def is_computed(self, key: str, value: JSON) -> bool:
        """Whether a member of the arguments is computed, so that its value is not known yet."""

    def flow(self, state: Mapping[str, JSON], where: str) -> Flow:
        """The data flow of a state."""

    def rule_flow(self, state: Mapping[str, JSON], rule: Mapping[str, JSON], where: str, part: str) -> Flow:
        """The data flow where a Choice state is left by a rule."""

    def catcher_flow(self, catcher: Mapping[str, JSON], where: str, part: str) -> Flow:
        """The data flow where a state is left by a Catcher."""

    def payload(self, holder: Mapping[str, JSON], field: str, where: str, part: str = "") -> Evaluate:
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
    """Compiles states, and collects the problems that only compiling finds."""

    def __init__(self, resolve: Resolve, language: Language, *, express: bool) -> None:
        self._resolve = resolve
        self._language = language
        self._express = express
        self.problems: list[Problem] = []
        self._compilers: Mapping[Language, FieldCompiler] = {
            "JSONPath": InJSONPath(self._refuse),
            "JSONata": InJSONata(),
        }

    def states(self, machine: Mapping[str, JSON], where: str) -> tuple[str, dict[str, State]]:
        return machine["StartAt"], {
            name: self.state(name, state, f"{where}/States/{name}") for name, state in machine["States"].items()
        }

    def processor(self, machine: Mapping[str, JSON], where: str) -> Processor:
        """Compile the states inside a state; ``where`` is their location."""
        return Processor(*self.states(machine, where))

    def _running(self, config: Mapping[str, JSON]) -> _Builder:
        """The builder for the states of a Map: those of a distributed one run as executions that may be EXPRESS."""
        if config.get("Mode") != "DISTRIBUTED":
            return self
        builder = _Builder(self._resolve, self._language, express=config["ExecutionType"] == "EXPRESS")
        builder.problems = self.problems
        return builder

    def state(self, name: str, state: Mapping[str, JSON], where: str) -> State:
        """Compile one state; ``where`` is its location."""
        compiler = self._compilers[state.get("QueryLanguage", self._language)]
        return _BUILD[state["Type"]](self, compiler, name, state, where)

    def build_pass(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Pass:
        result = (state["Result"],) if "Result" in state else None
        return Pass(name, state.get("Next"), compiler.flow(state, where), result)

    def build_succeed(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Succeed:
        return Succeed(name, compiler.flow(state, where))

    def build_fail(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Fail:
        return Fail(name, compiler.flow(state, where), compiler.text(state, "Error"), compiler.text(state, "Cause"))

    def build_choice(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Choice:
        rules = tuple(
            ChoiceRule(compiler.condition(rule, part), rule["Next"], compiler.rule_flow(state, rule, where, part))
            for part, rule in _numbered(state, "Choices")
        )
        return Choice(name, compiler.flow(state, where), rules, state.get("Default"))

    def build_wait(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Wait:
        unit = next(unit for unit in _WAIT_UNITS if unit in state)
        text = state[unit]
        reference = text if unit.endswith("Path") else ""
        value = compiler.wait(unit, text)
        return Wait(name, state.get("Next"), compiler.flow(state, where), unit, value, reference)

    def build_task(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Task:
        self._check_resource(compiler, state, where)
        credentials = state.get("Credentials")
        if credentials is not None and not any(key in credentials for key in ("RoleArn", "RoleArn.$")):
            self._refuse("The field 'RoleArn' is required but was missing", f"{where}/Credentials")
        return Task(
            name,
            state.get("Next"),
            compiler.flow(state, where),
            state["Resource"],
            compiler.seconds(state, "TimeoutSeconds"),
            compiler.seconds(state, "HeartbeatSeconds"),
            None if credentials is None else compiler.payload(state, "Credentials", where),
            _retriers(state),
            _catchers(compiler, state, where),
        )

    def _check_resource(self, compiler: FieldCompiler, state: Mapping[str, JSON], where: str) -> None:
        try:
            integration = self._resolve(state["Resource"])
        except UnknownResource as error:
            self._refuse(str(error), f"{where}/Resource")
            return
        field = compiler.arguments
        if field in state:
            for complaint in integration.check(state[field], compiler.is_computed):
                self._refuse(complaint, f"{where}/{field}")
        if self._express:
            if integration.kind == "activity":
                self._refuse("Express state machine does not support Activity ARN", f"{where}/Resource")
            elif ".sync" in integration.action:
                self._refuse("Express state machine does not support '.sync' service integration", f"{where}/Resource")
            elif integration.action.endswith(".waitForTaskToken"):
                # AWS's text has the two spaces.
                text = "Express state machine does not support '.waitForTaskToken' service integration "
                self._refuse(text, f"{where}/Resource")

    def build_parallel(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Parallel:
        branches = tuple(
            self.processor(branch, f"{where}/Branches[{number}]") for number, branch in enumerate(state["Branches"])
        )
        catchers = _catchers(compiler, state, where)
        return Parallel(name, state.get("Next"), compiler.flow(state, where), branches, _retriers(state), catchers)

    def build_map(self, compiler: FieldCompiler, name: str, state: Mapping[str, JSON], where: str) -> Map:
        processor = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        config = state[processor].get("ProcessorConfig", {})
        machine = Machine(*self._running(config).states(state[processor], f"{where}/{processor}"))
        distribution = None
        if config.get("Mode", "INLINE") == "DISTRIBUTED":
            distribution = _distribution(compiler, state, config, machine, where)
        if distribution is not None and self._express:
            text = "Express state machine does not support Map state in DISTRIBUTED mode"
            self._refuse(text, f"{where}/{processor}/ProcessorConfig/Mode")
        selector = "ItemSelector" if "ItemSelector" in state else "Parameters"
        flow = compiler.flow({key: value for key, value in state.items() if key != "Parameters"}, where)
        return Map(
            name,
            state.get("Next"),
            flow,
            distribution,
            machine,
            compiler.items(state, distributed=distribution is not None),
            state.get("ItemsPath", "$"),
            compiler.payload(state, selector, where) if selector in state else None,
            compiler.limit(state, "MaxConcurrency", minimum=0) or constant(0),
            compiler.limit(state, "ToleratedFailureCount", minimum=0),
            compiler.percentage(state, "ToleratedFailurePercentage"),
            _retriers(state),
            _catchers(compiler, state, where),
        )

    def _refuse(self, message: str, location: str) -> None:
        self.problems.append(Problem(SCHEMA, message, location))


_BUILD: Final[Mapping[str, Callable[[_Builder, FieldCompiler, str, Mapping[str, JSON], str], State]]] = {
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


def _catchers(compiler: FieldCompiler, state: Mapping[str, JSON], where: str) -> tuple[Catcher, ...]:
    return tuple(
        Catcher(tuple(rule["ErrorEquals"]), rule["Next"], compiler.catcher_flow(rule, where, part))
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
    compiler: FieldCompiler, state: Mapping[str, JSON], config: Mapping[str, JSON], machine: Machine, where: str
) -> Distribution:
    reader, batcher = state.get("ItemReader"), state.get("ItemBatcher")
    return Distribution(
        machine,
        config.get("ExecutionType") == "EXPRESS",
        state.get("Label"),
        None if reader is None else _item_reader(compiler, reader, f"{where}/ItemReader"),
        None if batcher is None else _item_batcher(compiler, batcher, f"{where}/ItemBatcher"),
        _result_writer(compiler, state.get("ResultWriter", {}), f"{where}/ResultWriter"),
    )


def _item_reader(compiler: FieldCompiler, reader: Mapping[str, JSON], where: str) -> ItemReader:
    config = reader.get("ReaderConfig", {})
    return ItemReader(
        reader["Resource"],
        _arguments(compiler, reader, where, "ItemReader") or constant({}),
        {name: value for name, value in config.items() if name not in ("MaxItems", "MaxItemsPath")},
        compiler.limit(config, "MaxItems", None, "ItemReader/ReaderConfig"),
    )


def _item_batcher(compiler: FieldCompiler, batcher: Mapping[str, JSON], where: str) -> ItemBatcher:
    return ItemBatcher(
        compiler.limit(batcher, "MaxItemsPerBatch", 0, "ItemBatcher"),
        compiler.limit(batcher, "MaxInputBytesPerBatch", 0, "ItemBatcher"),
        compiler.payload(batcher, "BatchInput", where, "ItemBatcher") if "BatchInput" in batcher else None,
    )


def _result_writer(compiler: FieldCompiler, writer: Mapping[str, JSON], where: str) -> ResultWriter:
    arguments = _arguments(compiler, writer, where, "ResultWriter")
    config = {"Transformation": "COMPACT" if arguments is None else "NONE", **writer.get("WriterConfig", {})}
    return ResultWriter(arguments, config["Transformation"], config.get("OutputType", "JSON"))


def _arguments(compiler: FieldCompiler, holder: Mapping[str, JSON], where: str, part: str) -> Evaluate | None:
    """What a part of a Map state tells the service that it reads from or writes to."""
    field = compiler.arguments
    return compiler.payload(holder, field, where, part) if field in holder else None

"""Parsing: a definition as JSON becomes a Machine, everything in it compiled exactly once, or is refused.

First the table (``fields``) says what is wrong with each object, then ``validation`` what is wrong between them; only
what both let pass is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, get_args

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
from ..errors import REFERENCE_PATH_CONFLICT, RUNTIME, InvalidDefinition, Problem, StateError
from ..jackson import explain
from ..jsontext import JSON, InvalidJSON
from ..language import choice
from ..language.choice import OPERATORS, PATH_OPERATORS, compile_comparison
from ..language.dataflow import PLAIN, Flow, PathFlow, QueryFlow, located
from ..language.jsonata_fields import compile_query, is_query
from ..language.paths import (
    Evaluate,
    Frame,
    InvalidPath,
    PathNotFound,
    ReferencePath,
    compile_path,
    compile_reference_path,
)
from ..language.references import variable_references
from ..language.templates import InvalidTemplate, compile_field, compile_template, is_reference
from ..tasks import Resolve, UnknownResource
from .computed_fields import percentage, query_bounded, query_percentage, whole_number
from .fields import SCHEMA, Language
from .validation import check_definition, check_single_state


def read(text: str) -> JSON:
    """The text of a definition as JSON.

    Raises:
        InvalidDefinition: it is none; AWS's words for why.
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


class _Builder:
    """Compiles states; collects what only compiling finds."""

    def __init__(self, resolve: Resolve, language: str, *, express: bool) -> None:
        self._resolve = resolve
        self._language = language
        self._express = express
        self.problems: list[Problem] = []

    def states(self, machine: Mapping[str, JSON], where: str) -> tuple[str, dict[str, State]]:
        return machine["StartAt"], {
            name: self.state(name, state, f"{where}/States/{name}") for name, state in machine["States"].items()
        }

    def processor(self, machine: Mapping[str, JSON], where: str) -> Processor:
        """Compile the states inside a state; ``where`` is their location."""
        return Processor(*self.states(machine, where))

    def _running(self, config: Mapping[str, JSON]) -> _Builder:
        """What compiles the states of a Map: of a distributed one they are executions of their own, maybe EXPRESS."""
        if config.get("Mode") != "DISTRIBUTED":
            return self
        builder = _Builder(self._resolve, self._language, express=config["ExecutionType"] == "EXPRESS")
        builder.problems = self.problems
        return builder

    def state(self, name: str, state: Mapping[str, JSON], where: str) -> State:
        """Compile one state; ``where`` is its location."""
        return _BUILD[state["Type"]](self, name, state, where)

    def build_pass(self, name: str, state: Mapping[str, JSON], where: str) -> Pass:
        result = (state["Result"],) if "Result" in state else None
        return Pass(name, state.get("Next"), self._flow(state, where), result)

    def build_succeed(self, name: str, state: Mapping[str, JSON], where: str) -> Succeed:
        return Succeed(name, self._flow(state, where))

    def build_fail(self, name: str, state: Mapping[str, JSON], where: str) -> Fail:
        return Fail(name, self._flow(state, where), self._text(state, "Error"), self._text(state, "Cause"))

    def _text(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        if self._queries(state):
            return compile_query(state[field], field, "string") if field in state else None
        return _constant_or_path(state, field)

    def _queries(self, state: Mapping[str, JSON]) -> bool:
        """Whether the state's language is JSONata."""
        language: str = state.get("QueryLanguage", self._language)
        return language == "JSONata"

    def build_choice(self, name: str, state: Mapping[str, JSON], where: str) -> Choice:
        rules = tuple(
            self._rule(state, rule, f"{where}/Choices[{number}]") for number, rule in enumerate(state["Choices"])
        )
        return Choice(name, self._flow(state, where), rules, state.get("Default"))

    def _rule(self, state: Mapping[str, JSON], rule: Mapping[str, JSON], where: str) -> ChoiceRule:
        if self._queries(state):
            condition = compile_query(rule["Condition"], "Condition", "boolean")
            flow: Flow = self._query_flow(rule, None)
        else:
            condition = _condition(rule)
            flow = self._path_flow({**state, "Assign": rule.get("Assign", {})}, where)
        return ChoiceRule(condition, rule["Next"], flow)

    def build_wait(self, name: str, state: Mapping[str, JSON], where: str) -> Wait:
        unit = next(unit for unit in _WAIT_UNITS if unit in state)
        text = state[unit]
        reference = text if unit.endswith("Path") else ""
        if self._queries(state):
            value = compile_query(text, unit, "number" if unit == "Seconds" else "string")
        else:
            value = _wait_value(unit, text)
        return Wait(name, state.get("Next"), self._flow(state, where), unit, value, reference)

    def build_task(self, name: str, state: Mapping[str, JSON], where: str) -> Task:
        self._check_resource(state, where)
        credentials = state.get("Credentials")
        if credentials is not None and not any(key in credentials for key in ("RoleArn", "RoleArn.$")):
            self._refuse("The field 'RoleArn' is required but was missing", f"{where}/Credentials")
        return Task(
            name,
            state.get("Next"),
            self._flow(state, where),
            state["Resource"],
            self._seconds(state, "TimeoutSeconds"),
            self._seconds(state, "HeartbeatSeconds"),
            None if credentials is None else self._payload(state, "Credentials", where),
            _retriers(state),
            self._catchers(state, where),
        )

    def _seconds(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        if not self._queries(state):
            return _seconds(state, field)
        return query_bounded(state[field], field) if field in state else None

    def _payload(self, state: Mapping[str, JSON], field: str, where: str) -> Evaluate:
        """A field that is a payload template, or a value with JSONata in it."""
        if self._queries(state):
            return compile_query(state[field], field)
        return self._template(state[field], f"{where}/{field}")

    def _catchers(self, state: Mapping[str, JSON], where: str) -> tuple[Catcher, ...]:
        catchers = []
        for number, rule in enumerate(state.get("Catch", ())):
            location = f"{where}/Catch[{number}]"
            if self._queries(state):
                flow: Flow = self._query_flow(rule, "errorOutput")
            else:
                flow = self._path_flow(rule, location)
            catchers.append(Catcher(tuple(rule["ErrorEquals"]), rule["Next"], flow))
        return tuple(catchers)

    def _check_resource(self, state: Mapping[str, JSON], where: str) -> None:
        try:
            integration = self._resolve(state["Resource"])
        except UnknownResource as error:
            self._refuse(str(error), f"{where}/Resource")
            return
        field, is_computed = ("Arguments", is_query) if self._queries(state) else ("Parameters", is_reference)
        if field in state:
            for complaint in integration.check(state[field], is_computed):
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

    def build_parallel(self, name: str, state: Mapping[str, JSON], where: str) -> Parallel:
        branches = tuple(
            self.processor(branch, f"{where}/Branches[{number}]") for number, branch in enumerate(state["Branches"])
        )
        catchers = self._catchers(state, where)
        return Parallel(name, state.get("Next"), self._flow(state, where), branches, _retriers(state), catchers)

    def build_map(self, name: str, state: Mapping[str, JSON], where: str) -> Map:
        processor = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        config = state[processor].get("ProcessorConfig", {})
        machine = Machine(*self._running(config).states(state[processor], f"{where}/{processor}"))
        distribution = self._distribution(state, config, machine, where)
        if distribution is not None and self._express:
            text = "Express state machine does not support Map state in DISTRIBUTED mode"
            self._refuse(text, f"{where}/{processor}/ProcessorConfig/Mode")
        selector = "ItemSelector" if "ItemSelector" in state else "Parameters"
        flow = self._flow({key: value for key, value in state.items() if key != "Parameters"}, where)
        items_path = state.get("ItemsPath", "$")
        return Map(
            name,
            state.get("Next"),
            flow,
            distribution,
            machine,
            self._items(state, items_path, distributed=distribution is not None),
            items_path,
            self._payload(state, selector, where) if selector in state else None,
            self._concurrency(state),
            self._tolerated(state, "ToleratedFailureCount", whole_number, query_bounded),
            self._tolerated(state, "ToleratedFailurePercentage", percentage, query_percentage),
            _retriers(state),
            self._catchers(state, where),
        )

    def _items(self, state: Mapping[str, JSON], path: str, *, distributed: bool) -> Evaluate:
        if not self._queries(state):
            return _items(path)
        types = ("array", "object") if distributed else ("array",)
        return compile_query(state["Items"], "Items", *types) if "Items" in state else _input

    def _distribution(
        self, state: Mapping[str, JSON], config: Mapping[str, JSON], machine: Machine, where: str
    ) -> Distribution | None:
        if config.get("Mode", "INLINE") == "INLINE":
            return None
        reader, batcher = state.get("ItemReader"), state.get("ItemBatcher")
        return Distribution(
            machine,
            config.get("ExecutionType") == "EXPRESS",
            state.get("Label"),
            None if reader is None else self._item_reader(state, reader, f"{where}/ItemReader"),
            None if batcher is None else self._item_batcher(state, batcher, f"{where}/ItemBatcher"),
            self._result_writer(state, state.get("ResultWriter", {}), f"{where}/ResultWriter"),
        )

    def _item_reader(self, state: Mapping[str, JSON], reader: Mapping[str, JSON], where: str) -> ItemReader:
        config = reader.get("ReaderConfig", {})
        return ItemReader(
            reader["Resource"],
            self._arguments_of(state, reader, where) or _empty,
            {name: value for name, value in config.items() if name not in ("MaxItems", "MaxItemsPath")},
            self._limit(state, config, "MaxItems", minimum=None),
        )

    def _item_batcher(self, state: Mapping[str, JSON], batcher: Mapping[str, JSON], where: str) -> ItemBatcher:
        return ItemBatcher(
            self._limit(state, batcher, "MaxItemsPerBatch", minimum=0),
            self._limit(state, batcher, "MaxInputBytesPerBatch", minimum=0),
            self._payload_of(state, batcher, "BatchInput", where) if "BatchInput" in batcher else None,
        )

    def _result_writer(self, state: Mapping[str, JSON], writer: Mapping[str, JSON], where: str) -> ResultWriter:
        arguments = self._arguments_of(state, writer, where)
        config = {"Transformation": "COMPACT" if arguments is None else "NONE", **writer.get("WriterConfig", {})}
        return ResultWriter(arguments, config["Transformation"], config.get("OutputType", "JSON"))

    def _arguments_of(self, state: Mapping[str, JSON], holder: Mapping[str, JSON], where: str) -> Evaluate | None:
        """Arguments, or Parameters, of a part of a state."""
        field = "Arguments" if self._queries(state) else "Parameters"
        return self._payload_of(state, holder, field, where) if field in holder else None

    def _payload_of(self, state: Mapping[str, JSON], holder: Mapping[str, JSON], field: str, where: str) -> Evaluate:
        """A payload in a part of a state: a template, or a value with JSONata in it."""
        if self._queries(state):
            return compile_query(holder[field], f"{where.rpartition('/')[2]}/{field}")
        return self._template(holder[field], f"{where}/{field}")

    def _limit(
        self, state: Mapping[str, JSON], holder: Mapping[str, JSON], field: str, minimum: int | None
    ) -> Evaluate | None:
        """A whole number in a part of a state: as it is, at a path, or a value with JSONata in it."""
        reference = holder.get(f"{field}Path")
        if reference is not None:
            return whole_number(located(compile_path(reference)), f"{field}Path", reference, minimum)
        if field not in holder:
            return None
        if self._queries(state):
            return query_bounded(holder[field], field, bounded=minimum is not None)
        return _constant(holder[field])

    def _concurrency(self, state: Mapping[str, JSON]) -> Evaluate:
        if self._queries(state) and "MaxConcurrency" in state:
            return query_bounded(state["MaxConcurrency"], "MaxConcurrency")
        return _concurrency(state)

    def _tolerated(
        self,
        state: Mapping[str, JSON],
        field: str,
        read: Callable[[Evaluate, str, str, int], Evaluate],
        query: Callable[[JSON, str], Evaluate],
    ) -> Evaluate | None:
        reference = f"{field}Path"
        if reference in state:
            return read(located(compile_path(state[reference])), reference, state[reference], 0)
        if field not in state:
            return None
        if not self._queries(state):
            return _constant(state[field])
        return query(state[field], field)

    def _flow(self, state: Mapping[str, JSON], where: str) -> Flow:
        if self._queries(state):
            return self._query_flow(state, "result" if state["Type"] in ("Task", "Parallel", "Map") else None)
        return self._path_flow(state, where)

    def _query_flow(self, holder: Mapping[str, JSON], result_name: str | None) -> QueryFlow:
        def compiled(field: str) -> Evaluate | None:
            return compile_query(holder[field], field) if field in holder else None

        return QueryFlow(compiled("Arguments"), compiled("Output"), compiled("Assign"), result_name)

    def _path_flow(self, state: Mapping[str, JSON], where: str) -> PathFlow:
        if not state.keys() & _FLOW_FIELDS:
            return PLAIN
        return PathFlow(
            input_path=_path_or_nothing(state, "InputPath"),
            parameters=self._template_of(state, "Parameters", where),
            result_selector=self._template_of(state, "ResultSelector", where),
            result_path=_place(state),
            keeps_result=state.get("ResultPath", "$") is not None,
            output_path=_path_or_nothing(state, "OutputPath"),
            assigned=self._template_of(state, "Assign", where),
        )

    def _template_of(self, state: Mapping[str, JSON], field: str, where: str) -> Evaluate | None:
        return self._template(state[field], f"{where}/{field}") if field in state else None

    def _template(self, template: JSON, where: str) -> Evaluate:
        try:
            return compile_template(template)
        except InvalidTemplate as error:
            self._refuse(str(error), "/".join((where, *error.where)))
            return _nothing

    def _refuse(self, message: str, location: str) -> None:
        self.problems.append(Problem(SCHEMA, message, location))


_BUILD: Final[Mapping[str, Callable[[_Builder, str, Mapping[str, JSON], str], State]]] = {
    "Pass": _Builder.build_pass,
    "Task": _Builder.build_task,
    "Choice": _Builder.build_choice,
    "Wait": _Builder.build_wait,
    "Succeed": _Builder.build_succeed,
    "Fail": _Builder.build_fail,
    "Parallel": _Builder.build_parallel,
    "Map": _Builder.build_map,
}
_FLOW_FIELDS: Final = {"InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Assign"}
_WAIT_UNITS: Final[tuple[WaitUnit, ...]] = get_args(WaitUnit)


def _nothing(_frame: Frame) -> JSON:
    return None


def _input(frame: Frame) -> JSON:
    return frame.input


def _empty(_frame: Frame) -> JSON:
    return {}


def _constant(value: JSON) -> Evaluate:
    return lambda _frame: value


def _path_or_nothing(state: Mapping[str, JSON], field: str) -> Evaluate | None:
    """A path that selects a document; null selects an empty object, and ``$`` needs no work."""
    text = state.get(field, "$")
    if text is None:
        return _empty
    return None if text == "$" else located(compile_path(text))


def _place(rule: Mapping[str, JSON]) -> ReferencePath | None:
    text = rule.get("ResultPath", "$")
    return None if text in (None, "$") else compile_reference_path(text)


def _constant_or_path(state: Mapping[str, JSON], field: str) -> Evaluate | None:
    if field in state:
        return _constant(state[field])
    reference = f"{field}Path"
    return compile_field(reference, state[reference]) if reference in state else None


def _wait_value(unit: str, value: JSON) -> Evaluate:
    if not unit.endswith("Path"):
        return _constant(value)
    return _required(value, f"The {unit} parameter does not reference an input value: {value}")


def _required(text: str, complaint: str) -> Evaluate:
    path = compile_path(text)

    def evaluate(frame: Frame) -> JSON:
        try:
            return path(frame)
        except LookupError:
            raise StateError(RUNTIME, complaint) from None

    return evaluate


def _items(text: str) -> Evaluate:
    """ItemsPath; where it is a Reference Path AWS reads it as one, and its words differ."""
    try:
        path = compile_reference_path(text)
    except InvalidPath:
        return located(compile_path(text))

    def evaluate(frame: Frame) -> JSON:
        try:
            return path.read(frame.input)
        except PathNotFound as error:
            raise StateError(REFERENCE_PATH_CONFLICT, str(error)) from None

    return evaluate


def _seconds(state: Mapping[str, JSON], field: str) -> Evaluate | None:
    if field in state:
        return _constant(state[field])
    reference = f"{field}Path"
    if reference not in state:
        return None
    return whole_number(located(compile_path(state[reference])), reference, state[reference], minimum=1)


def _concurrency(state: Mapping[str, JSON]) -> Evaluate:
    reference = state.get("MaxConcurrencyPath")
    if reference is None:
        return _constant(state.get("MaxConcurrency", 0))
    return whole_number(located(compile_path(reference)), "MaxConcurrencyPath", reference, minimum=0)


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


def _condition(rule: Mapping[str, JSON]) -> Evaluate:
    for operator, operand in rule.items():
        if operator == "Not":
            return choice.negate(_condition(operand))
        if operator == "And":
            return choice.both([_condition(part) for part in operand])
        if operator == "Or":
            return choice.either([_condition(part) for part in operand])
        if operator in OPERATORS:
            return compile_comparison(compile_path(rule["Variable"]), operator, operand)
        if operator in PATH_OPERATORS:
            return compile_comparison(compile_path(rule["Variable"]), operator, compile_path(operand))
    message = f"a Choice rule without an operator passed its check: {rule}"
    raise AssertionError(message)

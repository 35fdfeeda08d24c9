"""TestState: one state on its own, without a state machine.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html; texts as observed on AWS,
those that were not seen by their likeness to the others.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.definition import Map, Parallel, State, Task
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.reading.parsing import parse, parse_state, read
from asl_interpreter.running.execution import Start
from asl_interpreter.running.single_state import Circumstances, Outcome, inspect
from asl_interpreter.tasks import Item
from emulator import arns
from emulator.faults import Fault
from emulator.stepfunctions.executions import read_input
from emulator.stepfunctions.machines import check_role, invalid_definition
from emulator.stepfunctions.mocks import Mock, refused
from emulator.stepfunctions.traces import Trace

if TYPE_CHECKING:
    from asl_interpreter.reading.fields import Language
    from asl_interpreter.tasks import Resolve
    from emulator.wire.protocol import Call
    from emulator.world import World

UNNAMED: Final = "StateName"
"""What AWS calls a state that is tested without its machine."""
_WITH_MOCK_ONLY: Final = ("context", "errorCausedByState", "mapItemReaderData", "mapIterationFailureCount")
"""What a request may say only of a mocked state, beside ``retrierRetryCount``."""


def test_state(world: World, call: Call) -> dict[str, JSON]:
    """TestState. Virtual time passes for a state that waits."""
    params = call.params
    configuration = params.get("stateConfiguration") or {}
    mock = _read_mock(params, configuration)
    resolve = world.resources(call)
    state, definition = _read_state(params, resolve)
    _check_testable(state, params, mocked=mock is not None)
    if mock is not None:
        mock.check(state, definition, resolve)
    _check_configuration(state, definition, configuration, mock)
    text = params.get("input", "{}")
    start = _start(world, call, text)
    under = Circumstances(
        variables=_object(params.get("variables", "{}"), "Variables"),
        context=_read_context(state, params.get("context")),
        mock=mock,
        retries=configuration.get("retrierRetryCount", 0),
        failed_iterations=configuration.get("mapIterationFailureCount", 0),
        items=_read_items(state, configuration),
    )
    level = params.get("inspectionLevel", "INFO")
    trace = Trace(reveal_secrets=params.get("revealSecrets", False))
    calls = resolve.watched(trace)
    if mock is not None:
        calls = resolve.answered_by(f"The mock of {state.name!r}", mock.answer)
    loop = world.engine.loop
    outcome = world.engine.run(lambda: inspect(state, start, loop, calls, under), f"the test of {state.name!r}")
    written = _Texts((start.input, text), *([(mock.result, mock.text)] if mock is not None else []))
    answer = _answer(outcome, written, start, inspected=level != "INFO")
    if level == "TRACE":
        answer["inspectionData"] |= trace.seen
    return answer


def _read_mock(params: Mapping[str, Any], configuration: Mapping[str, Any]) -> Mock | None:
    if params.get("mock") is None:
        for name in (*_WITH_MOCK_ONLY, "retrierRetryCount"):
            if name in params or name in configuration:
                shown = name[0].upper() + name[1:]
                raise refused(f"TestState does not support {shown} when a mock is not specified.")
        return None
    if params.get("revealSecrets"):
        raise refused("TestState does not support RevealSecrets when a mock is specified.")
    return Mock(params["mock"])


def _read_state(params: Mapping[str, Any], resolve: Resolve) -> tuple[State, Mapping[str, JSON]]:
    """The state that is tested, compiled and as it is written.

    Raises:
        Fault: InvalidDefinition; ValidationException, the machine has no such state.
    """
    name = params.get("stateName")
    try:
        definition = read(params["definition"])
        language: Language = "JSONPath"
        if name is not None:
            parse(definition, resolve)
            language = definition.get("QueryLanguage", language)
            definition = _find(definition, name)
            if definition is None:
                raise refused("State not found in definition")
        return parse_state(name or UNNAMED, definition, resolve, language), definition
    except InvalidDefinition as error:
        raise invalid_definition(error) from None


def _find(machine: Mapping[str, JSON], name: str) -> JSON:
    """A state of a machine or of one nested in it; None if there is none of that name."""
    if name in machine["States"]:
        return machine["States"][name]
    for state in machine["States"].values():
        inner = [*state.get("Branches", ()), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
        for nested in inner:
            found = _find(nested, name)
            if found is not None:
                return found
    return None


def _check_testable(state: State, params: Mapping[str, Any], *, mocked: bool) -> None:
    if "roleArn" in params:
        check_role(params["roleArn"])
    if mocked:
        return
    if isinstance(state, (Map, Parallel)):
        types = "[Task, Wait, Pass, Succeed, Fail, Choice]"
        message = f"TestState API does not support Map or Parallel states. Supported state types include: {types}"
        raise Fault("InvalidDefinition", message)
    if isinstance(state, Task):
        if _waits_for_outside(state) or ":activity:" in state.resource:
            message = "TestState API does not support Activity tasks, '.sync' or '.waitForTaskToken' without a mock"
            raise Fault("InvalidDefinition", message)
        if "roleArn" not in params:
            raise refused("RoleArn must be specified when testing a Task state")


def _waits_for_outside(state: Task) -> bool:
    return state.resource.endswith((".sync", ".sync:2", ".waitForTaskToken"))


def _check_configuration(
    state: State, definition: Mapping[str, JSON], configuration: Mapping[str, Any], mock: Mock | None
) -> None:
    failed = configuration.get("mapIterationFailureCount", 0)
    iterations = mock.result if mock is not None and mock.error is None else None
    if isinstance(state, Map) and isinstance(iterations, list) and failed > len(iterations):
        raise refused("Map iteration failure count must be less than or equal to the number of Map iterations")
    culprit = configuration.get("errorCausedByState")
    if culprit is not None and _find({"States": {"": definition}}, culprit) is None:
        raise refused("State not found in definition")


def _read_items(state: State, configuration: Mapping[str, Any]) -> Callable[[], list[Item]] | None:
    """What the ItemReader of a Map is said to have read; nothing where it has one and nothing is said."""
    from emulator.datasets.formats import entries

    reader = state.distribution.reader if isinstance(state, Map) and state.distribution is not None else None
    text = configuration.get("mapItemReaderData")
    if text is None:
        return None if reader is None else list
    config = {} if reader is None or reader.resource.endswith(":listObjectsV2") else reader.config
    kind = config.get("InputType", "JSON")
    if kind == "PARQUET":
        raise refused("MapItemReaderData can not be PARQUET, which is no text.")
    if kind == "JSON":
        _check_json(text, array="ItemsPointer" not in config)
    as_text = {**config, "InputType": "CSV"} if kind == "MANIFEST" else config
    return lambda: [Item(value, READ, key) for value, key in entries(io.BytesIO(text.encode()), READ, as_text)]


READ: Final = "mapItemReaderData"
"""Where the items of a test come from."""


def _check_json(text: str, *, array: bool) -> None:
    try:
        items = loads(text)
    except InvalidJSON:
        raise refused("MapItemReaderData must be valid JSON") from None
    if array and not isinstance(items, list):
        raise refused("MapItemReaderData must be an array.")


def _start(world: World, call: Call, text: str) -> Start:
    """An EXPRESS execution that nobody can look at, of a machine that does not exist."""
    machine, name = world.new_id(), world.new_id()
    return Start(
        arn=arns.express_execution(call.account, call.region, machine, name, "").rstrip(":"),
        name=name,
        state_machine_arn=arns.state_machine(call.account, call.region, machine),
        state_machine_name=machine,
        role_arn=call.params.get("roleArn"),
        input=read_input(text),
        input_text=text,
        express=True,
        synchronous=True,
    )


def _object(text: str, what: str) -> dict[str, JSON]:
    try:
        value = loads(text)
    except InvalidJSON:
        value = None
    if not isinstance(value, dict):
        raise refused(f"{what} must be a valid JSON object")
    return value


_CONTEXT: Final[Mapping[str, Mapping[str, tuple[str, tuple[type, ...]]]]] = {
    "Execution": {
        "Id": ("a string", (str,)),
        "Input": ("valid JSON", (object,)),
        "Name": ("a string", (str,)),
        "RoleArn": ("a string", (str,)),
        "StartTime": ("a string", (str,)),
        "RedriveCount": ("a number", (int, float)),
        "RedriveTime": ("a string", (str,)),
    },
    "State": {
        "EnteredTime": ("a string", (str,)),
        "Name": ("a string", (str,)),
        "RetryCount": ("a number", (int, float)),
    },
    "StateMachine": {"Id": ("a string", (str,)), "Name": ("a string", (str,))},
    "Task": {"Token": ("a string", (str,))},
}
"""The context object: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""


def _read_context(state: State, text: str | None) -> dict[str, JSON] | None:
    """What stands in for the context object.

    Raises:
        Fault: ValidationException.
    """
    if text is None:
        return None
    context = _object(text, "Context")
    for name, members in context.items():
        if name == "Map":
            raise _bad_context("'Map' field is not supported when mocking a Context object")
        if name not in _CONTEXT:
            raise _bad_context(f"Field '{name}' is not allowed")
        if not isinstance(members, dict):
            raise _bad_context(f"{name} must be an object")
        for member, value in members.items():
            if member not in _CONTEXT[name]:
                raise _bad_context(f"Field '{member}' is not allowed")
            wanted, types = _CONTEXT[name][member]
            if not isinstance(value, types):
                raise _bad_context(f"{name}.{member} must be {wanted}")
    if "Task" in context and not (isinstance(state, Task) and _waits_for_outside(state)):
        patterns = "'.sync' or '.waitForTaskToken' service integration pattern"
        raise _bad_context(f"Context object contains 'Task' when state is not a Task state with a {patterns}")
    return context


def _bad_context(why: str) -> Fault:
    return refused(f"Invalid Context object provided: {why}")


class _Texts:
    """JSON texts of values. What the client sent and nobody changed keeps its spacing, as on AWS."""

    def __init__(self, *sent: tuple[JSON, str]) -> None:
        self._sent = sent

    def __call__(self, value: JSON) -> str:
        return next((text for known, text in self._sent if value is known), None) or dumps(value)


def _items_text(items: JSON) -> str:
    """The items of a Map, as AWS was seen to write them: a comma and a space between them."""
    if not isinstance(items, list):
        return dumps(items)
    return f"[{', '.join(map(dumps, items))}]"


def _answer(outcome: Outcome, written: Callable[[JSON], str], start: Start, *, inspected: bool) -> dict[str, JSON]:
    answer: dict[str, JSON] = {"status": outcome.status}
    if outcome.status in ("SUCCEEDED", "CAUGHT_ERROR"):
        if outcome.has_output:
            answer["output"] = written(outcome.output)
        if outcome.next is not None:
            answer["nextState"] = outcome.next
    if outcome.failure is not None:
        details = {"error": outcome.failure.error, "cause": outcome.failure.cause}
        answer |= {name: text for name, text in details.items() if text is not None}
    if inspected:
        data: dict[str, JSON] = {"input": start.input_text}
        for name, value in outcome.seen.items():
            data[name] = _items_text(value) if name == "afterItemsPath" else written(value)
        data |= {name: outcome.seen[name] for name in _NUMBERS if name in outcome.seen}
        if outcome.variables:
            data["variables"] = dumps(outcome.variables)
        if outcome.handled:
            data["errorDetails"] = dict(outcome.handled)
        answer["inspectionData"] = data
    return answer


_NUMBERS: Final = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")

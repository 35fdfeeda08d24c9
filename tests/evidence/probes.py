"""Probes: functions of the code that are wrapped, so that they note what they do. Put in place once in a process.

A probe stands where everything of its kind passes. What a server in another process does is not noted.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from asl_interpreter.coverage import Coverage
from asl_interpreter.errors import StateError
from asl_interpreter.jsonata.functions import FUNCTIONS as JSONATA
from asl_interpreter.language.intrinsic_functions import FUNCTIONS as INTRINSICS
from asl_interpreter.loop.errands import Closed
from asl_interpreter.reading import parsing
from asl_interpreter.running.execution import Execution
from asl_interpreter.running.single_state import _Test
from emulator.faults import Fault
from emulator.integrations.mocked import Mocked
from emulator.integrations.resources import _RESOURCE, Resources
from emulator.lambdas import api as lambdas
from emulator.lambdas import durable_api
from emulator.moto_door import dispatch, requests
from emulator.wire import operations
from emulator.wire.protocol import Response
from emulator.wire.waiting import Waiting

from . import definitions
from .notes import note

NOT_BUILT = "NotImplementedException"


def install() -> None:
    """Put all probes in place."""
    _probe_operations()
    _probe_others()
    _probe_functions()
    _probe_integrations()
    _probe_states()


# Operations that are answered here


_MADE_UP = re.compile(r"this request to \S+ needs the Python module|moto, behind Dynastep, lacks POST / of")
"""Of tests that take a module away, and of requests that name no operation."""
_OF_ANOTHER = re.compile(r"Dynastep lacks \w+ of")
"""A refusal by name, of which the code has a list: a path may stand for two operations of S3."""


def _ended(operation: str, code: str, message: str) -> None:
    """An operation has ended, with an error unless the code is empty."""
    if code == NOT_BUILT:
        if not (_MADE_UP.match(message) or _OF_ANOTHER.match(message)):
            note("lacking", operation, re.sub(r"arn:[\w-]+:\S*", "arn:...", message))
    elif code != "UnknownOperationException":  # which tests ask for
        note("operation", operation, code)


def _probe_operations() -> None:
    begin = operations.begin

    def noting(world: Any, call: Any) -> Any:
        name = f"{call.service}:{call.operation}"

        def finished(answer: Any, *given: Any) -> Any:
            try:
                answered = answer(*given)
            except Fault as fault:
                _ended(name, fault.code, fault.message)
                raise
            if not isinstance(answered, Waiting):
                _ended(name, "", "")
            return answered

        begun = finished(begin, world, call)
        if isinstance(begun, Waiting):
            return replace(begun, answer=lambda brought, answer=begun.answer: finished(answer, brought))
        return begun

    operations.begin = noting


# Operations that moto answers, and what is answered where moto's would be

_here = threading.local()
_CODE = re.compile(rb"<Code>([\w.]+)</Code>")
_JSON_CODE = re.compile(rb'"(?:__type|code|Code)"\s*:\s*"(?:[\w.]+#)?([\w.]+)"')
_MESSAGE = re.compile(rb'(?:<[Mm]essage>|"[Mm]essage"\s*:\s*")(.*?)(?:</[Mm]essage>|"[,}])', re.DOTALL)


def _probe_others() -> None:
    by_moto, by_us, operation_of, respond = (
        dispatch._answer_by_moto,
        dispatch._answer_here,
        requests.operation_of,
        lambdas.respond,
    )

    def told(*given: Any) -> Any:
        found = operation_of(*given)
        _here.operation = found
        return found

    def noting_moto(*given: Any) -> Response:
        before, _here.operation = getattr(_here, "operation", None), None
        try:
            response = by_moto(*given)
            if _here.operation is not None:
                _answered(f"{_here.operation.service}:{_here.operation.name}", response)
        finally:
            _here.operation = before
        return response

    def noting_ours(operation: Any, *given: Any) -> Response:
        response = by_us(operation, *given)
        _answered(f"{operation.service}:{operation.name}", response)
        return response

    def noting_lambda(world: Any, environ: Any, *given: Any) -> Response | None:
        response = respond(world, environ, *given)
        if response is not None:
            durable = durable_api._operation(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
            _answered(f"lambda:{'Invoke' if durable is None else durable[0]}", response)
        return response

    requests.operation_of = told
    dispatch._answer_by_moto, dispatch._answer_here, lambdas.respond = noting_moto, noting_ours, noting_lambda


def _answered(operation: str, response: Response) -> None:
    code = message = ""
    if response.status >= 400:
        code = next((value for name, value in response.headers if name.lower() == "x-amzn-errortype"), "")
        found = None if code else (_CODE.search(response.body) or _JSON_CODE.search(response.body))
        code = code.partition(":")[0] or (str(response.status) if found is None else found[1].decode())
        said = _MESSAGE.search(response.body)
        message = "" if said is None else said[1].decode("utf-8", "replace")
        if code == "NotImplemented" or response.status == 501:
            code = NOT_BUILT
    _ended(operation, code, message)


# Functions of the two query languages


def _probe_functions() -> None:
    for name, function in list(INTRINSICS.items()):

        def call(*given: Any, name: str = name, call: Any = function.call) -> Any:
            result = call(*given)
            note("intrinsic", name)
            return result

        INTRINSICS[name] = replace(function, call=call)  # type: ignore[index]
    for name, native in JSONATA.items():

        def validate(*given: Any, name: str = f"${name}", validate: Any = native.validate) -> Any:
            arguments = validate(*given)
            note("jsonata", name)
            return arguments

        native.validate = validate


# Integrations


def name_of(resource: str) -> str:
    """How an integration is called here: ``sqs:sendMessage.waitForTaskToken``."""
    match = _RESOURCE.fullmatch(resource)
    if ":activity:" in resource:
        return "activity"
    return "function" if match is None else f"{match['service']}:{match['action']}{match['suffix'] or ''}"


def _probe_integrations() -> None:
    find, stand_in = Resources._find, Mocked.stand_in

    def noting_find(self: Resources, resource: str) -> Any:
        integration, name = find(self, resource), name_of(resource)

        def handler(request: Any, handler: Any = integration.handler) -> Any:
            try:
                answered = handler(request)
            except StateError as error:
                note("integration", name, str(error.error))
                raise
            except Closed:
                raise
            note("integration", name)
            return answered

        return replace(integration, handler=handler)

    def noting_stand_in(self: Mocked, integration: Any, mock: Any, resource: str) -> Any:
        stand, name = stand_in(self, integration, mock, resource), name_of(resource)

        def handler(request: Any, handler: Any = stand.handler) -> Any:
            note("mocked", name)
            return handler(request)

        return replace(stand, handler=handler)

    Resources._find, Mocked.stand_in = noting_find, noting_stand_in


# States

KEPT = 5000
"""So many definitions are remembered: those of fixtures that live longer than a test too."""
_machines: OrderedDict[int, tuple[frozenset[str], Mapping[str, Any], str]] = OrderedDict()
_states: OrderedDict[int, tuple[str, Mapping[str, Any], str]] = OrderedDict()
_runs: dict[int, tuple[Mapping[str, Any], str, Coverage, Mapping[str, int]]] = {}
_tested: dict[int, tuple[str, Mapping[str, Any], str, Coverage]] = {}


def _remember(memory: OrderedDict[int, Any], key: int, value: Any) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > KEPT:
        memory.popitem(last=False)


def _probe_states() -> None:
    states, state, init = parsing._Builder.states, parsing._Builder.state, Execution.__init__

    def noting_states(self: Any, machine: Mapping[str, Any]) -> Any:
        built = states(self, machine)
        _remember(_machines, id(built[1]), (frozenset(built[1]), machine, self._language))
        return built

    def noting_state(self: Any, name: str, raw: Mapping[str, Any]) -> Any:
        built = state(self, name, raw)
        _remember(_states, id(built), (name, raw, raw.get("QueryLanguage", self._language)))
        return built

    def noting_init(self: Execution, machine: Any, start: Any, loop: Any, outside: Any) -> None:
        init(self, machine, start, loop, _watched(self, machine, outside))

    parsing._Builder.states, parsing._Builder.state, Execution.__init__ = noting_states, noting_state, noting_init


def _watched(execution: Execution, machine: Any, outside: Any) -> Any:
    """The outside of an execution, with something that counts what the execution does."""
    did = outside.coverage
    if isinstance(execution, _Test):
        [(name, only)] = machine.states.items()
        found = _states.get(id(only))
        if found is not None and found[0] == name:
            did = Coverage()
            _tested[id(did)] = (*found, did)
        return replace(outside, coverage=did)
    if did is not None and id(did) in _runs:  # of a Map Run, or of the same machine
        return outside
    found = _machines.get(id(machine.states))
    if found is None or found[0] != frozenset(machine.states):
        return outside
    if did is None:
        known = next((run for run in _runs.values() if run[0] is found[1]), None)
        did = Coverage() if known is None else known[2]
    _runs.setdefault(id(did), (*found[1:], did, dict(did.entered)))
    return replace(outside, coverage=did)


def note_fields() -> None:
    """Note the fields of what has run since this was called last."""
    for raw, language, did, before in list(_runs.values()):
        for field in definitions.of_machine(raw, language, did, before):
            note("field", field)
    for name, raw, language, did in list(_tested.values()):
        for field in definitions.of_state(name, raw, language, did):
            note("field", field)
    _runs.clear()
    _tested.clear()

"""Lambda's operations on durable executions, over HTTP.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.faults import Fault
from emulator.lambdas.durable_operations import refused
from emulator.lambdas.functions import FunctionName
from emulator.wire.operations import check
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.durable_executions import DurableExecutions
    from emulator.world import World

DEFAULT_PAGE: Final = 100

_EXECUTION: Final = r"/2025-12-01/durable-executions/(?P<DurableExecutionArn>.+)"
_CALLBACK: Final = r"/2025-12-01/durable-execution-callbacks/(?P<CallbackId>.+)"
_OF_FUNCTION: Final = r"/2025-12-01/functions/(?P<FunctionName>.+)/durable-executions/?"
_NUMBERS: Final = ("MaxItems",)
_FLAGS: Final = ("IncludeExecutionData", "ReverseOrder")
_LISTS: Final = ("Statuses",)


def respond(world: World, environ: Environ, body: bytes, account: str, region: str) -> Response | None:
    """Answer an operation on durable executions; None for any other request. Raises Fault: it is refused."""
    found = _operation(environ["REQUEST_METHOD"], unquote(environ.get("PATH_INFO", "")))
    if found is None:
        return None
    name, labels = found
    if name not in _ANSWERS:
        raise Fault("NotImplementedException", f"Dynastep has not built {name} of Lambda yet", status=501)
    params: dict[str, JSON] = {**_query(environ), **labels}
    if name == "SendDurableExecutionCallbackSuccess":
        text = body.decode("utf-8", "replace")
    else:
        text = ""
        try:
            given = loads(body) if body else {}
        except InvalidJSON:
            raise refused("Could not parse request body into json") from None
        error_only = name in ("SendDurableExecutionCallbackFailure", "StopDurableExecution")
        params |= ({"Error": given} if given else {}) if error_only else given
    checked: dict[str, Any] = check("lambda", name, params)
    answer = _ANSWERS[name](_Asked(world.lambdas.durable, world.engine, checked, text, account, region))
    status = 202 if name == "DeleteDurableExecution" else 200
    return Response(status, [("Content-Type", "application/json")], dumps(answer).encode())


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an operation needs to be answered."""

    durable: DurableExecutions
    engine: Engine
    params: Mapping[str, Any]
    text: str
    account: str
    region: str


_ROUTES: Final = tuple(
    (method, re.compile(path), name)
    for method, path, name in (
        ("POST", f"{_EXECUTION}/checkpoint/?", "CheckpointDurableExecution"),
        ("GET", f"{_EXECUTION}/history/?", "GetDurableExecutionHistory"),
        ("GET", f"{_EXECUTION}/state/?", "GetDurableExecutionState"),
        ("POST", f"{_EXECUTION}/stop/?", "StopDurableExecution"),
        ("POST", f"{_EXECUTION}/pause/?", "PauseDurableExecution"),
        ("POST", f"{_EXECUTION}/resume/?", "ResumeDurableExecution"),
        ("GET", _EXECUTION, "GetDurableExecution"),
        ("DELETE", _EXECUTION, "DeleteDurableExecution"),
        ("POST", f"{_CALLBACK}/succeed/?", "SendDurableExecutionCallbackSuccess"),
        ("POST", f"{_CALLBACK}/fail/?", "SendDurableExecutionCallbackFailure"),
        ("POST", f"{_CALLBACK}/heartbeat/?", "SendDurableExecutionCallbackHeartbeat"),
        ("GET", _OF_FUNCTION, "ListDurableExecutionsByFunction"),
    )
)


def _operation(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    for wanted, pattern, name in _ROUTES:
        match = pattern.fullmatch(path)
        if match is not None and method == wanted:
            return name, match.groupdict()
    return None


def _query(environ: Environ) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, values in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).items():
        if name in _LISTS:
            found[name] = values
        elif name in _NUMBERS:
            found[name] = int(values[0]) if values[0].isdecimal() else values[0]
        elif name in _FLAGS:
            found[name] = values[0] == "true"
        elif name in ("StartedAfter", "StartedBefore"):
            found[name] = _instant(values[0])
        else:
            found[name] = values[0]
    return found


def _instant(text: str) -> float:
    from datetime import datetime

    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _page(items: Sequence[Any], params: Mapping[str, Any]) -> tuple[list[Any], dict[str, str]]:
    """A page of a list, and the marker of the next one."""
    start = int(params["Marker"]) if str(params.get("Marker", "")).isdecimal() else 0
    end = start + (params.get("MaxItems") or DEFAULT_PAGE)
    return list(items[start:end]), {"NextMarker": str(end)} if end < len(items) else {}


def _checkpoint(asked: _Asked) -> dict[str, Any]:
    params = asked.params

    def checkpoint() -> dict[str, Any]:
        execution = asked.durable.find(params["DurableExecutionArn"])
        updates = params.get("Updates") or []
        return execution.checkpoint(params["CheckpointToken"], updates, params.get("ClientToken", ""))

    return asked.engine.ask(checkpoint)


def _state(asked: _Asked) -> dict[str, Any]:
    def state() -> dict[str, Any]:
        execution = asked.durable.find(asked.params["DurableExecutionArn"])
        found, marker = _page(list(execution.operations.values()), asked.params)
        return {"Operations": found, **marker}

    return asked.engine.ask(state)


def _get(asked: _Asked) -> dict[str, Any]:
    includes = asked.params.get("IncludeExecutionData", True)

    def get() -> dict[str, Any]:
        execution = asked.durable.find(asked.params["DurableExecutionArn"])
        data: dict[str, Any] = {}
        if includes:
            data = {"InputPayload": execution.payload, "Result": execution.result, "Error": execution.error}
        return {
            **execution.shown(),
            **{name: value for name, value in data.items() if value is not None},
            "Version": execution.function.qualifier,
            "ExecutionDataIncluded": includes,
            "DurableConfig": dict(execution.config),
        }

    return asked.engine.ask(get)


def _history(asked: _Asked) -> dict[str, Any]:
    includes = asked.params.get("IncludeExecutionData", False)

    def history() -> dict[str, Any]:
        events = asked.durable.find(asked.params["DurableExecutionArn"]).history.events
        ordered = events[::-1] if asked.params.get("ReverseOrder") else events
        found, marker = _page(ordered, asked.params)
        return {"Events": found if includes else [_without_data(event) for event in found], **marker}

    return asked.engine.ask(history)


def _without_data(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without what went in and came out; errors stay."""
    shown = dict(event)
    details = dict(shown[f"{event['EventType']}Details"])
    for name in ("Input", "Result"):
        if details.get(name):
            details[name] = {"Truncated": True}
    shown[f"{event['EventType']}Details"] = details
    return shown


def _list(asked: _Asked) -> dict[str, Any]:
    params = asked.params
    name = FunctionName.parse(params["FunctionName"], asked.account, asked.region, params.get("Qualifier", ""))

    def wanted(shown: Mapping[str, Any]) -> bool:
        return (
            params.get("DurableExecutionName") in (None, shown["DurableExecutionName"])
            and shown["Status"] in (params.get("Statuses") or [shown["Status"]])
            and shown["StartTimestamp"] > params.get("StartedAfter", float("-inf"))
            and shown["StartTimestamp"] < params.get("StartedBefore", float("inf"))
        )

    def listed() -> dict[str, Any]:
        every = [
            each.shown()
            for each in asked.durable.of(name)
            if not name.qualifier or each.function.qualifier == name.qualifier
        ]
        found = [each for each in every if wanted(each)]
        page, marker = _page(found if params.get("ReverseOrder") is False else found[::-1], params)
        return {"DurableExecutions": page, **marker}

    return asked.engine.ask(listed)


def _stop(asked: _Asked) -> dict[str, Any]:
    def stop() -> dict[str, Any]:
        execution = asked.durable.find(asked.params["DurableExecutionArn"])
        execution.end("STOPPED", error=asked.params.get("Error"))
        return {"StopTimestamp": execution.ended}

    return asked.engine.ask(stop)


def _delete(asked: _Asked) -> dict[str, Any]:
    def delete() -> dict[str, Any]:
        execution = asked.durable.find(asked.params["DurableExecutionArn"])
        asked.durable.delete(execution)
        return {"DeletionRequestTimestamp": execution.now()}

    return asked.engine.ask(delete)


def _succeed(asked: _Asked) -> dict[str, Any]:
    def succeed() -> dict[str, Any]:
        execution, key = asked.durable.find_callback(asked.params["CallbackId"])
        execution.answer_callback(key, "SUCCEEDED", result=asked.text)
        return {}

    return asked.engine.ask(succeed)


def _fail(asked: _Asked) -> dict[str, Any]:
    def fail() -> dict[str, Any]:
        execution, key = asked.durable.find_callback(asked.params["CallbackId"])
        execution.answer_callback(key, "FAILED", error=asked.params.get("Error") or {})
        return {}

    return asked.engine.ask(fail)


def _heartbeat(asked: _Asked) -> dict[str, Any]:
    def heartbeat() -> dict[str, Any]:
        execution, key = asked.durable.find_callback(asked.params["CallbackId"])
        execution.heartbeat(key)
        return {}

    return asked.engine.ask(heartbeat)


_ANSWERS: Final[Mapping[str, Callable[[_Asked], dict[str, Any]]]] = {
    "CheckpointDurableExecution": _checkpoint,
    "DeleteDurableExecution": _delete,
    "GetDurableExecution": _get,
    "GetDurableExecutionHistory": _history,
    "GetDurableExecutionState": _state,
    "ListDurableExecutionsByFunction": _list,
    "SendDurableExecutionCallbackFailure": _fail,
    "SendDurableExecutionCallbackHeartbeat": _heartbeat,
    "SendDurableExecutionCallbackSuccess": _succeed,
    "StopDurableExecution": _stop,
}

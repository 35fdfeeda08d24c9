"""The history of a durable execution: an event for each thing that happened to it.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Event.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.lambdas.durable_executions import DurableExecution
    from emulator.lambdas.durable_operations import Operation, Update

_KINDS: Final = {
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
    "CONTEXT": "Context",
    "EXECUTION": "Execution",
    "STEP": "Step",
    "WAIT": "Wait",
}
_ENDS: Final = {
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "TIMED_OUT": "TimedOut",
    "STOPPED": "Stopped",
    "CANCELLED": "Cancelled",
}


class History:
    """The events of one execution, in their order, as Lambda shows them."""

    def __init__(self, execution: DurableExecution) -> None:
        self._execution = execution
        self.events: list[dict[str, Any]] = []

    def _add(self, kind: str, details: Mapping[str, Any], operation: Operation | None = None) -> None:
        about: Mapping[str, Any] = operation or {}
        named = {name: about[name] for name in ("SubType", "Id", "Name", "ParentId") if name in about}
        event = {"EventType": kind, "EventId": len(self.events) + 1, "EventTimestamp": self._execution.now(), **named}
        self.events.append({**event, f"{kind}Details": dict(details)})

    def execution_started(self) -> None:
        """The execution has begun."""
        execution = self._execution
        timeout = execution.config.get("ExecutionTimeout")
        limit = {} if timeout is None else {"ExecutionTimeout": timeout}
        first = execution.operations[execution.id]
        self._add("ExecutionStarted", {"Input": _payload(execution.payload), **limit}, first)

    def execution_ended(self) -> None:
        """The execution has come to its end."""
        execution = self._execution
        details = _outcome(execution.result, execution.error, execution.status)
        self._add(f"Execution{_ENDS[execution.status]}", details, execution.operations[execution.id])

    def invoked(self, began: float, request_id: str, error: Mapping[str, Any] | None) -> None:
        """The function has answered."""
        details = {"StartTimestamp": began, "EndTimestamp": self._execution.now(), "RequestId": request_id}
        self._add("InvocationCompleted", {**details, **({} if error is None else {"Error": _payload(error)})})

    def updated(self, operation: Operation, update: Update) -> None:
        """A checkpoint has changed an operation."""
        kind, action = operation["Type"], update["Action"]
        if action == "START":
            self._add(f"{_KINDS[kind]}Started", _begun(operation, update), operation)
        elif action == "RETRY":
            retry = {
                "CurrentAttempt": operation["StepDetails"]["Attempt"],
                "NextAttemptDelaySeconds": update["StepOptions"]["NextAttemptDelaySeconds"],
            }
            failed = update.get("Error") is not None
            details = _outcome(update.get("Payload"), update.get("Error"), "FAILED" if failed else "SUCCEEDED")
            self._add("StepFailed" if failed else "StepSucceeded", {**details, "RetryDetails": retry}, operation)
        else:
            self.ended(operation)

    def ended(self, operation: Operation) -> None:
        """An operation has come to its end."""
        kind, status = operation["Type"], operation["Status"]
        if kind == "WAIT":
            details = {"Duration": round(operation["EndTimestamp"] - operation["StartTimestamp"])}
            details = details if status == "SUCCEEDED" else {}
        else:
            own = operation.get(f"{_KINDS[kind]}Details", {})
            details = _outcome(own.get("Result"), own.get("Error"), status)
            if kind == "STEP":
                details["RetryDetails"] = {"CurrentAttempt": own["Attempt"]}
        self._add(f"{_KINDS[kind]}{_ENDS[status]}", details, operation)


def _begun(operation: Operation, update: Update) -> dict[str, Any]:
    match operation["Type"]:
        case "WAIT":
            seconds = (update.get("WaitOptions") or {}).get("WaitSeconds", 0)
            return {"Duration": seconds, "ScheduledEndTimestamp": operation["WaitDetails"]["ScheduledEndTimestamp"]}
        case "CALLBACK":
            options = update.get("CallbackOptions") or {}
            limits = {"HeartbeatTimeout": "HeartbeatTimeoutSeconds", "Timeout": "TimeoutSeconds"}
            return {
                "CallbackId": operation["CallbackDetails"]["CallbackId"],
                **{shown: options[name] for shown, name in limits.items() if name in options},
            }
        case "CHAINED_INVOKE":
            name = update["ChainedInvokeOptions"]["FunctionName"]
            return {"FunctionName": name, "Input": _payload(update.get("Payload"))}
        case _:
            return {}


def _payload(value: Any) -> dict[str, Any]:
    return {} if value is None else {"Payload": value}


def _outcome(result: str | None, error: Mapping[str, Any] | None, status: str) -> dict[str, Any]:
    return {"Result": _payload(result)} if status == "SUCCEEDED" else {"Error": _payload(error)}

"""Operations of durable executions: steps, waits, callbacks and the like, as checkpoints bring them about.

An operation is kept as Lambda shows it, but that times are seconds since 1970. Rules and words are those of AWS's own
test runner for durable functions (aws-durable-execution-sdk-python-testing).

Source: https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html,
https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from emulator.faults import Fault

OPEN: Final = frozenset({"STARTED", "PENDING", "READY"})
"""States of an operation that has not ended."""
LONGEST_ERROR: Final = 32_768

Operation = dict[str, Any]
Update = Mapping[str, Any]

_ACTIONS: Final[Mapping[str, frozenset[str]]] = {
    "CALLBACK": frozenset({"START"}),
    "CHAINED_INVOKE": frozenset({"START"}),
    "CONTEXT": frozenset({"START", "SUCCEED", "FAIL"}),
    "EXECUTION": frozenset({"SUCCEED", "FAIL"}),
    "STEP": frozenset({"START", "SUCCEED", "FAIL", "RETRY"}),
    "WAIT": frozenset({"START", "CANCEL"}),
}
_ENDED: Final = {"SUCCEED": "SUCCEEDED", "FAIL": "FAILED", "CANCEL": "CANCELLED"}
DETAILS: Final = {
    "CALLBACK": "CallbackDetails",
    "CHAINED_INVOKE": "ChainedInvokeDetails",
    "CONTEXT": "ContextDetails",
    "STEP": "StepDetails",
    "WAIT": "WaitDetails",
}
"""Type of an operation -> where its own details stand."""


def refused(message: str) -> Fault:
    """What Lambda answers to a checkpoint that it does not take."""
    return Fault("InvalidParameterValueException", message, Type="User")


def check(updates: Sequence[Update], operations: Mapping[str, Operation]) -> None:
    """See that updates may be made, all of them.

    Raises:
        Fault: InvalidParameterValueException, one of them may not.
    """
    of_execution = [update for update in updates if update["Type"] == "EXECUTION"]
    if len(of_execution) > 1:
        raise refused("Cannot checkpoint multiple EXECUTION updates.")
    if of_execution and updates[-1]["Type"] != "EXECUTION":
        raise refused("EXECUTION checkpoint must be the last update.")
    begun: dict[str, Update] = {}
    seen: dict[str, Operation] = dict(operations)
    for update in updates:
        _check_parent(update, seen)
        first = begun.get(update["Id"])
        if first is not None and not (
            first["Action"] == "START" and update["Action"] != "START" and update["Type"] in ("STEP", "CONTEXT")
        ):
            raise refused("Cannot checkpoint multiple operations with the same ID.")
        begun[update["Id"]] = update
        current = seen.get(update["Id"])
        _check_update(update, current)
        if update["Type"] != "EXECUTION":
            seen[update["Id"]] = changed(update, current, 0.0)


def _check_parent(update: Update, operations: Mapping[str, Operation]) -> None:
    parent = update.get("ParentId")
    if parent is not None and operations.get(parent, {}).get("Type") != "CONTEXT":
        raise refused("Invalid parent operation id.")


def _check_update(update: Update, current: Operation | None) -> None:
    kind, action = update["Type"], update["Action"]
    if current is not None:
        for name, words in (("Type", "type"), ("SubType", "subtype"), ("Name", "name")):
            if update.get(name) is not None and update[name] != current.get(name):
                raise refused(f"Inconsistent operation {words}.")
        if update.get("ParentId") is not None and update["ParentId"] != current.get("ParentId"):
            raise refused("Inconsistent parent operation id.")
    if action not in _ACTIONS[kind]:
        raise refused("Invalid action for the given operation type.")
    if len(str(update.get("Error") or "")) > LONGEST_ERROR:
        raise refused(f"Error object size must be less than {LONGEST_ERROR} bytes.")
    if action == "FAIL" and update.get("Payload") is not None:
        raise refused("Cannot provide a Payload for FAIL action.")
    if action == "SUCCEED" and update.get("Error") is not None:
        raise refused("Cannot provide an Error for SUCCEED action.")
    status = None if current is None else current["Status"]
    _CHECKS.get(kind, _check_nothing)(action, status, update)


def _check_nothing(_action: str, _status: str | None, _update: Update) -> None:
    pass


def _check_step(action: str, status: str | None, update: Update) -> None:
    if action == "START":
        if status not in (None, "READY"):
            raise refused("Invalid current STEP state to start.")
    elif action == "RETRY":
        if status not in ("STARTED", "READY"):
            raise refused("Invalid current STEP state to re-attempt.")
        if "NextAttemptDelaySeconds" not in (update.get("StepOptions") or {}):
            raise refused("Invalid StepOptions for the given action.")
        if update.get("Payload") is not None and update.get("Error") is not None:
            raise refused("Cannot provide both error and payload to RETRY a STEP.")
    elif status not in (None, "STARTED", "READY"):
        raise refused("Invalid current STEP state to close.")


def _check_context(action: str, status: str | None, _update: Update) -> None:
    if action == "START":
        if status is not None:
            raise refused("Cannot start a CONTEXT operation that already exists.")
    elif status not in (None, "STARTED"):
        raise refused("Invalid current CONTEXT state to close.")


def _check_wait(action: str, status: str | None, _update: Update) -> None:
    if action == "START" and status is not None:
        raise refused("Cannot start a WAIT that already exist.")
    if action == "CANCEL" and status != "STARTED":
        raise refused("Cannot cancel a WAIT that does not exist or has already completed.")


def _check_callback(_action: str, status: str | None, _update: Update) -> None:
    if status is not None:
        raise refused("Cannot start a CALLBACK that already exist.")


def _check_invoke(_action: str, status: str | None, update: Update) -> None:
    if status is not None:
        raise refused("Cannot start a CHAINED_INVOKE operation that already exist.")
    if update.get("ChainedInvokeOptions") is None:
        raise refused("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.")


_CHECKS: Final[Mapping[str, Callable[[str, str | None, Update], None]]] = {
    "CALLBACK": _check_callback,
    "CHAINED_INVOKE": _check_invoke,
    "CONTEXT": _check_context,
    "STEP": _check_step,
    "WAIT": _check_wait,
}


def changed(update: Update, current: Operation | None, now: float) -> Operation:
    """The operation after an update at an instant."""
    kind, action = update["Type"], update["Action"]
    made: Operation = {
        "StartTimestamp": now,
        **{name: update[name] for name in ("Id", "ParentId", "Name", "Type", "SubType") if update.get(name)},
        **(current or {}),
    }
    details: dict[str, Any] = dict(made.get(DETAILS[kind], {}))
    if action == "START":
        made["Status"] = "STARTED"
        details |= _begun(update, now, details.get("Attempt", 0))
        if kind == "STEP":
            _outcome(details, update)
    elif action == "RETRY":
        made["Status"] = "PENDING"
        details["Attempt"] = details.get("Attempt", 0) + 1
        details["NextAttemptTimestamp"] = now + update["StepOptions"]["NextAttemptDelaySeconds"]
        _outcome(details, update)
    else:
        made |= {"Status": _ENDED[action], "EndTimestamp": now}
        if kind == "STEP":
            details["Attempt"] = details.get("Attempt", 0) + 1
            details.pop("NextAttemptTimestamp", None)
        _outcome(details, update)
        if (update.get("ContextOptions") or {}).get("ReplayChildren"):
            details["ReplayChildren"] = True
    made[DETAILS[kind]] = details
    return made


def _begun(update: Update, now: float, attempt: int) -> dict[str, Any]:
    if update["Type"] == "WAIT":
        return {"ScheduledEndTimestamp": now + (update.get("WaitOptions") or {}).get("WaitSeconds", 0)}
    return {"Attempt": attempt} if update["Type"] == "STEP" else {}


def _outcome(details: dict[str, Any], update: Update) -> None:
    for name, member in (("Result", "Payload"), ("Error", "Error")):
        details.pop(name, None)
        if update.get(member) is not None:
            details[name] = update[member]


def ended(
    operation: Operation, status: str, now: float, result: str | None = None, error: Mapping[str, Any] | None = None
) -> Operation:
    """An operation that has come to its end by itself, or by somebody outside."""
    where = DETAILS[operation["Type"]]
    details = dict(operation.get(where, {}))
    _outcome(details, {"Payload": result, "Error": error})
    return {**operation, "Status": status, "EndTimestamp": now, where: details}


def due(operation: Operation) -> float | None:
    """When an operation goes on by itself; None if it waits for somebody else, or has ended."""
    if operation["Type"] == "WAIT" and operation["Status"] == "STARTED":
        return float(operation["WaitDetails"]["ScheduledEndTimestamp"])
    if operation["Type"] == "STEP" and operation["Status"] == "PENDING":
        return float(operation["StepDetails"]["NextAttemptTimestamp"])
    return None

"""Status changes: what EventBridge is told when an execution starts and when it ends.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from asl_interpreter.jsontext import JSON, dumps
from emulator.arns import Arn
from emulator.stepfunctions.encryption import of_machine

if TYPE_CHECKING:
    from asl_interpreter.loop.clock import Clock
    from asl_interpreter.loop.outbox import Outbox
    from asl_interpreter.running.execution import Execution
    from emulator.stepfunctions.machines import StateMachine

PutEvent: TypeAlias = "Callable[[Arn, str, str, dict[str, JSON], float], None]"
"""Puts an event on the bus of an ARN's account and region: its source, its type, its detail, its time."""
EVENT_BYTES: Final = 248 * 1024
"""Of input and output, as JSON strings, in an event: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html"""


class StatusChanges:
    """Sends the status changes of executions to EventBridge, if anybody uses EventBridge."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        find_bus: Callable[[], PutEvent | None],
        counted: Callable[[Execution], None] = lambda _execution: None,
    ) -> None:
        """``counted`` hears of every change, too, also of Express executions: for the metrics."""
        self._counted = counted
        self._outbox = outbox
        self._clock = clock
        self._find_bus = find_bus

    def send(self, execution: Execution, machine: StateMachine | None) -> None:
        """Tell of the status that an execution has now; ``machine`` is None if it is no more."""
        self._counted(execution)
        put_event = None if execution.start.express else self._find_bus()
        if put_event is None:
            return
        arn, now = Arn.parse(execution.start.arn), self._clock.now()
        from emulator.stepfunctions.redrives import redrives

        detail = _detail(execution, redrives(execution, machine))
        if machine is not None and of_machine(machine.as_run_by(execution.start)).key is not None:
            detail |= _WITHHELD

        def deliver() -> None:
            put_event(arn, "aws.states", "Step Functions Execution Status Change", detail, now)

        self._outbox.send(deliver, f"the status of {arn}")


def _detail(execution: Execution, redriven: dict[str, JSON]) -> dict[str, JSON]:
    """The detail of EventBridge's "Step Functions Execution Status Change". Absent members are null."""
    start = execution.start
    output = execution.history.text(execution.output) if execution.status == "SUCCEEDED" else None
    of_output = 0 if output is None else len(dumps(output))
    with_output = of_output <= EVENT_BYTES
    with_input = len(dumps(start.input_text)) + of_output <= EVENT_BYTES
    return {
        "executionArn": start.arn,
        "stateMachineArn": start.state_machine_arn,
        "name": start.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.started_at),
        "stopDate": _milliseconds(execution.stopped_at),
        "input": start.input_text if with_input else None,
        "output": output if with_output else None,
        "stateMachineVersionArn": start.version_arn,
        "stateMachineAliasArn": start.alias_arn,
        "redriveCount": redriven["redriveCount"],
        "redriveDate": _milliseconds(execution.redriven_at),
        "redriveStatus": redriven["redriveStatus"],
        "redriveStatusReason": redriven.get("redriveStatusReason"),
        "inputDetails": {"included": with_input},
        "outputDetails": None if output is None else {"included": with_output},
        "error": execution.error,
        "cause": execution.cause,
    }


_WITHHELD: Final[dict[str, JSON]] = {
    **dict.fromkeys(("input", "output", "error", "cause")),
    "inputDetails": {"included": False},
    "outputDetails": {"included": False},
}
"""What is not told of an execution that is encrypted with a customer's key.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
"""


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)

"""Callbacks: tasks that wait for an answer by their token, and the operations that bring it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token; texts of
errors as observed on AWS.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Final

from asl_interpreter.errors import StateError
from asl_interpreter.jackson import explain
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.tasks import Callback
from emulator.faults import Fault
from emulator.stepfunctions.encryption import hold_data_key, of_machine

if TYPE_CHECKING:
    from emulator.wire.protocol import Call
    from emulator.world import World

_DIGEST: Final = "sha256"
_SIGNATURE_BYTES: Final = 32


class Callbacks:
    """The callbacks that are open, by token.

    A token carries a signature: one that was never given out is told from one whose task has ended, of which nothing
    is kept.
    """

    def __init__(self, key: bytes) -> None:
        self.key = key
        """What tokens are signed with: with another one those that were given out are void."""
        self._open: dict[str, Callback] = {}

    def open(self, execution: str, seed: int, what: str = "Provided task does not exist anymore") -> Callback:
        """A callback for one attempt of a task of an execution; ``what`` is said of its token once it has ended."""
        token = self._sign(f"{execution}/{seed:032x}/{what}".encode())
        callback = self._open[token] = Callback(token)
        callback.subscribe(lambda: self._close(token))
        return callback

    def _close(self, token: str) -> None:
        del self._open[token]

    def open_tokens(self, execution: str) -> list[str]:
        """The tokens that tasks of an execution wait for."""
        return [token for token in self._open if (self._signed(token) or "").startswith(f"{execution}/")]

    def find(self, token: str) -> Callback:
        """The open callback with this token.

        Raises:
            Fault: InvalidToken, TaskTimedOut.
        """
        callback = self._open.get(token)
        if callback is not None:
            return callback
        subject = self._signed(token)
        if subject is None:
            raise Fault("InvalidToken", "Invalid Token: 'Invalid token'")
        raise Fault("TaskTimedOut", f"Task Timed Out: '{subject.rsplit('/', 1)[-1]}'")

    def execution_of(self, token: str) -> str | None:
        """The ARN of the execution whose task was given this token; None if none was."""
        subject = self._signed(token)
        return None if subject is None else subject.rsplit("/", 2)[0]

    def _sign(self, subject: bytes) -> str:
        return base64.b64encode(hmac.digest(self.key, subject, _DIGEST) + subject).decode()

    def _signed(self, token: str) -> str | None:
        """What a token was made of, if it was made here."""
        try:
            subject = base64.b64decode(token, validate=True)[_SIGNATURE_BYTES:]
        except ValueError:
            return None
        return subject.decode() if hmac.compare_digest(self._sign(subject), token) else None


def send_task_success(world: World, call: Call) -> dict[str, JSON]:
    """SendTaskSuccess."""

    def succeed() -> None:
        callback = world.callbacks.find(call.params["taskToken"])
        _check_key(world, call)
        callback.set(_read_output(call.params["output"]))

    world.engine.ask(succeed)
    return {}


def _read_output(text: str) -> JSON:
    try:
        return loads(text)
    except InvalidJSON as error:
        flaw = explain(text) if text.strip() else None
        raise Fault("InvalidOutput", f"Invalid Output: '{error if flaw is None else flaw.message}'") from None


def send_task_failure(world: World, call: Call) -> dict[str, JSON]:
    """SendTaskFailure."""
    failure = StateError(call.params.get("error"), call.params.get("cause"))

    def fail() -> None:
        callback = world.callbacks.find(call.params["taskToken"])
        _check_key(world, call)
        callback.fail(failure)

    world.engine.ask(fail)
    return {}


def _check_key(world: World, call: Call) -> None:
    """See that what is sent can be encrypted for the execution that gets it. Raises Fault."""
    arn = world.callbacks.execution_of(call.params["taskToken"])
    if arn is None or ":execution:" not in arn:
        return  # of an Express execution, of which none can be asked for by its ARN
    machine, execution = world.state_machines(call).find_execution(arn)
    revision = machine.as_run_by(execution.start)
    hold_data_key(world, of_machine(revision), arn, revision.role_arn)


def send_task_heartbeat(world: World, call: Call) -> dict[str, JSON]:
    """SendTaskHeartbeat. It makes no event."""

    def hear() -> None:
        world.callbacks.find(call.params["taskToken"]).heartbeat(world.clock.now())

    world.engine.ask(hear)
    return {}

"""Durable executions: a function that is invoked again and again, and goes on each time where it had come to.

An execution is a fiber of the loop. It invokes its function with the operations that there are, and where the function
has nothing to do but wait, the fiber waits for what becomes due, on the loop's clock. What checkpoints and callbacks
change is changed on the loop's thread.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/durable-functions.html, and AWS's test runner for them, which says
how often a failed invocation is made again, and after how long.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from asl_interpreter.loop.signals import Signal
from emulator.faults import Fault
from emulator.lambdas import durable_operations as operations
from emulator.lambdas.durable_history import History
from emulator.lambdas.durable_operations import OPEN, Operation, refused
from emulator.lambdas.functions import FunctionName, Invocation, Request

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.service import Lambdas

MOST_FAILURES: Final = 5
"""Invocations, one after the other, that may fail before the execution does."""
MOST_IDLE: Final = 3
"""The same of those that wait for nothing."""
PAUSE: Final = 5.0
"""Seconds before an invocation that has failed is made again."""
DAY: Final = 86_400.0
TIMEOUT: Final = 86_400
RETENTION: Final = 14
"""What a DurableConfig has that says neither; seconds, and days."""


class DurableExecution:
    """One execution. Everything here happens on the loop's thread."""

    def __init__(self, engine: Engine, function: FunctionName, name: str, execution_id: str, payload: str) -> None:
        self.arn = f"{function.qualified}/durable-execution/{name}/{execution_id}"
        self.name = name
        self.id = execution_id
        self.function = function
        self.payload = payload
        self.config: Mapping[str, Any] = {}
        self.status = "RUNNING"
        self.result: str | None = None
        self.error: Mapping[str, Any] | None = None
        self.ended: float | None = None
        self._loop = engine.loop
        self.started = self.now()
        self.done: Signal[None] = Signal(f"the end of {name}")
        self._news: Signal[None] = Signal(f"news of {name}")
        first = {"Id": execution_id, "Name": name, "Type": "EXECUTION", "Status": "STARTED"}
        details = {"ExecutionDetails": {"InputPayload": payload}}
        self.operations: dict[str, Operation] = {execution_id: {**first, "StartTimestamp": self.started, **details}}
        self._changes: dict[str, int] = {execution_id: 0}
        """When each operation changed last, by a count of changes."""
        self._count = 0
        self._seen = 0
        """The changes that the function has been told of."""
        self._turn = 0
        self._last: tuple[str, str, dict[str, Any]] | None = None
        """The last checkpoint: its token, its ClientToken, and what was answered."""
        self._deadlines: dict[str, dict[str, float]] = {}
        """Id of a callback -> when it times out, and how: ``Timeout`` or ``Heartbeat``."""
        self._heartbeats: dict[str, float] = {}
        self.history = History(self)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._loop.clock.now()

    @property
    def token(self) -> str:
        """What the next checkpoint has to show."""
        return base64.b64encode(f"{self.id}/{self._turn}".encode()).decode()

    # What the function sees

    def begin(self) -> str:
        """The event of the next invocation."""
        self._turn += 1
        updated = [key for key, change in self._changes.items() if change > self._seen]
        self._seen = self._count
        event = {
            "DurableExecutionArn": self.arn,
            "CheckpointToken": self.token,
            "InitialExecutionState": {
                "Operations": [_in_milliseconds(each) for each in self.operations.values()],
                "NextMarker": "",
            },
            "UpdatedOperationIds": updated,
        }
        return dumps(event)

    def checkpoint(self, token: str, updates: Sequence[operations.Update], client_token: str) -> dict[str, Any]:
        """Make the updates of a checkpoint; the operations that have changed since the function has heard of them.

        Raises:
            Fault: InvalidParameterValueException, the token is an old one, or an update cannot be made.
        """
        if self._last is not None and client_token and self._last[:2] == (token, client_token):
            return self._last[2]
        if token != self.token or self.status != "RUNNING":
            raise refused("Invalid checkpoint token")
        operations.check(updates, self.operations)
        for update in updates:
            self._update(update)
        self.complete_due()
        self._turn += 1
        changed = [self.operations[key] for key, change in self._changes.items() if change > self._seen]
        self._seen = self._count
        answer = {"CheckpointToken": self.token, "NewExecutionState": {"Operations": changed}}
        self._last = token, client_token, answer
        return answer

    def _update(self, update: operations.Update) -> None:
        if update["Type"] == "EXECUTION":
            status = "SUCCEEDED" if update["Action"] == "SUCCEED" else "FAILED"
            self.end(status, result=update.get("Payload"), error=update.get("Error"))
            return
        operation = operations.changed(update, self.operations.get(update["Id"]), self.now())
        if update["Type"] == "CALLBACK":
            operation = self._await_callback(operation, update)
        self.put(operation)
        self.history.updated(operation, update)
        if update["Type"] == "CHAINED_INVOKE":
            self.chain(operation, update)

    chain: Callable[[Operation, operations.Update], None]
    """Invokes the function of a chained invocation."""

    def put(self, operation: Operation) -> None:
        """Keep what an operation has become."""
        self._count += 1
        self.operations[operation["Id"]] = operation
        self._changes[operation["Id"]] = self._count
        self.wake()

    def wake(self) -> None:
        """Something may be due, or has come."""
        self._news.set(None)

    # Callbacks

    def _await_callback(self, operation: Operation, update: operations.Update) -> Operation:
        text = f"{self.arn} {operation['Id']}"
        operation["CallbackDetails"] = {"CallbackId": base64.b64encode(text.encode()).decode()}
        options = update.get("CallbackOptions") or {}
        limits = {}
        if options.get("TimeoutSeconds"):
            limits["Timeout"] = self.now() + options["TimeoutSeconds"]
        if options.get("HeartbeatTimeoutSeconds"):
            self._heartbeats[operation["Id"]] = options["HeartbeatTimeoutSeconds"]
            limits["Heartbeat"] = self.now() + options["HeartbeatTimeoutSeconds"]
        self._deadlines[operation["Id"]] = limits
        return operation

    def answer_callback(
        self, key: str, status: str, result: str | None = None, error: Mapping[str, Any] | None = None
    ) -> None:
        """End a callback. Raises Fault: it has ended."""
        self._open_callback(key)
        self._end_operation(key, status, result, error)

    def heartbeat(self, key: str) -> None:
        """Somebody works at a callback. Raises Fault: it has ended."""
        self._open_callback(key)
        if key in self._heartbeats:
            self._deadlines[key]["Heartbeat"] = self.now() + self._heartbeats[key]
            self.wake()

    def _open_callback(self, key: str) -> Operation:
        operation = self.operations.get(key)
        if operation is None or operation["Type"] != "CALLBACK":
            raise Fault("ResourceNotFoundException", "Callback not found", status=404, Type="User")
        if operation["Status"] == "TIMED_OUT":
            raise Fault("CallbackTimeoutException", "Callback has timed out", Type="User")
        if operation["Status"] != "STARTED" or self.status != "RUNNING":
            identifier = operation["CallbackDetails"]["CallbackId"]
            raise Fault("ResourceNotFoundException", f"Callback {identifier} is not active", status=404, Type="User")
        return operation

    def _end_operation(
        self, key: str, status: str, result: str | None = None, error: Mapping[str, Any] | None = None
    ) -> None:
        operation = operations.ended(self.operations[key], status, self.now(), result, error)
        self._deadlines.pop(key, None)
        self.put(operation)
        self.history.ended(operation)

    def chained(self, key: str, result: str | None, error: Mapping[str, Any] | None) -> None:
        """A function that was invoked from here has answered."""
        if self.status == "RUNNING":
            self._end_operation(key, "SUCCEEDED" if error is None else "FAILED", result, error)

    # Time

    @property
    def awaits_somebody(self) -> bool:
        """Whether a callback is open, which somebody outside has to answer."""
        return bool(self._deadlines)

    def next_due(self) -> float:
        """When the next thing happens by itself: at the latest the execution times out."""
        times: list[float] = [self.started + self.config.get("ExecutionTimeout", TIMEOUT)]
        times += [time for each in self.operations.values() if (time := operations.due(each)) is not None]
        times += [time for limits in self._deadlines.values() for time in limits.values()]
        return min(times)

    def complete_due(self) -> None:
        """Let happen what is due."""
        now = self.now()
        for key, operation in list(self.operations.items()):
            time = operations.due(operation)
            if time is not None and time <= now:
                if operation["Type"] == "WAIT":
                    self._end_operation(key, "SUCCEEDED")
                else:
                    details = {
                        name: value
                        for name, value in operation["StepDetails"].items()
                        if name != "NextAttemptTimestamp"
                    }
                    self.put({**operation, "Status": "READY", "StepDetails": details})
        for key, limits in list(self._deadlines.items()):
            passed = [kind for kind, time in limits.items() if time <= now]
            if passed:
                words = "Callback timed out" if passed[0] == "Timeout" else "Callback timed out on heartbeat"
                self._end_operation(
                    key, "TIMED_OUT", error={"ErrorMessage": words, "ErrorType": f"Callback.{passed[0]}"}
                )
        if self.started + self.config.get("ExecutionTimeout", TIMEOUT) <= now:
            self.end("TIMED_OUT")

    @property
    def has_news(self) -> bool:
        """Whether something has changed that the function has not been told of."""
        return self._count > self._seen

    @property
    def waits(self) -> bool:
        """Whether there is anything to wait for."""
        kinds = ("WAIT", "CALLBACK", "CHAINED_INVOKE")
        return any(
            each["Status"] == "PENDING" or (each["Type"] in kinds and each["Status"] in OPEN)
            for each in self.operations.values()
        )

    async def something_new(self) -> None:
        """Wait until the function has something to do, or the execution has ended."""
        while self.status == "RUNNING":
            self.complete_due()
            if self.has_news:
                return
            self._news = Signal(f"news of {self.name}")
            timer = self._loop.timer(
                self.next_due(), f"the durable execution {self.name}", background=self.awaits_somebody
            )
            timer.subscribe(self.wake)
            await self._news

    def end(self, status: str, *, result: str | None = None, error: Mapping[str, Any] | None = None) -> None:
        """Come to an end; one that has ended stays as it is."""
        if self.status != "RUNNING":
            return
        self.status, self.result, self.error, self.ended = status, result, error, self.now()
        self._deadlines.clear()
        self.history.execution_ended()
        self.wake()
        self.done.set(None)

    def shown(self) -> dict[str, Any]:
        """As ListDurableExecutionsByFunction shows it."""
        return {
            "DurableExecutionArn": self.arn,
            "DurableExecutionName": self.name,
            "FunctionArn": self.function.qualified,
            "Status": self.status,
            "StartTimestamp": self.started,
            **({} if self.ended is None else {"EndTimestamp": self.ended}),
        }


def _in_milliseconds(value: Any) -> Any:
    """An operation as the event of an invocation has it: times are in milliseconds."""
    if isinstance(value, dict):
        return {
            key: int(each * 1000) if key.endswith("Timestamp") else _in_milliseconds(each)
            for key, each in value.items()
        }
    return value


class DurableExecutions:
    """The durable executions of one world."""

    def __init__(self, lambdas: Lambdas, engine: Engine) -> None:
        self._lambdas = lambdas
        self._engine = engine
        self._executions: dict[str, DurableExecution] = {}

    def start(self, request: Request, config: Mapping[str, Any], version: str) -> DurableExecution:
        """Start an execution, or find the one of this name that is there.

        Raises:
            Fault: DurableExecutionAlreadyStartedException, there is one with another input.
        """
        function = replace(request.name, qualifier=version)
        name = request.execution_name or self._lambdas.new_id()

        def start() -> DurableExecution:
            for each in self.of(request.name):
                if each.name == name:
                    if each.payload != request.payload:
                        text = f"Durable execution with name {name} already exists."
                        raise Fault("DurableExecutionAlreadyStartedException", text, status=409, Type="User")
                    return each
            made = DurableExecution(self._engine, function, name, self._lambdas.new_id(), request.payload)
            made.config = config
            made.chain = partial(self._chain, made)
            made.history.execution_started()
            self._executions[made.arn] = made
            self._lambdas.keep_running(partial(self._run, made), f"the durable execution {name}")
            return made

        return self._engine.ask(start)

    def invoke(self, execution: DurableExecution) -> Invocation:
        """Wait for the end of an execution; what it came to, as of an invocation."""
        self._engine.wait(execution.done)
        if execution.status == "SUCCEEDED":
            return Invocation(execution.result or "null", execution=execution.arn)
        error = execution.error or {}
        shown = {
            "errorType": error.get("ErrorType", f"DurableExecution.{execution.status}"),
            "errorMessage": error.get("ErrorMessage", f"The durable execution has ended with {execution.status}"),
            **({"stackTrace": error["StackTrace"]} if error.get("StackTrace") else {}),
        }
        return Invocation(dumps(shown), failed=True, execution=execution.arn)

    def find(self, arn: str) -> DurableExecution:
        """The execution of an ARN. Raises Fault: there is none, or it is kept no longer."""
        found = self._executions.get(arn)
        if found is not None and found.ended is not None:
            days = found.config.get("RetentionPeriodInDays", RETENTION)
            if found.now() - found.ended > days * DAY:
                del self._executions[arn]
                found = None
        if found is None:
            text = f"Durable execution {arn} not found"
            raise Fault("ResourceNotFoundException", text, status=404, Type="User")
        return found

    def find_callback(self, identifier: str) -> tuple[DurableExecution, str]:
        """The execution of a callback, and the id of its operation. Raises Fault: there is none."""
        try:
            arn, _, key = base64.b64decode(identifier, validate=True).decode().rpartition(" ")
        except (binascii.Error, UnicodeDecodeError):
            raise refused("Invalid callback id") from None
        return self.find(arn), key

    def of(self, function: FunctionName) -> list[DurableExecution]:
        """The executions of a function, of all its versions."""
        return [each for each in self._executions.values() if each.function.arn == function.arn]

    def delete(self, execution: DurableExecution) -> None:
        """Forget an execution that has ended. Raises Fault: it runs."""
        if execution.status == "RUNNING":
            text = "The durable execution is running"
            raise Fault("ResourceConflictException", text, status=409, Type="User")
        del self._executions[execution.arn]

    async def _run(self, execution: DurableExecution) -> None:
        failures = 0
        while execution.status == "RUNNING":
            error, idle = await self._turn(execution)
            if execution.status != "RUNNING":
                return
            if error is None:
                failures = 0
                await execution.something_new()
                continue
            failures += 1
            if failures >= (MOST_IDLE if idle else MOST_FAILURES):
                execution.end("FAILED", error=error)
                return
            await self._engine.loop.sleep(PAUSE, execution.name)

    async def _turn(self, execution: DurableExecution) -> tuple[Mapping[str, Any] | None, bool]:
        """Invoke the function once; what went wrong, and whether it was that it waits for nothing."""
        began = execution.now()
        request = Request(execution.function, execution.begin(), self._lambdas.new_id())

        def run() -> Invocation:
            return self._lambdas.run_once(self._lambdas.find(request.name), request)

        apart = self._lambdas.runs_apart(execution.function.qualified, "", "")
        try:
            invocation: Invocation = await self._engine.loop.call(
                run,
                execution.name,
                blocking=True,
                apart=apart,
            )
        except Fault as fault:
            return {"ErrorMessage": fault.message, "ErrorType": fault.code}, False
        error = _error_of(invocation.payload) if invocation.failed else None
        execution.history.invoked(began, request.request_id, error)
        if error is not None:
            return error, False
        try:
            output = loads(invocation.payload)
            status = output["Status"]
        except (InvalidJSON, KeyError, TypeError):
            text = "Invalid Status in invocation output."
            return {"ErrorMessage": text, "ErrorType": "InvalidParameterValueException"}, False
        if status == "SUCCEEDED":
            execution.end("SUCCEEDED", result=output.get("Result"))
        elif status == "FAILED":
            execution.end("FAILED", error=output.get("Error"))
        elif not execution.waits and not execution.has_news:
            text = "Cannot return PENDING status with no pending operations."
            return {"ErrorMessage": text, "ErrorType": "InvalidParameterValueException"}, True
        return None, False

    def _chain(self, execution: DurableExecution, operation: Operation, update: operations.Update) -> None:
        options = update["ChainedInvokeOptions"]
        target = FunctionName.parse(options["FunctionName"], execution.function.account, execution.function.region)
        request = Request(target, update.get("Payload") or "{}", self._lambdas.new_id())

        async def call() -> None:
            apart = self._lambdas.runs_apart(target.qualified, "", "")
            try:
                _, answer = await self._engine.loop.call(
                    lambda: self._lambdas.invoke(request), str(operation["Id"]), blocking=True, apart=apart
                )
            except Fault as fault:
                execution.chained(operation["Id"], None, {"ErrorMessage": fault.message, "ErrorType": fault.code})
                return
            error = _error_of(answer.payload) if answer.failed else None
            execution.chained(operation["Id"], None if error else answer.payload, error)

        self._lambdas.keep_running(call, f"a function that {execution.name} invokes")


def _error_of(payload: str) -> dict[str, Any]:
    """The error of an invocation as durable executions show it."""
    try:
        found = loads(payload)
    except InvalidJSON:
        found = None
    if not isinstance(found, dict):
        return {"ErrorMessage": payload}
    names = {"errorMessage": "ErrorMessage", "errorType": "ErrorType", "stackTrace": "StackTrace"}
    return {shown: found[name] for name, shown in names.items() if found.get(name)}

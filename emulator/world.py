"""The world: everything alive in one emulator. Clock, engine, state machines, functions; and a way to start afresh."""

from __future__ import annotations

import gc
import logging
import random
import secrets
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asl_interpreter.coverage import Coverage
from asl_interpreter.definition import Machine
from asl_interpreter.engine import Engine, never
from asl_interpreter.loop.clock import LATEST, MODES, Clock, Mode
from asl_interpreter.loop.locks import lock
from asl_interpreter.running.execution import Execution
from asl_interpreter.tasks import Resolve
from emulator import arns
from emulator.events.filters import filter_problem
from emulator.faults import Fault
from emulator.integrations.mock_config import MockConfig
from emulator.integrations.mocks import InvalidMock, Mock, Mocked, Mocks
from emulator.integrations.resources import Resources
from emulator.lambdas.callables import Handler
from emulator.lambdas.deployments import archive_problem
from emulator.lambdas.functions import FunctionName, Request
from emulator.lambdas.service import Lambdas
from emulator.server import url_of
from emulator.settings import Settings
from emulator.stepfunctions.activities import Activities
from emulator.stepfunctions.callbacks import Callbacks
from emulator.stepfunctions.logs import Logs
from emulator.stepfunctions.machines import StateMachine, StateMachines
from emulator.stepfunctions.retention import Retention
from emulator.wire import operations
from emulator.wire.gate import Gate

if TYPE_CHECKING:
    from asl_interpreter.tasks import Datasets
    from emulator.dynamodb.forwarding import Forward
    from emulator.dynamodb.model.store import Store
    from emulator.dynamodb.model.streams import Stream
    from emulator.wire.protocol import Call

log = logging.getLogger("dynastep")

READS_ITEMS = frozenset(
    {
        *("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction", "GetRecords"),
    }
)
"""Operations of DynamoDB that show what executions may have done."""


def _offer_operations() -> None:
    """Have our own services performed by their rooms, each imported when it is first called."""

    def step_functions() -> Mapping[str, operations.Handler]:
        from emulator import stepfunctions

        return stepfunctions.OPERATIONS

    def dynamodb() -> Mapping[str, operations.Handler]:
        from emulator import dynamodb

        return dynamodb.OPERATIONS

    operations.offer("stepfunctions", step_functions)
    operations.offer("dynamodb", dynamodb)
    operations.offer("dynamodbstreams", dynamodb)


_offer_operations()


def _attach_tables(store_of: Callable[[str], Store]) -> None:
    """Put views of our tables into moto's DynamoDB; called once, when moto has been imported."""
    from emulator.dynamodb import registry

    registry.attach(store_of)


class World:
    """One emulator. Accounts and regions do not see each other; they share the clock."""

    def __init__(self, settings: Settings, url: Callable[[], str] | None = None) -> None:
        """``url`` is where it is served, if that is not what the settings say."""
        self.settings = settings
        self.clock = Clock(settings.clock)
        self.engine = Engine(self.clock)
        served_at = url or (lambda: url_of(settings.host, settings.port))
        self.lambdas = Lambdas(
            self.clock, lambda: self.engine, served_at, self._find_stream, settings.functions, settings.function_url
        )
        self.logs = Logs(self.engine.outbox, self._write_logs)
        self.random = random.Random(0)  # noqa: S311 - the same calls make the same choices
        self._ids = random.SystemRandom() if settings.clock == "wall" else random.Random("ids")  # noqa: S311 - repeatable
        self.coverage: dict[str, Coverage] | None = None
        """Text of a definition -> what its executions have done; None while nobody asks for coverage."""
        self.mocks: Mocks | None = None
        """What tests have said of Tasks; a server has none."""
        self.mock_config = None if settings.mock_config is None else MockConfig(settings.mock_config)
        self.callbacks = Callbacks(secrets.token_bytes() if settings.clock == "wall" else b"repeatable")
        self.retention = Retention(self.clock, settings.keep_executions)
        self.gate = Gate()
        self._store: Store | None = None
        self._making = lock("the making of parts of a world", 65)
        self._activities: dict[tuple[str, str], Activities] = {}
        self._machines: dict[tuple[str, str], StateMachines] = {}
        self._resources: dict[tuple[str, str], Resources] = {}

    @property
    def dynamodb(self) -> Store:
        """The tables; the store is made when it is first asked for, once, however many ask at the same time."""
        store = self._store
        if store is None:
            from emulator.dynamodb.model.store import DynamoDBSettings, Store

            with self._making:
                store = self._store
                if store is None:
                    store = self._store = Store(self.clock, DynamoDBSettings.of(self.settings), self.engine.outbox)
        return store

    @cached_property
    def datasets(self) -> Datasets:
        """What Distributed Maps read and write."""
        from emulator.datasets import S3Datasets

        return S3Datasets()

    @cached_property
    def elsewhere(self) -> Mapping[str, Forward]:
        """Services that another engine answers, with the way to it."""
        if self.settings.dynamodb_endpoint is None:
            return {}
        from emulator.dynamodb.forwarding import SERVICES, forward_to

        return dict.fromkeys(SERVICES, forward_to(self.settings.dynamodb_endpoint))

    def _find_stream(self, arn: str) -> Stream | None:
        parsed = arns.Arn.parse(arn)
        if parsed.service != "dynamodb":
            return None
        stream: Stream | None = self.dynamodb.region(parsed.account, parsed.region).streams.get(arn)
        return stream

    @property
    def default_account(self) -> str:
        """The account of callers whose key names none."""
        return self.settings.account

    def new_id(self) -> str:
        """A UUID for what a client leaves without a name; where time is not real, the same ones in every run.

        An execution's name is the seed of all that is random in it.
        """
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    @property
    def controlled(self) -> World:
        """The world whose clock and reset the routes under ``/_dynastep`` are."""
        return self

    def of(self, _account: str) -> World:
        """The world that an account lives in."""
        return self

    def state_machines(self, call: Call) -> StateMachines:
        """The state machines that a caller sees."""
        return self._machines.setdefault((call.account, call.region), StateMachines(self.retention))

    def activities(self, account: str, region: str) -> Activities:
        """The activities of an account in a region."""
        return self._activities.setdefault((account, region), Activities())

    def resources(self, call: Call) -> Resources:
        """What the Tasks of a caller's machines may call."""
        key = (call.account, call.region)
        return self._resources.setdefault(key, Resources(self, *key))

    def tasks(self, call: Call, revision: StateMachine, case: str | None) -> Resolve:
        """What the Tasks of one execution call; ``case`` is the test case whose mocks stand for some of them.

        Raises:
            Fault: ValidationException, a mock cannot be used; StateMachineDoesNotExist, there are no test cases.
        """
        resources, mocks, name = self.resources(call), self.mocks, revision.name
        if case is not None and self.mock_config is None:
            text = f"State Machine Does Not Exist: '{call.params['stateMachineArn']}'"
            raise Fault("StateMachineDoesNotExist", f"{text}, and no mock configuration is set: SFN_MOCK_CONFIG")
        try:
            given = self._case(revision, case)
            if mocks is not None:
                mocks.check(name, revision.machine, self._every_machine(), resources.answering)
        except InvalidMock as error:
            raise Fault("ValidationException", str(error)) from None
        if case is None and mocks is None:
            return resources

        def find(resource: str, state: str) -> Mock | None:
            return given.get(state) or (None if mocks is None else mocks.find(name, resource, state))

        return Mocked(resources, find, resources.answering, self.engine, self.callbacks.open)

    def _case(self, revision: StateMachine, case: str | None) -> dict[str, Mock]:
        if case is None or self.mock_config is None:
            return {}
        return self.mock_config.case(revision.name, revision.machine, case)

    def _every_machine(self) -> Iterator[tuple[str, Machine]]:
        """The name and the definition of every state machine, and of their versions."""
        for machines in list(self._machines.values()):
            for machine in machines:
                for revision in (machine, *list(machine.versions.values())):
                    yield machine.name, revision.machine

    def looked(self, call: Call) -> None:
        """Somebody is about to look at what executions may have done: virtual time moves on for it."""
        if call.operation in READS_ITEMS and self.clock.mode != "wall":
            self.engine.ask(lambda: None, never)

    def function(self, name: str, function: Handler, account: str, region: str) -> str:
        """Register a Python callable as a Lambda function; its ARN."""
        arn = arns.function(account, region, name)
        self.lambdas.callables.register(arn, function)
        return arn

    def has_log_group(self, arn: str) -> bool:
        """Whether CloudWatch Logs has this log group."""
        from emulator import moto_door

        return moto_door.has_log_group(arn)

    def _write_logs(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> bool:
        from emulator import moto_door

        return moto_door.write_log_events(group, stream, events)

    def deliver_logs(self) -> None:
        """Somebody is about to look at what executions have logged."""
        self.lambdas.deliver_logs()
        self.logs.deliver(self.engine)

    def meet_moto(self) -> None:
        """Show moto's services our tables, and take what they send to state machines and functions."""
        from emulator import moto_door

        moto_door.show_tables(lambda account: self.of(account).dynamodb, _attach_tables)
        moto_door.take_machines(self.of)
        moto_door.deliver("states", lambda arn, text: self.of(arns.Arn.parse(arn).account).start_target(arn, text))
        moto_door.deliver("lambda", lambda arn, text: self.of(arns.Arn.parse(arn).account).invoke(arn, text))
        moto_door.take_functions(
            lambda arn, text: self.of(arns.Arn.parse(arn).account).invoke_target(arn, text), archive_problem
        )
        moto_door.take_mappings(
            moto_door.Sources(
                find_function=lambda account, *named: self.of(account).lambdas.mapped_function(account, *named),
                has_stream=lambda arn: self.of(arns.Arn.parse(arn).account).lambdas.find_stream(arn) is not None,
                filter_problem=filter_problem,
                changed=lambda account, region: self.of(account).lambdas.mappings_changed(account, region),
                arrived=lambda arn, *what: self.of(arns.Arn.parse(arn).account).lambdas.arrived(arn, *what),
            )
        )

    def start_target(self, arn: str, text: str) -> None:
        """Start the state machine that is the target of a rule.

        Raises:
            Fault: it cannot be started.
        """
        from emulator.stepfunctions.executions import start
        from emulator.wire.protocol import Call

        target = arns.Arn.parse(arn)
        params = {"stateMachineArn": arn, "input": text}
        start(self, Call("stepfunctions", "StartExecution", params, target.account, target.region, ""))

    def invoke(self, arn: str, text: str) -> None:
        """Call a function without waiting for what comes of it.

        Raises:
            Fault: there is none, or the event is too large.
        """
        target = arns.Arn.parse(arn)
        name = FunctionName.parse(arn, target.account, target.region)
        self.lambdas.invoke_later(Request(name, text, self.lambdas.new_id()))

    def invoke_target(self, arn: str, text: str) -> None:
        """Call the function that another service has as its target; if that cannot be, only the log says so."""
        try:
            self.invoke(arn, text)
        except Fault as fault:
            log.warning("%s could not be invoked: %s", arn, fault)

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass for whoever waits here; under virtual time that takes none."""
        if seconds > 0:

            async def wait() -> None:
                await self.engine.loop.sleep(seconds, "a function")

            self.engine.run(wait, "a function")

    def execution_changed(self, execution: Execution) -> None:
        """Tell EventBridge of a status change.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
        """
        if execution.start.express or "moto.events.models" not in sys.modules:
            return
        from emulator import moto_door
        from emulator.stepfunctions.executions import status_change
        from emulator.stepfunctions.redrives import redrives

        arn = arns.Arn.parse(execution.start.arn)
        machines = self._machines.get((arn.account, arn.region))
        machine = None if machines is None else machines.get(execution.start.state_machine_arn.partition("/")[0])
        detail = status_change(execution, redrives(execution, machine))
        now = self.clock.now()

        def deliver() -> None:
            moto_door.put_event(arn, "aws.states", "Step Functions Execution Status Change", detail, now)

        self.engine.outbox.send(deliver, f"the status of {arn}")

    def clock_info(self) -> dict[str, Any]:
        """The clock, for people."""
        return {"mode": self.clock.mode, "now": self.clock.now()}

    def set_clock(self, mode: str | None, advance: float | None) -> None:
        """Change the mode of the clock, or move it by so many seconds.

        Raises:
            ValueError: there is no such mode, or time would run backwards, or beyond the year 9999.
        """
        if mode is not None and mode not in MODES:
            message = f"the clock has no mode {mode!r}; it has {', '.join(MODES)}"
            raise ValueError(message)
        if advance is not None and not 0 <= advance <= LATEST - self.clock.now():
            message = f"the clock cannot be advanced by {advance} seconds"
            raise ValueError(message)
        if mode is not None:
            wanted: Mode = mode  # type: ignore[assignment]  # it is one of them
            self.engine.ask(lambda: setattr(self.clock, "mode", wanted))
        if advance is not None:
            self.engine.advance(advance)

    def trouble(self) -> str | None:
        """Why nothing works any more; None as long as it does."""
        defect = self.engine.defect
        return None if defect is None else f"The loop has failed: {defect!r}. A reset starts a new one."

    def counts(self) -> dict[str, int]:
        """How much there is of what, for people."""
        machines = [machine for region in list(self._machines.values()) for machine in region]
        return {
            "stateMachines": len(machines),
            "executions": sum(len(machine.executions) for machine in machines),
            "functions": len(self.lambdas),
        }

    def reset(self) -> None:
        """Forget everything but the functions: executions end, machines go, moto's services are empty again."""
        with self.gate.closed():
            self.close()
            self.gate.drain()
            self.engine = Engine(self.clock)
            self.logs = Logs(self.engine.outbox, self._write_logs)
            self.retention = Retention(self.clock, self.settings.keep_executions)
            self._activities.clear()
            self._machines.clear()
            self._resources.clear()
            self._store = None
            self._forget_others()
        gc.collect()  # tables, machines and executions hold each other in circles, and a reset lets go of many

    def _forget_others(self) -> None:
        """Empty the services of moto, as far as they are of this world."""
        if "emulator.moto_door" in sys.modules:
            from emulator import moto_door

            moto_door.reset()

    def close(self) -> None:
        """End all that runs."""
        self.lambdas.close()
        self.engine.close()

"""The world: everything alive in one emulator, from its start or its last reset on.

``wiring`` says how it is put together, ``control`` what is done to it as a whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from asl_interpreter.engine import never
from asl_interpreter.loop.clock import Clock
from emulator.faults import Fault
from emulator.injection.errors import UNPROCESSED, fault_of
from emulator.injection.rules import FaultRules
from emulator.integrations.mocks import InvalidMock, Mocks

if TYPE_CHECKING:
    from asl_interpreter.coverage import Coverage
    from asl_interpreter.engine import Engine
    from asl_interpreter.jsontext import JSON
    from asl_interpreter.running.execution import Execution
    from asl_interpreter.tasks import Datasets, Resolve
    from emulator.apigateway.apis import Apis
    from emulator.cloudwatch.metrics import Metrics
    from emulator.cloudwatch.watching import Alarms
    from emulator.deploying.regions import Deployments
    from emulator.dynamodb.forwarding import Forward
    from emulator.dynamodb.model.store import Store
    from emulator.encryption.keys import Keys
    from emulator.eventbridge.pipes import Pipes
    from emulator.eventbridge.schedules import Schedules
    from emulator.injection.rules import Strike
    from emulator.integrations.mock_config import MockConfig
    from emulator.integrations.resources import Resources
    from emulator.integrations.selection import Spot
    from emulator.lambdas.service import Lambdas
    from emulator.permissions.guard import Guard
    from emulator.settings import Settings
    from emulator.stepfunctions.activities import Activities
    from emulator.stepfunctions.callbacks import Callbacks
    from emulator.stepfunctions.logs import Logs
    from emulator.stepfunctions.machines import StateMachine, StateMachines
    from emulator.stepfunctions.retention import Retention
    from emulator.stepfunctions.spilling import Spill
    from emulator.stepfunctions.status_changes import StatusChanges
    from emulator.wire.operations import Handler
    from emulator.wire.protocol import Call
    from emulator.wire.waiting import Waiting

READS_ITEMS = frozenset(
    {
        *("GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"),
        *("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction", "GetRecords"),
    }
)
"""Operations of DynamoDB that show what executions may have done."""


class Keeps(Protocol):
    """Keeps what requests change, such as in a data folder."""

    def perform(self, handler: Handler, call: Call, /) -> dict[str, JSON] | Waiting[Any]:
        """Perform an operation of ours, and answer when what it changed is kept."""

    def answered(self, service: str, /) -> None:
        """A request to another service was answered, which may have changed something."""

    def stirred(self) -> None:
        """Something may have changed that no request has asked for."""

    def touched(self, execution: Execution, /) -> None:
        """An execution is not as it was. On the loop's thread."""


class Keeping:
    """Who keeps a world, if anybody does."""

    __slots__ = ("by",)

    def __init__(self) -> None:
        self.by: Keeps | None = None


class Makers(NamedTuple):
    """Make the parts of a world that few emulators need, when somebody first asks for one."""

    apis: Callable[[], Apis]
    deployments: Callable[[], Deployments]
    pipes: Callable[[], Pipes]
    schedules: Callable[[], Schedules]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Everything alive in one emulator. Accounts and regions do not see each other; they share the clock.

    Its parts stay the same: a reset makes another world, and a request is answered by the one that it has entered. What
    only state machines need is imported with the first of them.
    """

    settings: Settings
    clock: Clock
    engine: Engine
    dynamodb: Store
    lambdas: Lambdas
    logs: Logs
    status_changes: StatusChanges
    callbacks: Callbacks
    makers: Makers
    metrics: Metrics
    alarms: Alarms
    retention: Retention
    spill: Spill
    """What histories have packed."""
    datasets: Datasets
    """What Distributed Maps read and write."""
    elsewhere: Mapping[str, Forward]
    """Services that another engine answers, with the way to it."""
    guard: Guard | None
    """Who asks IAM; None while nobody does."""
    keys: Keys
    """The keys of KMS, as services use them."""
    random: Random
    """For choices between an alias's versions: the same calls make the same ones."""
    ids: Random
    mocks: Mocks = field(default_factory=Mocks)
    """What tests, or clients of a server, have said of Tasks."""
    mock_config: MockConfig | None = None
    faults: FaultRules = field(default_factory=FaultRules)
    """What tests, or clients of a server, want to fail."""
    coverage: dict[str, Coverage] | None = None
    """Text of a definition -> what its executions have done; None while nobody asks for coverage."""
    keeping: Keeping = field(default_factory=Keeping)
    _made: dict[str, Any] = field(default_factory=dict)
    _activities: dict[tuple[str, str], Activities] = field(default_factory=dict)
    _machines: dict[tuple[str, str], StateMachines] = field(default_factory=dict)
    _resources: dict[tuple[str, str], Resources] = field(default_factory=dict)

    @property
    def default_account(self) -> str:
        """The account of callers whose key names none."""
        return self.settings.account

    @property
    def apis(self) -> Apis:
        """The APIs of API Gateway."""
        made: Apis = self._made_by("apis")
        return made

    @property
    def deployments(self) -> Deployments:
        """The stacks of CloudFormation."""
        made: Deployments = self._made_by("deployments")
        return made

    @property
    def pipes(self) -> Pipes:
        """The pipes that run."""
        made: Pipes = self._made_by("pipes")
        return made

    @property
    def schedules(self) -> Schedules:
        """The rules and schedules that wait for their time."""
        made: Schedules = self._made_by("schedules")
        return made

    def _made_by(self, maker: str) -> Any:
        made = self._made.get(maker)
        return self._made.setdefault(maker, getattr(self.makers, maker)()) if made is None else made

    def new_id(self) -> str:
        """A UUID for what a client leaves without a name; where time is not real, the same ones in every run.

        An execution's name is the seed of all that is random in it.
        """
        return str(uuid.UUID(int=self.ids.getrandbits(128), version=4))

    def state_machines(self, call: Call) -> StateMachines:
        """The state machines that a caller sees."""
        from emulator.stepfunctions.machines import StateMachines

        return self._machines.setdefault((call.account, call.region), StateMachines(self.retention))

    @property
    def regions_of_machines(self) -> dict[tuple[str, str], StateMachines]:
        """The state machines by account and region."""
        return dict(self._machines)

    @property
    def regions_of_activities(self) -> dict[tuple[str, str], Activities]:
        """The activities by account and region."""
        return dict(self._activities)

    def every_state_machine(self) -> list[StateMachine]:
        """The state machines of all accounts and regions."""
        return [machine for machines in list(self._machines.values()) for machine in machines]

    def activities(self, account: str, region: str) -> Activities:
        """The activities of an account in a region."""
        from emulator.stepfunctions.activities import Activities

        return self._activities.setdefault((account, region), Activities())

    def resources(self, call: Call) -> Resources:
        """What the Tasks of a caller's machines may call."""
        from emulator.integrations.resources import Resources

        key = (call.account, call.region)
        return self._resources.setdefault(key, Resources(self, *key))

    def tasks(self, call: Call, revision: StateMachine, case: str | None) -> Resolve:
        """What the Tasks of one execution call; ``case`` is the test case whose mocks stand for some of them.

        Raises:
            Fault: ValidationException, a mock cannot be used; StateMachineDoesNotExist, there are no test cases.
        """
        from emulator.injection.tasks import Struck
        from emulator.integrations.mocked import Mocked
        from emulator.integrations.spots import spots_of

        resources, name = self.resources(call), revision.name
        if case is not None and self.mock_config is None:
            text = f"State Machine Does Not Exist: '{call.params['stateMachineArn']}'"
            raise Fault("StateMachineDoesNotExist", f"{text}, and no mock configuration is set: SFN_MOCK_CONFIG")
        sources, machine = [self.mocks], revision.machine
        try:
            if self.mock_config is not None:
                sources.append(self.mock_config.mocks())
            for mocks in sources:
                mocks.check(name, spots_of(machine), self._spots_of_others(), resources.answering)
            if self.mock_config is not None and case is not None:
                sources.insert(0, of_case := self.mock_config.case(name, machine, case))
                of_case.check_values(name, spots_of(machine), resources.answering)
        except InvalidMock as error:
            raise Fault("ValidationException", str(error)) from None
        calls = Struck(Mocked(resources, name, machine, sources, self.engine, self.callbacks.open), self.faults)
        if self.guard is None:
            return calls
        from emulator.integrations.permitted import permitted  # with IAM, which few emulators ask

        return permitted(calls, self.guard, call.account, call.region)

    def _spots_of_others(self) -> Iterator[tuple[str, Spot]]:
        """The Tasks of every state machine and of their versions, each with the name of its machine."""
        from emulator.integrations.spots import spots_of

        for machine in self.every_state_machine():
            for revision in (machine, *list(machine.versions.values())):
                for spot in spots_of(revision.machine):
                    yield machine.name, spot

    def meet_faults(self, service: str, operation: str, params: JSON) -> Strike | None:
        """Let a call of a client meet the faults of tests: time may pass for it; what else hits it.

        Raises:
            Fault: the call fails.
        """
        strike = self.faults.strike_operation(service, operation, params) if self.faults else None
        if strike is None:
            return None
        self.pass_time(strike.delay)
        if strike.error in (None, UNPROCESSED):
            return strike
        given = params if isinstance(params, dict) else {}
        raise fault_of(service, operation, given, strike.error, strike.message)

    def looked(self, call: Call) -> None:
        """Somebody is about to look at what executions may have done: virtual time moves on for it."""
        if call.operation in READS_ITEMS and self.clock.mode != "wall":
            self.engine.ask(lambda: None, never)

    def deliver_logs(self) -> None:
        """Somebody is about to look at what executions have logged."""
        self.lambdas.deliver_logs()
        self.logs.deliver(self.engine)

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds pass for whoever waits here; under virtual time that takes none."""
        if seconds > 0:

            async def wait() -> None:
                await self.engine.loop.sleep(seconds, "a function")

            self.engine.run(wait, "a function")

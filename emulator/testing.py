"""What a test holds: one emulator in an account of its own, under virtual time, without a server of its own.

The pytest fixture hands it out; anything else may make one too.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from asl_interpreter.engine import never
from asl_interpreter.jsontext import JSON
from emulator import arns, moto_door
from emulator.bench.asynchronous import as_function, beside
from emulator.bench.clock import TestClock
from emulator.bench.decorating import Target, around
from emulator.bench.options import InvalidOption, Options
from emulator.bench.surroundings import surroundings
from emulator.clients import Clients
from emulator.control import Control
from emulator.endpoint import account_of, answer
from emulator.injection.arranging import Arranging
from emulator.injection.rules import FaultRules
from emulator.integrations.mocks import Mocks
from emulator.interception import answered_by, world_answer
from emulator.settings import Settings
from emulator.wire.credentials import DEFAULT_ACCOUNT, credential
from emulator.wire.protocol import Call, Environ, Response
from emulator.wiring import Lasting, leave_moto, meet_moto

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from asl_interpreter.coverage import Coverage
    from asl_interpreter.definition import Machine
    from emulator.bench.definitions import Definition
    from emulator.bench.execution import Execution
    from emulator.bench.handles import Started
    from emulator.bench.policies import MachinePolicy
    from emulator.bench.replaying import Replayed
    from emulator.bench.runs import Runs
    from emulator.permissions.guard import Denial
    from emulator.world import World

ROLE: Final = "dynastep"
OPEN: Final[list[Dynastep]] = []
"""The emulators that are open, the one that began last at the end."""
_OF_A_TEST: Final = (
    *("DYNASTEP_MOCK_CONFIG", "SFN_MOCK_CONFIG"),
    *("DYNASTEP_DYNAMODB_WORDING", "DYNASTEP_DYNAMODB_DELAYS", "DYNASTEP_DYNAMODB_THROTTLING"),
)
"""The variables that a test's emulator reads; others are for the server."""


class Dynastep(Clients, Arranging):
    """The emulator of one test: the fixture ``dynastep``."""

    def __init__(self, control: Control, account: str, region: str, url: Callable[[], str], mocks: Mocks) -> None:
        super().__init__(control, account, region, url)
        self._mocks = mocks
        self.clock = TestClock(control)

    def __repr__(self) -> str:
        return f"<Dynastep account {self.account} in {self.region}>"

    @property
    def _world(self) -> World:
        return self._control.world

    @cached_property
    def _runs(self) -> Runs:
        from emulator.bench.runs import Runs  # with all that runs machines, which a test of tables alone does not need

        return Runs(lambda: self._world, self._call, self._mocks, ROLE)

    def function(self, name: str, function: Callable[..., Any]) -> str:
        """Make a Lambda function from a Python callable, and return its ARN.

        The callable takes the event, and the context if it has a second parameter. The callable may be ``async def``;
        each call then has an event loop of its own.
        """
        arn = arns.function(self.account, self.region, name)
        self._world.lambdas.callables.register(arn, as_function(function))
        return arn

    def snapshot(self, name: str = "snapshot") -> None:
        """Take a snapshot of everything: tables, machines, executions, other services, the time.

        Raises:
            CannotKeep: the state of a service cannot be kept; the message names the service.
        """
        self._control.take_snapshot(name)

    def restore(self, name: str = "snapshot") -> None:
        """Put everything back as it was when the snapshot was taken. Executions that ran then go on from there.

        Raises:
            UnknownSnapshot: there is no snapshot of this name.
        """
        self._control.restore_snapshot(name)

    def run(
        self,
        definition: Definition,
        input: JSON = None,  # noqa: A002 - AWS's word
        name: str | None = None,
        *,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",  # noqa: A002 - AWS's word
        substitutions: Mapping[str, JSON] | None = None,
    ) -> Execution:
        """Run a machine to its end, and return the execution.

        ``definition`` is a value, text in JSON or YAML, a ``Path``, or the ARN of a machine. ``substitutions`` replace
        ``${Name}`` in the text: ``substitutions={"Name": "value"}``. ``substitutions`` and ``type`` are not for an ARN.

        Raises:
            Fault: AWS would refuse the definition or the input.
            TypeError, ValueError: a value is no JSON, such as a set, a Decimal or NaN; or a substitution is unused.
            Deadlock: the execution waits for something that never comes, such as a task token.
        """
        __tracebackhide__ = True
        try:
            return self._runs.start(definition, input, name, type, substitutions).result()
        except self._runs.mistakes as error:
            raise error.with_traceback(None) from None  # what is wrong is in the test: no frame of ours explains it

    def start(
        self,
        definition: Definition,
        input: JSON = None,  # noqa: A002 - AWS's word
        name: str | None = None,
        *,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",  # noqa: A002 - AWS's word
        substitutions: Mapping[str, JSON] | None = None,
    ) -> Started:
        """Start a machine with the arguments of ``run``, and return the running execution.

        The test moves the execution on: ``advance_to``, ``token``, ``stop``, ``result`` and more.

        Raises:
            Fault, TypeError, ValueError: as ``run``.
        """
        __tracebackhide__ = True
        try:
            return self._runs.start(definition, input, name, type, substitutions)
        except self._runs.mistakes as error:
            raise error.with_traceback(None) from None

    async def arun(
        self,
        definition: Definition,
        input: JSON = None,  # noqa: A002 - AWS's word
        name: str | None = None,
        *,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",  # noqa: A002 - AWS's word
        substitutions: Mapping[str, JSON] | None = None,
    ) -> Execution:
        """Run a machine to its end, as ``run`` does, without blocking the event loop of the test."""
        __tracebackhide__ = True
        return await beside(self.run, definition, input, name, type=type, substitutions=substitutions)

    def machine(
        self,
        definition: Definition,
        logical_name: str | None = None,
        *,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",  # noqa: A002 - AWS's word
        substitutions: Mapping[str, JSON] | None = None,
        role: str | None = None,
    ) -> str:
        """Make a state machine from a definition, and return its ARN.

        ``definition`` is as for ``run``, or the ``Path`` of a template of SAM, CloudFormation, CDK or Serverless, or of
        a Terraform plan in JSON. ``logical_name`` chooses the machine in a template of several; the template has the
        type.

        ``role`` is the ARN of the machine's role. The default, the role ``dynastep``, must exist only with the option
        ``iam``.

        Raises:
            Fault, TypeError, ValueError: as ``run``; or the template has no such machine.
        """
        __tracebackhide__ = True
        try:
            return self._runs.machine(definition, type, substitutions, logical_name, role)
        except self._runs.mistakes as error:
            raise error.with_traceback(None) from None

    def role(
        self,
        *policies: MachinePolicy | Mapping[str, JSON],
        name: str = ROLE,
        trusts: str = "states.amazonaws.com",
        boundary: Mapping[str, JSON] | None = None,
    ) -> str:
        """Make a role that the service ``trusts`` may assume, and return its ARN.

        If the role exists, its policies are replaced. A policy is a document, or a result of ``policy``. ``boundary``,
        a document, is the permissions boundary.
        """
        from emulator.bench.roles import make_role  # which few tests need

        return make_role(self.client("iam"), name, policies, trusts, boundary)

    def through(self, vpc_endpoint: str) -> AbstractContextManager[None]:
        """Send the requests of clients through a VPC endpoint, within ``with dynastep.through("vpce-1a2b"):``.

        Raises:
            ValueError: there is no such endpoint, or the option ``iam`` is ``off``.
        """
        from emulator.actors import through  # with IAM, which few tests ask

        return through(self._world.guard, vpc_endpoint, self.account, self.region)

    def denials(self) -> list[Denial]:
        """The requests that IAM has refused in this test, or would have refused: the last thousand.

        The list is empty if the option ``iam`` is ``off``.
        """
        return [] if self._world.guard is None else list(self._world.guard.denials)

    def recorded(self, cassette: Path | str, definition: Definition | None = None) -> Execution:
        """An execution made from the history of an execution on AWS, for ``at`` and ``again``.

        The arguments and errors are those of ``replay``.
        """
        return self._runs.recorded(cassette, definition)

    def execution_arns(self) -> list[str]:
        """The ARNs of ``executions()``."""
        return list(self._runs.known())

    def executions(self) -> list[Execution]:
        """The executions of this account and region as they are now, in the order of their start.

        The list has the executions of ``run`` and ``start``, and all executions of STANDARD machines.
        """
        return self._runs.now()

    def definition_of(self, execution: Execution) -> tuple[str, Machine]:
        """The definition that an execution runs: the text of its state machine, and what was read from it."""
        return self._runs.definition_of(execution)

    def settle(self) -> None:
        """Let virtual time pass until nothing more happens by itself."""
        self._world.engine.ask(lambda: None, never)

    def policy(self, machine: Definition | Execution) -> MachinePolicy:
        """The least IAM policy for the role of a state machine. ``print(policy)`` shows the policy.

        The policy of a machine, given by its ARN or a definition, covers all Tasks. A name that a Task computes is a
        wildcard, unless executions in this test show the name. The policy of an execution covers only the calls of that
        execution.

        Raises:
            Fault, TypeError, ValueError: as ``run``; or there is no such machine.
        """
        return self._runs.policy(machine, self.client)

    def replay(self, cassette: Path | str, definition: Definition | None = None) -> Replayed:
        """Run a definition against the answers of a recorded execution.

        ``cassette`` is a file of ``dynastep record`` or of ``aws stepfunctions get-execution-history``, or the text of
        such a file. ``definition`` is a file, JSON text or a value; the default is the definition in the cassette.

        Raises:
            CannotReplay: the history does not have one whole execution, or there is no definition.
            InvalidCassette: the text is no history.
            InvalidDefinition: AWS would refuse the definition.
        """
        return self._runs.replay(cassette, definition)

    def _call(self, operation: str, params: dict[str, JSON]) -> Call:
        return Call("stepfunctions", operation, params, self.account, self.region, "")


class Controls(Control):
    """The tests of one process, each with an account, its control and its world, behind one server."""

    def __init__(self) -> None:
        super().__init__(Settings())
        self._tests: dict[str, Control] = {}
        self._count = itertools.count(1)
        self._chosen: set[str] = set()
        """The accounts that no option has named. Clients that modules made in earlier tests still have such keys."""

    def is_over(self, account: str) -> bool:
        """Whether an account was chosen for a test that has ended: nobody means that account any more."""
        return account in self._chosen and account not in self._tests

    def of(self, account: str) -> Control:
        """The control of a test, by its account; any other account is in the world of the test that began last."""
        return self._tests.get(account, self.latest)

    @property
    def is_open(self) -> bool:
        """Whether any test has an emulator."""
        return bool(self._tests)

    @property
    def latest(self) -> Control:
        """The control of the test that began last, of those that go on: a request for it has no access key."""
        return next(reversed(list(self._tests.values())), self)

    @property
    def default_account(self) -> str:
        """The account of the test that began last: a client with the keys ``testing`` means that test."""
        return next(reversed(list(self._tests)), super().default_account)

    def open(
        self, options: Options, mocks: Mocks, coverage: dict[str, Coverage] | None
    ) -> tuple[str, Control, set[str]]:
        """A new account, the control of its world, and which accounts live there; a reset leaves others alone.

        Raises:
            InvalidOption: the options name the account of an emulator that is open.
        """
        if options.account in self._tests:
            raise InvalidOption(
                f"The option account is {options.account!r}: an open emulator has this account already."
            )
        free = (account for number in self._count if (account := f"{number:012}") not in self._tests)
        account = options.account or next(free)
        if options.account is None:
            self._chosen.add(account)
        moto_door.repeat_ids(options.seed)
        given = Lasting.of(
            *(options.settings, _url, mocks, FaultRules()),
            coverage=coverage,
            starts=options.starts,
            seed=options.seed,
        )
        accounts = {account}

        def forget() -> None:
            for each in accounts:
                moto_door.forget(each)

        control = self._tests[account] = Control(given, forget, lambda: frozenset(accounts))
        return account, control, accounts

    def shut(self, account: str) -> None:
        """End the world of an account."""
        self._tests.pop(account).close()
        moto_door.forget(account)
        if not self.is_open:
            leave_moto()


@cache
def _controls() -> Controls:
    return Controls()


@cache
def _url() -> str:
    """Where this process serves, from the first test on until it ends."""
    from emulator.server import serve_when_called

    def make_app() -> WSGIApplication:
        from emulator.app import create_app

        return create_app(_controls())

    return serve_when_called(make_app)


class emulator(AbstractContextManager["Dynastep"]):  # noqa: N801 - it is called as a function is
    """An emulator in a new account. While the emulator is open, it answers every AWS call of this process.

    ``emulator()`` is a context manager: ``with emulator() as dynastep:``. ``emulator()`` also decorates a function or a
    class. Each test then has an emulator of its own, as the argument ``dynastep`` if the test has this parameter.

    Other processes find it by the environment, which points every AWS SDK at ``url``. ``coverage``, if given, is where
    what executions do is counted: text of a definition -> counts. The options are those of the marker: ``region``,
    ``account``, ``starts``, ``clock``, ``quotas``, ``functions``, ``functions_cluster``, ``wording``,
    ``delays``, ``throttling``, ``seed``, ``let_through``.

    Raises:
        InvalidOption: there is no such option, or it cannot have this value.
    """

    def __init__(self, *, coverage: dict[str, Coverage] | None = None, **options: Any) -> None:
        self._coverage = coverage
        self._options = Options.read(options, {name: os.environ.get(name, "") for name in _OF_A_TEST})
        self._open: list[AbstractContextManager[Dynastep]] = []

    def __enter__(self) -> Dynastep:
        opened = _opened(self._options, self._coverage)
        emulated = opened.__enter__()
        self._open.append(opened)
        return emulated

    def __exit__(self, *error: Any) -> None:  # noqa: PYI036 - handed on
        self._open.pop().__exit__(*error)

    def __call__(self, target: Target) -> Target:
        """A test, or a class of tests, each with an emulator of its own."""
        return around(target, lambda: _opened(self._options, self._coverage))


@contextmanager
def _opened(options: Options, coverage: dict[str, Coverage] | None) -> Iterator[Dynastep]:
    meet_moto(lambda account: _controls().of(account).world, lambda: _controls().is_open)  # another may have since
    mocks = Mocks()
    account, control, accounts = _controls().open(options, mocks, coverage)
    respond = partial(_answer_in, control, accounts)
    try:
        with (
            surroundings(account, options.region, _url()),
            answered_by(world_answer(respond, account, _names_an_account), options.let_through),
        ):
            dynastep = Dynastep(control, account, options.region, _url, mocks)
            OPEN.append(dynastep)
            try:
                yield dynastep
            finally:
                dynastep.clock.freeze_python = False
            dynastep.check_mocks()
    finally:
        OPEN[:] = [each for each in OPEN if each.account != account]
        _controls().shut(account)
        for other in accounts - {account}:
            moto_door.forget(other)


def _answer_in(control: Control, accounts: set[str], environ: Environ, body: bytes) -> Response:
    """Answer a request of any account in the world of one test, and remember the account."""
    accounts.add(account_of(control, credential(environ)))
    return answer(control, environ, body)


def _names_an_account(key: str) -> bool:
    """Whether an access key is an account that may be meant, or was issued by IAM or STS here."""
    if len(key) == len(DEFAULT_ACCOUNT) and key.isdigit():
        return not _controls().is_over(key)
    return moto_door.issuer(key) is not None

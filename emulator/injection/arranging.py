"""Arranging: what a test says of its Tasks and of calls before they are made, mocks and faults."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from emulator.injection.rules import Faults, make_faults
from emulator.integrations.mocks import Answer, Checked, Mock, Mocks, mode_of, steps_of
from emulator.integrations.selection import Selection, When

if TYPE_CHECKING:
    from emulator.world import World


class Arranging:
    """What a test does with mocks and faults of its emulator."""

    _mocks: Mocks

    @property
    def _world(self) -> World:
        raise NotImplementedError

    def mock(
        self,
        task: str,
        *answers: Answer,
        when: When = None,
        machine: str | None = None,
        checked: Checked = True,
        optional: bool = False,
    ) -> Mock:
        """Have a Task get these answers in place of its service's; ``calls`` of what this returns is what it asked.

        ``task`` is the name of its state, its place or path (``"Each/Ship"``, ``"Each[2]/Ship"``), its Resource (such
        as ``glue:startJobRun.sync``), or a pattern (such as ``dynamodb:*``). ``when`` says of which arguments: a part
        of their members, a compiled regular expression, or a callable; ``machine`` is the name of the only state
        machine that is meant. One answer is for every attempt; of several each is for one, in every execution.
        An answer is a JSON value, a ``StateError``, ``Later`` for time that it takes, or a callable that makes one of
        these of the arguments. A value that the service could not answer is refused, as TestState does: ``checked`` is
        ``"strict"`` (or True), ``"present"`` or ``"none"`` (or False). A mock that is never used fails the test unless
        it is ``optional``.

        Without answers here, ``.throws("Card.Busy", times=2).then_returns(value, after="3s")`` gives them in steps.

        Raises:
            TypeError, ValueError: an answer is not JSON, or there is no such mode.
        """
        steps = steps_of(answers) if answers else ()
        selection = Selection(task, machine, when)
        mock = Mock(f"The mock of {task!r}", selection, steps, mode_of(checked), optional)
        return self._mocks.add(mock)

    def faults(
        self,
        target: str,
        *,
        error: str | None = None,
        message: str = "",
        delay: float | str = 0,
        rate: float = 1.0,
        seed: int = 0,
        times: int | None = None,
        calls: Collection[int] | None = None,
        lasting: bool = False,
        when: When = None,
        machine: str | None = None,
        optional: bool = False,
    ) -> Faults:
        """Have calls fail or come late: of Tasks and of clients; ``hits`` of what this returns says which were hit.

        ``target`` is an operation, such as ``dynamodb:PutItem``, ``dynamodb:*`` or ``lambda:Invoke``, or the Task of a
        state by name, place or path. Of the calls that it meets, those numbered in ``calls`` (all, unless they are
        given) are hit at ``rate``, as ``seed`` chooses, ``times`` times at most. With ``lasting`` a Task that was hit
        fails at every later attempt of its execution. See docs/faults.md.

        Raises:
            InvalidFault: there is no such operation or error, or a number is none.
        """
        __tracebackhide__ = True
        rule = make_faults(
            target,
            error=error,
            message=message,
            delay=delay,
            rate=rate,
            seed=seed,
            times=times,
            calls=calls,
            lasting=lasting,
            when=when,
            machine=machine,
            optional=optional,
        )
        return self._world.faults.add(rule)

    def allow_unused(self) -> None:
        """Have no mock, and no fault, be wrong because it was not used."""
        for mock in self._mocks:
            mock.optional = True
        for rule in self._world.faults:
            rule.optional = True

    def take_verdict(self) -> str:
        """What was wrong with mocks and faults, for people, once: ``check_mocks`` does not say it again."""
        verdicts = (self._mocks.take_verdict(), self._world.faults.take_verdict())
        return "\n".join(verdict for verdict in verdicts if verdict)

    def check_mocks(self) -> None:
        """See that every mock was used, and used well, and every fault met. The fixture does so when the test is over.

        Raises:
            AssertionError: one was not; the message says what was mocked and what was called.
        """
        __tracebackhide__ = True
        verdict = self.take_verdict()
        if verdict:
            raise AssertionError(verdict)

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
        """Answer a Task in place of its service. ``calls`` of the returned mock has the arguments of each call.

        ``task`` is the name of a state, its place or path (``"Each/Ship"``, ``"Each[2]/Ship"``), a Resource (such as
        ``glue:startJobRun.sync``), or a pattern (such as ``dynamodb:*``). ``machine`` limits the mock to the state
        machine of this name. ``when`` limits the mock to calls with certain arguments: some of their members, a
        compiled regular expression, or a callable.

        An answer is a JSON value, a ``StateError``, ``Later`` for an answer that takes time, or a callable that makes
        an answer from the arguments. A single answer is for every attempt. Of several answers, each is for one attempt,
        in every execution. Without answers here, the steps of the mock have them: ``.throws("Card.Busy",
        times=2).then_returns(value, after="3s")``.

        A value that the service could not answer is refused, as in TestState: ``checked`` is ``"strict"`` (or True),
        ``"present"`` or ``"none"`` (or False). A mock that is never used fails the test, unless the mock is
        ``optional``.

        Raises:
            TypeError, ValueError: an answer is not JSON, or ``checked`` has no such value.
        """
        __tracebackhide__ = True
        try:
            steps, mode = steps_of(answers) if answers else (), mode_of(checked)
        except (TypeError, ValueError) as error:
            raise error.with_traceback(None) from None  # what is wrong is in the test: no frame of ours explains it
        return self._mocks.add(Mock(f"The mock of {task!r}", Selection(task, machine, when), steps, mode, optional))

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
        """Make calls of Tasks and clients fail or come late. ``hits`` of the fault lists the calls that were hit.

        ``target`` is an operation, such as ``dynamodb:PutItem``, ``dynamodb:*`` or ``lambda:Invoke``, or the Task of a
        state, by name, place or path. ``calls`` has the numbers of the calls that may be hit, from 0; the default is
        all calls. ``rate`` of these are hit, as ``seed`` chooses, at most ``times`` calls. With ``lasting``, a Task
        that was hit fails at every later attempt of its execution.

        Raises:
            InvalidFault: there is no such operation or error, or a number is out of range.
        """
        __tracebackhide__ = True
        try:
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
        except (TypeError, ValueError) as wrong:
            raise wrong.with_traceback(None) from None
        return self._world.faults.add(rule)

    def allow_unused(self) -> None:
        """Let the test pass although a mock or a fault was not used."""
        for mock in self._mocks:
            mock.optional = True
        for rule in self._world.faults:
            rule.optional = True

    def take_verdict(self) -> str:
        """What was wrong with mocks and faults, for people, once: ``check_mocks`` does not say it again."""
        verdicts = (self._mocks.take_verdict(), self._world.faults.take_verdict())
        return "\n".join(verdict for verdict in verdicts if verdict)

    def check_mocks(self) -> None:
        """Check that every mock was used as it was meant, and that every fault met a call.

        The fixture checks this at the end of the test.

        Raises:
            AssertionError: a mock or a fault was not; the message lists mocks and calls.
        """
        __tracebackhide__ = True
        verdict = self.take_verdict()
        if verdict:
            raise AssertionError(verdict)

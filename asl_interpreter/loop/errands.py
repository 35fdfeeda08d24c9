"""Errands to the outside and questions from there: where other threads meet the loop.

An ``Errand`` is done for a fiber, on a thread of its own if it may block. A ``Question`` is what another thread wants
to know.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, Literal, TypeVar

from .locks import lock
from .signals import Signal

T = TypeVar("T")

MAX_WORKERS: Final = 512
IDLE_SECONDS: Final = 5.0
"""Real seconds that an idle worker thread is kept."""
RANK: Final = 95


class Closed(RuntimeError):
    """The loop has ended, or ends before it has answered."""


class Errand(Signal[T]):
    """A function of the outside that the loop has called for a fiber, on a thread of its own if it may block."""

    __slots__ = ("_function", "apart", "asking", "began", "blocking", "named", "outcome", "traced")

    def __init__(self, function: Callable[[], T], name: str, *, blocking: bool, apart: bool) -> None:
        super().__init__(name)
        self._function = function
        self.blocking = blocking
        self.apart = apart
        """Whether it runs in another process, where it may run beside others: then only looks wait for it."""
        self.began: float | None = None
        """When it was begun, in real (monotonic) seconds."""
        self.named = False
        """Whether the log says that it holds virtual time."""
        self.asking: set[Question[Any]] = set()
        """What it waits for from the loop: then the world does not owe us an answer, we owe it one."""
        self.traced = False
        """Whether whatever it asks the loop, on whichever thread, is known to be asked by it."""
        self.outcome: Callable[[Errand[T]], None] | None = None
        """What then has to be done with this errand on the loop; it does not hold the errand in a circle."""

    def run(self) -> None:
        """Call the function, which gives the outcome."""
        try:
            value = self._function()
        except BaseException as error:  # noqa: BLE001 - raised in the fiber that awaits the errand
            failure = error
            self.outcome = lambda errand: errand.fail(failure)
        else:
            self.outcome = lambda errand: errand.set(value)


class Workers:
    """Daemon threads for what blocks: as many as jobs are under way, but no more than ``most``; kept a while."""

    def __init__(self, most: int = MAX_WORKERS) -> None:
        self._most = most
        self._jobs: deque[Callable[[], None]] = deque()
        self._news = threading.Condition(lock("the jobs of the workers", RANK))
        self._idle = 0
        self._threads = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run the job on some thread."""
        with self._news:
            self._jobs.append(job)
            self._news.notify()
            if self._idle >= len(self._jobs) or self._threads >= self._most:
                return
            self._threads += 1
        threading.Thread(target=self._work, name="dynastep-worker", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._news:
                self._idle += 1
                self._news.wait_for(lambda: self._jobs, timeout=IDLE_SECONDS)
                self._idle -= 1
                if not self._jobs:
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
            job()
            del job  # with what it has brought: the next one may be long in coming


workers = Workers()
current = threading.local()
"""``errand``: what this thread does for a loop; ``loop``: for which one."""


def trace() -> None:
    """Say that whatever the errand of this thread asks the loop meanwhile is known to be asked by it, on any thread.

    A look of somebody else then waits for the errand, however long it takes on a busy machine.
    """
    errand: Errand[Any] | None = getattr(current, "errand", None)
    if errand is not None:
        errand.traced = True


class Question(Generic[T]):
    """Something that another thread wants to know from the loop."""

    __slots__ = (
        "_answered",
        "_asker",
        "_error",
        "_question",
        "_then",
        "_value",
        "done",
        "expires",
        "settling",
        "target",
        "when_idle",
    )

    def __init__(
        self,
        question: Callable[[], T],
        asker: Errand[Any] | None,
        *,
        done: Callable[[], bool] = lambda: False,
        when_idle: Literal["answer", "deadlock", "wait"] = "answer",
        target: float | None = None,
        expires: float = math.inf,
        settling: bool = False,
        then: Callable[[Question[T]], None] | None = None,
    ) -> None:
        self._question = question
        self._asker = asker
        """The errand from within which the question comes."""
        self.done = done
        """Whether it is time to answer."""
        self.when_idle = when_idle
        """What to do when nothing can move any more; ``deadlock`` also says that nobody else can help."""
        self.target = target
        """How far the clock may move for it, if not as far as it takes."""
        self.expires = expires
        """The real (monotonic) time when it is answered anyway."""
        self.settling = settling
        """Whether it waits for nothing that runs apart."""
        self._then = then
        """Called with it once it is answered, if nobody waits for that."""
        self._answered = threading.Event()
        self._value: T = None  # type: ignore[assignment]  # read only once answered
        self._error: BaseException | None = None

    def asked(self) -> None:
        """Note that the asker waits; part of posting the question."""
        if self._asker is not None:
            self._asker.asking.add(self)

    def answer(self) -> None:
        """Find the answer, on the loop, and hand it back."""
        self.find()
        self.hand_back()

    def find(self) -> None:
        """Find the answer, on the loop."""
        try:
            self._value = self._question()
        except BaseException as error:  # noqa: BLE001 - raised in the thread that asks
            self._error = error

    def refuse(self, error: BaseException) -> None:
        """Raise an error where the answer is waited for."""
        self._error = error
        self.hand_back()

    def hand_back(self) -> None:
        """Let whoever waits for the answer have it."""
        if self._asker is not None:
            self._asker.asking.discard(self)
        first, self._then = self._then, None
        self._answered.set()
        if first is not None:
            first(self)

    def result(self) -> T:
        """Wait for the answer; what finding it raised is raised here."""
        self._answered.wait()
        if self._error is not None:
            raise self._error
        return self._value

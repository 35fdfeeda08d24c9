"""What an execution waits for, state by state, and what a test may do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from emulator.bench.visits import Visit

Reason: TypeAlias = Literal["time", "retry", "token", "activity", "job", "answer"]

_MOVE_TIME: Final = (
    "dynastep.clock.advance(seconds=...) while it runs, which dynastep.start(...) does in place of run(...)"
)
_REMEDIES: Final[dict[Reason, tuple[str, str]]] = {
    "time": (_MOVE_TIME, 'dynastep.clock.mode = "virtual", under which time passes by itself'),
    "retry": (_MOVE_TIME, 'dynastep.clock.mode = "virtual", under which time passes by itself'),
    "token": (
        "a mock of it, dynastep.mock({name!r}, ...)",
        "dynastep.start(...) in place of run(...), then .token({name!r}).succeed(...)",
    ),
    "activity": (
        "a mock of it, dynastep.mock({name!r}, ...)",
        "a worker: a thread that calls GetActivityTask and SendTaskSuccess while it runs",
    ),
    "job": (
        "a mock of it, dynastep.mock({name!r}, ...)",
        "an end of what it waits for: dynastep.start(...) in place of run(...), then the call that ends it",
    ),
    "answer": ("a mock of it, dynastep.mock({name!r}, ...)", "a TimeoutSeconds in its definition"),
}
"""What helps, by what is waited for: the two usual ways."""


class Waiting(NamedTuple):
    """A state that waits."""

    state: str
    """Its path: ``Each[2]/Approve``."""
    type: str
    reason: Reason
    what: str
    """What it waits for, in words: ``its task token``."""


def waiting(visits: Sequence[Visit]) -> list[Waiting]:
    """The states that are open and wait, those inside Parallel states and Maps rather than these."""
    around = {id(visit.inside) for visit in visits if visit.status == "RUNNING" and visit.inside is not None}
    return [_waiting(visit) for visit in visits if visit.status == "RUNNING" and id(visit) not in around]


def _waiting(visit: Visit) -> Waiting:
    reason, what = _reason(visit)
    return Waiting(visit.path, visit.type, reason, what)


def _reason(visit: Visit) -> tuple[Reason, str]:
    if visit.type == "Wait":
        return "time", "its time to come"
    last = visit.attempts[-1] if visit.attempts else None
    if last is None:
        return "answer", "what runs inside it" if visit.type in ("Map", "Parallel") else "its turn"
    if last.ended_at is not None:
        return "retry", f"attempt {len(visit.attempts) + 1}"
    if last.service.endswith(".waitForTaskToken"):
        return "token", "its task token"
    if ":activity:" in last.service:
        return "activity", f"a worker of the activity {last.service.rpartition(':')[2]}"
    if ".sync" in last.service:
        return "job", f"the end of its job, {last.service}"
    return "answer", f"the answer of {last.service}"


def helps(states: Sequence[Waiting], clock: str) -> Iterator[str]:
    """What each state waits for, in words, and the two usual remedies."""
    for state in states:
        manual = ", and the clock is manual" if clock == "manual" and state.reason in ("time", "retry") else ""
        yield f"  {state.state!r} ({state.type}) waits for {state.what}{manual}."
        own = state.state.rpartition("/")[2]
        one, other = (remedy.format(name=own) for remedy in _REMEDIES[state.reason])
        yield f"    Helps: {one};"
        yield f"    or {other}."

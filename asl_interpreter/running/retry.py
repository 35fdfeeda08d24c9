"""What happens after a failure: again after a delay, caught, or uncaught. Pure.

Source: Amazon States Language specification, "Retrying after error" and "Fallback states".
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ..definition import MAX_DELAY_SECONDS, Catcher, Retrier
from ..errors import ALL, HEARTBEAT_TIMEOUT, AnswerTooLarge, HeartbeatTimeout, StateError, matches


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after so many seconds. ``attempts`` counts what each Retrier has been used for since."""

    after: float
    attempts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Caught:
    """Go on at the Catcher's state."""

    by: Catcher


@dataclass(frozen=True, slots=True)
class Uncaught:
    """The state fails."""


Decision: TypeAlias = Again | Caught | Uncaught


def decide(
    failure: StateError,
    retriers: Sequence[Retrier],
    catchers: Sequence[Catcher],
    attempts: tuple[int, ...],
    rng: random.Random,
) -> Decision:
    """The first Retrier that names the error decides; when it is used up, the first Catcher that does."""
    for index, retrier in enumerate(retriers):
        if _handles(retrier.error_equals, failure):
            if attempts[index] >= retrier.max_attempts:
                break
            used = (*attempts[:index], attempts[index] + 1, *attempts[index + 1 :])
            return Again(delay(retrier, attempts[index], rng), used)
    for catcher in catchers:
        if _handles(catcher.error_equals, failure):
            return Caught(catcher)
    return Uncaught()


def _handles(error_equals: Sequence[str], failure: StateError) -> bool:
    match failure:
        case HeartbeatTimeout() if HEARTBEAT_TIMEOUT in error_equals:
            return True
        case AnswerTooLarge() if ALL in error_equals:
            return True
    return matches(error_equals, failure.error)


def delay(retrier: Retrier, attempt: int, rng: random.Random) -> float:
    """Seconds before the retry that follows ``attempt`` earlier ones. FULL jitter takes any time from 0 to that."""
    try:
        seconds = retrier.interval_seconds * retrier.backoff_rate**attempt
    except OverflowError:
        seconds = MAX_DELAY_SECONDS
    seconds = min(seconds, retrier.max_delay_seconds)
    return rng.uniform(0, seconds) if retrier.full_jitter else seconds

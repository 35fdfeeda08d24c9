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
    number = first_naming(retriers, failure)
    if number is not None and attempts[number] < retriers[number].max_attempts:
        used = (*attempts[:number], attempts[number] + 1, *attempts[number + 1 :])
        return Again(delay(retriers[number], attempts[number], rng), used)
    number = first_naming(catchers, failure)
    return Uncaught() if number is None else Caught(catchers[number])


def first_naming(rules: Sequence[Retrier | Catcher], failure: StateError) -> int | None:
    """The number of the first Retrier or Catcher that names an error; None if none does."""
    return next((number for number, rule in enumerate(rules) if _handles(rule.error_equals, failure)), None)


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

"""Which calls a fault hits, and how often.

A fault is for an operation of a service (``dynamodb:PutItem``, ``dynamodb:*``, ``*:*``), whoever calls it, or for the
Task of a state (``Charge``, ``Each/Ship``, ``Each[1]/Ship``). Of the calls that it meets it hits those that its numbers
name, and of these as many as its rate says; the choice comes from the seed, so the same calls are hit in every run.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from asl_interpreter.errors import OURS
from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.locks import lock
from asl_interpreter.tasks import LONGEST_LATER, TaskRequest
from emulator.injection.errors import OF_DYNAMODB, OF_FUNCTIONS, refusals_of
from emulator.integrations.mocks import duration
from emulator.integrations.selection import Selection, Spot, When, holds
from emulator.suggestions import unknown
from emulator.wire.loading import installed

_OPERATION: Final = re.compile(r"([\w*-]+):([\w*]+)")


class InvalidFault(ValueError):
    """The arguments of a fault are wrong. The message says why."""


class Hit(NamedTuple):
    """A call that was hit."""

    number: int
    """The number of the call among those that the fault has met, from 0."""
    what: str
    """The operation, ``dynamodb:PutItem``, or the place of the state."""
    arguments: JSON


@dataclass(slots=True, eq=False)
class Faults:
    """Errors or delays that hit some calls."""

    target: str
    """An operation, with ``*`` for any name, or the Task of a state."""
    error: str | None = None
    message: str = ""
    """The text of the error; the default is the service's own text."""
    delay: float = 0.0
    """Seconds of the machine before the call is made, or fails."""
    rate: float = 1.0
    """The share of calls that are hit, more than 0 and at most 1."""
    seed: int = 0
    times: int | None = None
    """The largest number of calls that are hit."""
    calls: frozenset[int] | None = None
    """The numbers of the calls that may be hit, from 0; None for all calls."""
    lasting: bool = False
    """Whether a Task that was hit is hit at every later attempt of its execution (in a Map: for the same item)."""
    when: When = None
    machine: str | None = None
    optional: bool = False
    """Whether the test may end without a call that the fault meets."""
    met: int = 0
    """The number of calls that the fault has met."""
    hits: list[Hit] = field(default_factory=list)
    stopped: bool = False
    complaints: dict[str, None] = field(default_factory=dict)
    """What was wrong with it."""
    _operation: re.Pattern[str] | None = None
    """What the operations are like; None where a state is named."""
    _selection: Selection = field(init=False)
    _random: random.Random = field(init=False)
    _hit: set[tuple[object, ...]] = field(default_factory=set)
    """The Tasks that were hit."""

    def __post_init__(self) -> None:
        """Check the fields.

        Raises:
            InvalidFault: there is no such service, operation or error, or a number is out of range.
        """
        if self.error is None and not self.delay:
            raise InvalidFault(f"The fault of {self.target!r} does nothing: it needs an error or a delay.")
        if not 0 < self.rate <= 1:
            raise InvalidFault(f"The rate of a fault is more than 0 and at most 1, not {self.rate!r}.")
        if self.times is not None and self.times < 1:
            raise InvalidFault(f"A fault hits at least once, not {self.times} times.")
        if self.delay < 0:
            raise InvalidFault(f"A fault delays by 0 seconds or more, not {self.delay!r}.")
        if self.delay > LONGEST_LATER:
            raise InvalidFault(f"A fault delays by at most {LONGEST_LATER} seconds, not {self.delay!r}.")
        self._random = random.Random(self.seed)  # noqa: S311 - the same calls are hit in every run
        self._selection = Selection(self.target, self.machine)
        found = _OPERATION.fullmatch(self.target)
        if found is not None:
            self._operation = _checked_operation(found[1], found[2], self.error)
        elif self.error is not None and self.error.startswith(OURS):
            raise InvalidFault(f"No service answers {self.error}: names with {OURS!r} are this emulator's.")

    @property
    def of_function(self) -> bool:
        """Whether functions fail, rather than the calls that invoke them."""
        return self._operation is not None and self.error in OF_FUNCTIONS

    def stop(self) -> None:
        """Hit no more calls."""
        self.stopped = True

    def __enter__(self) -> Faults:  # noqa: PYI034 - Self needs Python 3.11
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def meets_operation(self, service: str, operation: str, params: JSON) -> bool:
        """Whether it is for a call of an operation."""
        return (
            self._operation is not None
            and self._operation.fullmatch(f"{service}:{operation}") is not None
            and (self.error not in OF_DYNAMODB or operation in OF_DYNAMODB[str(self.error)])
            and self._holds(params)
        )

    def concerns(self, name: str, spot: Spot) -> bool:
        """Whether it is for a Task of a machine, by its state."""
        return self._operation is None and self._selection.rank(name, spot) is not None

    def meets_state(self, spot: Spot, request: TaskRequest) -> bool:
        """Whether it is for an attempt at a Task for which it is."""
        return self._selection.takes(spot, request) and self._holds(request.arguments)

    def _holds(self, arguments: JSON) -> bool:
        try:
            return self.when is None or holds(self.when, arguments)
        except Exception as error:  # noqa: BLE001 - a mistake in the test
            self.complaints[f"The fault of {self.target!r}: its 'when' raised {error!r}."] = None
            return False

    def strikes(self, what: str, arguments: JSON, task: tuple[object, ...] | None = None) -> bool:
        """Whether it hits a call that it meets; counts it. ``task`` says whose call it is: execution, place, items."""
        number, self.met = self.met, self.met + 1
        if self.stopped:
            return False
        chosen = self._random.random() < self.rate and (self.calls is None or number in self.calls)
        chosen = chosen and (self.times is None or len(self.hits) < self.times)
        if not chosen and not (self.lasting and task in self._hit):
            return False
        if task is not None:
            self._hit.add(task)
        self.hits.append(Hit(number, what, arguments))
        return True


def _checked_operation(service: str, operation: str, error: str | None) -> re.Pattern[str]:
    """A pattern for operations, by botocore's names, whatever the case of their letters.

    Raises:
        InvalidFault: no operation is like this, or none of them fails so.
    """
    if service in ("apigateway", "http") and operation.casefold() == "invoke":
        raise InvalidFault(f"{service}:{operation} calls no operation of AWS: let its state fail, or mock it.")
    name = service if "*" in service else botocore_name(service)
    pattern = re.compile(".*".join(map(re.escape, f"{name}:{operation}".split("*"))), re.IGNORECASE)
    if "*" in service:
        return pattern
    from emulator.wire.operations import service_model

    operations = service_model(name).operation_names
    fitting = [each for each in operations if pattern.fullmatch(f"{name}:{each}")]
    if not fitting:
        raise InvalidFault(unknown(f"operation of {service}", operation, operations))
    special = {*(OF_DYNAMODB if name == "dynamodb" else ()), *(OF_FUNCTIONS if name == "lambda" else ())}
    if error is not None and error not in special and error not in refusals_of(name):
        raise InvalidFault(unknown(f"error of {service}", error, {*refusals_of(name), *special}))
    if error is not None and error in OF_DYNAMODB and OF_DYNAMODB[error].isdisjoint(fitting):
        raise InvalidFault(f"{error} hits {', '.join(sorted(OF_DYNAMODB[error]))}, not {service}:{operation}.")
    return pattern


@cache
def botocore_name(service: str) -> str:
    """Botocore's name of a service, by that name or by one that Resource ARNs have: ``states`` -> ``stepfunctions``.

    Raises:
        InvalidFault: there is no such service.
    """
    from emulator.integrations import sdk

    known = installed().list_available_services("service-2")
    if service in known:
        return service
    found = sdk.OPTIMIZED[service][2] if service in sdk.OPTIMIZED else sdk.find_service(service)
    if found is None:
        raise InvalidFault(unknown("service", service, known))
    return found


class Strike(NamedTuple):
    """What hits a call."""

    delay: float
    error: str | None
    message: str


class FaultRules:
    """The faults of one world."""

    def __init__(self) -> None:
        self._rules: tuple[Faults, ...] = ()
        self._lock = lock("the faults of a world", 98)
        self._told = False

    def __bool__(self) -> bool:
        return bool(self._rules)

    def __iter__(self) -> Iterator[Faults]:
        return iter(self._rules)

    def add(self, rule: Faults) -> Faults:
        """Have a fault hit calls from now on."""
        self._rules = (*self._rules, rule)  # not in place: others look through it
        return rule

    def clear(self) -> None:
        """Forget all faults."""
        self._rules = ()

    def of_states(self, name: str, spot: Spot) -> list[Faults]:
        """The faults of a Task of a machine, by its state."""
        return [rule for rule in self._rules if rule.concerns(name, spot)]

    def strike_operation(self, service: str, operation: str, params: JSON, *, function: bool = False) -> Strike | None:
        """What hits a call of an operation, by botocore's names; with ``function`` what hits the function invoked."""
        met = [
            rule
            for rule in self._rules
            if rule.of_function == function and rule.meets_operation(service, operation, params)
        ]
        return self._strike(met, f"{service}:{operation}", params)

    def strike_state(self, rules: Collection[Faults], spot: Spot, request: TaskRequest) -> Strike | None:
        """What of some faults hits an attempt at a Task."""
        context: Any = request.context
        task = (context["Execution"]["Id"], spot.place, request.items)
        met = [rule for rule in rules if rule.meets_state(spot, request)]
        return self._strike(met, spot.place, request.arguments, task)

    def _strike(
        self, met: Collection[Faults], what: str, arguments: JSON, task: tuple[object, ...] | None = None
    ) -> Strike | None:
        """Delays add up; of errors the first one counts."""
        if not met:
            return None
        with self._lock:
            hit = [rule for rule in met if rule.strikes(what, arguments, task)]
        if not hit:
            return None
        failing = next((rule for rule in hit if rule.error is not None), None)
        delay = sum(rule.delay for rule in hit)
        return Strike(delay, None, "") if failing is None else Strike(delay, failing.error, failing.message)

    def verdict(self) -> str:
        """Which faults have met no call, though they are not optional, and what was wrong; nothing if all is well."""
        idle = [rule.target for rule in self._rules if not rule.met and not rule.optional]
        complaints = [text for rule in self._rules for text in rule.complaints]
        return "\n".join([*complaints, *(f"The fault of {target!r} has met no call." for target in idle)])

    def take_verdict(self) -> str:
        """The verdict, if it was not told already."""
        told, self._told = self._told, True
        return "" if told else self.verdict()


_FIELDS: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "target": ("a text", (str,)),
    "error": ("a text", (str,)),
    "message": ("a text", (str,)),
    "delay": ('seconds, or a text such as "3s"', (int, float, str)),
    "rate": ("a number", (int, float)),
    "seed": ("a whole number", (int,)),
    "times": ("a whole number", (int,)),
    "calls": ("a list of whole numbers", (list,)),
    "lasting": ("a boolean", (bool,)),
    "when": ("JSON", (object,)),
    "machine": ("a text", (str,)),
    "optional": ("a boolean", (bool,)),
}


def read_faults(document: JSON) -> Faults:
    """A fault from JSON: ``{"target": "dynamodb:*", "error": "ThrottlingException", "rate": 0.1, "seed": 7}``.

    Raises:
        InvalidFault: it is not so.
    """
    if not isinstance(document, dict) or "target" not in document:
        raise InvalidFault('A fault is an object with a "target", such as {"target": "sqs:*", "error": "Throttling"}.')
    for name, value in document.items():
        if name not in _FIELDS:
            raise InvalidFault(unknown("field of a fault", name, _FIELDS))
        wanted, types = _FIELDS[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types and object not in types):
            raise InvalidFault(f'The "{name}" of a fault is {wanted}, not {value!r}.')
    return make_faults(**document)


def make_faults(target: str, *, delay: float | str = 0, calls: Collection[int] | None = None, **others: Any) -> Faults:
    """A fault; ``delay`` may be a text, such as ``"3s"``.

    Raises:
        InvalidFault: it cannot be.
    """
    try:
        seconds = duration(delay)
    except ValueError as error:
        raise InvalidFault(str(error)) from None
    if calls is not None and not all(type(number) is int and number >= 0 for number in calls):
        raise InvalidFault(f"The calls of a fault are numbers from 0, not {sorted(map(repr, calls))}.")
    return Faults(target, delay=seconds, calls=None if calls is None else frozenset(calls), **others)

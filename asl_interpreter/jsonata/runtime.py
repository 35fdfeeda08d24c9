"""What one evaluation holds: its limits and how much of them is used, its scopes, and how it calls functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol, TypeAlias

from .errors import MEMORY_LIMIT, STACK_OVERFLOW, TIMEOUT, EvaluationError
from .values import UNDEFINED, Function, Value


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one evaluation may use before it fails. The defaults are AWS's, as far as they were observed.

    Observed on AWS (us-east-1, August 2026): a chain of 100 additions evaluates and one of 101 overflows the stack;
    ``[1..873782]`` evaluates and one item more exceeds the memory; so does a string of 2^23 characters, not one of
    2^22. AWS stops an evaluation after a second. A clock would make a result depend on the machine, so here the steps
    count: a call of a function, an item that a path or a predicate visits, and what is read or built in bulk by the
    number of its items and characters. One of the expression's own functions counts four times where $map and its like
    call it, and ten times where the expression itself does: only so can it go on for ever. A million steps take about
    a second, on a processor of 2024, and build 16 million items or 256 MB of text at most.
    """

    depth: int = 100
    items: int = 873_782
    characters: int = 8 * 873_782
    steps: int = 1_000_000


class Pace(Protocol):
    """How evaluations share the processor with what else is to be done, and where chance comes from."""

    left: int
    """How many steps may be made before ``pause`` is called."""

    def pause(self) -> int:
        """Let others go on, or give up by an exception; how many steps may be made then."""

    def draw(self) -> Random:
        """Where $random, $shuffle and $uuid draw from."""


class Unhurried:
    """The pace of an evaluation that nobody waits beside."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.left = 1 << 62

    def pause(self) -> int:
        """Go on."""
        return self.left

    def draw(self) -> Random:
        """Where chance comes from."""
        return self._random


Chose: TypeAlias = Callable[[int, bool], None]
"""Takes where in the text a conditional ``a ? b : c`` has its question mark, and whether its condition held."""


class Run:
    """One evaluation of an expression."""

    __slots__ = ("_pause_at", "_until", "chose", "depth", "limits", "now", "pace", "steps", "variables")

    def __init__(
        self, variables: Mapping[str, Value], pace: Pace, now: float, limits: Limits, chose: Chose | None = None
    ) -> None:
        self.variables = variables
        self.pace = pace
        self.now = now
        """Seconds since the epoch."""
        self.limits = limits
        self.chose = chose
        """Told of each conditional, if anybody wants to know."""
        self.depth = 0
        """How deep the node is nested whose function is running: a body's nodes are nested deeper than that."""
        self.steps = 0
        left, most = pace.left, limits.steps
        self._pause_at = left
        self._until = min(most, left)

    @property
    def random(self) -> Random:
        """Where $random, $shuffle and $uuid draw from."""
        return self.pace.draw()

    def spend(self, steps: int) -> None:
        """Count steps against the limit of the evaluation's time."""
        self.steps += steps
        if self.steps > self._until:
            self._pause()

    def _pause(self) -> None:
        while self.steps > self._until:
            if self._until == self.limits.steps:
                raise EvaluationError(None, TIMEOUT)
            self._pause_at += self.pace.pause()
            self._until = min(self._pause_at, self.limits.steps)

    def end(self) -> None:
        """Leave to the next evaluation what is left of the steps before a pause."""
        self.pace.left = self._pause_at - self.steps

    def hold(self, items: int, added: int) -> None:
        """Check the size that an array grows to against the limit of memory, and count the work of what is added."""
        if items > self.limits.items:
            raise EvaluationError(None, MEMORY_LIMIT)
        self.spend(added >> 4)

    def hold_text(self, characters: int) -> None:
        """Check the size of a text against the limit of memory, and count the work it is."""
        if characters > self.limits.characters:
            raise EvaluationError(None, MEMORY_LIMIT)
        self.spend(characters >> 8)

    def descend(self, levels: int) -> None:
        """Check that so many levels may follow below the body that is running."""
        if self.depth + levels > self.limits.depth:
            raise EvaluationError(None, STACK_OVERFLOW)


class Scope:
    """A scope of variables: those it binds, over those of the scope around it."""

    __slots__ = ("names", "parent", "run")

    def __init__(self, names: dict[str, Value], parent: Scope | None, run: Run) -> None:
        self.names = names
        self.parent = parent
        self.run = run

    def lookup(self, name: str) -> Value:
        """The value of a variable: a scope's, else the caller's; UNDEFINED where neither has it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return self.run.variables.get(name, UNDEFINED)


BY_ITSELF: Final = 6
"""Steps that a call of an expression's own function counts in addition where the expression itself makes it."""

Evaluator: TypeAlias = Callable[[Value, Scope], Value]
"""A compiled node: the context it is evaluated in (UNDEFINED for none) and the scope, to its value."""


def call(run: Run, function: Value, arguments: list[Value], context: Value = UNDEFINED) -> Value:
    """Call a function, and then the functions that it ends in calling (tail calls take no depth).

    Raises:
        EvaluationError: T1006 where it is no function; what the function raises.
    """
    if not isinstance(function, Function):
        raise EvaluationError("T1006")
    return finish(run, function.apply(run, arguments, context), context)


def finish(run: Run, result: Value, context: Value) -> Value:
    """Make the calls that a function ended in, if it did, until there is a value."""
    while type(result) is TailCall:
        function = result.function(result.context, result.scope)
        if not isinstance(function, Function):
            raise EvaluationError("T1006")
        arguments = [argument(result.context, result.scope) for argument in result.arguments]
        if type(function) is Lambda:
            run.spend(BY_ITSELF)
        result = function.apply(run, arguments, context)
    return result


def boolean(run: Run, value: Value) -> bool:
    """The effective boolean value. An array is true when any of its items is."""
    if value is True or value is False:
        return value is True
    if isinstance(value, list):
        for place, item in enumerate(value):
            if boolean(run, item):
                run.spend(place >> 3)
                return True
        run.spend(len(value) >> 3)
        return False
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value) and not isinstance(value, Function)


class TailCall:
    """A call that a function ends in, not made yet."""

    __slots__ = ("arguments", "context", "function", "scope")

    def __init__(self, function: Evaluator, arguments: list[Evaluator], context: Value, scope: Scope) -> None:
        self.function = function
        self.arguments = arguments
        self.context = context
        self.scope = scope


class Lambda(Function):
    """A function that the expression itself defines, with the scope and the context that it was defined in."""

    __slots__ = ("arity", "body", "context", "parameters", "scope", "validate")

    def __init__(
        self,
        parameters: list[str],
        body: Evaluator,
        validate: Callable[[list[Value], Value], list[Value]] | None,
        context: Value,
        scope: Scope,
    ) -> None:
        self.arity = len(parameters)
        self.parameters = parameters
        self.body = body
        self.validate = validate
        self.context = context
        self.scope = scope

    def apply(self, run: Run, arguments: list[Value], context: Value) -> Value:
        """Evaluate the body with the parameters bound, those without an argument to nothing."""
        run.spend(4)  # as much as four items that a path visits
        if self.validate is not None:
            arguments = self.validate(arguments, context)
        names = dict(zip(self.parameters, arguments, strict=False))  # superfluous arguments are ignored
        for parameter in self.parameters[len(arguments) :]:
            names[parameter] = UNDEFINED
        return self.body(self.context, Scope(names, self.scope, run))


class Native(Function):
    """A function of the language. ``implementation`` is given the Run and the arguments, UNDEFINED for absent ones.

    ``reads`` says that its work grows with its arguments.
    """

    __slots__ = ("arity", "implementation", "parameters", "reads", "validate")

    def __init__(
        self,
        implementation: Callable[..., Value],
        validate: Callable[[list[Value], Value], list[Value]],
        *,
        reads: bool = True,
    ) -> None:
        self.implementation = implementation
        self.validate = validate
        self.reads = reads
        self.parameters = implementation.__code__.co_argcount - 1
        self.arity = self.parameters - len(implementation.__defaults__ or ())

    def apply(self, run: Run, arguments: list[Value], context: Value) -> Value:
        """Call the implementation with arguments that fit the signature, and count the work."""
        arguments = self.validate(arguments, context)
        steps = 1
        if self.reads:
            for argument in arguments:
                if isinstance(argument, str):
                    steps += len(argument) >> 10
                elif isinstance(argument, (list, dict)):
                    steps += len(argument) >> 5
        run.spend(steps)
        result = self.implementation(run, *arguments, *[UNDEFINED] * (self.parameters - len(arguments)))
        if isinstance(result, str):
            run.hold_text(len(result))
        elif isinstance(result, list):
            run.hold(len(result), len(result))
        return result


class Partial(Function):
    """A function with some of its arguments given already; ``open_at`` are the places of the others."""

    __slots__ = ("arity", "call", "given", "open_at")

    def __init__(self, call: Callable[[Run, list[Value]], Value], given: list[Value], open_at: list[int]) -> None:
        self.arity = len(open_at)
        self.call = call
        self.given = given
        self.open_at = open_at

    def apply(self, run: Run, arguments: list[Value], context: Value) -> Value:  # noqa: ARG002 - it has no signature
        """Put the arguments into the open places."""
        complete = list(self.given)
        for place, position in enumerate(self.open_at):
            complete[position] = arguments[place] if place < len(arguments) else UNDEFINED
        return self.call(run, complete)

"""JSONata, the query language of ``{% ... %}``: the only door to it.

An expression is compiled once and evaluated often, from any thread. The dialect, the limits and the texts of errors are
those of Step Functions: JSONata 2.0.6 without ``$eval``, with six functions more, and without a context.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..jsontext import JSON
from .errors import STACK_OVERFLOW, EvaluationError, InternalError, InvalidExpression
from .runtime import Chose, Evaluator, Limits, Pace, Run, Scope, Unhurried
from .values import UNDEFINED, Undefined, Wrapped, plain, type_name

__all__ = [
    "UNDEFINED",
    "Chose",
    "EvaluationError",
    "Expression",
    "InternalError",
    "InvalidExpression",
    "Limits",
    "Pace",
    "Undefined",
    "Unhurried",
    "compile_expression",
    "is_expression",
    "type_name",
]

_AWS_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    text: str
    """Without the delimiters and the white space around it, as AWS shows it in errors."""
    references: frozenset[str]
    """The variables it reads that it does not bind itself, without ``$``; functions of the language are none."""
    states_fields: frozenset[str]
    """What it reads of ``$states`` by name: "input", "result", "errorOutput", "context"."""
    context_references: tuple[str, ...]
    """What it would read from a context, in the order of the text: names, ``$`` or ``$$``. AWS refuses any."""
    conditionals: tuple[int, ...]
    """Where each conditional ``a ? b : c`` has its question mark: how many characters of the text end there."""
    _evaluate: Evaluator = field(repr=False, compare=False)

    def __call__(
        self,
        bindings: Mapping[str, JSON],
        *,
        pace: Pace,
        now: float,
        context: JSON | Undefined = UNDEFINED,
        limits: Limits = _AWS_LIMITS,
        chose: Chose | None = None,
    ) -> JSON | Undefined:
        """Evaluate the expression.

        ``bindings`` are its variables without ``$``; they are read and never changed, and parts of them may be parts of
        the result. ``pace`` says when to let others go on, and where ``$random``, ``$shuffle`` and ``$uuid`` draw from;
        ``now`` is the time in seconds since the epoch. Step Functions gives no ``context``. ``chose`` is told which way
        each conditional went.

        Returns a JSON value; UNDEFINED for nothing; a function (of which ``type_name`` is "function") where the result
        is one or holds one. Numbers that JSON does not have are the strings "Infinity", "-Infinity" and "NaN", as on
        AWS.

        Raises:
            EvaluationError: the expression failed, or exceeded a limit.
        """
        run = Run(bindings, pace, now, limits, chose)
        start = Wrapped([context]) if isinstance(context, list) else context
        try:
            return plain(self._evaluate(start, Scope({"$": context}, None, run)), run.spend)
        except RecursionError:  # data nested deeper than Python's own stack is
            raise EvaluationError(None, STACK_OVERFLOW) from None
        finally:
            run.end()


def is_expression(text: str) -> bool:
    """Whether a string is an expression: ``{%`` first and ``%}`` last, without white space around them.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html ("JSONata syntax").
    """
    return len(text) >= 4 and text.startswith("{%") and text.endswith("%}")


@functools.lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Compile what stands between ``{%`` and ``%}``.

    Raises:
        InvalidExpression: it is no JSONata.
    """
    # the library is slow to import, and a machine without JSONata never needs it
    from .compiling import compile_tree
    from .parsing import parse
    from .references import references

    text = text.strip()
    try:
        tree = parse(text)
        read = references(tree)
        evaluate: Any = compile_tree(tree, frozenset(read.bound))
    except RecursionError:
        raise InvalidExpression("S0201", "The expression is nested too deeply", len(text)) from None
    return Expression(
        text, frozenset(read.variables), frozenset(read.states), tuple(read.context), tuple(read.conditionals), evaluate
    )

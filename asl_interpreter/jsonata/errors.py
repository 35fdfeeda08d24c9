"""The errors of JSONata: what is wrong with an expression's text, and what went wrong while it ran.

The messages are those of the reference implementation, which are AWS's. The library's catalogue of them has the word
"function" replaced by "Object" and apostrophes by quotes; both are put back here.
Observed on AWS (us-east-1, August 2026): ``T0412: Argument 1 of function "sum" must be an array of "numbers"``.
"""

from __future__ import annotations

import functools
import re

from .. import jsontext

STACK_OVERFLOW = (
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)
TIMEOUT = "Expression evaluation timeout: Check for infinite loop"
MEMORY_LIMIT = "Expression evaluation memory limit exceeded: Check for excessive memory usage"

_ABSENT = object()


class InvalidExpression(ValueError):
    """An expression that does not parse.

    ``code`` is the reference implementation's ("S0202"); ``message`` is what AWS shows, without the code;
    ``position`` counts characters of the expression from 0, up to the end of the offending token.
    """

    def __init__(self, code: str, message: str, position: int) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.position = position


class EvaluationError(Exception):
    """An expression failed while it ran.

    ``code`` is the reference implementation's ("T1006"), or None where a limit of the evaluation was exceeded.
    """

    def __init__(self, code: str | None, text: str = "", **values: object) -> None:
        super().__init__(code, text)
        self.code = code
        self.values = values
        self._text = text

    @property
    def message(self) -> str:
        """What went wrong, without the code."""
        return self._text or message(self.code or "", self.values)

    @property
    def ending(self) -> str:
        """What AWS writes after "threw an error during evaluation": a sentence with a code, a clause without one."""
        return f". {self.code}: {self.message}" if self.code else f": {self.message}"

    def __str__(self) -> str:
        return self.ending[2:]


class InternalError(EvaluationError):
    """What AWS's implementation does not report as an error of the expression: it shows a fresh id and no reason.

    ``text`` is the reason. Observed on AWS (us-east-1, August 2026) for ``$base64decode("!!!")``.
    """

    def __init__(self, text: str) -> None:
        super().__init__(None, text)


def message(code: str, values: dict[str, object]) -> str:
    """The catalogue's message for a code, its placeholders filled: ``{{name}}`` as JSON, ``{{{name}}}`` as it is."""

    def fill(placeholder: re.Match[str]) -> str:
        value = values.get(placeholder[2], _ABSENT)
        return str(value) if placeholder[1] == "{{{" else _json(value)

    return re.sub(r"(\{\{\{?)(\w+)\}\}\}?", fill, catalogue()[code])


@functools.cache
def catalogue() -> dict[str, str]:
    """Every code with its message, placeholders in braces."""
    from .jsonata_python import jexception

    return {
        code: template.replace("Object", "function").replace('"', "'")
        for code, template in jexception.JException.error_codes.items()
    }


def _json(value: object) -> str:
    try:
        return jsontext.dumps(value)
    except (TypeError, ValueError):  # a function, nothing, half of a surrogate pair, more digits than Python writes
        return "undefined"

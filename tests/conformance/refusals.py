"""Cases of the official JSONata suite that Step Functions refuses, and so does the emulator.

The suite is of version 2.2.2. Step Functions implements version 2.0.6 without ``$eval`` and sets limits of its own.
"""

from __future__ import annotations

_NO_SUCH_OPERATOR = "the operators ?: and ?? are of version 2.1"
_NO_EVAL = "Step Functions has no $eval: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"
_TOO_LARGE = "AWS makes no range of more than 873,782 items"
REFUSED: dict[str, tuple[str | None, str]] = {
    "coalescing-operator": ("S0211", _NO_SUCH_OPERATOR),
    "default-operator": ("S0211", _NO_SUCH_OPERATOR),
    "function-eval": ("T1006", _NO_EVAL),
    "range-operator/case021": (None, _TOO_LARGE),
    "range-operator/case024": (None, _TOO_LARGE),
}
"""A group or a case, with the code of its error and the reason."""


def refusal_of(case: str) -> tuple[str | None, str] | None:
    """The code of the error and the reason, where a case is refused."""
    return REFUSED.get(case) or REFUSED.get(case.partition("/")[0])

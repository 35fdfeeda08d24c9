"""States whose query language is JSONata: what their fields are compiled to.

A field has a constant, or a string of the form ``{% ... %}``. What the expression gives is checked when it is
evaluated, in AWS's words.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html; the words are observed on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .. import jsontext
from ..definition import WaitUnit
from ..errors import QueryError
from ..jsontext import JSON
from ..language.dataflow import QueryFlow
from ..language.jsonata_fields import compile_query, query_integer, query_whole
from ..language.paths import Evaluate, Frame
from .fields import MAX_SECONDS

MAX_PERCENTAGE: Final = 100

_WITH_RESULT: Final = ("Task", "Parallel", "Map")
"""The states whose expressions may read ``$states.result``."""


class InJSONata:
    """Compiles fields. What is wrong with an expression was found before, so nothing is refused here."""

    arguments: Final = "Arguments"

    def flow(self, state: Mapping[str, JSON]) -> QueryFlow:
        """The data flow of a state."""
        return _flow(state, "result" if state["Type"] in _WITH_RESULT else None)

    def rule_flow(self, state: Mapping[str, JSON], rule: Mapping[str, JSON], part: str) -> QueryFlow:  # noqa: ARG002
        """The data flow where a Choice state is left by a rule, which has all of it."""
        return _flow(rule, None, part)

    def catcher_flow(self, catcher: Mapping[str, JSON], part: str) -> QueryFlow:
        """The data flow where a state is left by a Catcher."""
        return _flow(catcher, "errorOutput", part)

    def payload(self, holder: Mapping[str, JSON], field: str, part: str = "") -> Evaluate:
        """A value with expressions in it, in a state, or in the part of a state that has this name."""
        return compile_query(holder[field], _named(field, part))

    def text(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """Error or Cause of a Fail state."""
        return compile_query(state[field], field, "string") if field in state else None

    def condition(self, rule: Mapping[str, JSON], part: str) -> Evaluate:
        """Whether a Choice rule holds."""
        return compile_query(rule["Condition"], _named("Condition", part), "boolean")

    def wait(self, unit: WaitUnit, value: JSON) -> Evaluate:
        """How long a Wait state waits, or until when."""
        return compile_query(value, unit, "number" if unit == "Seconds" else "string")

    def seconds(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """TimeoutSeconds or HeartbeatSeconds of a Task."""
        return self.limit(state, field, 0)

    def items(self, state: Mapping[str, JSON], *, distributed: bool) -> Evaluate:
        """The items of a Map: Items, or else its input."""
        if "Items" not in state:
            return lambda frame: frame.input
        types = ("array", "object") if distributed else ("array",)
        return compile_query(state["Items"], "Items", *types)

    def limit(self, holder: Mapping[str, JSON], field: str, minimum: int | None, part: str = "") -> Evaluate | None:
        """A whole number in a state or a part of one; with a minimum, from 0 to as many seconds as AWS knows."""
        if field not in holder:
            return None
        named = _named(field, part)
        evaluate = compile_query(holder[field], named, "number")
        if minimum is None:
            return lambda frame: query_whole(evaluate(frame), named)
        return lambda frame: query_integer(evaluate(frame), named, MAX_SECONDS)

    def percentage(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """A number from 0 to 100 in a Map state."""
        if field not in state:
            return None
        evaluate = compile_query(state[field], field, "number")

        def checked(frame: Frame) -> JSON:
            number = evaluate(frame)
            if not 0 <= number <= MAX_PERCENTAGE:
                shown = jsontext.dumps(number)
                raise QueryError(f"{field} must be between 0 and {MAX_PERCENTAGE} but was: {shown}", field)
            return number

        return checked


def _named(field: str, part: str) -> str:
    """A field as causes name it: ``Output``, or ``Catch[1]/Output`` in a part of the state."""
    return f"{part}/{field}" if part else field


def _flow(holder: Mapping[str, JSON], result_name: str | None, part: str = "") -> QueryFlow:
    def compiled(field: str) -> Evaluate | None:
        return compile_query(holder[field], _named(field, part)) if field in holder else None

    return QueryFlow(compiled("Arguments"), compiled("Output"), compiled("Assign"), result_name)

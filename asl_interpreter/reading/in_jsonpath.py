"""States whose query language is JSONPath: what their fields are compiled to.

A field has a constant, or a path in a field of its own whose name ends in ``Path``: ``TimeoutSeconds`` and
``TimeoutSecondsPath``. What a path finds is checked when it is evaluated, in AWS's words.

Source: Amazon States Language specification; the words are observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .. import jsontext
from ..definition import WaitUnit
from ..errors import REFERENCE_PATH_CONFLICT, RUNTIME, StateError
from ..jsontext import JSON
from ..language import choice
from ..language.choice import OPERATORS, PATH_OPERATORS, compile_comparison
from ..language.dataflow import PLAIN, PathFlow, located
from ..language.paths import (
    Evaluate,
    Frame,
    InvalidPath,
    PathNotFound,
    ReferencePath,
    compile_path,
    compile_reference_path,
)
from ..language.templates import compile_field, compile_template

MAX_PERCENTAGE: Final = 100

_FLOW_FIELDS: Final = {"InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Assign"}


class InJSONPath:
    """Compiles fields. What is wrong with a path or a template was found before, so nothing is refused here."""

    arguments: Final = "Parameters"

    def flow(self, state: Mapping[str, JSON]) -> PathFlow:
        """The data flow of a state, or of the Catcher or Choice rule that it is left by."""
        if not state.keys() & _FLOW_FIELDS:
            return PLAIN
        return PathFlow(
            input_path=_path_or_nothing(state, "InputPath"),
            parameters=_template(state, "Parameters"),
            result_selector=_template(state, "ResultSelector"),
            result_path=_place(state),
            keeps_result=state.get("ResultPath", "$") is not None,
            output_path=_path_or_nothing(state, "OutputPath"),
            assigned=_template(state, "Assign"),
        )

    def rule_flow(self, state: Mapping[str, JSON], rule: Mapping[str, JSON], part: str) -> PathFlow:  # noqa: ARG002
        """The data flow where a Choice state is left by a rule: that of the state, with what the rule assigns."""
        return self.flow({**state, "Assign": rule.get("Assign", {})})

    def catcher_flow(self, catcher: Mapping[str, JSON], part: str) -> PathFlow:  # noqa: ARG002
        """The data flow where a state is left by a Catcher."""
        return self.flow(catcher)

    def payload(self, holder: Mapping[str, JSON], field: str, part: str = "") -> Evaluate:  # noqa: ARG002
        """A payload template in a state, or in a part of a state."""
        return compile_template(holder[field])

    def text(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """Error or Cause of a Fail state."""
        if field in state:
            return constant(state[field])
        reference = f"{field}Path"
        return compile_field(reference, state[reference]) if reference in state else None

    def condition(self, rule: Mapping[str, JSON], part: str) -> Evaluate:
        """Whether a Choice rule holds."""
        for operator, operand in rule.items():
            if operator == "Not":
                return choice.negate(self.condition(operand, part))
            if operator == "And":
                return choice.both([self.condition(inner, part) for inner in operand])
            if operator == "Or":
                return choice.either([self.condition(inner, part) for inner in operand])
            if operator in OPERATORS:
                return compile_comparison(compile_path(rule["Variable"]), operator, operand)
            if operator in PATH_OPERATORS:
                return compile_comparison(compile_path(rule["Variable"]), operator, compile_path(operand))
        message = f"a Choice rule without an operator passed its check: {rule}"
        raise AssertionError(message)

    def wait(self, unit: WaitUnit, value: JSON) -> Evaluate:
        """How long a Wait state waits, or until when."""
        if not unit.endswith("Path"):
            return constant(value)
        return _required(value, f"The {unit} parameter does not reference an input value: {value}")

    def seconds(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """TimeoutSeconds or HeartbeatSeconds of a Task."""
        return _constant_or_number(state, field, minimum=1)

    def items(self, state: Mapping[str, JSON], *, distributed: bool) -> Evaluate:  # noqa: ARG002
        """The items of a Map: ItemsPath. Where that is a Reference Path AWS reads it as one, and its words differ."""
        text = state.get("ItemsPath", "$")
        try:
            path = compile_reference_path(text)
        except InvalidPath:
            return located(compile_path(text))

        def evaluate(frame: Frame) -> JSON:
            try:
                return path.read(frame.input)
            except PathNotFound as error:
                raise StateError(REFERENCE_PATH_CONFLICT, str(error)) from None

        return evaluate

    def limit(self, holder: Mapping[str, JSON], field: str, minimum: int | None, part: str = "") -> Evaluate | None:  # noqa: ARG002
        """A whole number in a part of a Map state, at least the minimum where there is one."""
        return _constant_or_number(holder, field, minimum)

    def percentage(self, state: Mapping[str, JSON], field: str) -> Evaluate | None:
        """A number from 0 to 100 in a Map state."""
        reference = f"{field}Path"
        if reference not in state:
            return constant(state[field]) if field in state else None
        path = located(compile_path(state[reference]))

        def evaluate(frame: Frame) -> JSON:
            value = _number(path(frame), float, f"valid float: {state[reference]}", reference)
            if not 0 <= value <= MAX_PERCENTAGE:
                raise StateError(RUNTIME, f"{field} must be between 0 and {MAX_PERCENTAGE}.")
            return value

        return evaluate


def constant(value: JSON) -> Evaluate:
    """An evaluator that always has the same value."""
    return lambda _frame: value


def _path_or_nothing(state: Mapping[str, JSON], field: str) -> Evaluate | None:
    """A path that selects a document. Null selects an empty object; None says that ``$`` needs no work."""
    text = state.get(field, "$")
    if text is None:
        return lambda _frame: {}
    return None if text == "$" else located(compile_path(text))


def _template(holder: Mapping[str, JSON], field: str) -> Evaluate | None:
    return compile_template(holder[field]) if field in holder else None


def _place(rule: Mapping[str, JSON]) -> ReferencePath | None:
    text = rule.get("ResultPath", "$")
    return None if text in (None, "$") else compile_reference_path(text)


def _required(text: str, complaint: str) -> Evaluate:
    path = compile_path(text)

    def evaluate(frame: Frame) -> JSON:
        try:
            return path(frame)
        except LookupError:
            raise StateError(RUNTIME, complaint) from None

    return evaluate


def _constant_or_number(holder: Mapping[str, JSON], field: str, minimum: int | None) -> Evaluate | None:
    """A whole number as it stands, or at a path: States.Runtime if there is none, or one less than the minimum."""
    reference = f"{field}Path"
    if reference not in holder:
        return constant(holder[field]) if field in holder else None
    path = located(compile_path(holder[reference]))

    def evaluate(frame: Frame) -> JSON:
        value = _number(path(frame), int, f"valid integer: {holder[reference]}", reference)
        if minimum is not None and value < minimum:
            raise StateError(RUNTIME, f"{field} cannot be negative.")
        return value

    return evaluate


def _number(value: JSON, convert: Callable[[str], float], wanted: str, field: str) -> float:
    """A number, or a string of its digits, converted."""
    shown = value if isinstance(value, str) else jsontext.shown(value)
    try:
        return convert(shown)
    except ValueError:
        raise StateError(RUNTIME, f'The {field} field refers to value "{shown}" which is not a {wanted}') from None

"""Payload templates: JSON in which a key that ends in ``.$`` takes its value from a path or an intrinsic function.

Source: Amazon States Language specification, "Payload template".
"""

from __future__ import annotations

from .. import jsontext
from ..errors import RUNTIME, StateError
from ..jsontext import JSON
from .intrinsics import IntrinsicFailure, InvalidIntrinsic, compile_intrinsic, is_intrinsic
from .paths import Evaluate, Frame, IndexOutOfRange, InvalidPath, NullInput, PathNotFound, compile_path


class InvalidTemplate(ValueError):
    """A key that ends in ``.$`` has a value that is neither a path nor a call.

    ``field`` is the key, ``where`` the keys above it.
    """

    def __init__(self, field: str, where: tuple[str, ...]) -> None:
        super().__init__(
            f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
        )
        self.field = field
        self.where = where


def compile_template(template: JSON) -> Evaluate:
    """Compile a payload template.

    Raises:
        InvalidTemplate: the first field, in document order, that cannot be evaluated.
    """
    evaluate = _compile(template, ())
    return evaluate if evaluate is not None else lambda _frame: template


def is_reference(key: str, _value: JSON) -> bool:
    """Whether a field of a template is computed: by the end of its name."""
    return key.endswith(".$")


def compile_field(field: str, text: str) -> Evaluate:
    """Compile what one field refers to: a path or a call of an intrinsic function.

    At run time a path to nothing is States.Runtime, in AWS's words.

    Raises:
        InvalidPath, InvalidIntrinsic: the text is neither.
    """
    return _call(compile_intrinsic(text)) if is_intrinsic(text) else _field(field, text)


def _call(call: Evaluate) -> Evaluate:
    def evaluate(frame: Frame) -> JSON:
        try:
            return call(frame)
        except IntrinsicFailure as error:
            raise StateError(RUNTIME, str(error)) from None

    return evaluate


def _field(field: str, text: str) -> Evaluate:
    path = compile_path(text)
    of_context = text.startswith("$$")

    def evaluate(frame: Frame) -> JSON:
        try:
            return path(frame)
        except IndexOutOfRange:
            return None  # as observed on AWS
        except NullInput as error:
            raise StateError(RUNTIME, str(error)) from None
        except PathNotFound:
            message = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input"
            document = frame.context if of_context else frame.input
            raise StateError(RUNTIME, f"{message} '{jsontext.dumps(document)}'") from None

    return evaluate


def _compile(template: JSON, where: tuple[str, ...]) -> Evaluate | None:
    """The evaluator of a template, or None where it is constant."""
    if isinstance(template, dict):
        return _compile_object(template, where)
    if isinstance(template, list):
        return _compile_array(template, where)
    return None


def _compile_object(template: dict[str, JSON], where: tuple[str, ...]) -> Evaluate | None:
    constants: dict[str, JSON] = {}
    computed: list[tuple[str, Evaluate]] = []
    for key, value in template.items():
        if is_reference(key, value):
            name = key[:-2]
            evaluate: Evaluate | None = _compile_reference(key, value, where)
        else:
            name = key
            evaluate = _compile(value, (*where, key))
        constants[name] = value
        if evaluate is not None:
            computed.append((name, evaluate))
    if not computed:
        return None

    def build(frame: Frame) -> JSON:
        result = constants.copy()
        for name, evaluate in computed:
            result[name] = evaluate(frame)
        return result

    return build


def _compile_reference(key: str, value: JSON, where: tuple[str, ...]) -> Evaluate:
    if not isinstance(value, str):
        raise InvalidTemplate(key, where)
    try:
        return compile_field(key, value)
    except (InvalidPath, InvalidIntrinsic):
        raise InvalidTemplate(key, where) from None


def _compile_array(template: list[JSON], where: tuple[str, ...]) -> Evaluate | None:
    evaluators = [_compile(item, (*where, str(index))) for index, item in enumerate(template)]
    if all(evaluate is None for evaluate in evaluators):
        return None
    return lambda frame: [
        item if evaluate is None else evaluate(frame) for item, evaluate in zip(template, evaluators, strict=True)
    ]

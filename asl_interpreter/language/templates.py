"""Payload templates: JSON in which a key that ends in ``.$`` takes its value from a path or an intrinsic function.

Source: Amazon States Language specification, "Payload template".
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import jsontext
from ..errors import RUNTIME, StateError
from ..jsontext import JSON
from .intrinsics import IntrinsicFailure, InvalidIntrinsic, compile_intrinsic, is_intrinsic
from .paths import Evaluate, Frame, IndexOutOfRange, InvalidPath, NotALeaf, NullInput, PathNotFound, compile_path


def template_problems(template: JSON, where: str = "") -> Iterator[tuple[str, str]]:
    """Keys that end in ``.$`` whose values are neither paths nor calls: where they stand, and AWS's words."""
    if isinstance(template, dict):
        for key, value in template.items():
            if not is_reference(key, value):
                yield from template_problems(value, f"{where}/{key}")
            elif not _refers(key, value):
                text = "must be a valid JSONPath or a valid intrinsic function call"
                yield where, f"The value for the field '{key}' {text}"
    elif isinstance(template, list):
        for index, item in enumerate(template):
            yield from template_problems(item, f"{where}[{index}]")


def _refers(field: str, text: JSON) -> bool:
    try:
        compile_field(field, text if isinstance(text, str) else "")
    except (InvalidPath, InvalidIntrinsic):
        return False
    return True


def compile_template(template: JSON) -> Evaluate:
    """Compile a payload template that has no ``template_problems``."""
    evaluate = _compile(template)
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
        except (NotALeaf, NullInput) as error:
            raise StateError(RUNTIME, str(error)) from None
        except PathNotFound:
            message = f"The JSONPath '{text}' specified for the field '{field}' could not be found in the input"
            document = frame.context if of_context else frame.input
            raise StateError(RUNTIME, f"{message} '{jsontext.dumps(document)}'") from None

    return evaluate


def _compile(template: JSON) -> Evaluate | None:
    """The evaluator of a template, or None where it is constant."""
    if isinstance(template, dict):
        return _compile_object(template)
    if isinstance(template, list):
        return _compile_array(template)
    return None


def _compile_object(template: dict[str, JSON]) -> Evaluate | None:
    constants: dict[str, JSON] = {}
    computed: list[tuple[str, Evaluate]] = []
    for key, value in template.items():
        if is_reference(key, value):
            name = key[:-2]
            evaluate: Evaluate | None = compile_field(key, value)
        else:
            name = key
            evaluate = _compile(value)
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


def _compile_array(template: list[JSON]) -> Evaluate | None:
    evaluators = [_compile(item) for item in template]
    if all(evaluate is None for evaluate in evaluators):
        return None
    return lambda frame: [
        item if evaluate is None else evaluate(frame) for item, evaluate in zip(template, evaluators, strict=True)
    ]

"""What TestState says of a mock: whether a state can have it, and whether it is what the service could answer.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html; texts as observed on AWS,
those that were not seen by their likeness to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from asl_interpreter.definition import Map, Parallel, State, Task
from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.tasks import Later
from emulator.faults import Fault

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from emulator.integrations.resources import Resources

Mode: TypeAlias = Literal["STRICT", "PRESENT", "NONE"]
"""How a value is held to the shape of an answer: it has all that is always answered, and each member is right; what is
there is right; or anything goes."""

_ANYTHING: Final = frozenset({("lambda", "Payload"), ("bedrock-runtime", "Body")})
"""Members that are bytes to the service but JSON to Step Functions."""


def refused(message: str) -> Fault:
    """A test that AWS refuses to run."""
    return Fault("ValidationException", message)


class Mock:
    """What a state's work is said to give. ``result`` is the JSON value and ``text`` its text; or ``error`` is set."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """Read the ``mock`` of a request.

        Raises:
            Fault: ValidationException.
        """
        if ("result" in params) == ("errorOutput" in params):
            raise refused("A test mock should have only one of the following fields: [result, errorOutput].")
        self.error: StateError | None = None
        self.text: str = params.get("result", "null")
        self.mode: Mode = params.get("fieldValidationMode", "STRICT")
        if "errorOutput" in params:
            self.error = StateError(params["errorOutput"].get("error"), params["errorOutput"].get("cause"))
        try:
            self.result: JSON = loads(self.text)
        except InvalidJSON:
            raise refused("Mocked result must be valid JSON") from None

    @property
    def answer(self) -> Later:
        """What a Task gets."""
        return Later(0, value=self.result, error=self.error)

    def __call__(self) -> JSON:
        """Do what the work of a Parallel or a Map would."""
        if self.error is not None:
            raise self.error
        return self.result

    def check(self, state: State, definition: Mapping[str, JSON], resources: Resources) -> None:
        """See that the state can have this mock.

        Raises:
            Fault: ValidationException.
        """
        if not isinstance(state, (Task, Parallel, Map)):
            raise refused(f"State type '{type(state).__name__}' is not supported when a mock is specified")
        if self.error is not None:
            return
        if isinstance(state, Map) and "ResultWriter" in definition:
            if not isinstance(self.result, dict):
                raise refused("Mocked result must be a JSON object.")
        elif isinstance(state, (Map, Parallel)):
            if not isinstance(self.result, list):
                raise refused("Mocked result must be an array.")
            if isinstance(state, Parallel) and len(self.result) != len(state.branches):
                raise refused("Mocked result must contain the same number of items as number of Parallel branches.")
        elif (by := resources.answering(state.resource)) is not None:
            check_answer(by, self.result, self.mode)


class Answered(NamedTuple):
    """The operation whose answer a Task's result is, how its members are spelled, and those that hold any JSON."""

    operation: OperationModel
    spelling: Callable[[str], str]
    anything: frozenset[str] = frozenset()


def check_answer(by: Answered, result: JSON, mode: Mode) -> None:
    """See that an operation could answer this. TestState, the fixture and the MockConfigFile ask here.

    Raises:
        Fault: ValidationException.
    """
    if mode == "NONE" or by.operation.output_shape is None:
        return
    if not isinstance(result, dict):
        raise refused("Mocked result must be a JSON object.")
    _Checker(by, strict=mode == "STRICT").check(by.operation.output_shape, result, "")


def unknown_member(by: Answered, result: JSON) -> tuple[str, list[str]] | None:
    """A member of an answer that the operation's answers do not have, as a path, and those that stand in its place.

    AWS's TestState lets such a member pass; a test that mocks one has most likely misspelt another.
    """
    if by.operation.output_shape is None:
        return None
    return next(_unknown_members(by, by.operation.output_shape, result, ""), None)


_ADDED: Final = frozenset({"SdkHttpMetadata", "SdkResponseMetadata"})
"""What Step Functions adds to the answers of services."""


def _unknown_members(by: Answered, shape: Any, value: JSON, path: str) -> Iterator[tuple[str, list[str]]]:
    service = by.operation.service_model.service_name
    if path in by.anything or (service, path) in _ANYTHING or getattr(shape, "is_document_type", False):
        return
    if isinstance(value, dict) and shape.type_name == "structure":
        members = {by.spelling(name): member for name, member in shape.members.items()}
        for name, content in value.items():
            here = f"{path}.{name}" if path else name
            if name in members:
                yield from _unknown_members(by, members[name], content, here)
            elif path or name not in _ADDED:
                yield here, [f"{path}.{known}" if path else known for known in members]
    elif isinstance(value, dict) and shape.type_name == "map":
        for name, content in value.items():
            yield from _unknown_members(by, shape.value, content, f"{path}.{name}")
    elif isinstance(value, list) and shape.type_name == "list":
        for number, content in enumerate(value):
            yield from _unknown_members(by, shape.member, content, f"{path}[{number}]")


class _Checker:
    """Holds a value to the shape of an answer, its members spelled as Step Functions spells them."""

    def __init__(self, by: Answered, *, strict: bool) -> None:
        self._service = by.operation.service_model.service_name
        self._by = by
        self._strict = strict

    def check(self, shape: Any, value: Any, field: str) -> None:
        """See that the value could be an answer.

        Raises:
            Fault: ValidationException, the first thing that is wrong.
        """
        kind = shape.type_name
        if field in self._by.anything or (self._service, field) in _ANYTHING:
            return
        if kind == "structure" and shape.is_document_type:
            return
        wanted, types = _JSON_TYPES[kind]
        if type(value) not in types:
            raise _invalid(f"Field '{field}' must be {wanted}")
        if kind == "structure":
            self._check_members(shape, value)
        elif kind == "list":
            for item in value:
                self.check(shape.member, item, field)
        elif kind == "map":
            for item in value.values():
                self.check(shape.value, item, field)
        else:
            _check_scalar(shape, value, field)

    def _check_members(self, shape: Any, value: dict[str, JSON]) -> None:
        members = {self._by.spelling(name): member for name, member in shape.members.items()}
        if self._strict:
            for required in map(self._by.spelling, shape.required_members):
                if required not in value:
                    raise _invalid(f"Required field '{required}' is missing")
        for name, content in value.items():
            if name in members:  # what the model lacks may have come since
                self.check(members[name], content, name)


_NUMBER: Final = ("a number", (int, float))
_JSON_TYPES: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "structure": ("an object", (dict,)),
    "map": ("an object", (dict,)),
    "list": ("an array", (list,)),
    "boolean": ("a boolean", (bool,)),
    **dict.fromkeys(("string", "character", "timestamp", "blob"), ("a string", (str,))),
    **dict.fromkeys(("integer", "long", "short", "byte", "bigInteger", "float", "double", "bigDecimal"), _NUMBER),
}


def _check_scalar(shape: Any, value: JSON, field: str) -> None:
    """Enumerations, lengths and ranges."""
    if isinstance(value, bool):
        return
    measured, below, above = (
        (len(value), "is smaller than the minimum length", "exceeds the maximum length")
        if isinstance(value, str)
        else (value, "is less than the minimum value", "exceeds the maximum value")
    )
    if getattr(shape, "enum", None) and value not in shape.enum:
        raise _invalid(f"Field '{field}' is not an expected value")
    if measured < shape.metadata.get("min", measured):
        raise _invalid(f"Field '{field}' {below}")
    if measured > shape.metadata.get("max", measured):
        raise _invalid(f"Field '{field}' {above}")


def _invalid(why: str) -> Fault:
    return refused(f"Mock result schema validation error: {why}")

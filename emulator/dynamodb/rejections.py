"""The refusals of DynamoDB: each function makes the Fault that AWS answers with."""

from __future__ import annotations

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.generations import ENVELOPE, TEXTS, Group, Layer, layer
from emulator.faults import Fault
from emulator.settings import Wording

KEY_MISMATCH = "The provided key element does not match the schema"


class Rejection(Fault):
    """A refusal whose words depend on the operation and the generation of wording; see ``generations``.

    Its message is what is said where no operation words it: in PartiQL, in a reason of a cancelled transaction.
    """

    def __init__(self, group: Group, older: str, newer: str, elsewhere: Layer = "older") -> None:
        super().__init__("ValidationException", older if elsewhere == "older" else newer)
        self.group = group
        self.older = older
        self.newer = newer

    def worded(self, operation: str, wording: Wording) -> Fault:
        """The refusal as an operation says it."""
        return self.in_layer(layer(self.group, operation, wording))

    def in_layer(self, found: Layer) -> Fault:
        """The refusal as one of AWS's layers says it."""
        if found == "older":
            return invalid(self.older)
        return invalid(self.newer if found == "newer" else ENVELOPE + self.newer)


def rejected(rule: str, **parts: object) -> Rejection:
    """A request that breaks a rule of the table of ``generations``; ``parts`` fill its texts."""
    group, older, newer, elsewhere = TEXTS[rule]
    return Rejection(group, older.format(**parts), newer.format(**parts), elsewhere)


def as_check(fault: Fault) -> Fault:
    """A refusal as one of the request's own checks, which some operations put into an envelope."""
    if isinstance(fault, Rejection) or fault.code != "ValidationException":
        return fault
    return rejected("check", message=fault.message)


def is_empty_key(fault: Fault) -> bool:
    """Whether a key is empty: that refuses a transaction as a whole, where other wrong keys cancel it."""
    return isinstance(fault, Rejection) and fault.group == "empty keys"


def invalid(message: str) -> Fault:
    """A request that breaks a rule of its operation."""
    return Fault("ValidationException", message)


def invalid_values(message: str) -> Fault:
    """As ``invalid``, for the many messages that begin with the same words."""
    return Fault("ValidationException", f"One or more parameter values were invalid: {message}")


def violated(*entries: str) -> Fault:
    """Constraints of the model that a request breaks: ``Value ... at ... failed to satisfy constraint: ...``."""
    plural = "" if len(entries) == 1 else "s"
    return invalid(f"{len(entries)} validation error{plural} detected: {'; '.join(entries)}")


def refused(code: str, message: str, **members: JSON) -> Fault:
    """An exception that the service's model names."""
    return Fault(code, message, **members)


def table_not_found() -> Fault:
    """No such table, as the data plane says it."""
    return refused("ResourceNotFoundException", "Requested resource not found")


def condition_failed(item: JSON = None) -> Fault:
    """A condition is false; ``item`` in wire form where the caller asked to see what was there."""
    members = {} if item is None else {"Item": item}
    return refused("ConditionalCheckFailedException", "The conditional request failed", **members)


def unsupported(what: str) -> Fault:
    """Something of AWS's that is not built here: an error, so that nothing passes for the wrong reason."""
    return Fault("NotImplementedException", f"Dynastep has not built {what} yet", status=501)


def constraint(value: str, path: str, words: str) -> Fault:
    """One broken constraint of the model, ``value`` as it is echoed: quoted, or the word null."""
    return violated(f"Value {value} at '{path}' failed to satisfy constraint: {words}")

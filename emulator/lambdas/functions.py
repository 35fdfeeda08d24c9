"""What a Lambda function is here: something that a request invokes, whatever runs it.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator import arns
from emulator.faults import Fault
from emulator.wire.operations import check

LATEST: Final = "$LATEST"
"""The version that can still be changed."""
LARGEST_REQUEST: Final = 6 * 1024 * 1024
LARGEST_EVENT: Final = 1024 * 1024
"""Bytes of the payload of an asynchronous invocation."""
LARGEST_RESPONSE: Final = LARGEST_REQUEST + 100
"""Source of the three: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@dataclass(frozen=True, slots=True)
class FunctionName:
    """Which function is meant. ``qualifier`` is a version or an alias, empty if none is given."""

    account: str
    region: str
    name: str
    qualifier: str = ""

    @classmethod
    def parse(cls, text: str, account: str, region: str, qualifier: str = "") -> FunctionName:
        """Read ``name``, ``name:qualifier``, ``account:function:name`` or an ARN, as a caller in a region has it."""
        if text.startswith("arn:") and text.count(":") >= arns.PARTS - 1:
            arn = arns.Arn.parse(text)
            account, region, text = arn.account, arn.region, arn.resource
        owner, _, rest = text.removeprefix("function:").rpartition(":function:")
        name, _, own_qualifier = rest.partition(":")
        return cls(owner or account, region, name, own_qualifier or qualifier)

    @property
    def arn(self) -> str:
        """Its ARN without a qualifier."""
        return arns.function(self.account, self.region, self.name)

    @property
    def qualified(self) -> str:
        """Its ARN, with the qualifier if it has one."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn

    def not_found(self) -> Fault:
        """What AWS says if there is none."""
        said = f"Function not found: {self.arn}:{self.qualifier or LATEST}"
        return Fault("ResourceNotFoundException", said, status=404, Type="User")


@dataclass(frozen=True, slots=True)
class Request:
    """One invocation that is asked for."""

    name: FunctionName
    payload: str
    """JSON text."""
    request_id: str
    client_context: str = ""
    """JSON text, as the caller's mobile SDK made it."""
    execution_name: str = ""
    """What a durable execution is to be called."""

    @classmethod
    def read(cls, params: Mapping[str, JSON], account: str, region: str, payload: str, request_id: str) -> Request:
        """What a caller asks for; ``params`` are the parameters of Invoke beside the payload.

        Raises:
            Fault: ValidationException, a parameter breaks the model; InvalidRequestContentException, the client
                context is none.
        """
        checked: dict[str, Any] = check("lambda", "Invoke", dict(params))
        name = FunctionName.parse(checked["FunctionName"], account, region, checked.get("Qualifier", ""))
        context = _client_context(checked.get("ClientContext", ""))
        return cls(name, payload, request_id, context, checked.get("DurableExecutionName", ""))


def _client_context(encoded: str) -> str:
    """The JSON text that a parameter holds in base64."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        if text:
            loads(text)
    except (binascii.Error, UnicodeDecodeError, InvalidJSON):
        said = "Client context must be a valid Base64-encoded JSON object."
        raise Fault("InvalidRequestContentException", said) from None
    return text


@dataclass(frozen=True, slots=True)
class Invocation:
    """What an invocation came to."""

    payload: str
    """What the function answered, JSON unless the function made it something else; or the error."""
    failed: bool = False
    after: float = 0.0
    """Seconds in the machine that the function has said it takes."""
    log: str = ""
    execution: str = ""
    """The ARN of the durable execution that the invocation was, if it was one."""


class Function(Protocol):
    """One version of a function."""

    @property
    def version(self) -> str:
        """``$LATEST``, or its number."""

    def invoke(self, request: Request) -> Invocation:
        """Run it; may take as long as the function does.

        Raises:
            Fault: it could not be run; TooManyRequestsException and the like.
        """


def failure(kind: str, message: str, **members: JSON) -> str:
    """The payload of an error."""
    return json.dumps({"errorType": kind, "errorMessage": message, **members}, separators=(",", ":"))


def exit_failure(request_id: str, how: str) -> str:
    """The payload when the process of a function ends before it has answered."""
    reason = f"Runtime exited with error: {how}" if how else "Runtime exited without providing a reason"
    return failure("Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def timed_out(request_id: str, seconds: float) -> str:
    """The payload when a function takes longer than it may."""
    return failure("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def too_large() -> str:
    """The payload when what a function has answered is larger than it may be."""
    text = f"Response payload size exceeded maximum allowed payload size ({LARGEST_RESPONSE} bytes)."
    return failure("Function.ResponseSizeTooLarge", text)


def within_limits(invocation: Invocation) -> Invocation:
    """The invocation, unless its answer is too large. A half of a character in an answer, as an escape, is a ``?``."""
    if _HALF.search(invocation.payload):
        invocation = replace(invocation, payload=_whole(invocation.payload))
    if len(invocation.payload) * 4 <= LARGEST_RESPONSE or len(invocation.payload.encode()) <= LARGEST_RESPONSE:
        return invocation
    return Invocation(too_large(), failed=True, log=invocation.log)


_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of a half of a character that takes two; most are followed, or preceded, by the other half."""


def _whole(payload: str) -> str:
    """A payload without halves of characters, which JSON may name and no text may have."""
    try:
        loads(payload)
    except InvalidJSON:
        try:
            text = json.dumps(json.loads(payload), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            return payload
        return text.encode(errors="replace").decode()
    return payload


def check_size(payload: str, limit: int = LARGEST_REQUEST) -> None:
    """See that a payload may be sent.

    Raises:
        Fault: RequestEntityTooLargeException.
    """
    size = len(payload.encode())
    if size > limit:
        text = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        if limit == LARGEST_EVENT:
            text = f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
        raise Fault("RequestEntityTooLargeException", text, status=413, Type="User")


def trace_id(request_id: str) -> str:
    """The X-Ray trace of a request, which is not sampled."""
    digits = request_id.replace("-", "")
    return f"Root=1-{digits[:8]}-{digits[8:]};Parent={digits[:16]};Sampled=0"

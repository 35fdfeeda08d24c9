"""Functions that run elsewhere: in a container, under SAM, wherever something answers Lambda's Invoke over HTTP.

Source: https://docs.aws.amazon.com/lambda/latest/dg/images-test.html (the Runtime Interface Emulator)
"""

from __future__ import annotations

import base64
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

from asl_interpreter.jsontext import InvalidJSON, loads
from emulator.faults import Fault
from emulator.lambdas.functions import LATEST, FunctionName, Invocation, Request, within_limits

INTERFACE_EMULATOR: Final = "/2015-03-31/functions/function/invocations"
"""Where a container with one function answers; the path of a URL that has none."""
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 905.0
"""What a function may take at most, and a little for the way."""


@dataclass(frozen=True, slots=True)
class ForwardedFunction:
    """A function behind a URL."""

    url: str
    version: str = LATEST

    def invoke(self, request: Request) -> Invocation:
        """Invoke it there.

        Raises:
            Fault: nothing answers, or not as Lambda does.
        """
        import urllib3

        headers = {"Content-Type": "application/json", "X-Amz-Log-Type": "Tail"}
        if request.client_context:
            headers["X-Amz-Client-Context"] = base64.b64encode(request.client_context.encode()).decode()
        try:
            answer = _connections().request("POST", self.url, body=request.payload.encode(), headers=headers)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise self._unusable(request, f"does not answer in time: {error}") from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unusable(request, f"cannot be reached: {error}") from None
        if answer.status != 200:
            raise self._refused(request, answer.status, answer.headers.get("x-amzn-ErrorType"), answer.data)
        try:
            log = base64.b64decode(answer.headers.get("X-Amz-Log-Result", "")).decode(errors="replace")
        except ValueError:
            raise self._unusable(request, "answers with an X-Amz-Log-Result that is not Base64") from None
        payload = answer.data.decode(errors="replace")
        failed = "X-Amz-Function-Error" in answer.headers or _is_error(payload)
        return within_limits(Invocation(payload, failed, log=log))

    def _refused(self, request: Request, status: int, kind: str | None, body: bytes) -> Fault:
        """The refusal of something that speaks as Lambda does, such as SAM."""
        try:
            said = loads(body)
            code = kind or said["__type"]
            message = said.get("message", said.get("Message", ""))
        except (InvalidJSON, TypeError, KeyError, AttributeError):
            return self._unusable(request, f"answers {status}: {body[:200].decode(errors='replace')}")
        return Fault(str(code), str(message), status=status, Type="User")

    def _unusable(self, request: Request, why: str) -> Fault:
        text = f"{self.url}, to which {request.name.arn} is forwarded, {why}"
        return Fault("ServiceException", text, status=500, Type="Service")


def _is_error(payload: str) -> bool:
    """Whether a payload is an error: the Runtime Interface Emulator does not say so by a header."""
    try:
        value = loads(payload)
    except InvalidJSON:
        return False
    return isinstance(value, dict) and {"errorType", "errorMessage"} <= value.keys() <= _OF_ERRORS


_OF_ERRORS: Final = frozenset({"cause", "errorMessage", "errorType", "requestId", "stackTrace", "trace"})


@cache
def _connections() -> Any:
    """Connections to all of them, kept."""
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
    return urllib3.PoolManager(maxsize=32, retries=False, timeout=timeout)


def find(urls: Mapping[str, str], name: FunctionName) -> ForwardedFunction | None:
    """The function of this name, if a name or a pattern (``orders-*``) says where it is; an exact name comes first."""
    patterns = [name.name] if name.name in urls else [each for each in urls if fnmatch.fnmatchcase(name.name, each)]
    if not patterns:
        return None
    url = urls[patterns[0]].replace("{name}", quote(name.name))
    if urlsplit(url).path in ("", "/"):
        url = url.rstrip("/") + INTERFACE_EMULATOR
    return ForwardedFunction(url, name.qualifier or LATEST)

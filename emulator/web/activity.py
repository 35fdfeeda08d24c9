"""Activity: the last requests to any service, with what was asked and answered, in bounded memory.

Bodies are cut off; those of services that hand out secrets are not kept at all, and members of other bodies whose name
says that they are secret are hidden before anybody sees them. Headers are never kept.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.loop.locks import lock

log = logging.getLogger("dynastep.requests")

MOST_REQUESTS: Final = 1000
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of all bodies that are kept."""
BODY_BYTES: Final = 32 * 1024
"""Of one body; what comes after that is cut off."""
SECRETIVE: Final = frozenset(
    {"secretsmanager", "sts", "kms", "iam", "cognito-idp", "cognito-identity", "ssm", "sso", "ecr"}
)
"""Services whose answers may be secrets as a whole."""
HIDDEN: Final = "(hidden)"
_SECRET_NAME: Final = re.compile(
    r"passw|secret|private.?key|access.?key|session.?token|authorization|credential|plaintext", re.IGNORECASE
)


class Request(NamedTuple):
    """One request that was answered."""

    number: int
    at: float
    """By the emulator's clock, in seconds since 1970."""
    service: str
    operation: str
    account: str
    region: str
    status: int
    milliseconds: float
    error: str
    asked: bytes
    answered: bytes

    @property
    def line(self) -> str:
        """The request in one line, as the log has it."""
        failed = f" {self.error}" if self.error else ""
        took = f"{self.milliseconds:.1f} ms"
        return f"{self.service}.{self.operation} {self.status}{failed} {took} {self.account} {self.region}"

    @property
    def fields(self) -> dict[str, JSON]:
        """The request in a line of the log in JSON."""
        error = {"error": self.error} if self.error else {}
        operation, _, path = self.operation.partition(" ")
        return {
            "service": self.service,
            "operation": operation,
            **({"path": path} if path else {}),
            "status": self.status,
            "milliseconds": round(self.milliseconds, 1),
            **error,
            "account": self.account,
            "region": self.region,
        }


_Kept: TypeAlias = tuple[int, float, tuple[str, str, str, str], tuple[int, float, str], bytes, bytes]
"""A request as it is kept: every call is, and few are ever looked at."""


def _shown(kept: _Kept) -> Request:
    number, at, named, outcome, asked, answered = kept
    return Request(number, at, *named, *outcome, asked, answered)


class Activity:
    """The requests that came last; older ones are forgotten."""

    def __init__(self) -> None:
        self._lock = lock("the activity of a server", 99)
        self._news = threading.Condition(self._lock)
        self._requests: deque[_Kept] = deque()
        self._bytes = 0
        self._count = 0

    @property
    def count(self) -> int:
        """How many requests there have been."""
        return self._count

    def add(
        self, at: float, named: tuple[str, str, str, str], outcome: tuple[int, float, str], bodies: tuple[bytes, bytes]
    ) -> None:
        """Keep a request; the parameters are those of ``endpoint.Note``."""
        asked, answered = bodies if named[0] not in SECRETIVE else (b"", b"")
        asked, answered = asked[:BODY_BYTES], answered[:BODY_BYTES]
        with self._lock:
            self._count = number = self._count + 1
            self._requests.append((number, at, named, outcome, asked, answered))
            self._bytes += len(asked) + len(answered)
            while len(self._requests) > MOST_REQUESTS or self._bytes > MOST_BYTES:
                *_, asked, answered = self._requests.popleft()
                self._bytes -= len(asked) + len(answered)
        if log.isEnabledFor(logging.INFO):
            request = Request(number, at, *named, *outcome, asked, answered)
            log.info(request.line, extra={"fields": request.fields})

    def latest(self, sought: str = "", *, failed: bool = False, most: int = 200) -> list[Request]:
        """The last requests whose line has a text in it, newest first; ``failed`` for those alone that were refused."""
        return list(self._latest(sought.casefold(), failed=failed, most=most))

    def _latest(self, sought: str, *, failed: bool, most: int) -> Iterator[Request]:
        with self._lock:
            requests = list(self._requests)
        for kept in reversed(requests):
            if most <= 0:
                return
            request = _shown(kept)
            if (sought in request.line.casefold()) and (not failed or request.status >= 400):
                most -= 1
                yield request

    def find(self, number: int) -> Request | None:
        """The request with this number, if it is still kept."""
        with self._lock:
            return next((_shown(kept) for kept in self._requests if kept[0] == number), None)


def readable(body: bytes) -> str:
    """A body for people: JSON in lines, with what is secret hidden by its name."""
    from emulator.web.executions import pretty

    if not body:
        return ""
    text = body.decode(errors="replace")
    try:
        return pretty(_hidden(loads(text)))
    except InvalidJSON:
        return re.sub(r"((?:\w|\.)*)=([^&\s]*)", _hide_field, text)


def _hide_field(match: re.Match[str]) -> str:
    return f"{match[1]}={HIDDEN}" if _SECRET_NAME.search(match[1]) else match[0]


def _hidden(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: HIDDEN if _SECRET_NAME.search(name) else _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value

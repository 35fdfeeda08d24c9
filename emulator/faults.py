"""Fault: an error that is the caller's, in AWS's code and words."""

from __future__ import annotations

from asl_interpreter.jsontext import JSON


class Fault(Exception):
    """A request that AWS refuses.

    ``code`` is AWS's name of the error, and ``message`` its text, empty if AWS sends no text. ``status`` is the HTTP
    status. ``prefix`` stands before the code in ``__type``; if empty, the protocol chooses it. ``members`` are further
    fields of the body, such as ``CancellationReasons``.
    """

    def __init__(self, code: str, message: str, *, status: int = 400, prefix: str = "", **members: JSON) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.prefix = prefix
        self.members = members

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

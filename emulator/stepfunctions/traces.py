"""What TestState shows at level TRACE: the request of an HTTP Task, and the answer.

Secrets are what the connection of EventBridge adds; they are left out unless they are asked for.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html ("Test an HTTP Task").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from asl_interpreter.jsontext import JSON

if TYPE_CHECKING:
    from emulator.integrations.web import WebAnswer, WebRequest


class Trace:
    """Notes the last request and its answer, by the names of ``inspectionData``."""

    def __init__(self, *, reveal_secrets: bool) -> None:
        self._reveal_secrets = reveal_secrets
        self.seen: dict[str, JSON] = {}

    def __call__(self, sent: WebRequest, plain: WebRequest, answer: WebAnswer | None) -> None:
        """Note a request, as it is sent and as it is without secrets, and the answer once it is there."""
        request = sent if self._reveal_secrets else plain
        protocol = urlsplit(request.url).scheme
        about = {"protocol": protocol, "method": request.method, "url": request.url, "headers": _text(request.headers)}
        self.seen = {"request": about if request.body is None else {**about, "body": request.body}}
        if answer is not None:
            self.seen["response"] = {
                "protocol": protocol,
                "statusCode": str(answer.status),
                "statusMessage": answer.text,
                "headers": _text(answer.headers),
                "body": answer.body.decode(errors="replace"),
            }


def _text(headers: Iterable[tuple[str, str]]) -> str:
    return f"[{', '.join(f'{name}: {value}' for name, value in headers)}]"

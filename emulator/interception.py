"""Every AWS call of this process is answered by an emulator: whichever botocore client makes the call.

botocore sends every request through one method of one class; aiobotocore has a class of its own for it. While somebody
answers, both are replaced, so it does not matter when a client was made, with which keys, or for which endpoint: a
client of a module that was imported long before, or one with the keys ``testing``, is answered like any other. Clients
that have a handler of their own, such as those of moto's ``mock_aws``, never come as far as sending.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from emulator.wire.in_process import Respond, exchange

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

Answer: TypeAlias = "Callable[[AWSPreparedRequest], AWSResponse]"
"""Answers a request in place of AWS, or raises what the caller of the client shall see."""

_answers: list[Answer] = []
"""Who answers now: the one that began last."""
_let_through: set[str] = set()
"""Hosts whose requests are sent after all."""

METADATA_HOSTS: Final = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254"})
"""Where machines of AWS find credentials. Nothing of a test asks there."""


class AWSCallRefused(Exception):
    """A test made a call that would go to AWS. The message names the call and the remedy."""


@contextmanager
def answered_by(answer: Answer, let_through: frozenset[str] = frozenset()) -> Iterator[None]:
    """Have every AWS call of the process answered while the context is open.

    ``let_through`` are host names whose requests are sent as ever, such as ``localhost`` for another emulator.
    """
    _answers.append(answer)
    added = let_through - _let_through
    _let_through.update(added)
    _replace()
    try:
        yield
    finally:
        _answers.remove(answer)
        _let_through.difference_update(added)
        if not _answers:
            _restore()


_senders: dict[type, Any] = {}
"""Class -> its own method ``send``, while another stands in its place."""


def _replace() -> None:
    from botocore.httpsession import URLLib3Session

    if URLLib3Session not in _senders:
        sent = _senders[URLLib3Session] = URLLib3Session.send

        def send(session: Any, request: AWSPreparedRequest) -> AWSResponse:
            return sent(session, request) if _is_let_through(request) else _answers[-1](request)

        URLLib3Session.send = send  # type: ignore[method-assign,assignment]  # as long as somebody answers
    for name in ("aiobotocore.httpsession", "aiobotocore.httpxsession"):
        for kind in vars(sys.modules.get(name, object())).values() if name in sys.modules else ():
            if isinstance(kind, type) and kind.__module__ == name and "send" in vars(kind):
                _replace_asynchronous(kind)


def _replace_asynchronous(kind: Any) -> None:
    if kind in _senders:
        return
    sent = _senders[kind] = kind.send

    async def send(session: Any, request: AWSPreparedRequest) -> Any:
        return await sent(session, request) if _is_let_through(request) else _awaitable(_answers[-1](request))

    kind.send = send


def _awaitable(response: AWSResponse) -> Any:
    """An answer as aiobotocore reads it: its body is awaited."""
    from aiobotocore.awsrequest import AioAWSResponse

    body: Any = _AsynchronousBody(str(response.url), response.content)
    return AioAWSResponse(response.url, response.status_code, response.headers, body)


class _AsynchronousBody:
    """An answer that is there already, as aiohttp's ClientResponse: what is read of its ``content`` is awaited."""

    def __init__(self, url: str, body: bytes) -> None:
        self.url = url
        self.content = _AsynchronousStream(body)
        self._body = body

    async def __aenter__(self) -> _AsynchronousBody:  # noqa: PYI034 - Self needs Python 3.11
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def read(self) -> bytes:
        """All of it."""
        return self._body

    aread = read

    def close(self) -> None:
        """Nothing is open."""


class _AsynchronousStream:
    def __init__(self, body: bytes) -> None:
        self._left = io.BytesIO(body)

    async def read(self, amount: int = -1) -> bytes:
        """The next bytes."""
        return self._left.read(amount)

    def at_eof(self) -> bool:
        """Whether all has been read."""
        return self._left.tell() == len(self._left.getbuffer())


def _restore() -> None:
    for kind, sent in _senders.items():
        kind.send = sent  # type: ignore[attr-defined]  # which it had before
    _senders.clear()


def _is_let_through(request: AWSPreparedRequest) -> bool:
    return not _answers or urlsplit(str(request.url)).hostname in _let_through


_CREDENTIAL: Final = re.compile(r"Credential=([^/,\s]+)/|AWS ([^:\s]+):|[?&]X-Amz-Credential=([^&%/]+)")


def access_key(request: AWSPreparedRequest) -> str | None:
    """The access key that has signed a request; None if nobody has."""
    found = _CREDENTIAL.search(f"{_text(request.headers.get('Authorization', ''))} {request.url}")
    return None if found is None else found[1] or found[2] or found[3]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def world_answer(respond: Respond, account: str, is_known: Callable[[str], bool]) -> Answer:
    """Answers from one world: a key that the world does not know means the account of the test.

    ``is_known`` says whether a key names an account, as twelve digits do, or was issued by the world itself.
    """

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        key = access_key(request)
        if key is None and urlsplit(str(request.url)).hostname in METADATA_HOSTS:
            raise AWSCallRefused(f"{request.url} is where machines of AWS find credentials; a test has its own")
        if key is not None and not is_known(key):
            signed = _text(request.headers["Authorization"]) if "Authorization" in request.headers else ""
            if signed:
                del request.headers["Authorization"]
                request.headers["Authorization"] = re.sub(
                    rf"(Credential=|AWS ){re.escape(key)}(?=[/:])", rf"\g<1>{account}", signed, count=1
                )
            request.url = str(request.url).replace(f"X-Amz-Credential={key}", f"X-Amz-Credential={account}")
        return exchange(respond, request)

    return answer


def refusal(who: Callable[[], str]) -> Answer:
    """Refuses every call: of tests that use no emulator, where the option ``dynastep_only`` is set.

    ``who`` names the test that runs.
    """

    def answer(request: AWSPreparedRequest) -> AWSResponse:
        __tracebackhide__ = True
        raise AWSCallRefused(
            f"{who()} has called {urlsplit(str(request.url)).hostname} without the fixture dynastep. Use the fixture, "
            "or set dynastep_only = false, or let the host through with dynastep_let_through."
        )

    return answer

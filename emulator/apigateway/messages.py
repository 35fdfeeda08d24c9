"""Messages: a request to an API as it came, the answer that goes back, and the names that both go by."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from emulator.wire.protocol import Environ

Pairs = tuple[tuple[str, str], ...]
"""Names and values, in their order; a name may come more than once."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request to an API."""

    method: str
    path: str
    """As it was sent, percent-encoded, behind the stage."""
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    host: str = ""
    source_ip: str = "127.0.0.1"
    raw_query: str = ""
    scheme: str = "https"

    def header(self, name: str) -> str | None:
        """The last value of a header, by its name in any case."""
        return last(self.headers, name)


def incoming(environ: Environ, body: bytes, path: str) -> Incoming:
    """A request of HTTP's; WSGI says in capitals what headers are called, so each word begins with one."""
    names = {"CONTENT_TYPE": "Content-Type", "CONTENT_LENGTH": "Content-Length"}
    headers = [(names[name], str(value)) for name, value in environ.items() if name in names and value]
    headers += [
        ("-".join(word.capitalize() for word in name[5:].split("_")), str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    ]
    query = str(environ.get("QUERY_STRING", ""))
    return Incoming(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=tuple(headers),
        body=body,
        source_ip=environ.get("REMOTE_ADDR") or "127.0.0.1",
        raw_query=query,
        scheme=environ.get("wsgi.url_scheme", "https"),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API answers."""

    status: int
    body: bytes = b""
    headers: Pairs = ()
    after: float = 0.0
    """Seconds that a function behind it has said it takes."""
    is_unbuilt: bool = False
    """Whether it only says what Dynastep has not built."""

    def with_headers(self, *more: tuple[str, str]) -> Answer:
        """With headers that it does not have already."""
        present = {name.lower() for name, _ in self.headers}
        added = tuple(pair for pair in more if pair[0].lower() not in present)
        return replace(self, headers=self.headers + added)


def last(pairs: Iterable[tuple[str, str]], name: str, *, exact: bool = False) -> str | None:
    """The last value of a name, in any case unless it has to be exact."""
    found = None
    for each, value in pairs:
        if each == name or (not exact and each.lower() == name.lower()):
            found = value
    return found


def lists(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def media_type(value: str | None) -> str:
    """A media type without its parameters, in small letters: ``application/json`` where there is none."""
    return (value or "application/json").partition(";")[0].strip().lower()


def is_binary(types: Iterable[str], value: str | None) -> bool:
    """Whether a media type is one of an API's binary ones, which may have ``*``."""
    given = media_type(value)
    return any(
        kind in ("*/*", "*~1*") or kind == given or (kind.endswith("/*") and given.startswith(kind[:-1]))
        for kind in (each.replace("~1", "/").lower() for each in types)
    )


def text_of(body: bytes) -> str:
    """A body as text; what is no UTF-8 in it is replaced, as API Gateway does."""
    return body.decode(errors="replace")


def encoded(body: bytes) -> str:
    """A body in base64."""
    return base64.b64encode(body).decode()

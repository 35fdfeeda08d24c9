"""Pages of a list: maxResults and opaque tokens.

A token names the place where the next page begins by the key of an entry, so what comes or goes meanwhile shifts
nothing. It is valid for 24 hours, for the same operation and resource, as AWS says of its own.
"""

from __future__ import annotations

import base64
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.wire.protocol import Call
    from emulator.world import World

T = TypeVar("T")

DEFAULT_PAGE: Final = 100
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""
TOKEN_SECONDS: Final = 24 * 3600


def page(
    world: World, call: Call, entries: Sequence[T], key: Callable[[T], JSON], *, descending: bool = False
) -> tuple[list[T], dict[str, str]]:
    """The page of ``entries`` that the call asks for, and ``nextToken`` if there are more.

    ``key`` is unique and the entries are sorted by it.

    Raises:
        Fault: InvalidToken.
    """

    def after(last: Any) -> Iterable[T]:
        if last is None:
            return entries
        start = bisect_left(range(len(entries)), 1, key=lambda at: _follows(key(entries[at]), last, descending))
        return (entries[at] for at in range(start, len(entries)))

    return page_of(world, call, after, key, type(key(entries[0])) if entries else None)


def page_of(
    world: World, call: Call, after: Callable[[Any], Iterable[T]], key: Callable[[T], JSON], kind: type | None
) -> tuple[list[T], dict[str, str]]:
    """The same of entries that are made as they are read, and whose keys are of a ``kind``, if that is known.

    ``after`` gives those after a key, or all if it is None.

    Raises:
        Fault: InvalidToken.
    """
    size = call.params.get("maxResults") or DEFAULT_PAGE
    subject = [call.operation, *(value for name, value in sorted(call.params.items()) if name.endswith("Arn"))]
    last = None
    if call.params.get("nextToken"):
        last = _read(world, call.params["nextToken"], subject)
        if kind is not None and type(last) is not kind:
            raise _invalid()
    shown = list(islice(after(last), size + 1))
    if len(shown) <= size:
        return shown, {}
    del shown[-1]
    text = dumps([*subject, world.clock.now() + TOKEN_SECONDS, key(shown[-1])])
    return shown, {"nextToken": base64.urlsafe_b64encode(text.encode()).decode()}


def _follows(key: JSON, last: JSON, descending: bool) -> bool:  # noqa: FBT001 - internal
    return bool(key < last if descending else key > last)


def _read(world: World, token: str, subject: list[str]) -> JSON:
    try:
        *about, expires, last = loads(base64.urlsafe_b64decode(token))
        if about == subject and world.clock.now() <= expires:
            return last
    except (ValueError, TypeError, InvalidJSON):
        pass
    raise _invalid()


def _invalid() -> Fault:
    return Fault("InvalidToken", "Invalid Token: 'Invalid token'")

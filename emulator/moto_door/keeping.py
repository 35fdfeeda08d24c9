"""What moto's services hold, to be kept and put back: their backends, by service, account and region.

A backend is an object of moto's with everything that one service holds in one region. Tables are ours, and left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from emulator.moto_door.state import _clear_caches, opened

_NOT_KEPT: Final = frozenset({"dynamodb", "dynamodbstreams", "stepfunctions", "moto_api"})
"""Services that are ours."""


class Backend(NamedTuple):
    """Where a backend belongs: the name of its package in moto, its account, and its region or partition."""

    package: str
    account: str
    region: str


def backends(accounts: frozenset[str] | None) -> Iterator[tuple[Backend, Any]]:
    """Every backend of some accounts, or of all; none while nobody has used moto."""
    if "moto.core.base_backend" not in sys.modules:
        return
    from moto.core.base_backend import BackendDict

    used: Any = BackendDict
    for of_service in list(used._instances):  # noqa: SLF001 - moto tells nobody else which there are
        for account, of_account in list(of_service.items()):
            if accounts is None or account in accounts:
                for region, backend in list(of_account.items()):
                    package = type(backend).__module__.split(".")[1]
                    if type(backend).__module__.startswith("moto.") and package not in _NOT_KEPT:
                        yield Backend(package, account, region), backend


def put_back(place: Backend, backend: Any) -> None:
    """Have moto answer from a backend that was kept."""
    opened()
    of_service = _of_service(place.package, type(backend))
    of_service[place.account][place.region] = backend
    if place.package == "s3":
        for name in backend.buckets:
            of_service.bucket_accounts[name] = (backend.partition, place.account)


def can_put_back(place: Backend, backend: Any) -> None:
    """See that moto can answer from a backend that was kept.

    Raises:
        LookupError: moto has no such service.
    """
    opened()
    _of_service(place.package, type(backend))


def fresh() -> None:
    """What moto has cached of other backends is no longer true."""
    if "moto.core.base_backend" in sys.modules:
        _clear_caches()


def _of_service(package: str, kind: type) -> Any:
    from importlib import import_module

    from moto.core.base_backend import BackendDict

    for found in vars(import_module(kind.__module__)).values():
        if isinstance(found, BackendDict) and found.backend is kind:
            return found
    message = f"moto has no backends of {package} any more"
    raise LookupError(message)


def ids_drawn() -> Any:
    """How far the ids are drawn that moto makes up; None while nobody has used moto."""
    if "moto.moto_api._internal" not in sys.modules:
        return None
    from moto.moto_api._internal import mock_random

    return mock_random.getstate()


def draw_ids_from(state: Any) -> None:
    """Go on with the ids from there."""
    if state is not None:
        from moto.moto_api._internal import mock_random

        mock_random.setstate(state)

"""What moto holds: whose a key or a function is, and a way to forget it all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from asl_interpreter.loop.locks import lock

if TYPE_CHECKING:
    from emulator.dynamodb.model.store import Store

_forgetting = lock("the registry of moto", 10)
"""One at a time forgets: moto's registry is not made for two."""

_StoreOf: TypeAlias = "Callable[[str], Store | None]"
_tables: list[tuple[_StoreOf, Callable[[_StoreOf], None]]] = []
"""Whose tables moto sees, and how they are shown to moto; the last entry counts. Of the process, as moto's state is."""


def show_tables(store_of: _StoreOf, attach: Callable[[_StoreOf], None]) -> None:
    """Let moto's services see the tables in the store of each account; one without a store keeps moto's own.

    ``attach`` puts them where moto looks for tables; it is called when moto has been imported, and only once.
    """
    _tables[:] = [(store_of, attach)]


_meetings: list[Callable[[], None]] = []
"""What is told to moto's services before they are used; empty once that has been done."""


_meeting = lock("the meeting of moto", 16)
"""Others wait until all has been told."""


def meet(tell: Callable[[], None]) -> None:
    """Have moto's services told of an emulator before somebody uses them; the last one given counts."""
    _meetings[:] = [tell]


def met() -> None:
    """See that moto's services have been told of the emulator that began last."""
    if _meetings:
        with _meeting:
            for tell in _meetings:
                tell()
            _meetings.clear()


class MotoUnknown(Exception):
    """The moto that is installed is not one that Dynastep knows. The message says which it is, and what to install."""


_fit: list[Callable[[], None]] = []
"""What has moto patched; the last one counts."""


def fit_with(fit: Callable[[], None]) -> None:
    """Have moto patched when it is opened. The patches know what opens moto, not the reverse."""
    _fit[:] = [fit]


def opened() -> None:
    """Have moto ready to be used: its modules are patched when they are imported, and it has sight of our tables.

    Raises:
        MotoUnknown: the moto that is installed is not one that Dynastep knows.
    """
    _fit[-1]()
    met()
    _prepared()
    if _tables:
        _attached()


def make_untracked(_theirs: Callable[..., Any]) -> Callable[..., Any]:
    """What makes an instance of a model of moto's, and leaves it to whoever holds it.

    moto keeps each instance for a page that shows all of them. S3 needs the list: a reset closes the files in it.
    """
    from moto.core.common_models import BaseModel

    def new(cls: Any, *_arguments: Any, **_named: Any) -> Any:
        instance = super(BaseModel, cls).__new__(cls)
        if cls.__module__ == "moto.s3.models":
            cls.instances_tracked.append(instance)
        return instance

    return new


def _prepared() -> None:
    """Have moto's settings be as they are wanted here."""
    if _theirs:
        return
    from moto.core.config import default_user_config

    _theirs.update({name: dict(default_user_config[name]) for name in ("iam", "batch")})
    default_user_config["iam"]["load_aws_managed_policies"] = True  # roles of SAM and CDK have them
    default_user_config["batch"]["use_docker"] = False  # jobs end, but nothing runs: there is no Docker
    if _repeatable:
        _seed()


_theirs: dict[str, dict[str, Any]] = {}
"""moto's own settings, while they are others."""


def left() -> None:
    """Have moto's settings be its own again: nobody uses moto here any more, but a test of ``mock_aws`` may come."""
    _meetings.clear()
    if not _theirs:
        return
    from moto.core.config import default_user_config

    for name, settings in _theirs.items():
        default_user_config[name].update(settings)  # type: ignore[literal-required]
    _theirs.clear()


@cache
def _attached() -> None:
    """Put the tables where moto looks for them, once somebody shows some."""
    _, attach = _tables[-1]
    attach(lambda account: _tables[-1][0](account))  # noqa: PLW0108 - the last entry at the time of the call


_repeatable: list[int] = []


def repeat_ids(seed: int = 0) -> None:
    """Have the ids that moto makes up be the same from here on whenever this is asked. Of the process."""
    _repeatable[:] = [seed]
    if "moto.core.base_backend" in sys.modules:
        _seed()


def _seed() -> None:
    from moto.moto_api._internal import mock_random

    mock_random.seed(_repeatable[0])


def introduce(account: str, region: str) -> None:
    """Let moto know that the account uses DynamoDB: what looks through all services skips those that nobody uses."""
    if not _tables:
        return
    from moto.dynamodb.models import dynamodb_backends

    dynamodb_backends[account][region]  # making it is what counts


def issuer(access_key: str) -> str | None:
    """The account in which moto's IAM or STS issued an access key; None for any other key."""
    iam = sys.modules.get("moto.iam.models")
    if iam is None:
        return None
    for account_id, partitions in list(iam.iam_backends.items()):
        for backend in list(partitions.values()):
            if access_key in backend.access_keys:
                return str(account_id)
    return None


def reset() -> None:
    """Forget everything that moto holds, in all accounts."""
    if "moto.core.base_backend" not in sys.modules:
        return
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    used: Any = BackendDict
    with _forgetting:
        for of_service in list(used._instances):  # noqa: SLF001 - moto makes all anew that it forgets
            for account in list(of_service):
                _let_go(of_service.pop(account))
        used._instances.clear()  # noqa: SLF001
        if "moto.s3.models" in sys.modules:
            sys.modules["moto.s3.models"].s3_backends.bucket_accounts.clear()
        reset_model_data()
        _clear_caches()


def _let_go(backends: Any) -> None:
    """Have backends end what they hold beside memory. Most hold nothing, and are not made anew for nobody."""
    from moto.core.base_backend import BaseBackend

    for backend in backends.values():
        if type(backend).reset is not BaseBackend.reset:
            backend.reset()


def _clear_caches() -> None:
    """Empty the caches of methods, which keep the backends that they were called on."""
    for name, module in list(sys.modules.items()):
        if name.startswith("moto."):
            for kind in list(vars(module).values()):
                if isinstance(kind, type) and kind.__module__ == name:
                    for member in list(vars(kind).values()):
                        if isinstance(member, _CACHED):
                            member.cache_clear()


_CACHED = type(lru_cache(repr))


def forget(account: str) -> None:
    """Forget what moto's services hold of one account; names that are unique in all of AWS are free again."""
    if "moto.core.base_backend" not in sys.modules:
        return
    from moto.core.base_backend import BackendDict

    s3 = sys.modules.get("moto.s3.models")
    with _forgetting:
        used: Any = BackendDict
        for backends in list(used._instances):  # noqa: SLF001 - moto resets all accounts or none
            held = backends.pop(account, None)
            if held is not None:
                _let_go(held)
        if s3 is not None:
            owners = s3.s3_backends.bucket_accounts
            for bucket in [name for name, owner in owners.items() if account in owner]:
                del owners[bucket]

"""What a process is like while a test has an emulator: its environment, boto3's sessions, the garbage collector.

All of this is as before when the test is over.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from emulator.wire.loading import models_kept

_HIDDEN: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""Variables that would lead an SDK elsewhere."""

_COLLECT_EVERY: Final = (50_000, 20, 20)
"""How seldom garbage is looked for (gc.set_threshold)."""


@contextmanager
def surroundings(account: str, region: str, url: str) -> Iterator[None]:
    """Have the SDKs of this process, and of its children, find the account, its region and the endpoint."""
    variables = _variables(account, region, url)
    outer = {name: os.environ.get(name) for name in (*variables, *_HIDDEN)}
    _set({**variables, **dict.fromkeys(_HIDDEN)})
    _forget_session()
    try:
        with models_kept(), collected_seldom():
            yield
    finally:
        _set(outer)
        _forget_session()


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Have the garbage collector run less often than Python's default.

    The modules of an emulator and the models of a few services are 200,000 objects, and none of them is garbage. While
    they are made, and while tests run beside them, Python would visit all of them again and again: a quarter of the CPU
    of a small suite.
    """
    threshold = gc.get_threshold()
    if threshold[0]:  # 0: somebody has switched the collector off
        gc.set_threshold(*_COLLECT_EVERY)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)


def _variables(account: str, region: str, url: str) -> dict[str, str | None]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "dynastep",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # StartSyncExecution would go to the host sync-127.0.0.1
    }


def _set(variables: Mapping[str, str | None]) -> None:
    """Set variables of the environment; None removes one."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _forget_session() -> None:
    """boto3's default session remembers the credentials that it first found."""
    boto3 = sys.modules.get("boto3")
    if boto3 is not None:
        boto3.DEFAULT_SESSION = None  # type: ignore[attr-defined]  # a module as sys.modules has it

"""Extras: parts of moto that need a Python module which not everybody installs, and how to get it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

EXTRAS: Final[Mapping[str, str]] = {"aws_xray_sdk": "xray", "graphql": "appsync"}
"""Module -> the extra of Dynastep's distribution that brings it."""


def absent(error: BaseException) -> str | None:
    """The module that is not installed, if that is why an error came; None for any other error.

    moto may fail once more while it handles the first failure, so that the errors before count too.
    """
    for each in _with_what_came_before(error):
        if isinstance(each, ModuleNotFoundError) and each.name is not None:
            return each.name.partition(".")[0]
    return None


def _with_what_came_before(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def remedy(module: str) -> str:
    """What to do so that a module is there."""
    return (
        f"install dynastep[{EXTRAS[module]}]" if module in EXTRAS else f"install dynastep anew, for it brings {module}"
    )

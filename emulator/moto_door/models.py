"""Models: botocore's, as moto reads them, with what moto adds to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from emulator.wire.loading import quickened

if TYPE_CHECKING:
    from botocore.loaders import Loader


def create_loader(theirs: Callable[[], Loader]) -> Callable[[], Loader]:
    """Make one loader of models for all services; moto's own is made anew for each, and looks for all models anew."""
    return cache(lambda: quickened(theirs()))

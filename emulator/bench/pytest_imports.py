"""Modules of the emulator are imported as they are, without pytest's rewriting of ``assert``.

pytest rewrites every module of a distribution that brings a plugin. The emulator's hundreds of modules have no
assertions for a test to explain; where nothing may be written beside them (``PYTHONDONTWRITEBYTECODE``, a folder that
is read-only), each run would compile them all again: more than a second of CPU.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Final

_PACKAGES: Final = frozenset({"asl_interpreter", "dynastep", "emulator"})


class _AsTheyAre:
    """Finds our own modules before pytest's finder is asked."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Where a module of ours is; None for any other."""
        return PathFinder.find_spec(name, path, target) if name.partition(".")[0] in _PACKAGES else None


def import_as_they_are() -> None:
    """Have the modules that are not imported yet compiled once, as Python does."""
    if _AsTheyAre not in sys.meta_path:
        sys.meta_path.insert(0, _AsTheyAre)

"""Fitting: a module of moto's is patched when it is imported, whoever imports it.

A patch fits a function as it was when the patch was written, and a digest of the function's source tells whether it
still is. A function whose source has changed is named in the log; a function that is gone is an error.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib import import_module, metadata
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from asl_interpreter.loop.locks import lock
from emulator.moto_door.patches import PATCHES, Patch
from emulator.moto_door.state import MotoUnknown

log = logging.getLogger("dynastep")

LOWEST: Final = (5, 2, 4)
BELOW: Final = (5, 3)
"""The versions of moto that the table is made for, as pyproject.toml has them."""
COMPARED: Final = frozenset({"5.2.4", "5.2.5"})
"""Releases whose functions all have known digests, as a test says of the one that is installed: their sources need not
be read again, which takes longer than importing them."""


def fit() -> None:
    """Have moto patched, once in the process: what is imported already at once, all else when it is imported.

    Raises:
        MotoUnknown: moto is of another version, or lacks what is to be patched.
    """
    with _fitting:
        if _fitted:
            return
        _check_version()
        patching = Patching(PATCHES)
        sys.meta_path.insert(0, patching)
        for name in patching.modules & sys.modules.keys():
            patching.patch(import_module(name))  # which waits for a thread that imports it
        _fitted.append(patching)


_fitted: Final[list[Patching]] = []
"""What patches moto, once it does. Of the process, as all of moto's state is."""
_fitting: Final = lock("the patching of moto", 15)
"""One thread at a time begins: what is patched twice would act twice."""


class Patching:
    """A finder of modules, which finds those that have patches where others do, and patches what was imported."""

    def __init__(self, patches: Mapping[str, Sequence[Patch]]) -> None:
        self._compared = metadata.version("moto") in COMPARED
        self._patches: defaultdict[str, list[Patch]] = defaultdict(list)
        for patch in (patch for of_package in patches.values() for patch in of_package):
            self._patches[patch.module].append(patch)
        self.modules = self._patches.keys()

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How a module is imported; None if it has no patch."""
        if name not in self._patches:
            return None
        others = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, others), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_patch(module: ModuleType) -> None:
                execute(module)
                self.patch(module)

            spec.loader.exec_module = execute_and_patch  # type: ignore[method-assign]  # of this module's loader alone
        return spec

    def patch(self, module: ModuleType) -> None:
        """Put what stands in its place where each target was.

        Raises:
            MotoUnknown: the module lacks what is to be patched.
        """
        for patch in self._patches[module.__name__]:
            owner, name = find(patch.target)
            theirs = getattr(owner, name)
            if not self._compared and digest(theirs) not in patch.known:
                log.warning(
                    "moto %s has changed %s, which Dynastep replaces: what depends on it may not be as on AWS",
                    metadata.version("moto"),
                    patch.target,
                )
            setattr(owner, name, patch.make(theirs))


def find(target: str) -> tuple[Any, str]:
    """What holds a target of a patch, such as a class, and the name of the target in it.

    Raises:
        MotoUnknown: there is no such target.
        ModuleNotFoundError: a module that moto itself imports is not installed.
    """
    module, _, path = target.partition(":")
    *outer, name = path.split(".")
    try:
        owner: Any = import_module(module)
        for each in outer:
            owner = getattr(owner, each)
        getattr(owner, name)
    except (ModuleNotFoundError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("moto"):
            raise
        raise _unknown(f"it has no {target}") from None
    return owner, name


def _check_version() -> None:
    numbers = tuple(int(part) for part in metadata.version("moto").split(".")[:3] if part.isdigit())
    if not LOWEST <= numbers < BELOW:
        raise _unknown("its insides are others")


def _unknown(why: str) -> MotoUnknown:
    lowest, below = (".".join(map(str, version)) for version in (LOWEST, BELOW))
    return MotoUnknown(
        f"Dynastep does not know moto {metadata.version('moto')}, which is installed ({why}): "
        f"install moto>={lowest},<{below}"
    )


def digest(theirs: Any) -> str:
    """What tells one version of a function or a property, by its source, or of a value from another."""
    theirs = theirs.fget if isinstance(theirs, property) else theirs
    text = inspect.getsource(theirs) if callable(theirs) else repr(theirs)
    return hashlib.sha256(text.encode()).hexdigest()[:12]

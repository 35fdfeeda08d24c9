"""Snapshots: the state of a world under a name, in memory or as a file.

A file is a zip: ``about.json`` says which version wrote it, ``state`` is the state. It is read by versions of Dynastep
and moto that are the same; another one refuses it by name.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from emulator.keeping.pickling import Unreadable, dump, load
from emulator.progress import steps

if TYPE_CHECKING:
    from emulator.keeping.state import State

FORMAT: Final = 2
"""Of the file; grows with each change that an older version could not read."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


class UnknownSnapshot(LookupError):
    """There is no snapshot of this name. The message says which there are."""


class InvalidName(ValueError):
    """No snapshot can have this name. The message says what a name is."""


@dataclass(slots=True)
class Snapshots:
    """The snapshots of one emulator, by name."""

    _taken: dict[str, State] = field(default_factory=dict)

    def keep(self, name: str, state: State) -> None:
        """Keep a state under a name, in the place of what was kept under it.

        Raises:
            InvalidName: it is no name.
        """
        self._taken[checked(name)] = state

    def find(self, name: str) -> State:
        """The state under a name.

        Raises:
            UnknownSnapshot: there is none.
        """
        if name not in self._taken:
            there = ", ".join(self._taken) or "none"
            raise UnknownSnapshot(f"There is no snapshot {name!r}; there are: {there}.")
        return self._taken[name]

    def remove(self, name: str) -> None:
        """Forget one. Raises UnknownSnapshot."""
        self.find(name)
        del self._taken[name]

    def described(self) -> list[dict[str, Any]]:
        """What there is, for people, in the order in which the names were first used."""
        return [
            {
                "name": name,
                "time": state.now,
                "items": sum(map(len, state.items.values())),
                "executions": sum(map(len, state.executions.values())),
            }
            for name, state in self._taken.items()
        ]


def checked(name: str) -> str:
    """A name, if it is one.

    Raises:
        InvalidName: it is none.
    """
    if not _NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} is no name of a snapshot: 1 to 128 letters, digits, '.', '_' and '-', "
            "the first a letter or digit"
        )
    return name


def written(state: State) -> bytes:
    """A state as a file."""
    about = {"format": FORMAT, "dynastep": _version("dynastep"), "moto": _version("moto")}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("about.json", json.dumps(about))
        step = steps("Writing items", lambda: sum(map(len, state.items.values())))
        archive.writestr("state", dump(replace(state, machines={}), {}, step))
    return file.getvalue()


def read(file: bytes) -> State:
    """The state in a file, which ``state.try_out`` must try before it is trusted.

    Raises:
        Unreadable: it is no such file, or one of another version.
    """
    from emulator.keeping.state import State  # with what runs state machines

    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            about, kept = json.loads(archive.read("about.json")), archive.read("state")
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise Unreadable(f"This is no file of a snapshot: {error}") from None
    refuse_others(about)
    state = load(kept, {}, steps("Reading the file", len(kept)))
    if not isinstance(state, State):
        raise Unreadable("This is no file of a snapshot")
    state.machines = {}  # they are compiled here
    return state


def refuse_others(about: Mapping[str, Any]) -> None:
    """See that what was written here, or elsewhere, is of these versions.

    Raises:
        Unreadable: it is not.
    """
    if about.get("format") != FORMAT:
        raise Unreadable(f"The snapshot has format {about.get('format')}; this version of Dynastep reads {FORMAT}")
    for package in ("dynastep", "moto"):
        if about.get(package) != _version(package):
            raise Unreadable(
                f"The snapshot was written with {package} {about.get(package)}; {_version(package)} is installed: "
                "take it again with this version"
            )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"

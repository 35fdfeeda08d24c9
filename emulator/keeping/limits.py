"""What a data folder does not give back: said when a server starts with one, and listed in docs/data.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from asl_interpreter.jsontext import InvalidJSON, loads
from emulator.keeping.folder import Folder
from emulator.keeping.pickling import Unreadable

UNKEPT: Final = "unkept"
"""The part of a folder that says which of moto's services could not be written, and why: JSON, by name of the part."""

KEPT: Final = frozenset(
    {"dynamodb", "deployments", "callbacks", "random", "ids", "_machines", "_activities"}
    | {"clock"}  # its time
    | {"lambdas"}  # where chance stands; functions and mappings are moto's
)
"""Parts of a world whose state is kept."""
WITHOUT_STATE: Final = frozenset(
    {"settings", "engine", "logs", "status_changes", "apis", "makers", "retention", "spill", "datasets"}
    | {"elsewhere", "guard", "mock_config", "coverage", "keeping", "_resources"}
    | {"schedules", "pipes", "alarms"}  # they are made from what moto's services hold
)
"""Parts of a world that hold nothing of a user's, or what others of them hold."""
NOT_KEPT: Final[Mapping[str, tuple[str, str]]] = {
    "metrics": ("cloudwatch", "values of metrics that were counted"),
    "lambdas": (
        "lambda",
        "invocations by event that wait for another attempt, and processes of functions with their memory",
    ),
    "keys": ("kms", "data keys that services hold, of which each service asks for a new one"),
    "mocks": ("stepfunctions", "mocks that were set over the control routes, and their counts"),
    "faults": ("every service", "faults that were set over the control routes, and their counts"),
}
"""Parts of a world that a folder does not have, or not all of: the service, and what of it."""


def sentences(folder: Folder) -> Iterator[str]:
    """What a server that starts with a folder has to say: what no folder keeps, and what this one lacks.

    Raises:
        Unreadable: the folder is damaged.
    """
    of_each = "; ".join(f"{service}: {what}" for service, what in NOT_KEPT.values())
    yield f"A data folder does not keep everything. Not kept: {of_each}. docs/data.md has the whole list"
    for (kept,) in folder.read("SELECT value FROM parts WHERE name = 'unkept'"):
        try:
            lacking = loads(kept)
        except InvalidJSON as error:
            raise Unreadable(f"the part {UNKEPT} is damaged: {error}") from None
        for name, why in lacking.items():
            yield f"This data folder lacks what {name.removeprefix('moto/')} held, which could not be kept: {why}"

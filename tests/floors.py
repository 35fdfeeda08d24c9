"""Prints, as constraints for pip, the lowest version of each dependency that pyproject.toml allows.

    python tests/floors.py > floors.txt
    python3.10 -m pip install --editable '.[dev]' --constraint floors.txt

``make lowest`` runs tests with them, so that pyproject.toml promises nothing that was not tried.
"""

from __future__ import annotations

import sys
from importlib import metadata

from packaging.requirements import Requirement


def floors(requirements: list[str]) -> list[str]:
    """``name==lowest`` for each requirement that names a lowest version, such as ``flask>=3.1``."""
    found = set()
    for requirement in map(Requirement, requirements):
        found |= {f"{requirement.name}=={each.version}" for each in requirement.specifier if each.operator == ">="}
    return sorted(found)


if __name__ == "__main__":
    sys.stdout.write("\n".join(floors(metadata.requires("dynastep") or [])) + "\n")

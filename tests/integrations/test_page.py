"""The page about integrations names every one of them."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.integrations.optimized import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "integrations.md"


def listed():
    """Service and action of every row, in order."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            services, actions = (re.findall(r"`([\w-]+)`", cell) for cell in cells[:2])
            if len(services) == 1:
                yield from ((services[0], action) for action in actions)
            else:
                yield from zip(services, actions, strict=True)


def test_the_page_lists_every_optimized_integration_once():
    assert sorted(listed()) == sorted(ACTIONS)

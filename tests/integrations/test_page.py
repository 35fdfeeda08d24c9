"""The page about integrations names every one of them."""

from __future__ import annotations

import re
from pathlib import Path

from emulator.integrations.optimized import ACTIONS

PAGE = Path(__file__).parents[2] / "docs" / "integrations.md"


SUFFIXES = {"token": ".waitForTaskToken", "`.sync`": ".sync", "`.sync:2`": ".sync:2"}


def listed():
    """Service, action and suffixes of every row, in order."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            services, actions = (re.findall(r"`([\w-]+)`", cell) for cell in cells[:2])
            suffixes = frozenset({"", *(SUFFIXES[word] for word in cells[2].split())})
            if len(services) == 1:
                yield from (((services[0], action), suffixes) for action in actions)
            else:
                yield from ((named, suffixes) for named in zip(services, actions, strict=True))


def test_the_page_lists_every_optimized_integration_once_and_how_it_waits():
    assert sorted(listed()) == sorted((name, action.suffixes) for name, action in ACTIONS.items())

"""How often the executions of a server took each state and transition, for the colours of the console's pictures."""

from __future__ import annotations

from typing import Final

from asl_interpreter.coverage import Coverage

MOST_COUNTED: Final = 500
"""Definitions whose executions are counted, those executed first being forgotten."""


class Counts(dict[str, Coverage]):
    """Text of a definition -> what its executions have done, for so many definitions as a server may keep."""

    def setdefault(self, definition: str, fresh: Coverage) -> Coverage:
        """The record of a definition, ``fresh`` if it has none yet; asked by one thread at a time."""
        found = self.get(definition)
        if found is None:
            found = self[definition] = fresh
            for oldest in list(self)[:-MOST_COUNTED]:
                self.pop(oldest, None)
        return found

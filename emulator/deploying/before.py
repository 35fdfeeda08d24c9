"""What a stack was before an update: what its rollback leads back to, and what is deleted once it is complete.

An update that was left where it failed has one of these, too, and the next update goes on with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.deploying.stacks import Row, Stack


class Before:
    """What a stack was, and what the update has done so far."""

    def __init__(self, stack: Stack) -> None:
        self.given = stack.given
        self.tags = stack.tags
        self.outputs = stack.outputs
        self.exports = stack.exports
        self.imports = stack.imports
        self.made: dict[str, None] = {}
        """The resources that were not there, in the order in which they were made."""
        self.changed: dict[str, Row] = {}
        """What each resource was, before any update that was left where it failed."""
        self.latest: dict[str, Row] = {}
        """What each resource was before the latest of these updates."""
        self.replaced: dict[str, Row] = {}
        self.between: list[Row] = []
        """What one of these updates made in place of another, and a later one replaced again."""
        self.denied: set[str] = set()
        """What was not touched: the stack's policy did not allow it, or nothing can change it."""

    def keep(self, old: Row) -> None:
        """Remember what a resource was, which is changed next."""
        self.changed.setdefault(old.logical_id, old)
        self.latest[old.logical_id] = old

    def replace(self, old: Row) -> None:
        """Remember what was replaced, to be deleted when all is done."""
        if self.replaced.setdefault(old.logical_id, old) is not old:
            self.between.append(old)

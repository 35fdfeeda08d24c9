"""Regions: the stacks of a world, by account and region; made when somebody first asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.deploying.stacks import Stacks
    from emulator.world import World


class Deployments:
    """The stacks of one world. ``served_at`` is where it is served: functions answer CloudFormation there."""

    def __init__(self, served_at: Callable[[], str]) -> None:
        self.served_at = served_at
        self._regions: dict[tuple[str, str], Region] = {}

    def region(self, world: World, account: str, region: str) -> Region:
        """The stacks of an account in a region, and what they call."""
        return self.of(world, Call("cloudformation", "", {}, account, region, ""))

    @property
    def stacks(self) -> dict[tuple[str, str], Stacks]:
        """The stacks by account and region."""
        return {key: region.stacks for key, region in self._regions.items()}

    def restore(self, world: World, stacks: dict[tuple[str, str], Stacks]) -> None:
        """Have these stacks, and no others."""
        for key, kept in stacks.items():
            self.of(world, Call("cloudformation", "", {}, *key, "")).stacks = kept

    def of(self, world: World, call: Call) -> Region:
        """The stacks that a caller sees."""
        from emulator.deploying import region

        key = (call.account, call.region)
        if key not in self._regions:
            self._regions.setdefault(key, region.of(world, *key, self.served_at))
        return self._regions[key]

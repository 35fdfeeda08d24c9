"""Control: the world that is alive now, and what is done to it as a whole: its clock, a reset, its end."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.loop.clock import LATEST, MODES, Clock, Mode
from emulator import moto_door
from emulator.settings import Settings
from emulator.wire.gate import GRACE_SECONDS, Gate
from emulator.wiring import Lasting, put_together
from emulator.world import World

if TYPE_CHECKING:
    from emulator.keeping.folder import Folder
    from emulator.keeping.keeper import Keeper
    from emulator.keeping.snapshots import Snapshots
    from emulator.keeping.state import State

FEW: Final = 1_000
"""Items and executions whose memory a reset does not wait for: to look for it takes 0.1 s and more."""


class Control:
    """Holds one emulator's world. The server has one, each test has one.

    What keeps the state of a world is imported by those who keep it: most tests do not.
    """

    def __init__(
        self,
        given: Lasting | Settings,
        forget: Callable[[], None] = moto_door.reset,
        accounts: Callable[[], frozenset[str] | None] = lambda: None,
        folder: Folder | None = None,
    ) -> None:
        """``forget`` empties moto's services, as far as they are of this world: of ``accounts``, or of all.

        With a data folder, ``begin`` must follow.
        """
        self._given = Lasting.of(given) if isinstance(given, Settings) else given
        self._forget = forget
        self._accounts = accounts
        self._folder = folder
        self._keeper: Keeper | None = None
        self.gate = Gate()
        self.world = self._new_world()

    @cached_property
    def snapshots(self) -> Snapshots:
        """The states that are kept under names."""
        from emulator.keeping.snapshots import Snapshots

        return Snapshots()

    def _new_world(self) -> World:
        world = put_together(self._given)
        if self._folder is not None:
            from emulator.keeping.keeper import Keeper

            world.keeping.by = self._keeper = Keeper(self._folder, world)
        return world

    def begin(self) -> None:
        """Go on with what the data folder holds, if there is one. moto must have been met.

        Raises:
            Unreadable: what it holds is damaged, or of another version.
            CannotWrite, CannotKeep: it cannot be written.
        """
        if self._folder is None or self._keeper is None:
            return
        gc.disable()  # a million items are made, and none is garbage
        try:
            self._take_up(self._folder, self._keeper)
        except BaseException:  # the folder stays as it is
            self._keeper.leave()
            self._folder.close()
            self._folder = self._keeper = None
            raise
        finally:
            gc.enable()

    def _take_up(self, folder: Folder, keeper: Keeper) -> None:
        from emulator.keeping.loading import load_state
        from emulator.keeping.state import put_into, wake

        loaded = load_state(folder)
        if loaded is None:
            keeper.begin({})
            return
        state, known = loaded
        put_into(self.world, state, with_time=self.world.clock.mode != "wall")
        keeper.know_tables()
        wake(self.world, state)
        keeper.begin(known)

    @property
    def default_account(self) -> str:
        """The account of callers whose key names none."""
        return self.world.settings.account

    def of(self, _account: str) -> Control:
        """Who controls the world that an account lives in."""
        return self

    @property
    def latest(self) -> Control:
        """Who is meant by the routes under ``/_dynastep``, which name no account."""
        return self

    def clock_info(self) -> dict[str, Any]:
        """The clock, for people."""
        clock = self.world.clock
        return {"mode": clock.mode, "now": clock.now()}

    def set_clock(self, mode: str | None, advance: float | None) -> None:
        """Change the mode of the clock, or move it by so many seconds.

        Raises:
            ValueError: there is no such mode, or time would run backwards, or beyond the year 9999.
        """
        world = self.world
        if mode is not None and mode not in MODES:
            message = f"the clock has no mode {mode!r}; it has {', '.join(MODES)}"
            raise ValueError(message)
        if advance is not None and not 0 <= advance <= LATEST - world.clock.now():
            message = f"the clock cannot be advanced by {advance} seconds"
            raise ValueError(message)
        if mode is not None:
            wanted: Mode = mode  # type: ignore[assignment]  # it is one of them
            world.engine.ask(lambda: setattr(world.clock, "mode", wanted))
        if advance is not None:
            world.engine.advance(advance)

    def trouble(self) -> str | None:
        """Why nothing works any more; None as long as it does."""
        defect = self.world.engine.defect
        return None if defect is None else f"The loop has failed: {defect!r}. A reset starts a new one."

    def counts(self) -> dict[str, int]:
        """How much there is of what, for people."""
        machines, archive = self.world.every_state_machine(), self.world.retention.archive
        return {
            "stateMachines": len(machines),
            "executions": sum(
                len(machine.executions) if archive is None else archive.count(machine.arn) for machine in machines
            ),
            "functions": len(self.world.lambdas),
            "tables": sum(len(region.all_tables()) for region in self.world.dynamodb.regions.values()),
        }

    def reset(self) -> None:
        """Forget everything but the functions: executions end, machines go, other services are empty again."""
        held = self._held()
        with self.gate.closed():
            self.gate.drain(GRACE_SECONDS)
            self._end()
            self.gate.drain()
            self.world = self._new_world()
            self._forget()
            if self._keeper is not None:
                self._keeper.begin({})
        if held > FEW:  # tables, machines and executions hold each other in circles
            gc.collect()

    def _held(self) -> int:
        """How many items and executions there are in memory."""
        tables = [table for region in self.world.dynamodb.regions.values() for table in list(region.tables.values())]
        return len(self.world.retention) + sum(len(table.items) for table in tables)

    def take_snapshot(self, name: str) -> None:
        """Keep the state of everything under a name: tables, executions, other services, the time.

        Raises:
            InvalidName: it is no name.
            CannotKeep: something cannot be kept; the message says what.
        """
        from emulator.keeping.snapshots import checked
        from emulator.keeping.state import take

        checked(name)
        with self.gate.closed():
            self.gate.drain()
            self.snapshots.keep(name, take(self.world, self._accounts()))

    def take_in_snapshot(self, name: str, file: bytes) -> None:
        """Keep what a file of a snapshot holds under a name, once all of it has been tried in a world of its own.

        Raises:
            InvalidName: it is no name.
            Unreadable: it is no such file, one of another version, or damaged.
        """
        from emulator.keeping.snapshots import checked, read

        checked(name)
        state = read(file)
        self.try_out(state)
        self.snapshots.keep(name, state)

    def try_out(self, state: State) -> None:
        """See that a state can be taken in: all of it is read, in a world of its own.

        Raises:
            Unreadable: it cannot.
        """
        from emulator.keeping.state import try_out

        world = put_together(replace(self._given, clock=Clock("manual"), mocks=None, faults=None, coverage=None))
        try:
            try_out(world, state)
        finally:
            world.lambdas.close()
            world.engine.close()

    def restore_snapshot(self, name: str) -> None:
        """Have everything as it was when a snapshot was taken. A wall clock goes on; others go back, too.

        Raises:
            UnknownSnapshot: there is none of this name.
            Unreadable: it was taken by another version.
        """
        from emulator.keeping.state import put_into, wake

        state = self.snapshots.find(name)
        with self.gate.closed():
            self.gate.drain(GRACE_SECONDS)
            self._end()
            self.gate.drain()
            self.world = self._new_world()
            self._forget()
            put_into(self.world, state, with_time=self.world.clock.mode != "wall")
            wake(self.world, state)
            if self._keeper is not None:
                self._keeper.begin({})

    def close(self) -> None:
        """End all that runs; a data folder has it all."""
        if self._keeper is not None and self._folder is not None:
            self._keeper.close()
            self._keeper = None
            self._folder.close()
        self._end()
        if self._given.cluster is not None:
            self._given.cluster.close()

    def _end(self) -> None:
        """End all that runs; a data folder forgets it."""
        if self._keeper is not None:
            self._keeper.abandon()
        self.world.lambdas.close()
        self.world.engine.close()

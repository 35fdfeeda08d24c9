"""What a test runs: its machines, started, held, and run again. Made when the first machine of a test is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.definition import Machine
from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.scheduler import Deadlock
from asl_interpreter.running.execution import Execution as Running
from emulator.bench.answers import open_callback
from emulator.bench.cassettes import read_cassette
from emulator.bench.definitions import Definition, Source, definition_text, json_text, machine_of_project
from emulator.bench.execution import Execution
from emulator.bench.handles import Started
from emulator.bench.moments import Past, recorded_execution
from emulator.bench.replaying import CannotReplay, Replayed, replay
from emulator.faults import Fault
from emulator.integrations.mocked import mocks_first
from emulator.integrations.mocks import Mocks
from emulator.stepfunctions import executions, state_machines
from emulator.validate.documents import CannotRead
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.bench.policies import MachinePolicy
    from emulator.bench.visits import Event
    from emulator.world import World


class Runs:
    """The machines and executions of a test, in its account and region."""

    mistakes: Final = (CannotRead, Deadlock, Fault, TypeError, ValueError)
    """What is raised for mistakes of a test."""

    def __init__(
        self, world: Callable[[], World], call: Callable[[str, dict[str, JSON]], Call], mocks: Mocks, role: str
    ) -> None:
        """``world`` gives the one that is alive; ``call`` makes calls of the test, ``role`` names that of machines."""
        self._alive = world
        self._call = call
        self._mocks = mocks
        self._role = role
        self._count = itertools.count(1)
        self._sources: dict[str, Source] = {}
        """ARN of a machine -> the file that its definition was read from."""
        self._running: dict[str, Running] = {}
        """ARN -> the executions that were started here."""

    @property
    def _world(self) -> World:
        return self._alive()

    def start(
        self,
        definition: Definition,
        given: JSON,
        name: str | None,
        kind: str,
        substitutions: Mapping[str, JSON] | None,
    ) -> Started:
        """Start a machine, made of a definition or named by its ARN.

        Raises:
            Fault, TypeError, ValueError, CannotRead: it cannot be made or started.
        """
        machine = self.machine(definition, kind, substitutions)
        params: dict[str, JSON] = {"stateMachineArn": machine, "input": json_text({} if given is None else given)}
        if name is not None:
            params["name"] = name
        running = executions.start(self._world, self._call("StartExecution", params))
        self._running[running.start.arn] = running
        return self._held(running)

    def machine(
        self,
        definition: Definition,
        kind: str,
        substitutions: Mapping[str, JSON] | None,
        logical_name: str | None = None,
        role: str | None = None,
    ) -> str:
        """Make a state machine of a definition, if it is not the ARN of one; its ARN. Raises as ``start``."""
        if isinstance(definition, str) and definition.startswith("arn:"):
            if kind != "STANDARD" or substitutions:
                raise ValueError("type and substitutions are of a definition; an ARN is of a machine that has its own")
            return definition
        call = self._call("CreateStateMachine", {})
        source: Source | None
        found = machine_of_project(definition, logical_name, call.account, call.region, substitutions)
        if found is None:
            text, source = definition_text(definition, substitutions)
        else:
            text, source, kind = found
        params = {
            "name": f"machine-{next(self._count)}",
            "definition": text,
            "type": kind,
            "roleArn": role or f"arn:aws:iam::{call.account}:role/{self._role}",
        }
        created = state_machines.create_state_machine(self._world, self._call("CreateStateMachine", params))
        arn: str = created["stateMachineArn"]
        if source is not None:
            self._sources[arn] = source
        return arn

    def now(self) -> list[Execution]:
        """The executions as they are now, in the order of their start."""
        return [self._held(running).now() for running in self.known().values()]

    def known(self) -> dict[str, Running]:
        """ARN -> execution: those that were started here, and all others of STANDARD machines."""
        kept = [
            each for machine in self._world.state_machines(self._call("", {})) for each in machine.executions.values()
        ]
        every = {each.start.arn: each for each in (*self._running.values(), *kept)}  # a snapshot brings others
        return dict(sorted(every.items(), key=lambda entry: entry[1].started_at))

    def definition_of(self, execution: Execution) -> tuple[str, Machine]:
        """The definition that an execution runs: the text of its state machine, and what was read from it."""
        known = self.known()[execution.arn]
        found = self._world.state_machines(self._call("", {})).get(known.start.state_machine_arn)
        return "" if found is None else found.definition, known.machine

    def policy(self, machine: Definition | Execution, client: Callable[[str], Any]) -> MachinePolicy:
        """The least IAM policy that the role of a machine, or of an execution, needs. Raises as ``start``."""
        from emulator.bench.policies import facts_of_file, policy_of, policy_of_runs  # which few tests need

        if not isinstance(machine, Execution | str) or (isinstance(machine, str) and not machine.startswith("arn:")):
            call = self._call("", {})
            return policy_of(definition_text(machine, None)[0], facts_of_file("*", call.account, call.region))
        arn, ran = (machine, self.now()) if isinstance(machine, str) else (machine.state_machine_arn, [machine])
        asked = self._call("DescribeStateMachine", {"stateMachineArn": arn})
        described = state_machines.describe_state_machine(self._world, asked)
        return policy_of_runs(described, client, ran, only_runs=isinstance(machine, Execution))

    def replay(self, cassette: Path | str, definition: Definition | None) -> Replayed:
        """Run a definition, or the one of the cassette, against the answers of a recorded execution.

        Raises:
            CannotReplay, InvalidCassette, InvalidDefinition: that cannot be.
        """
        history, text = _read(cassette, definition)
        return replay(history, text, self._world.resources(self._call("", {})))

    def recorded(self, cassette: Path | str, definition: Definition | None) -> Execution:
        """An execution of elsewhere, by its history. Raises as ``replay``."""
        history, text = _read(cassette, definition)
        call = self._call("", {})
        return recorded_execution(history, call.account, call.region, self._past(text, "recorded"))

    def _held(self, running: Running) -> Started:
        started = Started(self._world, self._call, running)
        started.source = self._sources.get(running.start.state_machine_arn)
        started.past = self._past_of(running)
        return started

    def _past_of(self, running: Running) -> Past | None:
        """What an execution is made of; None once its machine is gone."""
        found = self._world.state_machines(self._call("", {})).get(running.start.state_machine_arn)
        return None if found is None else self._past(found.as_run_by(running.start).definition, found.name)

    def _past(self, definition: str, name: str) -> Past:
        resources = self._world.resources(self._call("", {}))
        return Past(definition, resources, partial(mocks_first, resources, name, self._mocks, open_callback))


def _read(cassette: Path | str, definition: Definition | None) -> tuple[list[Event], str]:
    """A recorded history, and the definition that was given or is in the cassette."""
    text = cassette.read_text(encoding="utf-8") if isinstance(cassette, Path) else cassette
    history, known = read_cassette(text)
    if definition is not None:
        known = definition_text(definition, None)[0]
    if known is None:
        raise CannotReplay("The cassette holds no definition, and none is given.")
    return [*history], known

"""Fuzz: definitions, inputs, paths, calls and expressions mutated from valid ones. Nothing crashes, nothing hangs.

    python -m tests.fuzz.language --count 200000 --seed 1

What is accepted runs, twice with one history. Each case is a function of the seed and its number, so that a failure is
repeated with ``--only NUMBER``.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from asl_interpreter.engine import Engine
from asl_interpreter.errors import InvalidDefinition, StateError
from asl_interpreter.jsonata import EvaluationError, InvalidExpression, Unhurried, compile_expression
from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from asl_interpreter.language.dataflow import StateFrame
from asl_interpreter.language.intrinsics import IntrinsicFailure, InvalidIntrinsic, compile_intrinsic
from asl_interpreter.language.paths import InvalidPath, PathNotFound, compile_path, compile_reference_path
from asl_interpreter.loop.clock import EPOCH, Clock
from asl_interpreter.quotas import Quotas
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.running.execution import INTERNAL_ERROR, Execution, Outside, Start
from asl_interpreter.tasks import Integration, TaskRequest, UnknownResource

from .machines import CALLS, DOCUMENT, EXPRESSIONS, PATHS, TASK, definitions, garbled, mutated

HANGS_AFTER = 20.0
"""Seconds in which every case is done."""
ARN = "arn:aws:states:us-east-1:123456789012"
FEW_EVENTS = Quotas(history_events=400, express_seconds=5)
"""Machines that loop are ended early."""


@dataclass
class Tally:
    """How the cases went."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, 0)
    """Seconds, and the number of the case."""
    failures: list[str] = field(default_factory=list)


def _echo(request: TaskRequest) -> Any:
    return request.arguments


def resolve(resource: str, _state: str = "") -> Integration:
    """One service, which answers with its arguments."""
    if not resource.startswith(TASK):
        raise UnknownResource(f"{resource} is not recognized.")
    return Integration("task", "echo", "task", _echo, blocking=False, size_name="echo")


class Surroundings:
    """What a frame reads beside its document."""

    def __init__(self, seed: int) -> None:
        self.variables: Mapping[str, Any] = {"v": DOCUMENT, "x": DOCUMENT}
        self.random = Random(seed)

    def context(self) -> Any:
        """The context object."""
        return {"State": {"Name": "S"}, "Execution": {"Input": DOCUMENT}}

    @property
    def pace(self) -> Unhurried:
        """Nobody else waits."""
        return Unhurried(self.random)

    def now(self) -> float:
        """Where virtual time starts."""
        return EPOCH


VALID = definitions()


def a_definition(random: Random) -> str:
    """A machine that is mutated, and runs if it is accepted."""
    definition = mutated(random, random.choice(VALID), VALID)
    document = mutated(random, DOCUMENT, VALID) if random.random() < 0.5 else DOCUMENT
    try:
        machine = parse(definition, resolve, express=random.random() < 0.1)
    except InvalidDefinition:
        return "refused"
    first = _run(machine, document)
    if first.error == INTERNAL_ERROR:
        raise AssertionError(f"{first.cause}\n{dumps(definition)}\n{dumps(document)}")
    if random.random() < 0.2 and _run(machine, document).history.events != first.history.events:
        raise AssertionError(f"two histories\n{dumps(definition)}\n{dumps(document)}")
    for event in first.history.events:
        dumps(dict(event.details or {}))
    return first.status


def _run(machine: Any, document: Any) -> Execution:
    engine = Engine(Clock("virtual"))
    start = Start(
        arn=f"{ARN}:execution:machine:run",
        name="run",
        state_machine_arn=f"{ARN}:stateMachine:machine",
        state_machine_name="machine",
        role_arn="arn:aws:iam::123456789012:role/role",
        input=document,
        input_text=dumps(document),
    )
    try:
        execution = engine.start(machine, start, Outside(resolve, quotas=FEW_EVENTS))
        engine.wait(execution.ended, strict=True)
        return execution
    finally:
        engine.close()


def a_text(random: Random) -> str:
    """The text of a definition, garbled."""
    try:
        read(garbled(random, dumps(random.choice(VALID))[:2000]))
    except InvalidDefinition:
        return "no JSON"
    return "JSON"


def a_path(random: Random) -> str:
    """A path, read and, where it is a Reference Path, written to."""
    text = garbled(random, random.choice(PATHS))
    frame = StateFrame(DOCUMENT, Surroundings(1))
    try:
        compile_path(text)(frame)
        compile_reference_path(text).write(DOCUMENT, 1)
    except InvalidPath:
        return "no path"
    except (PathNotFound, StateError):
        return "nothing there"
    return "found"


def a_call(random: Random) -> str:
    """A call of an intrinsic function."""
    text = garbled(random, random.choice(CALLS))
    try:
        dumps(compile_intrinsic(text)(StateFrame(DOCUMENT, Surroundings(1))))
    except InvalidIntrinsic:
        return "no call"
    except IntrinsicFailure:
        return "failed call"
    return "called"


def an_expression(random: Random) -> str:
    """A JSONata expression."""
    text = garbled(random, random.choice(EXPRESSIONS))
    bindings = {"states": {"input": DOCUMENT, "context": {}}, "x": DOCUMENT}
    try:
        compile_expression(text)(bindings, pace=Unhurried(Random(1)), now=EPOCH)
    except InvalidExpression:
        return "no expression"
    except EvaluationError:
        return "failed expression"
    return "evaluated"


def a_document(random: Random) -> str:
    """JSON text."""
    try:
        loads(garbled(random, json.dumps(DOCUMENT)))
    except InvalidJSON:
        return "no document"
    return "document"


KINDS: list[tuple[Callable[[Random], str], int]] = [
    (a_definition, 30), (a_text, 4), (a_path, 20), (a_call, 20), (an_expression, 24), (a_document, 2),
]  # fmt: skip


def run(count: int, seed: int, tally: Tally, only: int | None = None) -> None:
    """Try so many cases, or one."""
    kinds, weights = zip(*KINDS, strict=True)
    for number in range(count) if only is None else [only]:
        random = Random(f"{seed}/{number}")
        kind = random.choices(kinds, weights)[0]
        faulthandler.dump_traceback_later(3 * HANGS_AFTER, exit=True)
        started = time.monotonic()
        try:
            tally.outcomes[kind(random)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is what this looks for
            tally.failures.append(f"{number} {kind.__name__}: {traceback.format_exc()[-1500:]}")
        taken = time.monotonic() - started
        if taken > HANGS_AFTER:
            tally.failures.append(f"{number} {kind.__name__}: took {taken:.0f} s")
        tally.slowest = max(tally.slowest, (taken, number))
    faulthandler.cancel_dump_traceback_later()


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="try this case alone")
    chosen = parser.parse_args()
    tally = Tally()
    started = time.monotonic()
    run(chosen.count, chosen.seed, tally, chosen.only)
    seconds = time.monotonic() - started
    lines = [
        f"seed {chosen.seed}: {sum(tally.outcomes.values()):,} cases in {seconds:.0f} s, slowest {tally.slowest[0]:.2f} s "
        f"(case {tally.slowest[1]})",
        f"outcomes: {dict(tally.outcomes.most_common())}",
        f"failures: {len(tally.failures)}",
        *tally.failures[:20],
    ]
    print("\n".join(lines))  # noqa: T201
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())

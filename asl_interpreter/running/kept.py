"""Kept: an execution as JSON values, and an execution made of them again, in another world.

One that has ended is put back as it was. One that runs is rehearsed: see ``rehearsal``. The child executions of its Map
Runs are kept with it.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from ..definition import Machine, Map, Parallel, Processor
from ..errors import OURS
from ..jsontext import JSON, loads
from ..loop.scheduler import Loop
from ..loop.signals import Signal
from ..packing import read_rows
from .execution import Execution, Outside, Start
from .map_runs import Child, MapRun
from .record import Landed
from .rehearsal import Diverged, rehearse

log = logging.getLogger("dynastep.execution")

Kept: TypeAlias = "dict[str, Any]"
"""An execution as JSON values."""

CANNOT_GO_ON: Final = f"{OURS}CannotGoOn"
"""An execution that was to go on in another process did not do again what it had done; the cause says where."""
_PLAIN: Final = ("status", "output", "error", "cause", "started_at", "stopped_at", "redrives", "redriven_at")
_OF_RUNS: Final = (
    *("state_name", "label", "id", "arn", "state_machine_arn", "max_concurrency", "tolerated_count"),
    *("tolerated_percentage", "status", "started_at", "stopped_at", "items_written", "executions_written"),
    *("redrives", "redriven_at", "exported", "exported_redrive"),
)


def keep(execution: Execution) -> Kept:
    """An execution as it is now. On the loop's thread, or where nothing changes it."""
    return {
        "start": _started(execution),
        **{name: getattr(execution, name) for name in _PLAIN},
        "rows": execution.history.dump(),
        "joined": execution.history.joined,
        "landed": [[*each] for each in execution.record],
        "runs": [_keep_run(run) for run in execution.map_runs],
    }


def _started(execution: Execution) -> Kept:
    return {each.name: getattr(execution.start, each.name) for each in dataclasses.fields(Start)}


def _keep_run(run: MapRun, *, children: bool = True) -> Kept:
    return {
        **{name: getattr(run, name) for name in _OF_RUNS},
        "items": dict(run.items),
        "executions": dict(run.executions),
        "waiting": list(run.waiting),
        "children": {name: keep_child(child) for name, child in run.children.items()} if children else {},
    }


def keep_child(child: Child) -> Kept:
    """A child execution of a Map Run, by its text if only that is kept of it."""
    return {**child.kept(), "execution": None if child.running is None else keep(child.running)}


def restore(kept: Kept, machine: Machine, loop: Loop, outside: Outside) -> Execution:
    """An execution as it was. If it runs, ``go_on`` must follow."""
    execution = Execution(machine, Start(**kept["start"]), loop, outside)
    execution.started_at = kept["started_at"]
    if kept["status"] == "RUNNING":
        execution.record.waits = True
        return execution
    _put_back(execution, kept)
    return execution


def check(kept: Kept, machine: Machine, loop: Loop, outside: Outside) -> None:
    """See that values are those of an execution, also of one that runs; on the thread of a loop that does nothing else.

    Raises:
        KeyError, TypeError, ValueError, ...: they are not.
    """
    _put_back(Execution(machine, Start(**kept["start"]), loop, outside), kept)


def _put_back(execution: Execution, kept: Kept) -> None:
    for name in _PLAIN:
        setattr(execution, name, kept[name])
    execution.history.restore(kept["rows"])
    for outputs in kept["joined"]:
        execution.history.join(outputs)
    execution.record.restore([Landed(*each) for each in kept["landed"]])
    execution.ended.set(None)
    execution.map_runs = [_restored_run(execution, run) for run in kept["runs"]]


def _restored_run(parent: Execution, kept: Kept) -> MapRun:
    how = next(each.distribution for each in _maps(parent.machine) if each.name == kept["state_name"])
    run = MapRun(
        parent,
        kept["state_name"],
        how,  # type: ignore[arg-type]  # a Map that has started a Map Run is distributed
        max_concurrency=kept["max_concurrency"],
        tolerated_count=kept["tolerated_count"],
        tolerated_percentage=kept["tolerated_percentage"],
    )
    for name in _OF_RUNS:
        setattr(run, name, kept[name])
    run.items, run.executions = Counter(kept["items"]), Counter(kept["executions"])
    run.waiting = deque(kept["waiting"])
    for name, child in kept["children"].items():
        run.children[name] = _restored_child(run, child)
    return run


def _restored_child(run: MapRun, kept: Kept) -> Child:
    running = kept["execution"]
    if running is None:
        return Child.restored(kept, None, run.parent.outside.keep)
    execution = Execution(run.how.machine, Start(**running["start"]), run.parent.loop, run.parent.outside)
    _put_back(execution, running)
    return Child.restored(kept, execution, run.parent.outside.keep)


def _maps(processor: Processor) -> Iterator[Map]:
    for state in processor.states.values():
        if isinstance(state, Map):
            yield state
            yield from _maps(state.processor)
        elif isinstance(state, Parallel):
            for branch in state.branches:
                yield from _maps(branch)


def go_on(execution: Execution, kept: Kept) -> list[Execution]:
    """Have an execution that was restored, and that runs, stand where it stood: it, and its children that run.

    On the loop's thread. ``Record.go_live`` of each must follow, when all of a world stand where they stood.
    """
    runs: list[Kept] = kept["runs"]

    def child_before(run: MapRun, name: str) -> Child | None:
        child = runs[execution.map_runs.index(run)]["children"][name]
        return None if child["status"] == "RUNNING" else _restored_child(run, child)

    execution.record.child_before = child_before
    landed = [Landed(*each) for each in kept["landed"]]
    try:
        rehearse(execution, read_rows(kept["rows"]), landed)
    except Diverged as error:
        log.error("%s cannot go on: %s", execution.start.arn, error)  # noqa: TRY400 - the reason says all
        _put_back_and_fail(execution, kept, str(error))
        return []
    except Exception as error:  # what was kept was changed by somebody; the other executions go on
        log.exception("%s cannot go on", execution.start.arn)
        _put_back_and_fail(execution, kept, f"what was kept of it is damaged: {type(error).__name__}: {error}")
        return []
    standing = [execution]
    for run, of_run in zip(execution.map_runs, runs, strict=False):
        run.started_at, run.stopped_at = of_run["started_at"], of_run["stopped_at"]
        run.redriven_at = of_run["redriven_at"]
        for name, child in run.children.items():
            if child.status == "RUNNING":
                standing += _go_on_as_child(run, name, child, of_run["children"].get(name))
    return standing


def _go_on_as_child(run: MapRun, name: str, child: Child, kept: Kept | None) -> list[Execution]:
    execution = child.running
    if execution is None or kept is None or kept["status"] != "RUNNING":
        child.go_on(run, name, None if kept is None else _restored_child(run, kept))
        return []
    execution.ended = Signal(execution.ended.name)
    execution.started_at = child.started_at = kept["started_at"]
    standing = go_on(execution, kept["execution"])
    run.follow(child, execution, name)
    return standing


def _put_back_and_fail(execution: Execution, kept: Kept, why: str) -> None:
    execution.history.empty()
    execution.history.restore(kept["rows"])
    execution.fail(CANNOT_GO_ON, f"The execution could not go on where it was: {why}.")


# In parts, of which those that were kept do not change: how a folder has an execution.

_INPUT: Final = "\0the input"
"""Stands for the execution's input among the values of its events: it is the same object."""
_JOINED: Final = "\0joined"
"""Begins a list that holds the input: what a Parallel state has collected."""


def head_of(execution: Execution) -> Kept:
    """What changes as an execution goes on, and is small: how it was started, its status, its Map Runs."""
    return {
        "start": {name: value for name, value in _started(execution).items() if name != "input"},
        **{name: getattr(execution, name) for name in _PLAIN},
        "output": _marked(execution, execution.output),
        "runs": [_keep_run(run, children=False) for run in execution.map_runs],
    }


def rows_of(execution: Execution, first: int) -> list[Any]:
    """The rows of its history, from the first that was not kept."""
    history = execution.history
    return [
        [of, previous, at, *(_marked(execution, value) for value in values)]
        for of, previous, at, *values in history.rows(first, len(history))
    ]


def _marked(execution: Execution, value: JSON) -> JSON:
    """A value, in which marks stand for the input."""
    if not isinstance(value, dict | list):
        return value
    if value is execution.start.input:
        return _INPUT
    if isinstance(value, list) and execution.history.is_joined(value):
        return [_JOINED, *(_marked(execution, each) for each in value)]
    return value


def _unmarked(value: JSON, given: JSON, joined: list[list[JSON]]) -> JSON:
    """A value in which the input stands where its marks stood; lists that hold it are added to ``joined``."""
    if value == _INPUT:
        return given
    if not isinstance(value, list) or value[:1] != [_JOINED]:
        return value
    outputs = [_unmarked(each, given, joined) for each in value[1:]]
    joined.append(outputs)
    return outputs


def assembled(
    heads: dict[str, Kept],
    rows: dict[str, list[Any]],
    landed: dict[str, list[Any]],
    children: dict[str, dict[int, dict[str, Kept]]],
) -> list[Kept]:
    """Executions of their parts, by ARN; those that Map Runs have started are within those that the runs are of."""
    whole: dict[str, Kept] = {}
    for arn, head in heads.items():
        given = head["start"]["input"] = loads(head["start"]["input_text"])
        joined: list[list[JSON]] = []
        for row in rows[arn]:
            row[3:] = [_unmarked(value, given, joined) for value in row[3:]]
        head["output"] = _unmarked(head["output"], given, joined)
        for number, of_run in children[arn].items():
            if number < len(head["runs"]):
                in_order = sorted(of_run.items(), key=lambda child: int(child[1]["number"]))
                head["runs"][number]["children"] = dict(in_order)
        whole[arn] = {**head, "rows": rows[arn], "joined": joined, "landed": landed[arn]}
    runs = {run["arn"]: run for kept in whole.values() for run in kept["runs"]}
    for kept in whole.values():
        run = runs.get(kept["start"]["map_run_arn"] or "")
        if run is not None:  # it runs, perhaps again
            running = {"status": "RUNNING", "started_at": kept["started_at"], "execution": kept}
            run["children"][kept["start"]["name"]] = running
    return [kept for kept in whole.values() if kept["start"]["map_run_arn"] is None]

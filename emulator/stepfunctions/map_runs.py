"""Map Runs: what a Distributed Map has started, described, listed, and changed while it runs.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/; members as observed on AWS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.running.map_runs import Child, MapRun
from emulator.stepfunctions.paging import page

if TYPE_CHECKING:
    from emulator.wire.protocol import Call
    from emulator.world import World

_COUNTS: Final = {
    "pending": "PENDING",
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "timedOut": "TIMED_OUT",
    "aborted": "ABORTED",
    "pendingRedrive": "PENDING_REDRIVE",
}
"""Member of the counts -> the status of the executions that it counts."""


def list_map_runs(world: World, call: Call) -> dict[str, JSON]:
    """ListMapRuns of an execution, the last started first. To look lets virtual time move."""
    _, execution = world.state_machines(call).find_execution(call.params["executionArn"])
    runs = world.engine.ask(lambda: list(enumerate(execution.map_runs)), execution.has_ended)
    shown, token = page(world, call, runs[::-1], key=lambda entry: entry[0], descending=True)
    return {"mapRuns": [{**_times(run), **_about(run)} for _, run in shown], **token}


def describe_map_run(world: World, call: Call) -> dict[str, JSON]:
    """DescribeMapRun. To look lets virtual time move."""
    run = world.state_machines(call).find_map_run(call.params["mapRunArn"])
    return world.engine.ask(lambda: _described(run), run.parent.has_ended)


def update_map_run(world: World, call: Call) -> dict[str, JSON]:
    """UpdateMapRun: other limits for what is still to start, at once."""
    run = world.state_machines(call).find_map_run(call.params["mapRunArn"])
    params = call.params
    limits = params.get("maxConcurrency"), params.get("toleratedFailureCount"), params.get("toleratedFailurePercentage")
    world.engine.ask(lambda: run.update(*limits))
    return {}


def list_children(world: World, call: Call) -> dict[str, JSON]:
    """ListExecutions of a Map Run, the last started first."""
    run = world.state_machines(call).find_map_run(call.params["mapRunArn"])
    wanted = call.params.get("statusFilter")
    children = world.engine.ask(lambda: list(enumerate(run.children.items())), run.parent.has_ended)
    redriven = {"REDRIVEN": True, "NOT_REDRIVEN": False}.get(call.params.get("redriveFilter", ""))
    matching = [
        entry
        for entry in children
        if wanted in (None, entry[1][1].status) and redriven in (None, entry[1][1].redrives > 0)
    ]
    shown, token = page(world, call, matching[::-1], key=lambda entry: entry[0], descending=True)
    return {"executions": [_listed(run, *entry) for _, entry in shown], **token}


def describe_for_child(run: MapRun, definition: str) -> dict[str, JSON]:
    """What DescribeStateMachineForExecution says of the machine that executions of a Map Run run: the processor."""
    processor = _processor(loads(definition), run.state_name)
    return {
        "stateMachineArn": run.state_machine_arn,
        "mapRunArn": run.arn,
        "label": run.label,
        "definition": dumps({name: value for name, value in processor.items() if name != "ProcessorConfig"}),
    }


def _processor(machine: Mapping[str, JSON], state_name: str) -> dict[str, JSON]:
    """The processor of a Map in a machine, or in one nested in it; empty if the definition has no such state now."""
    for name, state in machine["States"].items():
        processor: dict[str, JSON] = state.get("ItemProcessor", state.get("Iterator", {}))
        if name == state_name:
            return processor
        for nested in (*state.get("Branches", ()), *([processor] if processor else [])):
            if found := _processor(nested, state_name):
                return found
    return {}


def _about(run: MapRun) -> dict[str, JSON]:
    return {
        "executionArn": run.parent.start.arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.state_machine_arn,
    }


def _times(run: MapRun) -> dict[str, JSON]:
    times = {"startDate": run.started_at}
    if run.stopped_at is not None:
        times["stopDate"] = run.stopped_at
    return times


def _described(run: MapRun) -> dict[str, JSON]:
    about = _about(run)
    del about["stateMachineArn"]
    answer: dict[str, JSON] = {
        **about,
        "status": run.status,
        **_times(run),
        "maxConcurrency": run.max_concurrency,
        "toleratedFailureCount": run.tolerated_count or 0,
        "toleratedFailurePercentage": run.tolerated_percentage or 0.0,
        "itemCounts": _counts(run.items, run.items_written, sum(run.not_redrivable())),
        "executionCounts": _counts(run.executions, run.executions_written, len(run.not_redrivable())),
        "redriveCount": run.redrives,
    }
    if run.redriven_at is not None:
        answer["redriveDate"] = run.redriven_at
    return answer


def _counts(by_status: Counter[str], written: int, lost: int) -> dict[str, JSON]:
    return {
        **{name: by_status[status] for name, status in _COUNTS.items()},
        "total": by_status.total(),
        "resultsWritten": written,
        "failuresNotRedrivable": lost,
    }


def _listed(run: MapRun, name: str, child: Child) -> dict[str, JSON]:
    entry: dict[str, JSON] = {
        "executionArn": run.arn_of(name),
        "stateMachineArn": run.state_machine_arn,
        "mapRunArn": run.arn,
        "itemCount": child.items,
        "name": shown_name(run.arn_of(name)),
        "status": child.status,
        "startDate": child.started_at,
        "redriveCount": child.redrives,
    }
    if child.stopped_at is not None:
        entry["stopDate"] = child.stopped_at
    return entry


def shown_name(arn: str) -> str:
    """The name in an execution's ARN as it is shown: that of an EXPRESS one has its UUID after it."""
    return arn.split(":", _PARTS_BEFORE_NAME)[-1]


_PARTS_BEFORE_NAME: Final = 7

"""The law of records: running on from a record gives the same history as running through, wherever it was cut."""

import json

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as some

from asl_interpreter.engine import Engine
from asl_interpreter.errors import StateError
from asl_interpreter.loop.clock import Clock
from asl_interpreter.loop.signals import Signal
from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Outside, Start
from asl_interpreter.running.kept import go_on, keep, restore
from asl_interpreter.tasks import Integration, Later, Submitted

RETRY = [{"ErrorEquals": ["Bad"], "MaxAttempts": 2, "IntervalSeconds": 2, "BackoffRate": 1.5}]


class World:
    """Answers Tasks by a script, and counts what it is asked."""

    def __init__(self, script, clock):
        self.script, self.asked, self.engine = script, [], Engine(clock)

    def resolve(self, resource, _state=""):
        kind = resource.rpartition(":")[2]

        def handler(request):
            name = request.context["State"]["Name"]
            self.asked.append((name, request.items, request.seed))
            delay, failures = self.script[(sum(map(ord, name)) + request.seed) % len(self.script)]
            fails = request.context["Execution"]["RedriveCount"] < failures
            value = {"from": name, "items": list(request.items)}
            if kind == "sync":
                until = self.engine.loop.clock.now() + delay + request.seed % 99_991 / 1e6  # with nothing else at once
                job = {"value": value, "until": until, "fails": fails}
                return Submitted(job, self.end_of(job))
            return Later(delay, value, StateError("Bad", "so") if fails else None)

        def again(_request, job):
            return Submitted(job, self.end_of(job))

        return Integration("task", "svc", kind, handler, False, "a result", again=again)

    def end_of(self, job):
        """The outcome of a job, which goes on elsewhere whoever waits for it."""
        outcome = Signal("a job")

        def end():
            if job["fails"]:
                outcome.fail(StateError("Bad", "so"))
            else:
                outcome.set(job["value"])

        self.engine.loop.timer(job["until"], "a job").subscribe(end)
        return outcome

    def outside(self):
        return Outside(self.resolve)


@some.composite
def machines(draw, depth=2, kinds=("Task", "sync", "Wait", "Pass")):
    """States of one line of control, in their order."""
    count = draw(some.integers(1, 3))
    states, order = {}, []
    for _ in range(count):
        name = f"{draw(some.uuids()).hex[:6]}"
        kind = draw(some.sampled_from([*kinds, *(["Parallel", "Map"] if depth else [])]))
        match kind:
            case "Task" | "sync":
                state = {"Type": "Task", "Resource": f"arn:x:{kind}", "TimeoutSeconds": 30}
                if draw(some.booleans()):
                    state |= {"Retry": RETRY}
                state |= {"ResultPath": f"$.r{name}"}
            case "Wait":
                state = {"Type": "Wait", "Seconds": draw(some.integers(0, 6))}
            case "Pass":
                state = {"Type": "Pass", "Parameters": {"at.$": "$$.State.EnteredTime"}, "ResultPath": f"$.p{name}"}
            case "Parallel":
                branches = draw(some.lists(machines(depth=depth - 1), min_size=1, max_size=2))
                state = {"Type": "Parallel", "Branches": branches, "ResultPath": f"$.r{name}"}
            case "Map":
                state = {
                    "Type": "Map",
                    "ItemsPath": "$$.Execution.Input.items",
                    "ItemSelector": {"n.$": "$$.Map.Item.Value"},
                    "ItemProcessor": draw(machines(depth=depth - 1)),
                    "MaxConcurrency": draw(some.integers(0, 2)),
                    "ResultPath": f"$.r{name}",
                }
                if draw(some.booleans()):
                    kind_of_child = draw(some.sampled_from(["STANDARD", "STANDARD", "EXPRESS"]))
                    if kind_of_child == "EXPRESS":
                        state["ItemProcessor"] = draw(machines(depth=0, kinds=("Task", "Pass")))
                    state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind_of_child}
                    if draw(some.booleans()):
                        state["ToleratedFailureCount"] = draw(some.integers(0, 3))
        order.append(name)
        if kind in ("Parallel", "Map") and draw(some.integers(0, 3)) == 0:
            state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": f"c{order[0]}", "ResultPath": "$.caught"}]
        states[name] = state
    for name, following in zip(order, [*order[1:], None], strict=True):
        states[name] |= {"End": True} if following is None else {"Next": following}
    if any("Catch" in state for state in states.values()):
        states[f"c{order[0]}"] = {"Type": "Wait", "Seconds": 3, "End": True}
    return {"StartAt": order[0], "States": states}


scripts = some.lists(some.tuples(some.integers(0, 7), some.sampled_from([0, 0, 0, 1, 2])), min_size=1, max_size=5)
"""How long a Task takes, and in how many lives of its execution it fails."""
START = Start(
    "arn:aws:states:us-east-1:1:execution:m:e", "e", "arn:aws:states:us-east-1:1:stateMachine:m", "m", "role",
    {"items": [1, 2, 3]}, '{"items": [1, 2, 3]}',
)  # fmt: skip


REDRIVES = 2
LIFE = 10_000.0
"""Seconds in which any of these executions ends."""


def run_through(definition, script, redrives=0):
    world = World(script, Clock("manual"))
    execution = world.engine.start(parse(definition, world.resolve), START, world.outside())
    world.engine.advance(LIFE)
    lasted = execution.stopped_at - execution.started_at
    while execution.status == "FAILED" and execution.redrives < redrives:
        world.engine.redrive(execution)
        world.engine.advance(LIFE)
    seen = told(execution)
    world.engine.close()
    return seen, world.asked, lasted


def told(execution):
    """What can be asked of an execution, and of the child executions of its Map Runs."""
    runs = [
        (
            [(name, told(child.restore(run, name)), *of_child(child)) for name, child in run.children.items()],
            [run.status, run.redrives, run.started_at, run.stopped_at, +run.items, +run.executions],
            [run.items_written, run.executions_written],
        )
        for run in execution.map_runs
    ]
    rows = [(of[0], *rest) for of, *rest in execution.history.dump()]
    return rows, execution.status, execution.output, execution.error, execution.redrives, runs


def of_child(child):
    return child.status, child.started_at, child.stopped_at, child.redrives, child.redrive


def kept_in(world, execution):
    kept = json.loads(json.dumps(world.engine.ask(lambda: keep(execution))))
    now = world.engine.loop.clock.now()
    world.engine.close()
    return kept, now


def going_on_in(world, definition, kept):
    going_on = restore(kept, parse(definition, world.resolve), world.engine.loop, world.outside())

    def go():
        for each in go_on(going_on, kept):
            each.record.go_live()

    if kept["status"] == "RUNNING":
        world.engine.ask(go)
    return going_on


def run_with_a_cut(definition, script, cut):
    """Run to a time, keep what there is as JSON, and run on in another world."""
    first = World(script, Clock("manual"))
    execution = first.engine.start(parse(definition, first.resolve), START, first.outside())
    first.engine.advance(cut)
    kept, now = kept_in(first, execution)
    second = World(script, Clock("manual", now))
    going_on = going_on_in(second, definition, kept)
    second.engine.advance(LIFE)
    seen = told(going_on)
    second.engine.close()
    return seen, first.asked, second.asked, kept


def run_with_cuts_between_lives(definition, script, cut):
    """Run to an end, and make it again before each redrive, and a while after."""
    world = World(script, Clock("manual"))
    execution = world.engine.start(parse(definition, world.resolve), START, world.outside())
    world.engine.advance(LIFE)
    asked = []

    def restart():
        kept, now = kept_in(world, execution)
        asked.extend(world.asked)
        another = World(script, Clock("manual", now))
        return another, going_on_in(another, definition, kept)

    while execution.status == "FAILED" and execution.redrives < REDRIVES:
        world, execution = restart()
        world.engine.redrive(execution)
        world.engine.advance(cut)
        world, execution = restart()
        world.engine.advance(LIFE - cut)
    seen = told(execution)
    world.engine.close()
    return seen, asked + world.asked


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(), scripts, some.floats(0, 1))
def test_running_on_from_a_record_is_running_through(definition, script, share):
    through, asked, lasted = run_through(definition, script)
    cut = round(share * lasted * 2) / 2
    seen, before, after, kept = run_with_a_cut(definition, script, cut)
    event(f"cut at {len(kept['rows'])} of {len(through[0])} events" if kept["status"] == "RUNNING" else "ended")
    assert seen == through
    assert sorted(before + after) == sorted(asked), "a Task was called twice, or never"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(), scripts, some.floats(0, 20))
def test_a_redrive_after_a_restart_is_one_without(definition, script, cut):
    through, asked, _ = run_through(definition, script, REDRIVES)
    assume(through[4])
    event(f"{through[1]} after {through[4]} redrives, {len(through[5])} Map Runs")
    seen, asked_with_cuts = run_with_cuts_between_lives(definition, script, round(cut * 2) / 2)
    assert seen == through
    assert sorted(asked_with_cuts) == sorted(asked), "a Task was called twice, or never"

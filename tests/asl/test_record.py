"""The law of records: running on from a record gives the same history as running through, wherever it was cut."""

import json

from hypothesis import HealthCheck, event, given, settings
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
            delay, fails = self.script[(sum(map(ord, name)) + request.seed) % len(self.script)]
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
def machines(draw, depth=2):
    """States of one line of control, in their order."""
    count = draw(some.integers(1, 3))
    states, order = {}, []
    for _ in range(count):
        name = f"{draw(some.uuids()).hex[:6]}"
        kinds = ["Task", "sync", "Wait", "Pass", *(["Parallel", "Map"] if depth else [])]
        kind = draw(some.sampled_from(kinds))
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
                    state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        states[name] = state
        order.append(name)
    for name, following in zip(order, [*order[1:], None], strict=True):
        states[name] |= {"End": True} if following is None else {"Next": following}
    return {"StartAt": order[0], "States": states}


scripts = some.lists(
    some.tuples(some.integers(0, 7), some.sampled_from([False, False, False, True])), min_size=1, max_size=5
)
START = Start(
    "arn:aws:states:us-east-1:1:execution:m:e", "e", "arn:aws:states:us-east-1:1:stateMachine:m", "m", "role",
    {"items": [1, 2, 3]}, '{"items": [1, 2, 3]}',
)  # fmt: skip


def run_through(definition, script):
    world = World(script, Clock("virtual"))
    execution = world.engine.start(parse(definition, world.resolve), START, world.outside())
    world.engine.wait(execution.ended)
    seen = told(execution)
    world.engine.close()
    return seen, world.asked, execution.stopped_at - execution.started_at


def told(execution):
    """What can be asked of an execution, and of the child executions of its Map Runs."""
    runs = [
        [(name, told(child.restore(run, name)), child.status) for name, child in run.children.items()]
        for run in execution.map_runs
    ]
    rows = [(of[0], *rest) for of, *rest in execution.history.dump()]
    return rows, execution.status, execution.output, execution.error, runs


def run_with_a_cut(definition, script, cut):
    """Run to a time, keep what there is as JSON, and run on in another world."""
    first = World(script, Clock("manual"))
    execution = first.engine.start(parse(definition, first.resolve), START, first.outside())
    first.engine.advance(cut)
    kept = json.loads(json.dumps(first.engine.ask(lambda: keep(execution))))
    now = first.engine.loop.clock.now()
    first.engine.close()
    second = World(script, Clock("manual", now))
    going_on = restore(kept, parse(definition, second.resolve), second.engine.loop, second.outside())

    def go():
        for each in go_on(going_on, kept):
            each.record.go_live()

    if kept["status"] == "RUNNING":
        second.engine.ask(go)
        second.engine.loop.clock.mode = "virtual"
        second.engine.wait(going_on.ended)
    seen = told(going_on)
    second.engine.close()
    return seen, first.asked, second.asked, kept


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(machines(), scripts, some.floats(0, 1))
def test_running_on_from_a_record_is_running_through(definition, script, share):
    through, asked, lasted = run_through(definition, script)
    cut = round(share * lasted * 2) / 2
    seen, before, after, kept = run_with_a_cut(definition, script, cut)
    event(f"cut at {len(kept['rows'])} of {len(through[0])} events" if kept["status"] == "RUNNING" else "ended")
    assert seen == through
    assert sorted(before + after) == sorted(asked), "a Task was called twice, or never"

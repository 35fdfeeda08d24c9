"""What a test gets back of an execution, and what it may do with one that runs."""

from __future__ import annotations

import asyncio
import json

import pytest

from emulator.bench.execution import NotEntered
from emulator.bench.handles import NotReached
from emulator.faults import Fault
from emulator.validate.documents import CannotRead

PASS = {"StartAt": "Yes", "States": {"Yes": {"Type": "Succeed"}}}


@pytest.fixture
def shop(dynastep):
    """Ships each item; an item that is not the first is shipped at its second attempt."""
    tries = []

    def ship(item):
        tries.append(item)
        if item["n"] and tries.count(item) == 1:
            raise TimeoutError("busy")
        return {"shipped": item["n"]}

    retry = [{"ErrorEquals": ["TimeoutError"], "IntervalSeconds": 60}]
    processor = {
        "StartAt": "Ship",
        "States": {
            "Ship": {
                "Type": "Task",
                "Resource": dynastep.function("ship", ship),
                "Assign": {"last.$": "$.shipped"},
                "Retry": retry,
                "End": True,
            }
        },
    }
    each = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "Next": "Done"}
    return {"StartAt": "Each", "States": {"Each": each, "Done": {"Type": "Wait", "Seconds": 3, "End": True}}}


def test_states_tell_what_they_did_by_name_place_and_path(dynastep, shop):
    execution = dynastep.run(shop, [{"n": 0}, {"n": 1}])
    ship = execution.states["Ship"]
    assert list(execution.states) == ["Each", "Each/Ship", "Done"]
    assert ship.inputs == execution.states["Each/Ship"].inputs == [{"n": 0}, {"n": 1}]
    assert ship.outputs == [{"shipped": 0}, {"shipped": 1}]
    assert ship.errors == ["TimeoutError"]
    assert [attempt.succeeded for attempt in ship.attempts] == [True, False, True]
    assert ship.duration == 60
    one = execution.states["Each[1]/Ship"]
    assert (one.inputs, one.variables, len(one.attempts)) == ([{"n": 1}], {"last": 1}, 2)
    assert execution.states["Done"].entered_at - execution.states["Each"].entered_at == 60


def test_a_state_that_was_not_entered_is_named_with_the_nearest(dynastep, shop):
    execution = dynastep.run(shop, [])
    with pytest.raises(NotEntered) as raised:
        execution.states["Don"]
    assert str(raised.value) == "'Don' was not entered. Is 'Done' meant? Entered were 'Each', 'Done'."
    assert "Ship" not in execution.states


def test_tasks_are_calls_with_their_arguments_in_order(dynastep, shop):
    execution = dynastep.run(shop, [{"n": 0}, {"n": 1}])
    assert [(task.state, task.arguments, task.error) for task in execution.tasks] == [
        ("Each[0]/Ship", {"n": 0}, None),
        ("Each[1]/Ship", {"n": 1}, "TimeoutError"),
        ("Each[1]/Ship", {"n": 1}, None),
    ]


def test_a_timeline_has_a_line_for_each_entry(dynastep, shop):
    execution = dynastep.run(shop, [{"n": 0}, {"n": 1}], name="first")
    assert execution.timeline().splitlines() == [
        "       0 s  Each (Map) SUCCEEDED after 1 min",
        "       0 s  Each[0]/Ship (Task) SUCCEEDED after 0 s",
        "       0 s  Each[1]/Ship (Task) SUCCEEDED after 1 min, 2 attempts",
        "     1 min  Done (Wait) SUCCEEDED after 3 s",
    ]
    assert repr(execution) == "<Execution machine-1:first SUCCEEDED>"


YAML = """
StartAt: Hello
States:
  Hello:
    Type: Pass
    Result: ${Greeting}
    End: true
"""


@pytest.mark.parametrize("as_file", [False, True])
def test_a_definition_may_be_yaml_with_placeholders(dynastep, tmp_path, as_file):
    definition = YAML
    if as_file:
        definition = tmp_path / "hello.asl.yaml"
        definition.write_text(YAML)
    assert dynastep.run(definition, substitutions={"Greeting": "good day"}).output == "good day"


def test_a_placeholder_of_json_is_replaced_in_its_text(dynastep):
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": "${Long}", "End": True}}})
    execution = dynastep.run(text.replace('"${Long}"', "${Long}"), substitutions={"Long": 60})
    assert execution.elapsed == 60


def test_mistakes_in_a_definition_are_named(dynastep, tmp_path):
    with pytest.raises(
        ValueError, match=r"^There is no placeholder 'Greting'. Is 'Greeting' meant\? There is 'Greeting'.$"
    ):
        dynastep.run(YAML, substitutions={"Greting": "x"})
    with pytest.raises(
        ValueError, match="^type and substitutions are of a definition; an ARN is of a machine that has "
    ):
        dynastep.run(dynastep.machine(PASS), type="EXPRESS")
    broken = tmp_path / "broken.yaml"
    broken.write_text("StartAt: [")
    with pytest.raises(CannotRead, match=r"broken\.yaml:"):
        dynastep.run(broken)


def test_an_express_machine_runs_to_its_end_too(dynastep):
    execution = dynastep.run(PASS, {"a": 1}, type="EXPRESS")
    assert (execution.output, execution.path, ":express:" in execution.arn) == ({"a": 1}, ["Yes"], True)


def approval(resource="arn:aws:states:::lambda:invoke.waitForTaskToken"):
    ask = {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"FunctionName": "ask", "Payload": {"link.$": "States.Format('https://x/{}', $$.Task.Token)"}},
        "TimeoutSeconds": 3600,
        "End": True,
    }
    pause = {"Type": "Wait", "Seconds": 600, "Next": "Approve"}
    return {"StartAt": "Pause", "States": {"Pause": pause, "Approve": ask}}


def test_an_execution_that_runs_is_moved_on_and_answered(dynastep):
    dynastep.function("ask", lambda _: None)
    started = dynastep.start(approval(), name="first")
    began = dynastep.clock.now()
    assert [(each.state, each.reason) for each in started.waiting()] == [("Pause", "time")]
    assert started.advance_to("Pause").path == ["Pause"]
    assert dynastep.clock.now() == began
    assert started.advance_to("Approve").path == ["Pause", "Approve"]
    assert dynastep.clock.now() == began + 600
    assert started.waiting()[0].what == "its task token"
    started.token("Approve").succeed({"ok": True})
    execution = started.result()
    assert (execution.output, execution.elapsed, started.waiting()) == ({"ok": True}, 600, [])


def test_a_token_may_bring_a_failure_after_a_heartbeat(dynastep):
    dynastep.function("ask", lambda _: None)
    token = dynastep.start(approval()).token("Approve")
    token.heartbeat()
    token.fail("Denied", "no budget")
    (execution,) = dynastep.executions()
    assert (execution.error, execution.cause) == ("Denied", "no budget")
    with pytest.raises(Fault, match="^TaskTimedOut: "):
        token.succeed(1)


def test_what_is_not_reached_is_said(dynastep):
    dynastep.function("ask", lambda _: None)
    with pytest.raises(NotReached) as raised:
        dynastep.start(PASS).advance_to("No")
    assert str(raised.value).startswith("machine-1 has ended without entry into 'No'.\nmachine-1 SUCCEEDED after 0 s\n")
    dynastep.clock.mode = "manual"
    with pytest.raises(NotReached) as raised:
        dynastep.start(approval(), name="second").token("Approve")
    assert str(raised.value).splitlines()[:2] == [
        "machine-2:second has come to no token of 'Approve'.",
        "  'Pause' (Wait) waits for its time to come, and the clock is manual.",
    ]


def test_one_of_several_tokens_must_be_named(dynastep):
    dynastep.function("ask", lambda _: None)
    inner = approval()
    each = {"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": inner, "End": True}
    started = dynastep.start({"StartAt": "Each", "States": {"Each": each}}, {"all": [1, 2]})
    started.token("Each[1]/Approve").succeed(1)
    started.token("Each[0]/Approve").succeed(0)
    assert started.result().output == [0, 1]
    started = dynastep.start({"StartAt": "Each", "States": {"Each": each}}, {"all": [1, 2]})
    started.advance_to("Each[1]/Approve")
    with pytest.raises(LookupError) as raised:
        started.token("Approve")
    assert str(raised.value) == (
        "machine-2 waits for 2 tokens of 'Approve': name one of Each[0]/Approve, Each[1]/Approve."
    )


def test_an_execution_is_stopped_and_redriven(dynastep):
    started = dynastep.start(approval())
    assert started.stop("Enough", "of it").status == "ABORTED"
    dynastep.function("ask", lambda _: None)
    started.redrive().token("Approve").succeed(1)
    assert started.result().output == 1


def test_async_tests_and_async_functions(dynastep):
    async def slow(event):
        await asyncio.sleep(0)
        return {"got": event}

    task = {"Type": "Task", "Resource": dynastep.function("slow", slow), "End": True}

    async def story():
        return await asyncio.gather(*(dynastep.arun({"StartAt": "A", "States": {"A": task}}, n) for n in range(3)))

    assert [execution.output for execution in asyncio.run(story())] == [{"got": n} for n in range(3)]


def distributed(processor, **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    each = {"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, **processor}, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": each}}


def test_the_executions_of_a_map_run(dynastep):
    ship = dynastep.function("ship", lambda item: {"shipped": item})
    task = {"StartAt": "Ship", "States": {"Ship": {"Type": "Task", "Resource": ship, "End": True}}}

    execution = dynastep.run(distributed(task), ["pen", "ink"])

    (run,) = execution.map_runs
    assert (run.state, run.status, run.counts) == ("Each", "SUCCEEDED", {"SUCCEEDED": 2})
    assert repr(run) == "<MapRun Each SUCCEEDED: 2 SUCCEEDED>"
    assert [each.now().output for each in run.executions] == [{"shipped": "pen"}, {"shipped": "ink"}]
    assert run.executions[1].now().states["Ship"].inputs == ["ink"]
    assert dynastep.client("stepfunctions").describe_map_run(mapRunArn=run.arn)["executionArn"] == execution.arn


def test_a_map_run_is_held_as_an_execution_is(dynastep):
    dynastep.function("ask", lambda event: None)
    parameters = {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}
    ask = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": parameters}
    processor = {"StartAt": "Ask", "States": {"Ask": {**ask, "End": True}}}
    started = dynastep.start(distributed(processor, MaxConcurrency=1, ToleratedFailureCount=1), [1, 2, 3])

    started.advance_to("Each")
    (run,) = started.map_runs
    run.executions[0].token("Ask").succeed("first")
    run.update(max_concurrency=2)
    run.executions[1].advance_to("Ask")
    assert run.counts == {"SUCCEEDED": 1, "RUNNING": 2}
    assert [waiting.what for waiting in run.waiting()] == ["its task token", "its task token"]
    run.executions[1].stop("Gone")
    run.executions[2].token("Ask").succeed("third")

    first, second, third = started.result().output
    assert (first, second["Error"], third) == ("first", "Gone", "third")
    assert (run.status, run.counts) == ("SUCCEEDED", {"SUCCEEDED": 2, "ABORTED": 1})


def test_the_limits_of_a_map_run_are_those_of_aws(dynastep):
    started = dynastep.start(distributed({"StartAt": "Sleep", "States": {"Sleep": WAIT}}), [1])
    started.advance_to("Each")
    with pytest.raises(Fault) as refused:
        started.map_runs[0].update(tolerated_failure_percentage=101)
    assert refused.value.code == "ValidationException"


WAIT = {"Type": "Wait", "Seconds": 60, "End": True}


def test_an_execution_of_elsewhere_has_no_map_runs(dynastep):
    assert dynastep.run(PASS).map_runs == []

"""The commands that run definitions and look at servers."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator.cli import main

EACH = {
    "StartAt": "Sort",
    "States": {
        "Sort": {"Type": "Pass", "Next": "Each"},
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "StartAt": "Rest",
                "States": {
                    "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Look"},
                    "Look": {"Type": "Pass", "Parameters": {"n.$": "$.n"}, "End": True},
                },
            },
            "End": True,
        },
    },
}
SHIP = {
    "StartAt": "Ship",
    "States": {
        "Ship": {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
            "Parameters": {
                "Entries": [{"Source": "shop", "DetailType": "ship", "Detail": {"token.$": "$$.Task.Token"}}]
            },
            "End": True,
        }
    },
}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "each.asl.json").write_text(json.dumps(EACH))
    (tmp_path / "ship.asl.json").write_text(json.dumps(SHIP))
    return tmp_path


def dynastep(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_run_prints_the_states_with_their_times_and_the_result(folder: Path) -> None:
    result = dynastep("run", "each.asl.json", "--input", '{"items": [{"n": 1}, {"n": 2}]}')
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "         0 s  Sort  Pass",
        "         0 s  Each  Map",
        "         0 s    [0] Rest  Wait  1 min",
        "       1 min    [0] Look  Pass",
        "         0 s    [1] Rest  Wait  1 min",
        "       1 min    [1] Look  Pass",
        "SUCCEEDED after 1 min",
        '[{"n":1},{"n":2}]',
    ]


def test_run_explains_a_failure(folder: Path) -> None:
    (folder / "input.json").write_text('{"items": [{"m": 2}]}')
    result = dynastep("run", "each.asl.json", "--input", "@input.json")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-2:] == [
        "       1 min    [0] Look  Pass  failed",
        "         0 s  Each  Map  failed with States.Runtime",
    ]
    lines = result.stderr.splitlines()
    assert lines[0] == "each.asl.json FAILED with States.Runtime after 1 min"
    assert "  hint:    $.n: the input has no 'n'; it has 'm'" in lines


def test_run_prints_json(folder: Path) -> None:
    result = dynastep("run", "each.asl.json", "--input", '{"items": []}', "--json")
    visited = {"type": "Pass", "status": "SUCCEEDED", "enteredAfter": 0.0, "seconds": 0.0, "attempts": 0}
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [state["path"] for state in document["states"]] == ["Sort", "Each"]
    assert document["states"][0] == {"path": "Sort", **visited, "input": {"items": []}, "output": {"items": []}}
    assert {name: document[name] for name in ("status", "output", "seconds")} == {
        "status": "SUCCEEDED",
        "output": [],
        "seconds": 0.0,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.asl.json",), "none.asl.json cannot be read: No such file or directory"),
        (("each.asl.json", "--input", "@none.json"), "none.json cannot be read: "),
        (("each.asl.json", "--input", "{"), "The input is not JSON: "),
        (
            ("broken.asl.json",),
            "broken.asl.json:1:1: error SCHEMA_VALIDATION_FAILED at /: These fields are required: [States]",
        ),
        (
            ("ship.asl.json", "--mock", "mocks.json#none"),
            "mocks.json: 'ship': There is no test case 'none'. There is none.",
        ),
        (
            ("ship.asl.json",),
            "Nothing more can happen, and Ship has no answer: nobody here sends it. A mock can: --mock FILE.",
        ),
        (("ship.asl.json", "--functions", "none"), "--functions"),
    ],
)
def test_what_cannot_run_says_why(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "broken.asl.json").write_text('{"StartAt": "A"}')
    (folder / "mocks.json").write_text('{"StateMachines": {"ship": {"TestCases": {}}}, "MockedResponses": {}}')
    result = dynastep("run", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_run_takes_mocks_from_a_file(folder: Path) -> None:
    responses = {"Shipped": {"0": {"Return": {"parcel": 7}}}}
    cases = {"StateMachines": {"ship": {"TestCases": {"Happy": {"Ship": "Shipped"}}}}, "MockedResponses": responses}
    (folder / "mocks.json").write_text(json.dumps(cases))
    result = dynastep("run", "ship.asl.json", "--mock", "mocks.json")
    assert result.stdout.splitlines() == ["         0 s  Ship  Task", "SUCCEEDED after 0 s", '{"parcel":7}']


def test_a_state_on_its_own(folder: Path) -> None:
    result = dynastep("test-state", "each.asl.json", "Sort", "--input", '{"a": 1}')
    document = json.loads(result.stdout)
    assert (result.exit_code, document["status"], document["output"], document["nextState"]) == (
        0,
        "SUCCEEDED",
        '{"a": 1}',
        "Each",
    )
    result = dynastep("test-state", "each.asl.json", "None")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.fixture
def ended(dynastep: Any, folder: Path) -> Any:
    """An execution that has failed on a server."""
    return dynastep.run(EACH, {"items": [{"n": 1}, {"m": 2}]}, name="first")


def on(server: Any, *arguments: str) -> Result:
    return dynastep(*arguments, "--url", server.url, "--account", server.account)


@pytest.fixture
def server(dynastep: Any) -> Any:
    """The server of a test, with its account."""
    return dynastep


def test_history_of_an_execution_on_a_server(server: Any, ended: Any) -> None:
    lines = on(server, "history", ended.arn).stdout.splitlines()
    assert lines[:3] == ["         0 s  Sort  Pass", "         0 s  Each  Map", "         0 s    [0] Rest  Wait  1 min"]
    assert "first FAILED with States.Runtime after 1 min" in lines
    events = on(server, "history", ended.arn, "--events").stdout.splitlines()
    assert events[1] == '   2       0 s  PassStateEntered  Sort  {"items":[{"n":1},{"m":2}]}'
    exported = json.loads(on(server, "history", ended.arn, "--json").stdout)
    assert [event["type"] for event in exported["events"]] == [event["type"] for event in ended.history]


def test_executions_on_a_server(server: Any, ended: Any) -> None:
    line = on(server, "executions").stdout
    assert line.startswith("FAILED     ")
    assert line.endswith(f"         1 min  {ended.arn}\n")
    none = on(server, "executions", "--status", "SUCCEEDED")
    assert (none.stdout, none.stderr) == ("", "There are no such executions.\n")
    unknown = on(server, "executions", "machine-7")
    said = "Error: There is no state machine 'machine-7'. Is 'machine-1' meant? There is 'machine-1'.\n"
    assert (unknown.exit_code, unknown.stdout, unknown.stderr) == (2, "", said)


def test_the_clock_and_the_reset_of_a_server(server: Any, ended: Any) -> None:
    before = server.clock.now()
    shown = dynastep("clock", "--advance", "1h30m", "--mode", "manual", "--url", server.url)
    assert shown.stdout.endswith(" (manual)\n")
    assert server.clock.now() - before == pytest.approx(5400)
    assert dynastep("clock", "--url", server.url).stdout == shown.stdout
    assert dynastep("reset", "--url", server.url).stdout == f"The server at {server.url} is empty.\n"
    result = on(server, "history", ended.arn)
    assert (result.exit_code, result.stderr) == (2, f"Error: Execution Does Not Exist: '{ended.arn}'\n")


def test_the_logs_of_a_server(server: Any, folder: Path) -> None:
    logs = server.client("logs")
    logs.create_log_group(logGroupName="/shop")
    logs.create_log_stream(logGroupName="/shop", logStreamName="today")
    at = int(datetime.now(timezone.utc).timestamp() * 1000)  # CloudWatch Logs refuses what is older than two weeks
    events = [{"timestamp": at, "message": "one"}, {"timestamp": at, "message": "two"}]
    logs.put_log_events(logGroupName="/shop", logStreamName="today", logEvents=events)
    lines = on(server, "logs", "/shop").stdout.splitlines()
    assert [line.split("  ")[1:] for line in lines] == [["one"], ["two"]]
    assert [line.split("  ")[1:] for line in on(server, "logs").stdout.splitlines()] == [
        ["/shop", "one"],
        ["/shop", "two"],
    ]


def test_history_of_a_name_says_where_arns_are() -> None:
    result = dynastep("history", "first")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: 'first' is no ARN: 'dynastep executions' lists executions with their ARNs.\n",
    )


@pytest.mark.parametrize("command", [("clock",), ("reset",), ("executions",), ("history", "arn:a"), ("logs",)])
def test_where_nobody_answers(command: tuple[str, ...]) -> None:
    result = dynastep(*command, "--url", NOBODY)
    said = f"Error: Nobody answers at {NOBODY}. 'dynastep start' starts a server; --url names another one.\n"
    assert (result.exit_code, result.stderr) == (2, said)


def test_times_that_are_none() -> None:
    result = dynastep("clock", "--advance", "soon")
    assert "'soon' is no time. Times are 90, 90s, 15m, 1h, 2d or 2d12h." in result.stderr


def test_the_picture_shows_what_an_execution_did(server: Any, ended: Any, folder: Path) -> None:
    exported = on(server, "history", ended.arn, "--json").stdout
    (folder / "history.json").write_text(exported)
    assert dynastep("graph", "each.asl.json", "-o", "a.svg", "--history", "history.json").exit_code == 0
    assert on(server, "graph", "each.asl.json", "-o", "b.svg", "--execution", ended.arn).exit_code == 0
    drawn = (folder / "a.svg").read_text()
    assert drawn == (folder / "b.svg").read_text()
    assert 'class="state Pass SUCCEEDED" data-state="Sort"' in drawn
    assert drawn.count(" FAILED") == 2
    assert "2 times" in drawn
    (folder / "history.json").write_text("{}")
    result = dynastep("graph", "each.asl.json", "-o", "a.svg", "--history", "history.json")
    said = "holds no history: an object with the member 'events' is wanted, as get-execution-history prints it"
    assert (result.exit_code, result.stderr) == (2, f"Error: history.json {said}\n")


def test_run_takes_mocks_that_need_no_test_case_and_tells_of_those_that_were_not_used(folder: Path) -> None:
    mocks = [
        {"Task": "Ship", "Response": {"0": {"Return": {"sent": True}, "DelaySeconds": 60}}},
        {"Task": "events:*", "Response": {"0": {"Return": 1}}},
    ]
    (folder / "mocks.json").write_text(json.dumps({"Mocks": mocks}))
    result = dynastep("run", "ship.asl.json", "--mock", "mocks.json")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == ["SUCCEEDED after 1 min", '{"sent":true}']
    assert result.stderr.splitlines() == [
        "The mock of 'events:*' was never used.",
        "Tasks that were called: 'Ship' (events:putEvents.waitForTaskToken).",
        "A mock that may be left over says optional=True; see docs/mocks.md.",
    ]


# Templates, and EXPRESS machines


@pytest.fixture
def template(tmp_path):
    states = {"Greet": {"Type": "Pass", "Result": "${Greeting}", "Next": "Rest"}}
    states["Rest"] = {"Type": "Wait", "Seconds": 5, "End": True}
    properties = {
        "Type": "EXPRESS",
        "Definition": {"StartAt": "Greet", "States": states},
        "DefinitionSubstitutions": {"Greeting": "good day"},
    }
    other = {"Definition": {"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Wrong"}}}}
    resources = {
        "Hello": {"Type": "AWS::Serverless::StateMachine", "Properties": properties},
        "Other": {"Type": "AWS::StepFunctions::StateMachine", "Properties": other},
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return file


def test_a_machine_of_a_template_runs_as_what_the_template_says(template):
    result = CliRunner().invoke(main, ["run", str(template), "--machine", "Hello"])
    assert (
        result.output == '         0 s  Greet  Pass\n         0 s  Rest  Wait  5 s\nSUCCEEDED after 5 s\n"good day"\n'
    )
    assert CliRunner().invoke(main, ["run", str(template), "--machine", "Other"]).exit_code == 1


def test_a_template_of_several_machines_wants_a_name(template):
    result = CliRunner().invoke(main, ["run", str(template)])
    assert result.exit_code == 2
    assert "Say which state machine is meant by its logical name: Hello, Other." in result.output
    result = CliRunner().invoke(main, ["run", str(template), "--machine", "Helo"])
    assert "Hello" in result.output


def test_a_machine_of_a_template_is_drawn(template, tmp_path):
    picture = tmp_path / "hello.mmd"
    assert CliRunner().invoke(main, ["graph", str(template), "--machine", "Hello", "-o", str(picture)]).exit_code == 0
    assert "Greet" in picture.read_text(encoding="utf-8")


def test_an_express_machine_that_fails_is_explained_as_any_other(tmp_path):
    file = tmp_path / "fails.asl.json"
    file.write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Wrong"}}}), encoding="utf-8")
    result = CliRunner().invoke(main, ["run", str(file), "--type", "EXPRESS"])
    assert result.exit_code == 1
    assert "fails.asl.json FAILED with Wrong after 0 s" in result.output

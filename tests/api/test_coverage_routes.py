"""Coverage of a running server: the control route ``/_dynastep/coverage`` and the command ``dynastep coverage``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from emulator import clients
from emulator.app import create_app
from emulator.bench.coverage import Record
from emulator.cli import main
from emulator.control import Control
from emulator.server import serve_in_thread
from emulator.settings import Settings
from emulator.web.counts import Counts
from emulator.wiring import Lasting

DEFINITION = {
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}],
            "Default": "Other",
        },
        "One": {"Type": "Pass", "End": True},
        "Other": {"Type": "Pass", "End": True},
    },
}
TEXT = json.dumps(DEFINITION, indent=2)


@pytest.fixture
def control():
    settings = Settings.read({}, {"clock": "virtual"})
    made = Control(Lasting.of(settings, coverage=Counts()))
    yield made
    made.close()


def run(control: Control, name: str, given: str) -> None:
    client = clients.client(control, "stepfunctions")
    role = "arn:aws:iam::000000000000:role/r"
    machine = client.create_state_machine(name=name, definition=TEXT, roleArn=role)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine, input=given)["executionArn"]
    assert client.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def entered(value: object) -> dict[str, int]:
    return Record.from_json(value).definitions[TEXT].entered


def test_a_server_tells_what_executions_have_done_and_counts_anew(control):
    routes = create_app(control).test_client()
    assert routes.get("/_dynastep/coverage").json == {"version": 1, "definitions": []}
    run(control, "a", '{"n": 1}')
    assert entered(routes.get("/_dynastep/coverage").json) == {"Sort": 1, "One": 1}
    routes.post("/_dynastep/reset")
    run(control, "a", '{"n": 2}')
    assert entered(routes.delete("/_dynastep/coverage").json) == {"Sort": 2, "One": 1, "Other": 1}
    run(control, "b", '{"n": 2}')
    assert entered(routes.get("/_dynastep/coverage").json) == {"Sort": 1, "Other": 1}


def test_in_a_test_that_counts_nothing_the_route_says_who_would(dynastep):
    response = create_app(dynastep._control).test_client().get("/_dynastep/coverage")
    assert (response.status_code, response.json) == (
        400,
        {"error": "Nothing is counted in this test: pytest --asl-cov counts."},
    )


def test_reports_are_made_of_a_running_server(control, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.asl.json").write_text(TEXT)
    server = serve_in_thread(create_app(control))
    url = server.url
    try:
        run(control, "a", '{"n": 1}')
        shown = CliRunner().invoke(main, ["coverage", "report", "--record", url]).output
        line = TEXT[: TEXT.index('"Other": {')].count("\n") + 1
        assert f"    line {line}: Other: never entered\n" in shown
        made = CliRunner().invoke(main, ["coverage", "html", "--record", url, "-o", "pages"]).output
        assert made == "Coverage of state machines: pages/index.html\n"
        assert 'data-state="Other"' in (tmp_path / "pages" / "order.asl.json.html").read_text()
        combined = CliRunner().invoke(main, ["coverage", "combine", url, url, "-o", "both.json"]).output
        assert combined == "both.json holds 1 definitions of 2 records.\n"
    finally:
        server.close()
    assert entered(json.loads((tmp_path / "both.json").read_text())) == {"Sort": 2, "One": 2}
    nobody = CliRunner().invoke(main, ["coverage", "report", "--record", "http://127.0.0.1:9"])
    assert (nobody.exit_code, nobody.output.split(". ")[0]) == (2, "Error: Nobody answers at http://127.0.0.1:9")

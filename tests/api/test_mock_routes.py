"""Mocks of a running server: the control route ``/_dynastep/mocks``, and the member ``Mocks`` of its file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from emulator import clients
from emulator.app import create_app
from emulator.control import Control
from emulator.settings import Settings

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "charge", "Payload.$": "$"},
    "Retry": [{"ErrorEquals": ["Card.Busy"]}],
    "OutputPath": "$.Payload",
    "End": True,
}
DEFINITION = {"StartAt": "Charge", "States": {"Charge": TASK}}
BUSY = {"Throw": {"Error": "Card.Busy", "Cause": "later"}}


class Server:
    """A server under virtual time with a machine, ``order``."""

    def __init__(self, **settings: str) -> None:
        self._control = Control(Settings.read({}, {"clock": "virtual", **settings}))
        self.routes: FlaskClient = create_app(self._control).test_client()
        self._states: Any = clients.client(self._control, "stepfunctions")
        role = "arn:aws:iam::000000000000:role/r"
        made = self._states.create_state_machine(name="order", definition=json.dumps(DEFINITION), roleArn=role)
        self._machine = made["stateMachineArn"]

    def run(self, given: Any = None, case: str = "") -> Any:
        """The output of an execution, or its error."""
        started = self._states.start_execution(stateMachineArn=self._machine + case, input=json.dumps(given or {}))
        ended = self._states.describe_execution(executionArn=started["executionArn"])
        return json.loads(ended["output"]) if "output" in ended else ended["error"]

    def close(self) -> None:
        self._control.close()


@pytest.fixture
def server():
    opened = Server()
    yield opened
    opened.close()


def test_a_server_is_given_mocks_and_tells_of_them(server):
    response = {"0": BUSY, "*": {"Return": {"Payload": "paid"}, "DelaySeconds": 3}}
    added = server.routes.post("/_dynastep/mocks", json={"Mocks": [{"Task": "Charge", "Response": response}]})
    unused = (
        "The mock of 'Charge' was never used.\nTasks that were called: none.\n"
        "A mock that may be left over says optional=True; see docs/mocks.md."
    )
    assert added.json == {"mocks": [{"task": "Charge", "calls": [], "complaints": []}], "verdict": unused}
    assert server.run(7) == "paid"
    call = {"FunctionName": "charge", "Payload": 7}
    known = {"mocks": [{"task": "Charge", "calls": [call, call], "complaints": []}], "verdict": ""}
    assert server.routes.get("/_dynastep/mocks").json == known
    assert server.routes.delete("/_dynastep/mocks").json == known
    assert server.run() == "Lambda.ResourceNotFoundException"


def test_a_reset_forgets_mocks(server):
    server.routes.post("/_dynastep/mocks", json={"Mocks": [{"Task": "Charge", "Response": {"*": BUSY}}]})
    server.routes.post("/_dynastep/reset")
    assert server.routes.get("/_dynastep/mocks").json == {"mocks": [], "verdict": ""}


def test_mocks_name_responses_machines_and_arguments(server):
    answers = {name: {"*": {"Return": {"Payload": name}}} for name in ("one", "two", "other")}
    mocks = [
        {"Task": "Charge", "Response": "other"},
        {"Task": "Charge", "Response": "one", "When": {"Payload": {"id": 1}}},
        {"Task": "lambda:*", "Response": "one", "Machine": "order"},
        {"Task": "Charge", "Response": "two", "WhenMatches": '"id":2'},
    ]
    assert server.routes.post("/_dynastep/mocks", json={"Mocks": mocks, "MockedResponses": answers}).status_code == 200
    assert [server.run({"id": number}) for number in (1, 2, 3)] == ["one", "two", "other"]


RESPONSE = {"*": BUSY}
WRONG = [
    ("[", "The body is not JSON"),
    ([], "These mocks cannot be used: it is not an object"),
    ({"Mocks": {}}, "These mocks cannot be used: 'Mocks' is not an array"),
    ({"StateMachines": {}}, "These mocks cannot be used: There is no member 'StateMachines'. There is 'MockedResponses', 'Mocks'."),
    ({"Mocks": [7]}, "These mocks cannot be used: mock 0 is not an object"),
    ({"Mocks": [{"Response": RESPONSE}]}, "These mocks cannot be used: mock 0 needs a text 'Task': the name of a state, or a Resource"),
    ({"Mocks": [{"Task": "T"}]}, "These mocks cannot be used: mock 0: 'Response' is not an object"),
    ({"Mocks": [{"Task": "T", "Response": "R"}]}, "These mocks cannot be used: mock 0: There is no response 'R'. There is none."),
    ({"Mocks": [{"Task": "T", "Response": {"0": {}}}]}, "These mocks cannot be used: mock 0: 'Response', step '0' needs one of 'Return' and 'Throw'"),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "Wehn": 1}]}, "These mocks cannot be used: mock 0: There is no field 'Wehn'. Is 'When' meant? There is "
     "'FieldValidationMode', 'Machine', 'Optional', 'Response', 'Task', 'When', 'WhenMatches'."),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "When": 1, "WhenMatches": "1"}]}, "These mocks cannot be used: mock 0 has both 'When' and 'WhenMatches'"),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "WhenMatches": "("}]}, "These mocks cannot be used: mock 0: 'WhenMatches' is no regular expression: "
     "missing ), unterminated subpattern at position 0"),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "FieldValidationMode": "LAX"}]}, "These mocks cannot be used: mock 0: 'FieldValidationMode' is one of STRICT, PRESENT, NONE"),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "Machine": 1}]}, "These mocks cannot be used: mock 0: 'Machine' is not a text"),
    ({"Mocks": [{"Task": "T", "Response": RESPONSE, "Optional": 1}]}, "These mocks cannot be used: mock 0: 'Optional' is not a boolean"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "message"), WRONG, ids=[message for _, message in WRONG])
def test_mocks_that_cannot_be_used_are_refused_and_change_nothing(server, document, message):
    data = document if isinstance(document, str) else json.dumps(document)
    refused = server.routes.post("/_dynastep/mocks", data=data)
    assert (refused.status_code, refused.json["error"][: len(message)]) == (400, message)
    assert server.routes.get("/_dynastep/mocks").json["mocks"] == []


def test_a_file_has_mocks_that_need_no_test_case(tmp_path):
    file = tmp_path / "mocks.json"
    mocks = [{"Task": "Charge", "Response": {"*": {"Return": {"Payload": "of the file"}}}}]
    case = {"order": {"TestCases": {"Paid": {"Charge": "Paid"}}}}
    responses = {"Paid": {"0": {"Return": {"Payload": "of the case"}}}}
    file.write_text(json.dumps({"Mocks": mocks, "StateMachines": case, "MockedResponses": responses}))
    server = Server(mock_config=str(file))
    assert (server.run(), server.run(case="#Paid")) == ("of the file", "of the case")
    server.routes.post("/_dynastep/mocks", json={"Mocks": [{"Task": "Charge", "Response": {"*": BUSY}}]})
    assert (server.run(), server.run(case="#Paid")) == ("Card.Busy", "of the case")
    server.close()


def test_the_responses_of_test_cases_are_held_to_the_model_where_the_file_says_so(tmp_path):
    file = tmp_path / "mocks.json"
    case = {"order": {"TestCases": {"Paid": {"Charge": "Paid"}}}}
    content = {"StateMachines": case, "MockedResponses": {"Paid": {"0": {"Return": {"StatusCode": "200"}}}}}
    file.write_text(json.dumps(content))
    server = Server(mock_config=str(file))
    assert server.run(case="#Paid") == "States.Runtime"  # OutputPath finds nothing
    server.close()
    file.write_text(json.dumps({**content, "FieldValidationMode": "PRESENT"}))
    server = Server(mock_config=str(file))
    with pytest.raises(Exception, match="Field 'StatusCode' must be a number") as refused:
        server.run(case="#Paid")
    assert refused.value.response["Error"]["Message"] == (
        "Response 'Paid' for 'Charge' in test case 'Paid' of 'order' is no answer of lambda:invoke: Mock result schema "
        'validation error: Field \'StatusCode\' must be a number ("FieldValidationMode": "NONE" allows it)'
    )
    server.close()

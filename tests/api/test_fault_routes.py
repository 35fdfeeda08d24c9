"""Faults of a running server: the control route ``/_dynastep/faults`` and the command ``dynastep faults``."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from emulator import clients
from emulator.app import create_app
from emulator.cli import main
from emulator.control import Control
from emulator.server import serve_in_thread
from emulator.settings import Settings


@pytest.fixture
def control():
    made = Control(Settings.read({}, {"clock": "virtual"}))
    yield made
    made.close()


def list_tables(control: Control) -> Any:
    """What ListTables answers: the names, or the code of its error."""
    try:
        return clients.client(control, "dynamodb").list_tables()["TableNames"]
    except ClientError as error:
        return error.response["Error"]["Code"]


def test_a_server_is_given_faults_and_tells_of_them(control):
    routes = create_app(control).test_client()
    fault = {"target": "dynamodb:*", "error": "ThrottlingException", "times": 1, "delay": "2 min", "seed": 7}
    shown = {"target": "dynamodb:*", "error": "ThrottlingException", "delay": 120.0, "times": 1, "rate": 1.0, "seed": 7}
    assert routes.post("/_dynastep/faults", json=fault).json == {"faults": [{**shown, "met": 0, "hits": []}]}
    began = control.world.clock.now()
    assert [list_tables(control), list_tables(control)] == ["ThrottlingException", []]
    assert control.world.clock.now() - began == 120
    known = {"faults": [{**shown, "met": 2, "hits": [{"call": 0, "what": "dynamodb:ListTables"}]}]}
    assert routes.get("/_dynastep/faults").json == known
    assert routes.delete("/_dynastep/faults").json == known
    assert routes.get("/_dynastep/faults").json == {"faults": []}


def test_a_reset_forgets_faults(control):
    routes = create_app(control).test_client()
    routes.post("/_dynastep/faults", json={"target": "dynamodb:*", "error": "InternalServerError"})
    routes.post("/_dynastep/reset")
    assert list_tables(control) == []


WRONG = [
    ("[", "The body is not JSON"),
    ("[]", 'A fault is an object with a "target", such as {"target": "sqs:*", "error": "Throttling"}.'),
    ('{"target": 7}', 'The "target" of a fault is a text, not 7.'),
    ('{"target": "Work", "eror": "E"}', "There is no field of a fault 'eror'. Is 'error' meant?"),
    ('{"target": "Work", "error": "E", "rate": true}', 'The "rate" of a fault is a number, not True.'),
    ('{"target": "Work", "error": "E", "seed": 1.5}', 'The "seed" of a fault is a whole number, not 1.5.'),
    ('{"target": "Work", "error": "E", "calls": ["0"]}', "The calls of a fault are numbers from 0, not"),
    ('{"target": "Work", "error": "E", "calls": [[]]}', "The calls of a fault are numbers from 0, not"),
    ('{"target": "Work"}', "The fault of 'Work' does nothing: it needs an error or a delay."),
    ('{"target": "dynamodb:PutItem", "error": "Nope"}', "There is no error of dynamodb 'Nope'."),
    ('{"target": "Work", "delay": 1e308}', "A fault delays by at most 99999999 seconds, not 1e+308."),
]


@pytest.mark.parametrize(("body", "message"), WRONG, ids=[message for _, message in WRONG])
def test_a_fault_that_cannot_be_is_refused_and_changes_nothing(control, body, message):
    routes = create_app(control).test_client()
    refused = routes.post("/_dynastep/faults", data=body)
    assert (refused.status_code, refused.json["error"][: len(message)]) == (400, message)
    assert routes.get("/_dynastep/faults").json == {"faults": []}


def test_the_command_adds_shows_and_forgets_faults(control):
    server = serve_in_thread(create_app(control))

    def dynastep(*arguments: str) -> list[str]:
        result = CliRunner().invoke(main, ["faults", *arguments, "--url", server.url])
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    try:
        assert dynastep("add", "dynamodb:*", "--error", "ThrottlingException", "--times", "1") == [
            "dynamodb:*  ThrottlingException  hit 0 of 0 calls"
        ]
        assert [list_tables(control), list_tables(control)] == ["ThrottlingException", []]
        assert dynastep("add", "Charge", "--delay", "2 min", "--rate", "0.5") == [
            "dynamodb:*  ThrottlingException  hit 1 of 2 calls",
            "Charge  120 s late  hit 0 of 0 calls",
        ]
        assert dynastep("clear") == []
        assert dynastep() == ["There are no faults."]
        wrong = CliRunner().invoke(main, ["faults", "add", "dynamodb:*", "--url", server.url])
        assert wrong.exit_code == 2
        assert "The fault of 'dynamodb:*' does nothing: it needs an error or a delay." in wrong.output
    finally:
        server.close()

"""Exchanges: answers that come when no thread waits for them, and bodies that do not come."""

from __future__ import annotations

import io
import json
import queue
import threading
from types import SimpleNamespace

import pytest

from emulator.control import Control
from emulator.reception import layer
from emulator.settings import Settings
from emulator.web.activity import Activity
from emulator.wire import exchanges
from emulator.wire.exchanges import ANSWER, LATER
from emulator.wire.protocol import HEADER_BYTES
from emulator.wiring import meet_moto

ROLE = "arn:aws:iam::000000000000:role/any"
PREFIX = "arn:aws:states:us-east-1:000000000000"


class Served:
    """A server that lets an application answer later: what comes back at once, and what comes then."""

    def __init__(self, control):
        self.activity = Activity()
        self.app = layer(control, None, note=self.activity.add)
        self.control = control
        self.later = queue.SimpleQueue()

    def send(self, operation, **params):
        """Send a request; its answer, or LATER."""
        body = json.dumps(params).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_AMZ_TARGET": f"AWSStepFunctions.{operation}",
            "wsgi.input": io.BytesIO(body),
            ANSWER: lambda status, headers, body: self.later.put((status, dict(headers), body)),
        }
        parts = self.app(environ, lambda _status, _headers: None)
        return parts if parts is LATER else json.loads(b"".join(parts))

    def next(self):
        """The next answer that comes later: its status and what it says."""
        status, headers, body = self.later.get(timeout=30)
        assert headers["Content-Length"] == str(len(body))
        return status, json.loads(body)


@pytest.fixture
def served():
    control = Control(Settings())
    meet_moto(lambda account: control.of(account).world)
    yield Served(control)
    control.close()


def create(served, name, kind, states):
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    return served.send("CreateStateMachine", name=name, definition=definition, roleArn=ROLE, type=kind)[
        "stateMachineArn"
    ]


def test_polls_of_an_activity_need_no_threads(served):
    served.send("CreateActivity", name="work")
    activity = f"{PREFIX}:activity:work"
    before = threading.active_count()
    assert [served.send("GetActivityTask", activityArn=activity) for _ in range(50)] == [LATER] * 50
    assert threading.active_count() <= before + 1  # the loop's own
    machine = create(served, "asks", "STANDARD", {"Ask": {"Type": "Task", "Resource": activity, "End": True}})
    for number in range(50):
        served.send("StartExecution", stateMachineArn=machine, input=str(number))
    answers = [served.next() for _ in range(50)]
    assert {status for status, _ in answers} == {200}
    assert sorted(int(answer["input"]) for _, answer in answers) == list(range(50))


def waits(served, seconds):
    return create(served, "waits", "EXPRESS", {"Wait": {"Type": "Wait", "Seconds": seconds, "End": True}})


def test_a_synchronous_execution_needs_no_thread(served):
    served.control.set_clock("manual", None)
    assert served.send("StartSyncExecution", stateMachineArn=waits(served, 60), input='"done"') is LATER
    served.control.set_clock(None, 60.0)
    status, answer = served.next()
    assert (status, answer["status"], answer["output"]) == (200, "SUCCEEDED", '"done"')


def test_what_is_answered_later_is_among_the_activity_once(served):
    machine = create(served, "fails", "EXPRESS", {"Fail": {"Type": "Fail", "Error": "E"}})
    if served.send("StartSyncExecution", stateMachineArn=machine) is LATER:
        served.next()
    assert [each.operation for each in served.activity.latest()] == ["StartSyncExecution", "CreateStateMachine"]


def test_a_reset_answers_what_waits(served):
    activity = served.send("CreateActivity", name="work")["activityArn"]
    assert served.send("StartSyncExecution", stateMachineArn=waits(served, 60)) is LATER
    assert served.send("GetActivityTask", activityArn=activity) is LATER
    served.control.reset()
    answers = [served.next() for _ in range(2)]
    assert {status for status, _ in answers} == {400}
    codes = {answer["__type"].rpartition("#")[2] for _, answer in answers}
    assert codes == {"StateMachineDoesNotExist", "ActivityDoesNotExist"}


def test_a_server_that_ends_answers_what_waits(served):
    activity = served.send("CreateActivity", name="work")["activityArn"]
    assert served.send("GetActivityTask", activityArn=activity) is LATER
    served.control.close()
    status, answer = served.next()
    assert (status, answer["__type"].rpartition("#")[2]) == (503, "ServiceUnavailable")


def test_under_virtual_time_a_synchronous_execution_passes_its_waits(served):
    served.control.set_clock("virtual", None)
    assert served.send("StartSyncExecution", stateMachineArn=waits(served, 200)) is LATER
    status, answer = served.next()
    assert (status, answer["status"]) == (200, "SUCCEEDED")
    assert answer["stopDate"] - answer["startDate"] == 200


def test_half_of_a_request_is_none(served):
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_LENGTH": "100",
        "HTTP_X_AMZ_TARGET": "AWSStepFunctions.CreateActivity",
        "wsgi.input": io.BytesIO(b'{"name": "work"}'),
    }
    heard = []
    assert served.app(environ, lambda status, _headers: heard.append(status)) == [b"The body is not complete"]
    assert heard == ["400 Bad Request"]
    assert served.send("ListActivities") == {"activities": []}


# --- bodies ----------------------------------------------------------------------------------------------------------


class Taker:
    """Takes the answer to a request, as granian's object does: the first one counts."""

    def __init__(self):
        self.taken = queue.SimpleQueue()

    def response_bytes(self, status, _headers, body):
        self.taken.put((status, body))


class Stuck:
    """A body whose second half comes when it is let go."""

    def __init__(self):
        self.is_read = threading.Event()
        self.goes_on = threading.Event()

    def read(self, size):
        self.is_read.set()
        self.goes_on.wait()
        return b"x" * size


def reads_ten(environ, start_response):
    body = environ["wsgi.input"].read(10)
    start_response("200 OK", [])
    return [body]


def asked_on_a_thread(exchange, body):
    taker = Taker()
    threading.Thread(target=exchange, args=(taker, {"wsgi.input": body}), daemon=True).start()
    body.is_read.wait()
    return taker


def test_a_client_that_does_not_send_the_rest_of_its_body_is_told_so(monkeypatch):
    monkeypatch.setattr(exchanges, "BODY_SECONDS", 0.0)
    stuck = Stuck()
    taker = asked_on_a_thread(exchanges.exchanges(reads_ten), stuck)
    status, why = taker.taken.get(timeout=30)
    assert (status, why) == (408, b"The rest of the body did not come within 0 seconds")
    stuck.goes_on.set()


def test_of_too_many_bodies_that_come_at_once_the_last_is_refused(monkeypatch):
    monkeypatch.setattr(exchanges, "MOST_BODIES", 2)
    exchange = exchanges.exchanges(reads_ten)
    bodies = [Stuck(), Stuck()]
    takers = [asked_on_a_thread(exchange, body) for body in bodies]
    refused = Taker()
    exchange(refused, {"wsgi.input": io.BytesIO(b"x" * 10)})
    assert refused.taken.get_nowait() == (503, b"Too many bodies are being read at once")
    for body in bodies:
        body.goes_on.set()
    assert [taker.taken.get(timeout=30) for taker in takers] == [(200, b"x" * 10)] * 2
    served = Taker()
    exchange(served, {"wsgi.input": io.BytesIO(b"y" * 10)})
    assert served.taken.get_nowait() == (200, b"y" * 10)


def test_an_answer_in_parts_is_handed_on_as_it_comes():
    def in_parts(_environ, start_response):
        start_response("200 OK", [("A", "b")])
        return iter([b"one", b"two"])

    heard = []
    taker = SimpleNamespace(
        response_bytes=None,
        response_iter=lambda status, headers, parts: heard.append((status, headers, [parts.__next__() for _ in "12"])),
    )
    exchanges.exchanges(in_parts)(taker, {"wsgi.input": io.BytesIO()})
    assert heard == [(200, [("A", "b")], [b"one", b"two"])]


def test_the_headers_of_a_request_are_counted_on_the_way():
    counted = []

    def counts(environ, start_response):
        counted.append(environ[HEADER_BYTES])
        start_response("200 OK", [])
        return [b""]

    request = {"HTTP_AUTHORIZATION": "x" * 20_000, "HTTP_HOST": "localhost", "REQUEST_METHOD": "POST"}
    exchanges.exchanges(counts)(Taker(), {**request, "wsgi.input": io.BytesIO()})
    assert 20_009 <= counted[0] <= 20_100

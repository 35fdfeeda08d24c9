"""Bars of progress: on a terminal, after two seconds, with an estimate; elsewhere nothing."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from contextlib import redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli import main
from emulator.commands import bars
from emulator.commands.bars import Bars, shown, waiting
from emulator.commands.servers import send
from emulator.progress import followed, steps, watched


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def seconds(monkeypatch):
    """The clock of bars: a list with its only time."""
    now = [100.0]
    monkeypatch.setattr(bars, "monotonic", lambda: now[0])
    return now


def test_nobody_watches_unless_somebody_says_so():
    things = [1, 2, 3]
    assert followed(things, "Reading", 3) is things
    assert steps("Reading", 3) is None


def test_who_watches_is_told_how_much_is_done():
    told = []
    with watched(lambda *what: told.append(what)):
        assert list(followed("abc", "Reading", lambda: 3)) == ["a", "b", "c"]
    assert told == [("Reading", 1, 3), ("Reading", 2, 3), ("Reading", 3, 3)]
    assert list(followed("abc", "Reading", 3)) == ["a", "b", "c"]
    assert len(told) == 3


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**5), max_size=30))
def test_what_is_told_grows_and_is_never_more_than_there_is(count, sizes):
    told = []
    with watched(lambda _, done, whole: told.append((done, whole))):
        step = steps("Reading", count)
        for size in sizes:
            step(size)
    assert told == sorted(told)
    assert {whole for _, whole in told} <= {count}
    assert all(done <= count for done, _ in told)
    assert len(told) <= max(101, len(sizes))
    if sum(sizes) >= count and sizes:
        assert told[-1] == (count, count)


def test_a_bar_comes_after_two_seconds_and_estimates_the_rest(seconds):
    stream = Terminal()
    drawn = Bars(stream)
    drawn("Reading items", 100, 1000)
    seconds[0] += 1.9
    drawn("Reading items", 200, 1000)
    assert not stream.getvalue()
    seconds[0] += 0.6
    drawn("Reading items", 250, 1000)
    assert re.search(r"Reading items  \[#+-+\]   25%  00:00:0[67]", stream.getvalue())
    drawn.close()
    assert stream.getvalue().endswith("\n\x1b[?25h") or stream.getvalue().endswith("\n")


def test_each_kind_of_work_has_a_bar_of_its_own(seconds):
    stream = Terminal()
    drawn = Bars(stream)
    drawn("Reading", 1, 10)
    seconds[0] += 3
    drawn("Reading", 5, 10)
    drawn("Writing", 1, 4)
    drawn.close()
    text = stream.getvalue()
    assert [text.index(word) for word in ("Reading", "50%", "Writing", "25%")] == sorted(
        text.index(word) for word in ("Reading", "50%", "Writing", "25%")
    )


def test_work_that_was_short_has_no_bar(seconds):
    stream = Terminal()
    drawn = Bars(stream)
    drawn("Reading", 1, 2)
    seconds[0] += 5
    drawn("Reading", 2, 2)
    drawn.close()
    assert not stream.getvalue()


def test_nothing_is_shown_where_there_is_no_terminal(seconds):
    stream = io.StringIO()
    with shown(stream):
        for _ in followed(range(10), "Reading", 10):
            seconds[0] += 5
    with waiting("somebody", stream):
        seconds[0] += 5
    assert not stream.getvalue()


@pytest.fixture
def at_once(monkeypatch):
    """Bars do not wait for two seconds."""
    monkeypatch.setattr(bars, "PATIENCE", 0.0)


def on_terminal(work):
    """What some work shows on an error stream that is a terminal."""
    stream = Terminal()
    with redirect_stderr(stream), redirect_stdout(io.StringIO()):
        work()
    return stream.getvalue()


def labels(*arguments):
    """The labels of the bars that a command shows."""
    shown_there = on_terminal(lambda: main(arguments, standalone_mode=False))
    return list(dict.fromkeys(re.findall(r"([A-Z][a-z][a-z ]+?)  \[", shown_there)))


@pytest.fixture
def folder(tmp_path):
    """A data folder with 1,500 items."""
    from emulator.app import create_app
    from emulator.clients import client
    from emulator.control import Control
    from emulator.keeping.folder import Folder
    from emulator.settings import Settings
    from emulator.wiring import Lasting

    control = Control(Lasting.of(Settings(clock="manual")), folder=Folder(tmp_path / "data"))
    create_app(control)
    control.begin()
    try:
        dynamodb = client(control, "dynamodb", account="123456789012", endpoint="http://127.0.0.1:1")
        dynamodb.create_table(
            TableName="orders",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for first in range(0, 1500, 25):
            puts = [{"PutRequest": {"Item": {"id": {"N": str(first + n)}}}} for n in range(25)]
            dynamodb.batch_write_item(RequestItems={"orders": puts})
    finally:
        control.close()
    return tmp_path / "data"


def test_commands_on_data_show_how_far_they_are(at_once, folder, tmp_path):
    file, new = str(tmp_path / "file"), str(tmp_path / "new")
    assert labels("data", "check", str(folder)) == ["Checking the data folder", "Reading items", "Filling orders"]
    assert labels("data", "compact", str(folder)) == ["Compacting the data folder"]
    assert labels("data", "export", str(folder), "-o", file) == ["Reading items", "Writing items"]
    assert labels("data", "import", new, file) == [
        "Reading the file",
        "Filling orders",
        "Taking in items",
        "Packing items",
        "Writing to the data folder",
    ]


def test_checking_files_shows_how_far_it_is(at_once, tmp_path):
    for number in range(20):
        (tmp_path / f"m{number}.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')

    def check():
        with pytest.raises(SystemExit):
            main(("validate", str(tmp_path)), standalone_mode=False)

    assert "Checking definitions  [" in on_terminal(check)


def test_a_server_that_takes_its_time_is_waited_for_visibly(at_once):
    class Slow(BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(0.5)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"done")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        text = on_terminal(lambda: send(url, "/", "GET"))
    assert f"\rWaiting for {url}: 0 s" in text
    assert text.endswith(" \r")


def test_a_replay_tells_how_many_answers_it_has_given_and_how_many_events_it_has_read(dynastep):
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity", "Parameters": {}, "End": True}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "Ask", "States": {"Ask": task}}, "End": True}
    machine = {"StartAt": "Each", "States": {"Each": each}}
    history = dynastep.run(machine, [1, 2, 3]).history
    told = []
    with watched(lambda *what: told.append(what)):
        assert dynastep.replay(json.dumps({"events": history}), machine).differences == []
    assert [what for what in told if what[1] == what[2]] == [
        ("Giving the recorded answers", 3, 3),
        ("Reading the events of the replay", len(history), len(history)),
        ("Reading the recorded events", len(history), len(history)),
    ]

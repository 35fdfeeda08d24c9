"""A harsh machine: a port that two servers want, a clock that is set while an execution waits, a disk that is full.

    python -m tests.fuzz.harsh --ports 20
    python -m tests.fuzz.harsh --clock
    mount -t tmpfs -o size=8m tmpfs SMALL && python -m tests.fuzz.harsh --disk SMALL

Of two servers that are started on one port within 0.6 s, one is ready and the other one refuses. A Wait is neither
longer nor shorter because somebody sets the time, and no time of its history is before another. On a full disk a
request is answered or refused with what is wrong, never with 500; what was answered is there after a restart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any

from .load import ROLE
from .server import ROOT, await_start, free_port
from .waiting import call

WITHIN = 0.6
"""Seconds between the starts of two servers."""
WAIT = 4
"""Seconds that the execution waits."""
LATE = 1.0
"""Seconds by which the end of the Wait may be late, on a slow machine too."""
REFUSALS = 20
"""A disk is full when so many requests that change something were refused."""


def _start(port: int, *flags: str, errors: int = subprocess.PIPE, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "dynastep", "start", "--port", str(port), *flags]
    around = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors, env=around)


@contextmanager
def _serving(*flags: str, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    process = _start(port, *flags, errors=subprocess.DEVNULL, **environment)
    try:
        await_start(port, process)
        yield port, process
    finally:
        process.kill()
        process.communicate()


def two_on_a_port(seed: int) -> str:
    """Start two servers on one port; what the one that is refused says."""
    port, pause = free_port(), Random(seed).uniform(0, WITHIN)
    first = _start(port)
    time.sleep(pause)
    second = _start(port)
    try:
        deadline = time.monotonic() + 30
        while first.poll() is None and second.poll() is None:
            assert time.monotonic() < deadline, f"both servers are there, started {pause:.3f} s apart"
            time.sleep(0.02)
        refused, stays = (first, second) if first.poll() is not None else (second, first)
        refused.wait()
        said = refused.stderr.read().decode().strip() if refused.stderr is not None else ""
        assert refused.returncode == 1, (refused.returncode, said)
        assert "Cannot listen on" in said, said
        await_start(port, stays)
        assert stays.poll() is None
        return said
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()


SHIFTED = """
import time
from pathlib import Path

real, shift = time.time, Path({file!r})
time.time = lambda: real() + float(shift.read_text() or 0)

from emulator.cli import main

main(["start", "--port", {port!r}])
"""


SHIFTS = (3600.0, -3600.0, -86400.0, 30 * 86400.0, 0.0)
"""Seconds by which the machine's time is wrong, one after the other."""


def set_clock(wait: int = WAIT) -> float:
    """Have an execution wait while the machine's time is set again and again; the seconds by which the Wait was late."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shift"
        file.write_text("0")
        code = SHIFTED.format(file=str(file), port=str(port))
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            await_start(port, process)
            states = {"W": {"Type": "Wait", "Seconds": wait, "End": True}}
            text = json.dumps({"StartAt": "W", "States": states})
            made = _done(call(port, "states", "CreateStateMachine", name="m", definition=text, roleArn=ROLE))
            began = time.monotonic()
            started = _done(call(port, "states", "StartExecution", stateMachineArn=made["stateMachineArn"]))
            arn = {"executionArn": started["executionArn"]}
            for shift in SHIFTS:
                time.sleep(wait / (len(SHIFTS) + 1))
                file.write_text(str(shift))
            while _done(call(port, "states", "DescribeExecution", **arn))["status"] == "RUNNING":
                assert time.monotonic() < began + wait + 30, "the Wait does not end"
                time.sleep(0.01)
            took = time.monotonic() - began
            times = [
                event["timestamp"] for event in _done(call(port, "states", "GetExecutionHistory", **arn))["events"]
            ]
        finally:
            process.kill()
            process.wait()
    assert times == sorted(times), times
    assert 0 <= times[-1] - times[0] - wait < LATE, times
    assert 0 <= took - wait < LATE, f"a Wait of {wait} s took {took:.2f} s"
    return took - wait


def _done(answered: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    status, answer = answered
    assert status == 200, answer
    return answer


class Refused:
    """What was refused, by status and error."""

    def __init__(self) -> None:
        self.said: Counter[tuple[int, str]] = Counter()

    def until_full(self, write: Callable[[int], tuple[int, str]]) -> list[int]:
        """Write until there is no room; the numbers of what was taken."""
        taken, refused = [], 0
        for number in range(100_000):
            status, error = write(number)
            assert status not in (500, 502, 503, 504), (status, error)
            if status == 200:
                taken.append(number)
            else:
                self.said[status, error] += 1
                refused += 1
            if refused == REFUSALS:
                return taken
        raise AssertionError("the disk has no end")


def _error(answered: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    status, answer = answered
    return status, str(answer.get("__type", "")).rpartition("#")[2]


TABLE = {
    "TableName": "kept",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
LARGE = {"text.$": "States.Format('{}{}', $.text, $$.State.Name)"}


def fill(port: int) -> tuple[list[int], list[int], Refused]:
    """Write items, start executions and put objects until the disk is full: the items and executions that were taken."""
    refused = Refused()
    _done(call(port, "dynamodb", "CreateTable", **TABLE))
    long = {f"S{number}": {"Type": "Pass", "Parameters": LARGE, "Next": f"S{number + 1}"} for number in range(20)}
    text = json.dumps({"StartAt": "S0", "States": {**long, "S20": {"Type": "Succeed"}}})
    machine = _done(call(port, "states", "CreateStateMachine", name="m", definition=text, roleArn=ROLE))

    def item(number: int) -> tuple[int, str]:
        put = {"id": {"S": str(number)}, "text": {"S": "x" * 20_000}}
        return _error(call(port, "dynamodb", "PutItem", TableName="kept", Item=put))

    def execution(number: int) -> tuple[int, str]:
        given = json.dumps({"text": "y" * 5_000})
        start = {"stateMachineArn": machine["stateMachineArn"], "name": f"e{number}", "input": given}
        return _error(call(port, "states", "StartExecution", **start))

    taken = refused.until_full(lambda number: (execution if number % 2 else item)(number))
    items, started = [number for number in taken if not number % 2], [number for number in taken if number % 2]
    refused.until_full(lambda number: put_object(port, number))
    return items, started, refused


def put_object(port: int, number: int) -> tuple[int, str]:
    """Put an object of a megabyte into S3."""
    scope = "Credential=000000000000/20260101/us-east-1/s3/aws4_request"
    signed = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}"
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        for path, body in (("/bucket", b""), (f"/bucket/{number}", os.urandom(1024 * 1024))):
            connection.request("PUT", path, body, {"Authorization": signed})
            response = connection.getresponse()
            said = response.read().decode()
    return response.status, said.partition("<Code>")[2].partition("</Code>")[0]


def full_disk(small: Path) -> str:
    """Fill a disk, kill the server, and start it with a copy of the data folder where there is room: what there was."""
    for each in ("data", "tmp"):
        shutil.rmtree(small / each, ignore_errors=True)
        (small / each).mkdir()
    data = small / "data"
    with _serving("--data-dir", str(data), TMPDIR=str(small / "tmp")) as (port, _):
        items, started, refused = fill(port)
        read = _done(call(port, "dynamodb", "GetItem", TableName="kept", Key={"id": {"S": str(items[-1])}}))
        assert read["Item"]["text"]["S"] == "x" * 20_000
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "data"
        shutil.copytree(data, copy)
        with _serving("--data-dir", str(copy)) as (port, _):
            for number in items:
                answer = _done(call(port, "dynamodb", "GetItem", TableName="kept", Key={"id": {"S": str(number)}}))
                assert "Item" in answer, f"item {number} was taken, and is gone"
            for number in started:
                arn = f"arn:aws:states:us-east-1:000000000000:execution:m:e{number}"
                assert call(port, "states", "DescribeExecution", executionArn=arn)[0] == 200, f"e{number} is gone"
    told = ", ".join(f"{count} {status} {error}" for (status, error), count in refused.said.items())
    return f"{len(items)} items and {len(started)} executions were taken, and are there; refused were {told}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.harsh", description=__doc__)
    parser.add_argument("--ports", type=int, default=0, help="how many pairs of servers to start on one port")
    parser.add_argument("--clock", action="store_true", help="set the clock of a server while an execution waits")
    parser.add_argument("--disk", type=Path, help="a folder on a small disk, to be filled")
    options = parser.parse_args()
    say = sys.stdout.write
    if options.ports:
        said = Counter(two_on_a_port(seed).partition("(")[2].partition(")")[0] for seed in range(options.ports))
        say(f"{options.ports} pairs of servers on one port: one of each was refused, {dict(said)}\n")
    if options.clock:
        say(f"A Wait of {WAIT} s was {set_clock():.3f} s late, and its times went on\n")
    if options.disk:
        say(f"{full_disk(options.disk)}\n")


if __name__ == "__main__":
    main()

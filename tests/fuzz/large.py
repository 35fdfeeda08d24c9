"""One legal execution that makes 200 KB in each state: the memory of the server, and whether its history is all there.

    python -m tests.fuzz.large --rounds 3560
    python -m tests.fuzz.large --rounds 3560 --compressible

A loop calls a function whose answers are texts of 200 KB, random or of one phrase, until there are nearly 25,000 events.
Then the whole history is read, forwards and backwards: the events are the same, and the
texts are those that the function made. The exit code is 1 if the server ever held more than MOST_MEMORY.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import inspect
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from .load import ROLE, Aws
from .server import most_resident, resident, running

MOST_MEMORY = 250.0
"""MiB."""
ROUNDS = 3560
"""Times that the function is called; each makes seven events."""
ENDS_WITHIN = 600.0


def text(kind: str, number: int) -> str:
    """What the function makes when it is called for the so manieth time: 200 KB, about."""
    if kind == "random":
        return base64.b64encode(Random(number).randbytes(150_000)).decode()
    return f"{number} and some words " * 10_000


FUNCTION = f"""
import base64
from random import Random

{inspect.getsource(text)}

def handler(event, context):
    number = event["number"] + 1
    return {{"number": number, "kind": event["kind"], "text": text(event["kind"], number)}}
"""


def definition(rounds: int) -> dict[str, Any]:
    """Call the function so many times, each time with its last answer."""
    again = {"Variable": "$.number", "NumericLessThan": rounds, "Next": "Call"}
    function = "arn:aws:lambda:us-east-1:000000000000:function:texts"
    states = {
        "Call": {"Type": "Task", "Resource": function, "Next": "Again"},
        "Again": {"Type": "Choice", "Choices": [again], "Default": "Done"},
        "Done": {"Type": "Succeed"},
    }
    return {"StartAt": "Call", "States": states}


class Reading(NamedTuple):
    """A history that was read: a digest of each event, and seconds for the first page and the last."""

    digests: list[str]
    first: float
    last: float


def read(aws: Aws, arn: str, kind: str, *, backwards: bool) -> Reading:
    """Read all pages of a history, each with 100 events; the texts in it are compared with those that were made."""
    digests, times = [], []
    more: dict[str, str] = {}
    while True:
        began = time.monotonic()
        page = aws.call("states", "GetExecutionHistory", executionArn=arn, reverseOrder=backwards, **more)
        times.append(time.monotonic() - began)
        for event in page["events"]:
            if event["type"] == "LambdaFunctionSucceeded":
                made = json.loads(event["lambdaFunctionSucceededEventDetails"]["output"])
                assert made["text"] == text(kind, made["number"]), f"the text of event {event['id']} is another one"
            digests.append(hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest())
        if "nextToken" not in page:
            return Reading(digests, times[0], times[-1])
        more = {"nextToken": page["nextToken"]}


def run(port: int, kind: str, rounds: int) -> str:
    """The ARN of an execution that has succeeded."""
    with closing(Aws(port)) as aws:
        made = json.dumps(definition(rounds))
        machine = aws.call("states", "CreateStateMachine", name="large", definition=made, roleArn=ROLE)
        given = json.dumps({"number": 0, "kind": kind})
        started = aws.call("states", "StartExecution", stateMachineArn=machine["stateMachineArn"], input=given)
        arn: str = started["executionArn"]
        deadline = time.monotonic() + ENDS_WITHIN
        while (status := aws.call("states", "DescribeExecution", executionArn=arn)["status"]) == "RUNNING":
            assert time.monotonic() < deadline, f"the execution has not ended within {ENDS_WITHIN:g} seconds"
            time.sleep(0.2)
        assert status == "SUCCEEDED", status
        return arn


@contextmanager
def serving(*flags: str) -> Iterator[tuple[int, int]]:
    """A server with the function: its port and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "texts.py").write_text(FUNCTION, encoding="utf-8")
        with running("--functions", folder, *flags) as server:
            yield server


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.large", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--compressible", action="store_true")
    options = parser.parse_args()
    kind, say = "words" if options.compressible else "random", sys.stdout.write
    with serving() as (port, pid):
        before, began = resident(pid), time.monotonic()
        arn = run(port, kind, options.rounds)
        say(f"{kind}: {time.monotonic() - began:.0f} s; {before:.0f} MiB before, {resident(pid):.0f} at the end, ")
        say(f"{most_resident(pid):.0f} at most\n")
        with closing(Aws(port)) as aws:
            forwards = read(aws, arn, kind, backwards=False)
            backwards = read(aws, arn, kind, backwards=True)
        assert forwards.digests == backwards.digests[::-1], "backwards there are other events"
        for name, way in (("forwards", forwards), ("backwards", backwards)):
            say(f"{len(way.digests):,} events {name}: first page {way.first:.2f} s, last page {way.last:.2f} s\n")
        most = most_resident(pid)
        say(f"{resident(pid):.0f} MiB when all is read, {most:.0f} at most\n")
    sys.exit(most > MOST_MEMORY)


if __name__ == "__main__":
    main()

"""Burning: a Map whose items each evaluate JSONata for seconds, and how long others wait for StartExecution meanwhile.

    python -m tests.fuzz.burning --items 100 --seconds 30

The exit code is 1 if StartExecution ever took more than SLOWEST, or if what was started did not go on beside the Map.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import closing

from benchmarks.machines import chain

from .load import ROLE, Aws
from .server import running

SLOWEST = 0.25
"""Seconds."""
LATER = 0.5
"""Seconds after which an execution that was started is looked at."""
ENDLESS = "{% ($f := function($n) { $f($n + 1) }; $f(1)) %}"


def burn(port: int, items: int, seconds: float) -> tuple[list[float], int, str]:
    """Seconds of each StartExecution, how many of them had ended meanwhile, and how the Map is at the end."""
    each = {"StartAt": "Burn", "States": {"Burn": {"Type": "Pass", "Output": ENDLESS, "End": True}}}
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Each",
        "States": {
            "Each": {"Type": "Map", "ItemProcessor": each, "Catch": caught, "Next": "Done"},
            "Done": {"Type": "Succeed"},
        },
    }
    waits: list[float] = []
    with closing(Aws(port)) as aws:
        machines = {}
        for name, text in (("burning", definition), ("short", chain(5))):
            params = {"name": name, "definition": json.dumps(text), "roleArn": ROLE}
            machines[name] = aws.call("states", "CreateStateMachine", **params)["stateMachineArn"]
        params = {"stateMachineArn": machines["burning"], "input": json.dumps(list(range(items)))}
        burning = aws.call("states", "StartExecution", **params)["executionArn"]
        ends = time.monotonic() + seconds
        ended, status = 0, "RUNNING"
        while time.monotonic() < ends and status == "RUNNING":
            began = time.monotonic()
            started = aws.call("states", "StartExecution", stateMachineArn=machines["short"])["executionArn"]
            waits.append(time.monotonic() - began)
            time.sleep(LATER)
            ended += aws.call("states", "DescribeExecution", executionArn=started)["status"] == "SUCCEEDED"
            status = aws.call("states", "DescribeExecution", executionArn=burning)["status"]
    return waits, ended, status


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.burning", description=__doc__)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    with running() as (port, _):
        waits, ended, status = burn(port, options.items, options.seconds)
    waits.sort()
    middle, slowest = waits[len(waits) // 2], waits[-1]
    say = sys.stdout.write
    say(f"{len(waits)} times StartExecution: {middle * 1000:.0f} ms in the middle, {slowest * 1000:.0f} ms at most\n")
    say(f"{ended} of {len(waits)} had ended {LATER:g} s later; the Map is {status}\n")
    sys.exit(slowest > SLOWEST or not ended)


if __name__ == "__main__":
    main()

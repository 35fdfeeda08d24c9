"""Soak: operations of all kinds over HTTP, then resets, and the memory that the server holds meanwhile.

    python -m tests.fuzz.soak --operations 200000 --resets 20 --plot docs/memory.svg

Items are written and read, executions run and are asked for, messages are sent and received. What the operations do is
a function of the seed and their numbers. The table has at most a thousand items, so what grows is what executions leave
behind. The run ends early, and says so, when its time is up. The exit code is 1 if the server held more than MOST_MEMORY.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from benchmarks import plots
from benchmarks.machines import chain, choice_loop, map_of_passes

from .load import ROLE, TABLE, Aws
from .server import control, resident, running

CONNECTIONS = 4
ROUND = 2_000
"""Operations between two looks at the memory."""
BETWEEN_RESETS = 1_000
MOST_MEMORY = 250.0
"""MiB."""
ITEMS = 1_000
ORDER = {"id": "o-17", "customer": {"name": "Ada Lovelace", "city": "London"}, "items": [{"sku": "a-1", "quantity": 2}]}


class Look(NamedTuple):
    """How much memory the server held after so many operations; ``was_reset`` just before."""

    operations: int
    mebibytes: float
    was_reset: bool


def set_up(port: int) -> dict[str, str]:
    """A table, a queue, and machines; the ARNs and the URL by name."""
    machines = {"chain": chain(10), "loop": choice_loop(20), "map": map_of_passes(), "express": chain(5)}
    with closing(Aws(port)) as aws:
        aws.call("dynamodb", "CreateTable", **TABLE)
        made = {"queue": aws.call("sqs", "CreateQueue", QueueName="soak")["QueueUrl"]}
        for name, definition in machines.items():
            kind = "EXPRESS" if name == "express" else "STANDARD"
            params = {"name": name, "definition": json.dumps(definition), "roleArn": ROLE, "type": kind}
            made[name] = aws.call("states", "CreateStateMachine", **params)["stateMachineArn"]
    return made


def operate(aws: Aws, made: dict[str, str], number: int, seed: int) -> None:
    """One operation, or two that belong together."""
    chance = Random(f"{seed}/{number}")
    key = {"id": {"S": f"item-{chance.randrange(ITEMS)}"}}
    match chance.choice(("put", "get", "update", "scan", "start", "start", "start", "look", "sync", "send")):
        case "put":
            aws.call(
                "dynamodb", "PutItem", TableName="counts", Item={**key, "text": {"S": "x" * chance.randrange(500)}}
            )
        case "get":
            aws.call("dynamodb", "GetItem", TableName="counts", Key=key)
        case "update":
            added = {"Key": key, "UpdateExpression": "ADD n :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}
            aws.call("dynamodb", "UpdateItem", TableName="counts", **added)
        case "scan":
            aws.call("dynamodb", "Scan", TableName="counts", Limit=20)
        case "start":
            name, given = chance.choice((("chain", ORDER), ("loop", {"n": 0}), ("map", {"items": [ORDER] * 10})))
            aws.call("states", "StartExecution", stateMachineArn=made[name], input=json.dumps(given))
        case "look":
            started = aws.call("states", "StartExecution", stateMachineArn=made["chain"], input=json.dumps(ORDER))
            aws.call("states", "DescribeExecution", executionArn=started["executionArn"])
            aws.call("states", "GetExecutionHistory", executionArn=started["executionArn"])
        case "sync":
            aws.call("states", "StartSyncExecution", stateMachineArn=made["express"], input=json.dumps(ORDER))
        case _:
            aws.call("sqs", "SendMessage", QueueUrl=made["queue"], MessageBody="m")
            for message in aws.call("sqs", "ReceiveMessage", QueueUrl=made["queue"]).get("Messages", ()):
                aws.call("sqs", "DeleteMessage", QueueUrl=made["queue"], ReceiptHandle=message["ReceiptHandle"])


def soak(port: int, pid: int, operations: int, resets: int, seconds: float, seed: int) -> list[Look]:
    """Operations, then resets with some operations before each; what was held after each round."""
    ends = time.monotonic() + seconds
    looks = [Look(0, resident(pid), was_reset=False)]
    done = 0

    def work(made: dict[str, str], count: int) -> None:
        nonlocal done

        def some(first: int) -> None:
            with closing(Aws(port)) as own:
                for number in range(first, done + count, CONNECTIONS):
                    operate(own, made, number, seed)

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(some, range(done, done + min(CONNECTIONS, count))))
        done += count

    made = set_up(port)
    while done < operations and time.monotonic() < ends:
        work(made, min(ROUND, operations - done))
        looks.append(Look(done, resident(pid), was_reset=False))
    for _ in range(resets):
        control(port, "POST", "/_dynastep/reset")
        looks.append(Look(done, resident(pid), was_reset=True))
        made = set_up(port)
        work(made, min(BETWEEN_RESETS, operations))
        looks.append(Look(done, resident(pid), was_reset=False))
    return looks


def plot(looks: Sequence[Look]) -> str:
    """The memory over the operations as SVG; a dot marks each reset."""
    points = [(float(look.operations), look.mebibytes) for look in looks]
    dots = [point for point, look in zip(points, looks, strict=True) if look.was_reset]
    curves = {"resident memory": points}
    most = 1.1 * max(MOST_MEMORY, *(look.mebibytes for look in looks))
    return plots.plot("operations", "MiB of resident memory", curves, most=most, dots=dots)


def shown(looks: Sequence[Look], say: Callable[[str], Any] = print) -> float:
    """Print the curve, ten looks and all resets; the most that was held."""
    plain = [look for look in looks if not look.was_reset]
    for look in plain[:: max(1, len(plain) // 10)]:
        say(f"{look.operations:>8,} operations  {look.mebibytes:6.1f} MiB")
    for number, look in enumerate((look for look in looks if look.was_reset), 1):
        say(f"reset {number:>2}            {look.mebibytes:6.1f} MiB")
    most = max(look.mebibytes for look in looks)
    say(f"at most {most:.1f} MiB after {looks[-1].operations:,} operations")
    return most


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=200_000)
    parser.add_argument("--resets", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=900, help="when the operations end, done or not")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, help="where the curve is written, as SVG")
    options = parser.parse_args()
    with running() as (port, pid):
        looks = soak(port, pid, options.operations, options.resets, options.seconds, options.seed)
    most = shown(looks)
    if options.plot is not None:
        options.plot.write_text(plot(looks), encoding="utf-8")
    sys.exit(most > MOST_MEMORY)


if __name__ == "__main__":
    main()

"""Run the shop: start the emulator, and use it over boto3 as one would use AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
ROLE = "arn:aws:iam::000000000000:role/shop"
STOCK = {"lamp": 5, "chair": 4, "piano": 1}
ORDERS: list[dict[str, Any]] = [
    {"id": "1001", "amount": 90, "items": [{"product": "lamp", "quantity": 1}]},
    {"id": "1002", "amount": 420, "items": [{"product": "lamp", "quantity": 1}, {"product": "chair", "quantity": 4}]},
    {"id": "1003", "amount": 140, "items": [{"product": "lamp", "quantity": 1}, {"product": "chair", "quantity": 1}]},
    {"id": "1004", "amount": 9000, "items": [{"product": "piano", "quantity": 1}]},
    {"id": "1005", "amount": 0, "items": []},
]


def main() -> None:
    """Take the orders, and say what became of them."""
    began = time.monotonic()
    with emulator() as url:
        print(f"The emulator runs at {url}, under virtual time.")
        dynamodb, states = client("dynamodb", url), client("stepfunctions", url)
        set_up_tables(dynamodb)
        payment = create_machine(states, "payment")
        order = create_machine(states, "order", PaymentMachine=payment)
        print(f"Two tables and two state machines are set up, and {len(ORDERS)} orders come in at once:")
        started = time.monotonic()
        executions = [
            states.start_execution(stateMachineArn=order, name=f"order-{each['id']}", input=json.dumps(each))
            for each in ORDERS
        ]
        in_the_machines = sum((tell(states, each["executionArn"]) for each in executions), timedelta())
        on_the_wall = time.monotonic() - started
        show_table(dynamodb, "orders", "id")
        show_table(dynamodb, "stock", "product")
    print(f"\n{duration(in_the_machines)} passed in the machines, {on_the_wall:.2f} s on the wall", end="")
    print(f" ({time.monotonic() - began:.1f} s with starting and stopping the emulator).")
    print("The machines are examples/orders/*.asl.json; their functions and tests are in the same folder.")


@contextmanager
def emulator() -> Iterator[str]:
    """The emulator in a process of its own, on a free port, under virtual time; its URL."""
    command = [sys.executable, "-m", "dynastep", "start", "--port", "0", "--clock", "virtual"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--functions", str(HERE / "functions")], stdout=subprocess.PIPE, text=True
    ) as process:
        ready = process.stdout.readline() if process.stdout is not None else ""
        if not ready:
            sys.exit("The emulator did not start.")
        try:
            yield next(word for word in ready.split() if word.startswith("http://"))
        finally:
            process.terminate()


def client(service: str, url: str) -> Any:
    """As for AWS, but for ``endpoint_url``."""
    return boto3.client(  # type: ignore[call-overload]  # any service
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def set_up_tables(dynamodb: Any) -> None:
    """Create the tables and fill the stock."""
    for table, key in (("stock", "product"), ("orders", "id")):
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for product, available in STOCK.items():
        dynamodb.put_item(TableName="stock", Item={"product": {"S": product}, "available": {"N": str(available)}})


def create_machine(states: Any, name: str, **substitutions: str) -> str:
    """Create a state machine from its file; its ARN."""
    definition = (HERE / f"{name}.asl.json").read_text(encoding="utf-8")
    for variable, value in substitutions.items():
        definition = definition.replace(f"${{{variable}}}", value)
    arn: str = states.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    return arn


def tell(states: Any, arn: str) -> timedelta:
    """Print what became of an execution; the time that passed in it."""
    execution = states.describe_execution(executionArn=arn)
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    steps = path([event for page in pages for event in page["events"]])
    took: timedelta = execution["stopDate"] - execution["startDate"]
    succeeded = execution["status"] == "SUCCEEDED"
    print(f"\n  {execution['name']}  {coloured(execution['status'], good=succeeded)}  after {duration(took)}")
    leaving = [step.entered for step in steps[1:]] + [execution["stopDate"]]
    words = " → ".join(step.told(left - step.entered) for step, left in zip(steps, leaving, strict=True))
    print(textwrap.fill(words, 100, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False))
    print(f"    = {execution['output'] if succeeded else execution['error'] + ': ' + execution['cause']}")
    return took


@dataclass
class Step:
    """A state that an execution went through, and how often those inside it."""

    name: str
    entered: datetime
    inside: Counter[str] = field(default_factory=Counter)

    def told(self, took: timedelta) -> str:
        """In words: ``Pay and quote (Take payment, Quote shipping) [1 min 30 s]``."""
        inner = ", ".join(name if times == 1 else f"{times} times {name}" for name, times in self.inside.items())
        return self.name + (f" ({inner})" if inner else "") + (f" [{duration(took)}]" if took else "")


def path(events: list[dict[str, Any]]) -> list[Step]:
    """The states that a history shows."""
    steps: list[Step] = []
    is_inside = False
    for event in events:
        if event["type"] in ("MapStateExited", "ParallelStateExited"):
            is_inside = False
        elif "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            if is_inside:
                steps[-1].inside[name] += 1
            else:
                steps.append(Step(name, event["timestamp"]))
                is_inside = event["type"] in ("MapStateEntered", "ParallelStateEntered")
    return steps


def show_table(dynamodb: Any, table: str, key: str) -> None:
    """Print a table's items."""
    items = [
        {name: next(iter(value.values())) for name, value in item.items()}
        for item in dynamodb.scan(TableName=table)["Items"]
    ]
    columns = [key, *sorted({name for item in items for name in item} - {key})]
    rows = [columns, *([item[name] for name in columns] for item in sorted(items, key=lambda item: item[key]))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"\n  Table '{table}'")
    for row in rows:
        print("    " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def coloured(text: str, *, good: bool) -> str:
    """Green or red, on a terminal."""
    if "NO_COLOR" in os.environ or not sys.stdout.isatty():
        return text
    return f"\033[{32 if good else 31}m{text}\033[0m"


def duration(time: timedelta) -> str:
    """A duration for people: ``2 h 1 min 30 s``."""
    minutes, seconds = divmod(round(time.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if count]
    return " ".join(parts) or "0 s"


if __name__ == "__main__":
    main()

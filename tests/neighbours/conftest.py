"""An application that keeps, in a table, whatever reaches its function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Kept:
    """A function that puts each event into a table."""

    dynastep: Any
    function: str
    """Its ARN."""

    def events(self) -> list[Any]:
        """The events, in the order in which they came."""
        items = self.dynastep.client("dynamodb").scan(TableName="events")["Items"]
        return [json.loads(item["event"]["S"]) for item in sorted(items, key=lambda item: int(item["number"]["N"]))]

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of the test's account."""
        return f"arn:aws:{service}:us-east-1:{self.dynastep.account}:{resource}"

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """The URL and the ARN of a new queue."""
        made = self.dynastep.client("sqs").create_queue(QueueName=name, Attributes=attributes)
        return made["QueueUrl"], self.arn("sqs", name)

    def map(self, source: str, **settings: Any) -> None:
        """Let the function get what comes to a queue or a stream."""
        functions = self.dynastep.client("lambda")
        functions.create_event_source_mapping(FunctionName="keep", EventSourceArn=source, **settings)


@pytest.fixture
def kept(dynastep: Any) -> Kept:
    """The function and its table."""
    table = dynastep.client("dynamodb")
    table.create_table(
        TableName="events",
        KeySchema=[{"AttributeName": "number", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "number", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    count = iter(range(1_000_000))

    def keep(event: Any) -> None:
        item = {"number": {"N": str(next(count))}, "event": {"S": json.dumps(event)}}
        table.put_item(TableName="events", Item=item)

    dynastep.function("keep", keep)
    return Kept(dynastep, f"arn:aws:lambda:us-east-1:{dynastep.account}:function:keep")

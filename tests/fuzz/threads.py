"""Threads: writers and readers on one table at once, and the laws that the table keeps.

    python -m tests.fuzz.threads --seconds 60

Writers add to counters (plain, on a condition, in transactions), move amounts between items, and put and delete in
batches; readers look meanwhile. Then the sums are right, each index is what a rebuild from the items gives, and the
stream tells each item's story in order, from nothing to what is there.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from threading import Thread
from types import SimpleNamespace
from typing import Any

from emulator.dynamodb.model.store import Store
from emulator.dynamodb.model.tables import Entries, Item, Table
from emulator.faults import Fault
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

WRITERS = 16
READERS = 4
COUNTERS = 8
ACCOUNTS = 6
OPENING = 100
ACCOUNT, REGION = "123456789012", "eu-central-1"
TABLE = {
    "TableName": "tab",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in ("pS", "rS", "gS", "nN")],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "gsi",
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "LocalSecondaryIndexes": [
        {
            "IndexName": "lsi",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


class _Clock:
    """A clock that stands: nothing in here may depend on time."""

    def now(self) -> float:
        return 1_800_000_000.0


@dataclass
class World:
    """What DynamoDB needs of a world."""

    clock: _Clock = field(default_factory=_Clock)
    dynamodb: Store = field(init=False)
    elsewhere: dict[str, Any] = field(default_factory=dict)
    keeping: Any = field(default_factory=lambda: SimpleNamespace(by=None))

    def __post_init__(self) -> None:
        self.dynamodb = Store(self.clock)

    def looked(self, call: Call) -> None:
        """Nothing runs here that a look could move on."""

    def call(self, operation: str, service: str = "dynamodb", **params: Any) -> dict[str, Any]:
        """Answer a call, or raise Fault."""
        return perform(self, Call(service, operation, params, ACCOUNT, REGION, "test"))  # type: ignore[arg-type]


def key(partition: str, name: str) -> dict[str, Any]:
    return {"p": {"S": partition}, "r": {"S": name}}


@dataclass
class Ledger:
    """What one writer did: how often it added to each counter."""

    added: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    calls: int = 0


def writer(world: World, number: int, going: Callable[[], bool], ledger: Ledger) -> None:
    """Write at random until told to stop."""
    random = Random(number)
    kinds = (_add, _add_on_condition, _add_in_transaction, _transfer, _batch, _replace)
    while going():
        ledger.calls += 1
        try:
            random.choice(kinds)(world, number, random, ledger)
        except Fault as fault:
            if fault.code not in ("ConditionalCheckFailedException", "TransactionCanceledException"):
                raise
            ledger.refused += 1


def _adding(name: str) -> dict[str, Any]:
    values = {":one": {"N": "1"}, ":g": {"S": name[-1]}}
    update = {"UpdateExpression": "SET g = :g ADD n :one", "ExpressionAttributeValues": values}
    return {"TableName": "tab", "Key": key("counter", name), **update}


def _add(world: World, _number: int, random: Random, ledger: Ledger) -> None:
    name = f"c{random.randrange(COUNTERS)}"
    world.call("UpdateItem", **_adding(name))
    ledger.added[name] += 1


def _add_on_condition(world: World, _number: int, random: Random, ledger: Ledger) -> None:
    """Read, then add where nobody has added since: optimistic locking."""
    name = f"c{random.randrange(COUNTERS)}"
    found = world.call("GetItem", TableName="tab", Key=key("counter", name))["Item"]["n"]
    params = _adding(name)
    params["ExpressionAttributeValues"][":seen"] = found
    world.call("UpdateItem", **params, ConditionExpression="n = :seen")
    ledger.added[name] += 1


def _add_in_transaction(world: World, _number: int, random: Random, ledger: Ledger) -> None:
    names = [f"c{number}" for number in random.sample(range(COUNTERS), 3)]
    world.call("TransactWriteItems", TransactItems=[{"Update": _adding(name)} for name in names])
    ledger.added.update(names)


def _transfer(world: World, _number: int, random: Random, _ledger: Ledger) -> None:
    giver, taker = random.sample(range(ACCOUNTS), 2)
    amount = random.randrange(1, 60)

    def side(account: int, change: int) -> dict[str, Any]:
        return {
            "TableName": "tab",
            "Key": key("account", f"a{account}"),
            "UpdateExpression": "ADD n :change",
            "ConditionExpression": "n >= :least",
            "ExpressionAttributeValues": {":change": {"N": str(change)}, ":least": {"N": str(max(0, -change))}},
        }

    actions = [{"Update": side(giver, -amount)}, {"Update": side(taker, amount)}]
    world.call("TransactWriteItems", TransactItems=actions)


def _batch(world: World, number: int, random: Random, _ledger: Ledger) -> None:
    """Put some items of this writer's own partition and delete others."""
    requests = []
    for name in random.sample(range(20), 10):
        place = key(f"batch{number}", str(name))
        item = {**place, "n": {"N": str(random.randrange(5))}, "g": {"S": random.choice("xyz")}}
        requests.append({"PutRequest": {"Item": item}} if random.random() < 0.6 else {"DeleteRequest": {"Key": place}})
    world.call("BatchWriteItem", RequestItems={"tab": requests})


def _replace(world: World, number: int, random: Random, _ledger: Ledger) -> None:
    """Put over an item that all writers share, or delete it."""
    place = key("shared", str(random.randrange(5)))
    if random.random() < 0.3:
        world.call("DeleteItem", TableName="tab", Key=place)
    else:
        item = {**place, "n": {"N": str(number)}, "g": {"S": random.choice("xyz")}, "text": {"S": "x" * number}}
        world.call("PutItem", TableName="tab", Item=item)


def reader(world: World, number: int, going: Callable[[], bool], ledger: Ledger) -> None:
    """Look until told to stop: no look sees half of a transfer, or an index beside its table."""
    random = Random(-number)
    gets = [{"Get": {"TableName": "tab", "Key": key("account", f"a{account}")}} for account in range(ACCOUNTS)]
    while going():
        ledger.calls += 1
        seen = world.call("TransactGetItems", TransactItems=gets)["Responses"]
        total = sum(int(response["Item"]["n"]["N"]) for response in seen)
        assert total == ACCOUNTS * OPENING, f"a reader sees {total} on all accounts"
        values = {":g": {"S": random.choice("xyz")}}
        condition = {"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": values}
        found = world.call("Query", TableName="tab", IndexName="gsi", **condition)["Items"]
        amounts = [int(item["n"]["N"]) for item in found]
        assert amounts == sorted(amounts), "an index is out of order"
        names = [(item["p"]["S"], item["r"]["S"]) for item in world.call("Scan", TableName="tab")["Items"]]
        assert len(names) == len(set(names)), "a scan shows an item twice"


def prepared() -> World:
    """A world with the table and the items that are always there."""
    world = World()
    world.call("CreateTable", **TABLE)
    for number in range(COUNTERS):
        item = {**key("counter", f"c{number}"), "n": {"N": "0"}, "g": {"S": str(number)}}
        world.call("PutItem", TableName="tab", Item=item)
    for number in range(ACCOUNTS):
        world.call("PutItem", TableName="tab", Item={**key("account", f"a{number}"), "n": {"N": str(OPENING)}})
    return world


@contextmanager
def _turns(seconds: float) -> Iterator[None]:
    """Threads take turns within a write, not only between many."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def run(seconds: float) -> tuple[World, list[Ledger]]:
    """Let writers and readers loose for so long. Raises what any of them raises."""
    world = prepared()
    deadline = time.monotonic() + seconds
    failures: list[BaseException] = []
    ledgers = [Ledger() for _ in range(WRITERS + READERS)]

    def guarded(work: Callable[..., None], number: int) -> None:
        try:
            work(world, number, lambda: not failures and time.monotonic() < deadline, ledgers[number])
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            failures.append(error)

    works = [*[writer] * WRITERS, *[reader] * READERS]
    threads = [Thread(target=guarded, args=(work, number)) for number, work in enumerate(works)]
    with _turns(1e-5):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return world, ledgers


# --- laws ------------------------------------------------------------------------------------------------------------


def check(world: World, ledgers: list[Ledger]) -> int:
    """Raise AssertionError where the table breaks a law. The number of stream records."""
    table = world.dynamodb.region(ACCOUNT, REGION).tables["tab"]
    added = sum((ledger.added for ledger in ledgers), Counter())
    for number in range(COUNTERS):
        name = f"c{number}"
        found = int(world.call("GetItem", TableName="tab", Key=key("counter", name))["Item"]["n"]["N"])
        assert found == added[name], f"{name} is {found} after {added[name]} additions"
    check_indexes(table)
    records = list(stream_records(world))
    check_stream(records, {_place(item): item for item in world.call("Scan", TableName="tab")["Items"]})
    return len(records)


def check_indexes(table: Table) -> None:
    """Each index is what a rebuild from the items gives, and every size is the sum of what it is of."""
    for name, index in table.indexes.items():
        fresh = Entries(index.key, index)
        for item in table.items.values():
            if index.key.has_all(item.attributes):
                fresh.put((*index.key.position(item.attributes), *table.position(item.attributes)), item)
        assert _content(table.index_items[name]) == _content(fresh), f"{name} is not what a rebuild gives"
    assert table.items.size == sum(item.size for item in table.items.values()), "the table's size is wrong"


def _content(entries: Entries) -> tuple[list[Any], int]:
    items: list[Item] = list(entries.values())
    return [item.attributes for item in items], entries.size


def stream_records(world: World) -> Iterator[dict[str, Any]]:
    """All records of the table's stream, in order."""
    stream = world.call("DescribeTable", TableName="tab")["Table"]["LatestStreamArn"]
    described = world.call("DescribeStream", "dynamodbstreams", StreamArn=stream)["StreamDescription"]
    for shard in described["Shards"]:
        params = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = world.call("GetShardIterator", "dynamodbstreams", **params)["ShardIterator"]
        while True:
            answer = world.call("GetRecords", "dynamodbstreams", ShardIterator=iterator)
            yield from answer["Records"]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"]:
                break


def _place(item: dict[str, Any]) -> tuple[str, str]:
    return item["p"]["S"], item["r"]["S"]


def check_stream(records: list[dict[str, Any]], items: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Each record begins where the one before it of the same item ended, and the last ends at what is there."""
    replayed: dict[tuple[str, str], dict[str, Any]] = {}
    last = 0
    for record in records:
        change = record["dynamodb"]
        place, old, new = _place(change["Keys"]), change.get("OldImage"), change.get("NewImage")
        number = int(change["SequenceNumber"])
        assert number > last, f"record {number} comes after {last}"
        assert old == replayed.get(place), f"{record['eventName']} of {place} does not follow from the record before"
        assert record["eventName"] == ("INSERT" if old is None else "REMOVE" if new is None else "MODIFY")
        last = number
        if new is None:
            del replayed[place]
        else:
            replayed[place] = new
    assert replayed == items, "the stream does not end at what is in the table"


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    world, ledgers = run(seconds)
    records = check(world, ledgers)
    writes, reads = (sum(ledger.calls for ledger in part) for part in (ledgers[:WRITERS], ledgers[WRITERS:]))
    refused = sum(ledger.refused for ledger in ledgers)
    print(  # noqa: T201
        f"{WRITERS} writers made {writes:,} calls in {seconds:.0f} s ({refused:,} refused by a condition), "
        f"{READERS} readers looked {reads:,} times; {records:,} stream records. Sums, indexes and stream are right."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

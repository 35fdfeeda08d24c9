"""Laws: a plain dict is the model of a table; pages are the whole; refusals change nothing; threads lose nothing."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Callable
from threading import Thread
from typing import Any

from dynamodb_service import Service
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.dynamodb.model.tables import Entries, Item, Table
from emulator.dynamodb.model.values import canonical_number, read_item
from emulator.faults import Fault

HASHES = st.sampled_from("ab")
RANGES = st.sampled_from([-2, 2, 10])
MAYBE = st.sampled_from([None, "u", "v", "w"])
"""Few keys, so that many writes meet: what a write leaves of the last one is where a table goes wrong."""
WRITES = st.lists(
    st.tuples(st.sampled_from(["put", "update", "delete", "transact", "bad", "batch"]), HASHES, RANGES, MAYBE, MAYBE),
    max_size=30,
)


def new_table(ddb: Service) -> Table:
    keys = [{"AttributeName": "p", "KeyType": "HASH"}]
    ddb.table(
        "tab",
        "p:S",
        "r:N",
        attributes={"g": "S", "l": "S"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "gsi",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "lsi",
                "KeySchema": [*keys, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return ddb.world.dynamodb.region("123456789012", "eu-central-1").tables["tab"]


def write(ddb: Service, model: dict[tuple[str, int], dict[str, Any]], step: tuple[Any, ...]) -> None:
    """Make one write, on the table and on the model alike."""
    kind, hash_key, number, g, l = step  # noqa: E741 - the attribute is called l
    key = {"p": {"S": hash_key}, "r": {"N": str(number)}}
    item = {**key, **({"g": {"S": g}} if g else {}), **({"l": {"S": l}} if l else {})}
    place = (hash_key, number)
    match kind:
        case "put":
            ddb.call("PutItem", TableName="tab", Item=item)
            model[place] = item
        case "delete":
            ddb.call("DeleteItem", TableName="tab", Key=key)
            model.pop(place, None)
        case "update":
            text = "SET l = :v" if l else "REMOVE l"
            values = {"ExpressionAttributeValues": {":v": {"S": l}}} if l else {}
            ddb.call("UpdateItem", TableName="tab", Key=key, UpdateExpression=text, **values)
            if l:
                model[place] = {**model.get(place, key), "l": {"S": l}}
            elif place in model:
                model[place] = {name: value for name, value in model[place].items() if name != "l"}
        case "transact":
            other = {**key, "p": {"S": hash_key + "x"}}
            actions = [{"Put": {"TableName": "tab", "Item": item}}, {"Delete": {"TableName": "tab", "Key": other}}]
            ddb.call("TransactWriteItems", TransactItems=actions)
            model[place] = item
            model.pop((hash_key + "x", number), None)
        case "batch":
            other = {**item, "p": {"S": hash_key + "x"}}
            requests = [{"PutRequest": {"Item": item}}, {"PutRequest": {"Item": other}}]
            ddb.call("BatchWriteItem", RequestItems={"tab": requests})
            model[place], model[(hash_key + "x", number)] = item, other
        case _:
            bad = [
                {"Put": {"TableName": "tab", "Item": item}},
                {
                    "ConditionCheck": {
                        "TableName": "tab",
                        "Key": {**key, "p": {"S": "nobody"}},
                        "ConditionExpression": "attribute_exists(p)",
                    }
                },
            ]
            assert ddb.refusal("TransactWriteItems", TransactItems=bad)[0] == "TransactionCanceledException"
            ddb.refusal("PutItem", TableName="tab", Item={**item, "g": {"N": "1"}})
            ddb.refusal("UpdateItem", TableName="tab", Key=key, UpdateExpression="SET l = gone")


def rebuilt(table: Table) -> Table:
    """The table made anew from its items."""
    fresh = Table(
        **{name: getattr(table, name) for name in ("name", "arn", "table_id", "account", "region", "created", "key")},
        indexes=table.indexes,
        attribute_types=table.attribute_types,
        billing=table.billing,
    )
    for item in table.items.values():
        attributes, size = dict(item.attributes), item.size
        fresh.put(fresh.position(attributes), Item(attributes, size))
    return fresh


def content(entries: Entries) -> tuple[list[Any], int]:
    return [item.attributes for item in entries.values()], entries.size


@given(WRITES)
@settings(max_examples=60, deadline=None)
def test_random_writes_agree_with_a_dict_on_table_indexes_and_counts(steps: list[tuple[Any, ...]]) -> None:
    ddb = Service()
    table = new_table(ddb)
    model: dict[tuple[str, int], dict[str, Any]] = {}
    for step in steps:
        write(ddb, model, step)
    found = {(item["p"]["S"], int(item["r"]["N"])): item for item in ddb.call("Scan", TableName="tab")["Items"]}
    assert found == model
    described = ddb.call("DescribeTable", TableName="tab")["Table"]
    assert described["ItemCount"] == len(model)
    assert described["TableSizeBytes"] == sum(read_item(item)[1] for item in model.values())
    fresh = rebuilt(table)
    for name in table.indexes:
        assert content(table.index_items[name]) == content(fresh.index_items[name])
    for index, attribute, order, keeps in (
        (None, "p", lambda item: int(item["r"]["N"]), None),
        ("lsi", "p", lambda item: item["l"]["S"], None),
        ("gsi", "g", lambda item: item["l"]["S"], {"p", "r", "g", "l"}),
    ):
        indexed = [item for item in model.values() if index is None or ("l" in item and attribute in item)]
        assert queried(ddb, index, attribute) == expected(indexed, attribute, keeps)
        for value in "abuvw":
            items = query(ddb, index, attribute, value)
            assert [order(item) for item in items] == sorted(order(item) for item in items)


def query(ddb: Service, index: str | None, attribute: str, value: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ddb.call(
        "Query",
        TableName="tab",
        KeyConditionExpression=f"{attribute} = :v",
        ExpressionAttributeValues={":v": {"S": value}},
        **({"IndexName": index} if index else {}),
    )["Items"]
    return items


def queried(ddb: Service, index: str | None, attribute: str) -> list[str]:
    """Every item that is found by a value of the attribute, in no order."""
    values = ("a", "b", "ax", "bx") if attribute == "p" else ("u", "v", "w")
    return sorted(str(sorted(item.items())) for value in values for item in query(ddb, index, attribute, value))


def expected(items: list[dict[str, Any]], attribute: str, keeps: set[str] | None) -> list[str]:
    kept = [{name: value for name, value in item.items() if keeps is None or name in keeps} for item in items]
    return sorted(str(sorted(item.items())) for item in kept if attribute in item)


def pages(read: Callable[..., dict[str, Any]], limit: int) -> list[Any]:
    items: list[Any] = []
    start: dict[str, Any] = {}
    for _ in range(200):
        page = read(Limit=limit, **start)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    message = "the pages never end"
    raise AssertionError(message)


@given(WRITES, st.integers(1, 5), st.booleans())
@settings(max_examples=40, deadline=None)
def test_pages_of_any_limit_concatenate_to_the_whole(
    steps: list[tuple[Any, ...]],
    limit: int,
    forward: bool,
) -> None:
    ddb = Service()
    new_table(ddb)
    for step in steps:
        write(ddb, {}, step)
    reads: list[tuple[str, dict[str, Any]]] = [
        ("Scan", {}),
        ("Scan", {"IndexName": "gsi"}),
        ("Scan", {"IndexName": "lsi"}),
    ]
    for index, attribute in ((None, "p"), ("lsi", "p"), ("gsi", "g")):
        chosen = {"IndexName": index} if index else {}
        condition = {"KeyConditionExpression": f"{attribute} = :v", "ScanIndexForward": forward, **chosen}
        reads += [("Query", {**condition, "ExpressionAttributeValues": {":v": {"S": value}}}) for value in "auv"]
    for operation, params in reads:

        def read(operation: str = operation, params: dict[str, Any] = params, **more: Any) -> dict[str, Any]:
            return ddb.call(operation, TableName="tab", **params, **more)

        assert pages(read, limit) == read()["Items"]


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=5).map(lambda text: {"S": text}),
        st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9).map(
            lambda number: {"N": canonical_number(str(number))}
        ),
        st.binary(max_size=5).map(lambda data: {"B": b64encode(data).decode()}),
        st.booleans().map(lambda flag: {"BOOL": flag}),
        st.just({"NULL": True}),
        st.sets(st.text(max_size=3), min_size=1, max_size=3).map(lambda members: {"SS": sorted(members)}),
        st.sets(st.integers(-999, 999), min_size=1, max_size=3).map(
            lambda members: {"NS": [str(member) for member in sorted(members)]}
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda members: {"L": members}),
        st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3).map(lambda members: {"M": members}),
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=5))
def test_put_then_get_returns_the_item(attributes: dict[str, Any]) -> None:
    ddb = Service()
    ddb.table("tab")
    item = {**attributes, "p": {"S": "x"}}
    ddb.call("PutItem", TableName="tab", Item=item)
    assert ddb.call("GetItem", TableName="tab", Key={"p": {"S": "x"}})["Item"] == item


def run(threads: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - shown in the test's own thread
            failures.append(error)

    running = [Thread(target=guarded, args=(number,)) for number in range(threads)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns within a write, not every few hundred writes
    try:
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures, failures


def test_eight_threads_incrementing_lose_nothing(ddb: Service) -> None:
    new_table(ddb)
    key = {"p": {"S": "x"}, "r": {"N": "1"}}
    one = {":one": {"N": "1"}}

    def work(number: int) -> None:
        for _ in range(100):
            if number % 2:
                ddb.call(
                    "UpdateItem", TableName="tab", Key=key, UpdateExpression="ADD n :one", ExpressionAttributeValues=one
                )
            else:
                action = {
                    "TableName": "tab",
                    "Key": key,
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": one,
                }
                ddb.call("TransactWriteItems", TransactItems=[{"Update": action}])

    run(8, work)
    assert ddb.call("GetItem", TableName="tab", Key=key)["Item"]["n"] == {"N": "800"}


def test_transfers_between_items_keep_the_sum_and_no_reader_sees_half(ddb: Service) -> None:
    ddb.table("aaa")
    ddb.table("bbb")
    for name in ("aaa", "bbb"):
        ddb.call("PutItem", TableName=name, Item={"p": {"S": "x"}, "n": {"N": "100"}})

    def side(name: str, amount: int) -> dict[str, Any]:
        return {
            "TableName": name,
            "Key": {"p": {"S": "x"}},
            "UpdateExpression": "ADD n :v",
            "ConditionExpression": "n >= :least",
            "ExpressionAttributeValues": {":v": {"N": str(amount)}, ":least": {"N": str(-amount)}},
        }

    def work(number: int) -> None:
        pair = ("aaa", "bbb") if number % 2 else ("bbb", "aaa")
        for _ in range(60):
            try:
                ddb.call(
                    "TransactWriteItems", TransactItems=[{"Update": side(pair[0], 7)}, {"Update": side(pair[1], -7)}]
                )
            except Fault as fault:
                assert fault.code == "TransactionCanceledException"
            gets = [{"Get": {"TableName": name, "Key": {"p": {"S": "x"}}}} for name in ("aaa", "bbb")]
            seen = ddb.call("TransactGetItems", TransactItems=gets)["Responses"]
            assert sum(int(response["Item"]["n"]["N"]) for response in seen) == 200

    run(6, work)

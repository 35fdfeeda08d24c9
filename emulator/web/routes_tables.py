"""The page of a table: its items in a grid, what adds, changes and deletes them, its stream, and files of items."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.faults import Fault
from emulator.web import items as shown
from emulator.web.asking import Asker
from emulator.web.executions import pretty
from emulator.web.page import asker, is_part, read_json, save_as

PAGE: Final = 50
MOST_EXPORTED: Final = 10_000
RECORDS: Final = 50


class StoppedMidway(Fault):
    """An item of a file was refused, after the items before it had been written."""

    def __init__(self, why: Fault, number: int, of: int) -> None:
        super().__init__(why.code, f"Item {number} of {of} was refused: {why.message}", status=why.status)
        self.changed = f"{number - 1} of {of} items were written before it; no later one was."


def add(pages: Blueprint) -> None:
    """Add the routes of tables."""
    pages.get("/tables")(tables)
    pages.get("/tables/<name>")(table)
    pages.get("/tables/<name>/records")(records)
    pages.get("/tables/<name>/item")(item)
    pages.post("/tables/<name>/item")(put)
    pages.get("/tables/<name>/export")(export)
    pages.post("/tables/<name>/import")(import_)


def tables() -> str:
    """All tables, a page of them."""
    asked, after = asker(), request.args.get("after") or None
    answer = asked.dynamodb("ListTables", Limit=PAGE, ExclusiveStartTableName=after)
    listed = [asked.dynamodb("DescribeTable", TableName=name)["Table"] for name in answer["TableNames"]]
    return render_template("tables.html", page="tables", listed=listed, after=answer.get("LastEvaluatedTableName"))


def table(name: str) -> str:
    """One table: a page of its items, its indexes, its stream."""
    asked = asker()
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    found = _items(asked, described)
    if is_part():
        return render_template("items.html", table=described, **found)
    ttl = asked.dynamodb("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"]
    return render_template(
        "table.html",
        page="tables",
        table=described,
        ttl=ttl,
        operators=shown.OPERATORS,
        filters=shown.FILTERS,
        records=_records(asked, described),
        **found,
    )


def records(name: str) -> Any:
    """The last records of the stream of a table; nothing to draw if there are as many as the page has."""
    asked = asker()
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    return render_template("records.html", table=described, records=_records(asked, described))


def item(name: str) -> str:
    """One item as JSON, or an empty one to fill in."""
    asked = asker()
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    text = request.args.get("key", "")
    found: Any = {each["name"]: {each["type"]: ""} for each in shown.keys_of(described, "")}
    if text:
        found = asked.dynamodb("GetItem", TableName=name, Key=read_json(text, "The key")).get("Item")
        if found is None:
            raise Fault("ResourceNotFoundException", "There is no item with this key any more")
    return render_template("item.html", page="tables", table=described, key=text, text=pretty(found))


def put(name: str) -> Any:
    """Write or delete an item, if it is as it was when its page was opened."""
    asked, text = asker(), request.form.get("item", "")
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    first = shown.keys_of(described, "")[0]["name"]
    before = request.form.get("before", "")
    value = read_json(text, "The item")
    if not isinstance(value, dict):
        raise Fault("ValidationException", "An item is a JSON object")
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(#key)"}
    condition["ExpressionAttributeNames"] = {"#key": first}
    if before:  # it must be as it was when its page was opened
        condition = _unchanged(read_json(before, "The item before"))
    if request.form.get("deed") == "delete":
        key = {each["name"]: value.get(each["name"]) for each in shown.keys_of(described, "")}
        asked.dynamodb("DeleteItem", TableName=name, Key=key, **condition)
    else:
        asked.dynamodb("PutItem", TableName=name, Item=value, **condition)
    return redirect(url_for("console.table", name=name), 303)


def export(name: str) -> Any:
    """The items as a file, JSON or CSV."""
    asked = asker()
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    found: list[Any] = []
    start = None
    while len(found) < MOST_EXPORTED:
        answer = asked.dynamodb("Scan", TableName=name, ExclusiveStartKey=start, Limit=1000)
        found += answer["Items"]
        start = answer.get("LastEvaluatedKey")
        if start is None:
            break
    if request.args.get("as") == "csv":
        return save_as(shown.to_csv(found, shown.keys_of(described, "")), f"{name}.csv", "text/csv")
    return save_as(dumps(found), f"{name}.json")


def import_(name: str) -> Any:
    """Write the items of a file."""
    asked = asker()
    described = asked.dynamodb("DescribeTable", TableName=name)["Table"]
    given = request.files.get("file")
    try:
        text = "" if given is None else given.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fault("ValidationException", "The file is not UTF-8") from None
    given_items = shown.from_text(text, shown.keys_of(described, ""))
    for number, each in enumerate(given_items, 1):
        try:
            asked.dynamodb("PutItem", TableName=name, Item=each)
        except Fault as fault:
            raise StoppedMidway(fault, number, len(given_items)) from None
    return redirect(url_for("console.table", name=name), 303)


def _unchanged(item: dict[str, Any]) -> dict[str, Any]:
    """The condition that an item still has exactly these attributes' values."""
    names = {f"#a{number}": name for number, name in enumerate(item)}
    values = {f":a{number}": value for number, value in enumerate(item.values())}
    expression = " AND ".join(f"#a{number} = :a{number}" for number in range(len(item)))
    return {
        "ConditionExpression": expression,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _items(asked: Asker, table: dict[str, Any]) -> dict[str, Any]:
    """A page of items, as the query of the request asks for it, and what it consumed."""
    form = request.args
    operation, params = shown.question(table, form)
    start = None
    try:
        start = loads(form["start"]) if form.get("start") else None
    except InvalidJSON:
        raise Fault("ValidationException", "The exclusive start key must be a key of the table") from None
    answer = asked.dynamodb(operation, **params, Limit=PAGE, ExclusiveStartKey=start, ReturnConsumedCapacity="TOTAL")
    keys = shown.keys_of(table, "")
    following = answer.get("LastEvaluatedKey")
    return {
        "operation": operation,
        "columns": shown.columns(answer["Items"], keys),
        "rows": [
            (dumps({key["name"]: item[key["name"]] for key in keys}), item)
            for item in answer["Items"]
            if all(key["name"] in item for key in keys)
        ],
        "scanned": answer["ScannedCount"],
        "consumed": answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0),
        "following": None if following is None else dumps(following),
        "form": form,
        "keys": shown.keys_of(table, form.get("index", "")),
        "plain": shown.plain,
    }


def _records(asked: Asker, table: dict[str, Any]) -> list[dict[str, Any]]:
    """The last records of the stream of a table, newest first; none if it has no stream."""
    arn = table.get("LatestStreamArn")
    if arn is None or not table.get("StreamSpecification", {}).get("StreamEnabled"):
        return []
    shards = asked.streams("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
    found: list[dict[str, Any]] = []
    for shard in shards[-4:]:
        iterator = asked.streams(
            "GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        for _ in range(20):
            answer = asked.streams("GetRecords", ShardIterator=iterator)
            found += answer["Records"]
            iterator = answer.get("NextShardIterator")
            if not answer["Records"] or iterator is None:
                break
    return found[: -RECORDS - 1 : -1]

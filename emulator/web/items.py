"""Items as people write and read them: plain JSON for DynamoDB's typed values, CSV, and the forms of Scan and Query."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from asl_interpreter.jsontext import JSON, dumps, loads
from emulator.faults import Fault

OPERATORS: Final = {
    "=": "#{n} = :{n}",
    "<": "#{n} < :{n}",
    "<=": "#{n} <= :{n}",
    ">": "#{n} > :{n}",
    ">=": "#{n} >= :{n}",
    "begins with": "begins_with(#{n}, :{n})",
}
"""What a sort key, or an attribute of a filter, can be compared by -> the expression."""
FILTERS: Final = {
    **OPERATORS,
    "contains": "contains(#{n}, :{n})",
    "exists": "attribute_exists(#{n})",
    "does not exist": "attribute_not_exists(#{n})",
}


def plain(value: Mapping[str, Any]) -> str:
    """A typed value in short, for a cell of the grid: ``{"N": "7"}`` is ``7``, ``{"L": [...]}`` its JSON."""
    ((kind, inner),) = value.items()
    if kind in ("S", "N", "B"):
        return str(inner)
    if kind == "BOOL":
        return "true" if inner else "false"
    return "null" if kind == "NULL" else dumps(_untyped(value))


def _untyped(value: Mapping[str, Any]) -> JSON:
    ((kind, inner),) = value.items()
    if kind == "M":
        return {name: _untyped(member) for name, member in inner.items()}
    if kind == "L":
        return [_untyped(member) for member in inner]
    return None if kind == "NULL" else loads(inner) if kind == "N" else inner


def typed(text: str, kind: str) -> dict[str, Any]:
    """What was typed for an attribute of a type (S, N, B, BOOL, NULL)."""
    if kind == "BOOL":
        return {"BOOL": text.strip().lower() == "true"}
    return {"NULL": True} if kind == "NULL" else {kind: text}


def keys_of(table: Mapping[str, Any], index: str) -> list[dict[str, str]]:
    """The key of a table, or of one of its indexes: name, type and HASH or RANGE of each attribute.

    Raises:
        Fault: ValidationException, there is no such index.
    """
    schema = table["KeySchema"]
    if index:
        indexes = [*table.get("GlobalSecondaryIndexes", []), *table.get("LocalSecondaryIndexes", [])]
        schema = next((each["KeySchema"] for each in indexes if each["IndexName"] == index), None)
        if schema is None:
            raise Fault("ValidationException", f"The table does not have the specified index: {index}")
    kinds = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return [
        {"name": each["AttributeName"], "type": kinds[each["AttributeName"]], "role": each["KeyType"]}
        for each in schema
    ]


def question(table: Mapping[str, Any], form: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Scan or Query, and its parameters, as a form asks for them; a Query if the partition key has a value.

    Raises:
        Fault: ValidationException, there is no such index or operator.
    """
    index = form.get("index", "")
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    keys, conditions = keys_of(table, index), []
    operation = "Scan"
    if form.get("hash"):
        operation = "Query"
        conditions.append(_compare("k0", keys[0]["name"], "=", typed(form["hash"], keys[0]["type"]), names, values))
        if form.get("range") and len(keys) > 1:
            value, operator = typed(form["range"], keys[1]["type"]), form.get("range_operator", "=")
            conditions.append(_compare("k1", keys[1]["name"], operator, value, names, values))
    params: dict[str, Any] = {"TableName": table["TableName"], "IndexName": index or None}
    if conditions:
        params["KeyConditionExpression"] = " AND ".join(conditions)
        params["ScanIndexForward"] = form.get("order") != "descending"
    if form.get("attribute"):
        value, operator = typed(form.get("value", ""), form.get("value_type", "S")), form.get("operator", "=")
        params["FilterExpression"] = _compare("f", form["attribute"], operator, value, names, values)
    params["ExpressionAttributeNames"] = names or None
    params["ExpressionAttributeValues"] = values or None
    return operation, params


def _compare(
    number: str, attribute: str, operator: str, value: dict[str, Any], names: dict[str, str], values: dict[str, Any]
) -> str:
    expression = FILTERS.get(operator)
    if expression is None:
        raise Fault("ValidationException", f"There is no operator {operator}")
    names[f"#{number}"] = attribute
    if ":" in expression:
        values[f":{number}"] = value
    return expression.replace("{n}", number)


def columns(items: Sequence[Mapping[str, Any]], keys: Sequence[Mapping[str, str]], most: int = 12) -> list[str]:
    """The attributes that a grid shows: the key first, then what the items have, in the order of their first use."""
    found = dict.fromkeys(key["name"] for key in keys)
    for item in items:
        found |= dict.fromkeys(name for name in item if name not in found)
    return list(found)[:most]


def to_csv(items: Sequence[Mapping[str, Any]], keys: Sequence[Mapping[str, str]]) -> str:
    """Items as CSV, with a header; what is no text, number or truth value stands there as JSON."""
    text = io.StringIO()
    names = columns(items, keys, most=10_000)
    writer = csv.writer(text)
    writer.writerow(names)
    for item in items:
        writer.writerow([plain(item[name]) if name in item else "" for name in names])
    return text.getvalue()


def from_text(text: str, keys: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Items of a JSON array (typed or plain), or of CSV: there a key has its type, and everything else is a text.

    Raises:
        Fault: ValidationException, the text is neither.
    """
    kinds = {key["name"]: key["type"] for key in keys}
    if text.lstrip()[:1] in ("[", "{"):
        try:
            value = loads(text)
        except ValueError as error:
            raise Fault("ValidationException", f"The items are not JSON: {error}") from None
        return [_item(each) for each in (value if isinstance(value, list) else [value])]
    rows = list(csv.DictReader(io.StringIO(text)))
    return [
        {name: typed(cell, kinds.get(name, "S")) for name, cell in row.items() if name and cell not in (None, "")}
        for row in rows
    ]


_KINDS: Final = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"})


def _item(value: JSON) -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        raise Fault("ValidationException", "An item is a JSON object with at least its key")
    if all(isinstance(each, dict) and len(each) == 1 and each.keys() <= _KINDS for each in value.values()):
        return value
    return {name: _typed(each) for name, each in value.items()}


def _typed(value: JSON) -> dict[str, Any]:
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": dumps(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [_typed(each) for each in value]}
        case _:
            return {"M": {name: _typed(each) for name, each in value.items()}}

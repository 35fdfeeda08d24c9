"""What operations of DynamoDB need: tables and their indexes, and context keys for single items and attributes.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html,
specifying-conditions.html, ql-iam.html, transaction-apis-iam.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.permissions.asking import UNKNOWN, Need, Place
from emulator.permissions.conditions import Context, Later


def of_dynamodb(operation: str, params: Mapping[str, Any], place: Place) -> list[Need] | None:
    """What an operation needs; None if the general rule is right for it."""
    match operation:
        case "BatchGetItem" | "BatchWriteItem":
            return list(_batch(operation, params.get("RequestItems"), place))
        case "TransactGetItems" | "TransactWriteItems":
            return list(_transaction(operation, params.get("TransactItems"), place))
        case "ExecuteStatement":
            return [_statement(params.get("Statement"), place)]
        case "BatchExecuteStatement" | "ExecuteTransaction":
            listed = params.get("Statements") or params.get("TransactStatements")
            statements = listed if isinstance(listed, list) else [{}]
            return [
                _statement(each.get("Statement") if isinstance(each, Mapping) else None, place) for each in statements
            ]
        case _ if "TableName" in params:
            arn = _table(params["TableName"], place)
            if operation in ("Query", "Scan", "SearchVectors") and params.get("IndexName") is not None:
                index = params["IndexName"]
                arn = f"{arn}/index/{index if isinstance(index, str) else '*'}"
            return [_need(operation, arn, Later(lambda: _keys(operation, params, place)))]
    return None


def _need(operation: str, arn: str, context: Context) -> Need:
    return Need(f"dynamodb:{operation}", arn, context, known="*" not in arn)


def _table(name: Any, place: Place) -> str:
    if not isinstance(name, str):
        return place.arn("dynamodb", "table/*")
    return name if name.startswith("arn:") else place.arn("dynamodb", f"table/{name}")


def _batch(operation: str, items: Any, place: Place) -> Iterator[Need]:
    for table, content in items.items() if isinstance(items, Mapping) else [(UNKNOWN, None)]:
        arn = _table(table, place)
        if operation == "BatchGetItem":
            keys = content.get("Keys") if isinstance(content, Mapping) else None
            held = keys if isinstance(keys, list) else []
        else:
            requests = content if isinstance(content, list) else []
            held = [
                request.get("PutRequest", {}).get("Item") or request.get("DeleteRequest", {}).get("Key")
                for request in requests
                if isinstance(request, Mapping)
            ]
        yield _need(operation, arn, _leading(arn, held, place))


_PARTS: Final = {
    "Get": "GetItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""Part of a transaction -> its action."""


def _transaction(operation: str, items: Any, place: Place) -> Iterator[Need]:
    """Each part needs the action of its single operation, with the name of the transaction as EnclosingOperation."""
    enclosing = {"dynamodb:enclosingoperation": [operation]}
    if not isinstance(items, list):
        names = ("Get",) if operation == "TransactGetItems" else ("Put", "Update", "Delete")
        for name in names:
            yield _need(_PARTS[name], _table(UNKNOWN, place), enclosing)
        return
    for item in items:
        for name, part in item.items() if isinstance(item, Mapping) else ():
            given = part if isinstance(part, Mapping) else {}
            action = _PARTS.get(str(name), str(name))
            arn = _table(given.get("TableName", UNKNOWN), place)
            yield _need(action, arn, {**_keys(action, given, place), **enclosing})


_VERBS: Final = {
    "select": "PartiQLSelect",
    "insert": "PartiQLInsert",
    "update": "PartiQLUpdate",
    "delete": "PartiQLDelete",
    "exists": "PartiQLSelect",
}
_NAMED: Final = re.compile(
    r"""\b(?:from|into|update)\s+(?:"([^"]+)"|([\w.-]+))(?:\.(?:"([^"]+)"|([\w.-]+)))?""", re.IGNORECASE
)


def _statement(text: Any, place: Place) -> Need:
    if not isinstance(text, str):
        return Need("dynamodb:PartiQL*", _table(UNKNOWN, place), known=False)
    verb = _VERBS.get((re.match(r"\s*(\w+)", text) or ["", ""])[1].lower(), "PartiQLSelect")
    found = _NAMED.search(text)
    if found is None:
        return Need(f"dynamodb:{verb}", _table(UNKNOWN, place), known=False)
    arn = _table(found[1] or found[2], place)
    index = found[3] or found[4]
    return _need(verb, f"{arn}/index/{index}" if index else arn, {})


def _leading(arn: str, held: list[Any], place: Place) -> dict[str, list[str]]:
    """The values of partition keys: dynamodb:LeadingKeys."""
    if (name := place.find("partition key", arn)) is None:
        return {}
    values = [_scalar(each[name]) for each in held if isinstance(each, Mapping) and name in each]
    return {"dynamodb:leadingkeys": values} if values else {}


def _scalar(value: Any) -> str:
    """The text of an attribute value: ``{"S": "x"}`` is "x"."""
    return str(next(iter(value.values()), "")) if isinstance(value, Mapping) else str(value)


_NAMES: Final = re.compile(r"#?[A-Za-z_][\w-]*")
_WORDS: Final = frozenset(
    {
        *("set", "remove", "add", "delete", "and", "or", "not", "between", "in", "begins_with", "contains", "size"),
        *("attribute_exists", "attribute_not_exists", "attribute_type", "if_not_exists", "list_append"),
    }
)


def _keys(operation: str, params: Mapping[str, Any], place: Place) -> dict[str, list[str]]:
    """The context keys of a request for single items."""
    keys = {
        f"dynamodb:{name.lower()}": [str(params[name])]
        for name in ("Select", "ReturnValues", "ReturnConsumedCapacity")
        if isinstance(params.get(name), str)
    }
    if operation == "Scan":
        keys["dynamodb:fulltablescan"] = ["true"]
    if attributes := _attributes(params):
        keys["dynamodb:attributes"] = attributes
    table = _table(params.get("TableName", UNKNOWN), place)
    held = [params[name] for name in ("Key", "Item") if isinstance(params.get(name), Mapping)]
    if operation == "Query":
        return {**keys, **_queried(table, params, place)}
    return {**keys, **_leading(table, held, place)}


def _attributes(params: Mapping[str, Any]) -> list[str]:
    """The top-level attributes that a request names."""
    found: dict[str, None] = {}
    for name in ("Key", "Item"):
        if isinstance(params.get(name), Mapping):
            found.update(dict.fromkeys(params[name]))
    if isinstance(params.get("AttributesToGet"), list):
        found.update(dict.fromkeys(map(str, params["AttributesToGet"])))
    given = params.get("ExpressionAttributeNames")
    placeholders = given if isinstance(given, Mapping) else {}
    for name, text in params.items():
        if name.endswith("Expression") and isinstance(text, str):
            paths = re.sub(r":\w+|\[\d+\]|\.#?\w+|\w+(?=\s*\()", " ", text)
            names = (each for each in _NAMES.findall(paths) if each.lower() not in _WORDS)
            found.update((str(placeholders.get(each, each)), None) for each in names)
    return list(found)


def _queried(table: str, params: Mapping[str, Any], place: Place) -> dict[str, list[str]]:
    """The value of the partition key that a Query asks for, where its condition says ``key = :value``."""
    name = place.find("partition key", f"{table}/index/{params['IndexName']}" if "IndexName" in params else table)
    text, values = params.get("KeyConditionExpression"), params.get("ExpressionAttributeValues")
    if name is None or not isinstance(text, str) or not isinstance(values, Mapping):
        return {}
    given = params.get("ExpressionAttributeNames")
    placeholders = given if isinstance(given, Mapping) else {}
    for left, right in re.findall(r"(#?[\w.-]+)\s*=\s*(:\w+)", text):
        if placeholders.get(left, left) == name and right in values:
            return {"dynamodb:leadingkeys": [_scalar(values[right])]}
    return {}

"""Laws: a statement and an item operation that say the same agree; pages are the whole; no statement gets a 500."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service
from fuzz import partiql as fuzz
from fuzz.server import running
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.faults import Fault

KEYS = [(p, r) for p in "abc" for r in range(4)]
TEXTS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 4)
"""A condition in both languages: the statement's text, and an expression with what stands for its values."""
Both = tuple[str, str, dict[str, Any]]


def wire(value: str | int) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def literal(value: str | int) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def leaf(path: str, operator: str, *values: str | int) -> Both:
    names = [f":{path}{number}x{value}" for number, value in enumerate(values)]
    given = dict(zip(names, map(wire, values), strict=True))
    shown = [literal(value) for value in values]
    match operator:
        case "BETWEEN":
            return f"{path} BETWEEN {shown[0]} AND {shown[1]}", f"{path} BETWEEN {names[0]} AND {names[1]}", given
        case "IN":
            return f"{path} IN [{', '.join(shown)}]", f"{path} IN ({', '.join(names)})", given
        case "begins_with" | "contains":
            return f"{operator}({path}, {shown[0]})", f"{operator}({path}, {names[0]})", given
        case "attribute_exists":
            return f"{path} IS NOT MISSING", f"attribute_exists({path})", given
        case _:
            return f"{path} {operator} {shown[0]}", f"{path} {operator} {names[0]}", given


def joined(word: str, parts: list[Both]) -> Both:
    values = {name: value for _, _, given in parts for name, value in given.items()}
    return f"({f' {word} '.join(p[0] for p in parts)})", f"({f' {word} '.join(p[1] for p in parts)})", values


COMPARED = st.sampled_from(["=", "=", "<>", "<", ">="])
LEAVES: st.SearchStrategy[Both] = st.one_of(
    st.builds(leaf, st.just("p"), st.sampled_from(["=", "=", "=", "<>", ">"]), TEXTS),
    st.builds(lambda values: leaf("p", "IN", *values), st.lists(TEXTS, min_size=1, max_size=3, unique=True)),
    st.builds(leaf, st.just("r"), COMPARED, NUMBERS),
    st.builds(lambda low, more: leaf("r", "BETWEEN", low, low + more), NUMBERS, NUMBERS),
    st.builds(lambda values: leaf("r", "IN", *values), st.lists(NUMBERS, min_size=1, max_size=3, unique=True)),
    st.builds(leaf, st.just("a"), COMPARED, TEXTS),
    st.builds(leaf, st.just("a"), st.sampled_from(["begins_with", "contains"]), TEXTS),
    st.just(leaf("a", "attribute_exists")),
)
CONDITIONS: st.SearchStrategy[Both] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(parts, min_size=2, max_size=3)),
        st.builds(lambda part: (f"NOT {part[0]}", f"NOT {part[1]}", part[2]), parts),
    ),
    max_leaves=6,
)
REFUSED = ("Overlapping conditions", "Too many decomposed read operations")


def filled() -> Service:
    ddb = Service()
    ddb.table("tab", "p:S", "r:N")
    for position, (p, r) in enumerate(KEYS):
        attribute = {} if position % 4 == 3 else {"a": {"S": "abc"[position % 3]}}
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": p}, "r": wire(r), **attribute})
    return ddb


def keys(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(item["p"]["S"], int(item["r"]["N"])) for item in items]


@settings(max_examples=300)
@given(CONDITIONS, st.integers(1, 5))
def test_a_select_finds_what_a_scan_with_its_condition_finds_in_any_pages(condition: Both, limit: int) -> None:
    ddb = filled()
    text, expression, values = condition
    statement = f"SELECT * FROM tab WHERE {text}"
    given = {"ExpressionAttributeValues": values} if values else {}
    scanned = keys(ddb.call("Scan", TableName="tab", FilterExpression=expression, **given)["Items"])
    try:
        whole = keys(ddb.call("ExecuteStatement", Statement=statement)["Items"])
    except Fault as fault:
        assert fault.message.startswith(REFUSED)
        return
    assert sorted(whole) == sorted(scanned)
    paged: list[tuple[str, int]] = []
    token: dict[str, str] = {}
    while True:
        page = ddb.call("ExecuteStatement", Statement=statement, Limit=limit, **token)
        assert len(page["Items"]) <= limit
        paged += keys(page["Items"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert paged == whole


ORDERS = st.sampled_from(["p", "p DESC", "r", "r DESC", "p DESC, r", "p, r DESC", "r, p DESC", "r DESC, p"])


@settings(max_examples=100)
@given(st.lists(TEXTS, min_size=1, max_size=3, unique=True), ORDERS, st.integers(1, 5))
def test_order_by_sorts_over_all_partitions_in_any_pages(partitions: list[str], order: str, limit: int) -> None:
    ddb = filled()
    listed = ", ".join(map(literal, partitions))
    statement = f"SELECT * FROM tab WHERE p IN [{listed}] ORDER BY {order}"
    found: list[tuple[str, int]] = []
    token: dict[str, str] = {}
    while True:
        page = ddb.call("ExecuteStatement", Statement=statement, Limit=limit, **token)
        found += keys(page["Items"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    expected = [key for key in KEYS if key[0] in partitions]
    for part in reversed(order.split(", ")):
        position = "pr".index(part[0])
        expected.sort(key=lambda key: key[position], reverse=part.endswith("DESC"))
    by = ["pr".index(part[0]) for part in order.split(", ")]
    assert [[key[position] for position in by] for key in found] == [
        [key[position] for position in by] for key in expected
    ]
    assert sorted(found) == sorted(expected)


WRITES = st.lists(
    st.tuples(st.sampled_from(["insert", "update", "remove", "delete"]), TEXTS, NUMBERS, TEXTS, LEAVES), max_size=12
)


@settings(max_examples=100)
@given(WRITES)
def test_a_statement_and_the_item_operation_that_says_the_same_write_the_same(steps: list[Any]) -> None:
    statements, operations = filled(), filled()
    for kind, p, r, a, (text, expression, needed) in steps:
        values = {} if kind == "insert" else needed
        key = {"p": {"S": p}, "r": wire(r)}
        where = f" WHERE p = '{p}' AND r = {r} AND ({text})"
        there = "attribute_exists(p)"
        written = {"TableName": "tab", "Key": key, "ConditionExpression": f"{there} AND {expression}"}
        match kind:
            case "insert":
                statement = f"INSERT INTO tab VALUE {{'p': '{p}', 'r': {r}, 'a': '{a}'}}"
                operation = "PutItem"
                params = {
                    "TableName": "tab",
                    "Item": {**key, "a": {"S": a}},
                    "ConditionExpression": "attribute_not_exists(p)",
                }
            case "update":
                statement, operation = f"UPDATE tab SET a = '{a}'" + where, "UpdateItem"
                params = {**written, "UpdateExpression": "SET a = :new"}
                values = {**needed, ":new": {"S": a}}
            case "remove":
                statement, operation = "UPDATE tab REMOVE a" + where, "UpdateItem"
                params = {**written, "UpdateExpression": "REMOVE a"}
            case _:
                statement, operation = "DELETE FROM tab" + where, "DeleteItem"
                params = {**written, "ConditionExpression": f"attribute_not_exists(p) OR {expression}"}
        if values:
            params["ExpressionAttributeValues"] = values
        done = attempt(statements, "ExecuteStatement", {"Statement": statement})
        if done.startswith("Multiple conditions on same key"):
            continue
        assert done == attempt(operations, operation, params).replace("The conditional request failed", done)
        assert contents(statements) == contents(operations)


def attempt(ddb: Service, operation: str, params: dict[str, Any]) -> str:
    try:
        ddb.call(operation, **params)
    except Fault as fault:
        return fault.message
    return ""


def contents(ddb: Service) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ddb.call("Scan", TableName="tab")["Items"]
    return items


def test_two_thousand_statements_are_answered_as_aws_would() -> None:
    with running() as (port, _):
        statuses, failures = fuzz.run(port, 2_000, 5)
    assert failures == []
    assert statuses[200] > 100
    assert statuses[400] > 100


@pytest.mark.parametrize("number", range(3))
def test_a_fuzzed_statement_is_a_function_of_its_seed_and_number(number: int) -> None:
    assert fuzz.request(1, number) == fuzz.request(1, number)

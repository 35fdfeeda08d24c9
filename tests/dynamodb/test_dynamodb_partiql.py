"""PartiQL: statements, their answers and their refusals. Facts observed on AWS or documented."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

from emulator.faults import Fault

MALFORMED = "Statement wasn't well formed, can't be processed: "
NUMBER = "The parameter cannot be converted to a numeric value"


@pytest.fixture(autouse=True)
def tab(ddb: Service) -> str:
    gsi = {
        "IndexName": "gsi",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    ddb.table("tab", "p:S", "r:N", attributes={"g": "S"}, GlobalSecondaryIndexes=[gsi])
    for partition in "ab":
        for number in range(4):
            item = {"p": {"S": partition}, "r": {"N": str(number)}, "m": {"M": {"x": {"N": str(number)}}}}
            item |= {"g": {"S": "odd"}} if number % 2 else {}
            ddb.call("PutItem", TableName="tab", Item=item)
    return "tab"


def run(ddb: Service, statement: str, *parameters: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    given = {"Parameters": list(parameters)} if parameters else {}
    items: list[dict[str, Any]] = ddb.call("ExecuteStatement", Statement=statement, **given, **more)["Items"]
    return items


def refusal(ddb: Service, statement: str, *parameters: dict[str, Any], **more: Any) -> tuple[str, str]:
    given = {"Parameters": list(parameters)} if parameters else {}
    return ddb.refusal("ExecuteStatement", Statement=statement, **given, **more)


SELECTS: list[tuple[str, list[dict[str, Any]], list[tuple[str, int]]]] = [
    ("SELECT * FROM tab WHERE p = 'a' AND r = 2", [], [("a", 2)]),
    ('select * from "tab" where "p"=? and r=?;', [{"S": "a"}, {"N": "2.0"}], [("a", 2)]),
    ("SELECT * FROM tab WHERE p = 'a' AND r = 9", [], []),
    ("SELECT * FROM tab WHERE p = 'a'", [], [("a", 0), ("a", 1), ("a", 2), ("a", 3)]),
    ("SELECT * FROM tab WHERE p = 'a' AND r > 1 ORDER BY r DESC", [], [("a", 3), ("a", 2)]),
    ("SELECT * FROM tab WHERE p = 'a' AND r BETWEEN 1 AND 2", [], [("a", 1), ("a", 2)]),
    ("SELECT * FROM tab WHERE p = 'a' AND (r = 1 OR r = 3)", [], [("a", 1), ("a", 3)]),
    ("SELECT * FROM tab WHERE p = 'a' AND r IN [1, 3]", [], [("a", 1), ("a", 3)]),
    ("SELECT * FROM tab WHERE p = 'a' AND g IS MISSING", [], [("a", 0), ("a", 2)]),
    ("SELECT * FROM tab WHERE p = 'a' AND NOT g IS MISSING AND r != 1", [], [("a", 3)]),
    ("SELECT * FROM tab WHERE m.x = 3 AND begins_with(p, 'b')", [], [("b", 3)]),
    ("SELECT * FROM tab WHERE p = 'a' AND m = {'x': 1}", [], [("a", 1)]),
    ("SELECT * FROM tab WHERE p = 'a' AND size(m) = 1 AND contains(g, 'dd') -- a comment", [], [("a", 1), ("a", 3)]),
    ("SELECT * FROM tab.gsi WHERE g = 'odd' AND p = 'b'", [], [("b", 1), ("b", 3)]),
]


@pytest.mark.parametrize(("statement", "parameters", "found"), SELECTS)
def test_select_finds(
    ddb: Service, statement: str, parameters: list[dict[str, Any]], found: list[tuple[str, int]]
) -> None:
    items = run(ddb, statement, *parameters)
    assert [(item["p"]["S"], int(item["r"]["N"])) for item in items] == found


def test_a_nested_path_is_named_by_its_last_step(ddb: Service) -> None:
    assert run(ddb, "SELECT m.x, p, gone FROM tab WHERE p = 'a' AND r = 2") == [{"x": {"N": "2"}, "p": {"S": "a"}}]


def test_pages_follow_the_token_of_their_statement(ddb: Service) -> None:
    statement = "SELECT r FROM tab WHERE p = 'a'"
    first = ddb.call("ExecuteStatement", Statement=statement, Limit=3)
    assert [item["r"]["N"] for item in first["Items"]] == ["0", "1", "2"]
    assert first["LastEvaluatedKey"] == {"p": {"S": "a"}, "r": {"N": "2"}}
    second = ddb.call("ExecuteStatement", Statement=statement, NextToken=first["NextToken"])
    assert second == {"Items": [{"r": {"N": "3"}}]}
    other = refusal(ddb, "SELECT * FROM tab", NextToken=first["NextToken"])
    assert other == ("ValidationException", "NextToken does not match request")
    assert refusal(ddb, statement, NextToken="rubbish")[1] == "Invalid NextToken"


def item(ddb: Service, partition: str, number: int) -> dict[str, Any] | None:
    key = {"p": {"S": partition}, "r": {"N": str(number)}}
    found: dict[str, Any] | None = ddb.call("GetItem", TableName="tab", Key=key).get("Item")
    return found


def test_insert_of_every_type(ddb: Service) -> None:
    statement = (
        "INSERT INTO tab VALUE {'p': 'it''s', \"r\": -1.50, 'b': true, 'n': null, 'l': [1, 'x'], 'q': ?, "
        "'ss': <<'a', 'b'>>, 'ns': <<2, 1>>}"
    )
    assert run(ddb, statement, {"B": "AA=="}) == []
    expected = {
        "p": {"S": "it's"},
        "r": {"N": "-1.5"},
        "b": {"BOOL": True},
        "n": {"NULL": True},
        "l": {"L": [{"N": "1"}, {"S": "x"}]},
        "q": {"B": "AA=="},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
    }
    assert run(ddb, "SELECT * FROM tab WHERE p = 'it''s'") == [expected]
    again = refusal(ddb, statement, {"B": "AA=="})
    assert again == ("DuplicateItemException", "Duplicate primary key exists in table")


WHERE = " WHERE p = 'a' AND r = 1"
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("UPDATE tab SET q = 'v' SET m.x = m.x + 4" + WHERE, {"q": {"S": "v"}, "m": {"M": {"x": {"N": "5"}}}}),
    ("UPDATE tab SET l = list_append(if_not_exists(l, []), [1])" + WHERE, {"l": {"L": [{"N": "1"}]}}),
    ("UPDATE tab SET s = set_add(s, <<'x'>>)" + WHERE, {"s": {"SS": ["x"]}}),
    ("UPDATE tab REMOVE m.x" + WHERE, {"m": {"M": {}}}),
    ("FROM tab" + WHERE + " SET q = 1", {"q": {"N": "1"}}),
    ("UPDATE tab SET q = 1" + WHERE + " AND g = 'odd'", {"q": {"N": "1"}}),
]


@pytest.mark.parametrize(("statement", "changes"), CHANGES)
def test_update_changes(ddb: Service, statement: str, changes: dict[str, Any]) -> None:
    before = item(ddb, "a", 1) or {}
    assert run(ddb, statement) == []
    assert item(ddb, "a", 1) == {**before, **changes}


RETURNED: list[tuple[str, list[dict[str, Any]]]] = [
    ("UPDATE tab SET m.x = 9" + WHERE + " RETURNING MODIFIED OLD *", [{"m": {"M": {"x": {"N": "1"}}}}]),
    ("UPDATE tab SET m.x = 9" + WHERE + " RETURNING MODIFIED NEW *", [{"m": {"M": {"x": {"N": "9"}}}}]),
    ("UPDATE tab REMOVE m.x" + WHERE + " RETURNING MODIFIED NEW *", []),
    ("DELETE FROM tab WHERE p = 'q' AND r = 1 RETURNING ALL OLD *", []),
]


@pytest.mark.parametrize(("statement", "items"), RETURNED)
def test_returning(ddb: Service, statement: str, items: list[dict[str, Any]]) -> None:
    assert run(ddb, statement) == items


def test_returning_all(ddb: Service) -> None:
    old = item(ddb, "a", 1) or {}
    new = {**old, "q": {"N": "1"}}
    assert run(ddb, "UPDATE tab SET q = 1" + WHERE + " RETURNING ALL NEW *") == [new]
    assert run(ddb, "DELETE FROM tab" + WHERE + " RETURNING ALL OLD *") == [new]
    assert item(ddb, "a", 1) is None


FAILED = ("ConditionalCheckFailedException", "The conditional request failed")


def test_update_is_no_upsert_and_delete_of_nothing_is_no_error(ddb: Service) -> None:
    assert refusal(ddb, "UPDATE tab SET q = 1 WHERE p = 'q' AND r = 1") == FAILED
    assert refusal(ddb, "UPDATE tab SET q = 1" + WHERE + " AND g = 'even'") == FAILED
    assert refusal(ddb, "DELETE FROM tab" + WHERE + " AND g = 'even'") == FAILED
    assert run(ddb, "DELETE FROM tab WHERE p = 'q' AND r = 1 AND g = 'even'") == []


OPERAND = "Incorrect operand type for operator or function; operator or function: "
REFUSED: list[tuple[str, str]] = [
    ("DROP TABLE tab", MALFORMED + "Expected data manipulation"),
    ("SELECT * FROM tab WHERE p = 'a')", MALFORMED + "Unexpected token after expression"),
    ("SELECT * FROM tab WHERE", MALFORMED + "Unexpected term"),
    ("SELECT * FROM", MALFORMED + "Unexpected term"),
    ("SELECT * FROM tab WHERE (", MALFORMED + "Unexpected term"),
    ("SELECT * FROM tab WHERE p = 'a' AND", MALFORMED + "Missing right-hand side expression of infix operator"),
    ("SELECT * FROM tab WHERE ORDER BY r", MALFORMED + "Unexpected keyword"),
    ("SELECT * FROM tab WHERE IS NULL", MALFORMED + "Unexpected operator"),
    ("SELECT * FROM tab WHERE p IS FOO", MALFORMED + "Expected type name"),
    ("SELECT * FROM tab WHERE p IS INT4", "Unsupported operation: IsType"),
    ("DELETE FROM", MALFORMED + "Expected identifier for simple path"),
    ("SELECT * FROM tab WHERE p = 'a", MALFORMED),
    ("SELECT * FROM tab # comment", MALFORMED),
    ("SELECT * FROM tab t", "Aliasing is not supported"),
    ("SELECT * FROM a.b.c", "A path may contain at most 2 components in the FROM clause"),
    ('SELECT * FROM ""', "Path component cannot be an empty string"),
    ("SELECT * FROM tab.nope", "The table does not have the specified index"),
    ("SELECT * FROM tab WHERE p = ?", "Number of parameters in request and statement don't match."),
    (
        "SELECT * FROM tab WHERE r = 1e200",
        "Number overflow. Attempting to store a number with magnitude larger than supported range under root",
    ),
    ("SELECT * FROM tab WHERE m < true", OPERAND + "<, operand type: BOOL"),
    (
        "SELECT * FROM tab.gsi WHERE g = 'odd' AND m = 1",
        (
            "One or more parameter values were invalid: Secondary index gsi "
            "does not project one or more filter attributes: [m]"
        ),
    ),
    (
        "SELECT m FROM tab.gsi WHERE g = 'odd'",
        "One or more parameter values were invalid: Global secondary index gsi does not project [m]",
    ),
    ("UPDATE tab SET q = 1 WHERE p = 'a'", "Where clause does not contain a mandatory equality on all key attributes"),
    ("DELETE FROM tab", "Where clause does not contain a mandatory equality on all key attributes"),
    (
        "UPDATE tab SET p = 'b'" + WHERE,
        "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key",
    ),
    (
        "DELETE FROM tab" + WHERE + " RETURNING ALL NEW *",
        "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    ),
    ("INSERT INTO tab VALUE {'p': 'x'}", "One or more parameter values were invalid: Missing the key r in the item"),
    ("SELECT COUNT(*) FROM tab", "Unexpected path component at 1:8:5"),
    ("SELECT p,\n  MAX(r) FROM tab", "Unexpected path component at 2:3:3"),
    ("SELECT * FROM tab WHERE a = 1e2147483648", "Statement wasn't well formed, can't be processed: "),
    (
        "SELECT * FROM tab WHERE a = 1e2147483647",
        "Number underflow. Attempting to store a number with magnitude smaller than supported range under root",
    ),
]


@pytest.mark.parametrize(("statement", "message"), REFUSED)
def test_statement_is_refused(ddb: Service, statement: str, message: str) -> None:
    assert refusal(ddb, statement) == ("ValidationException", message)


def test_index_is_not_read_consistently(ddb: Service) -> None:
    message = "Strongly consistent read is not supported on Global Secondary Indexes"
    assert refusal(ddb, "SELECT * FROM tab.gsi WHERE g = 'odd'", ConsistentRead=True)[1] == message
    assert refusal(ddb, "SELECT * FROM nope") == ("ResourceNotFoundException", "Requested resource not found")


def batch(ddb: Service, *statements: str) -> Any:
    return ddb.call("BatchExecuteStatement", Statements=[{"Statement": text} for text in statements])["Responses"]


def test_one_bad_member_of_a_batch_does_not_stop_the_others(ddb: Service) -> None:
    malformed = {"Error": {"Code": "ValidationError", "Message": MALFORMED + "Expected data manipulation"}}
    assert batch(
        ddb,
        "INSERT INTO tab VALUE {'p': 'a', 'r': 1}",
        "SELEKT",
        "UPDATE tab SET q = 1 WHERE p = 'q' AND r = 1",
        "DELETE FROM nope WHERE p = 'a'",
        "INSERT INTO tab VALUE {'p': 'a', 'r': 7}",
    ) == [
        {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}, "TableName": "tab"},
        malformed,
        {"Error": {"Code": "ConditionalCheckFailed", "Message": FAILED[1]}, "TableName": "tab"},
        {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}, "TableName": "nope"},
        {"TableName": "tab"},
    ]
    assert item(ddb, "a", 7) is not None
    assert batch(
        ddb,
        "SELECT r FROM tab WHERE p = 'a' AND r = 1",
        "SELEKT",
        "SELECT * FROM nope WHERE p = 'a'",
        "SELECT r FROM tab WHERE p = 'a' AND r = 7",
    ) == [
        {"Item": {"r": {"N": "1"}}, "TableName": "tab"},
        malformed,
        {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}, "TableName": "nope"},
        {"Item": {"r": {"N": "7"}}, "TableName": "tab"},
    ]


def transact(ddb: Service, *statements: str, **more: Any) -> dict[str, Any]:
    return ddb.call("ExecuteTransaction", TransactStatements=[{"Statement": text} for text in statements], **more)


def test_transaction_writes_all_or_nothing(ddb: Service) -> None:
    insert = "INSERT INTO tab VALUE {'p': 'a', 'r': 8}"
    with pytest.raises(Fault) as caught:
        transact(
            ddb,
            insert,
            "INSERT INTO tab VALUE {'p': 'a', 'r': 1}",
            "DELETE FROM tab WHERE p = 'b' AND r = 1 AND g = 'x'",
        )
    assert [reason["Code"] for reason in caught.value.members["CancellationReasons"]] == [
        "None",
        "DuplicateItem",
        "ConditionalCheckFailed",
    ]
    assert item(ddb, "a", 8) is None
    exists = "EXISTS(SELECT * FROM tab WHERE p = 'b' AND r = 1 AND g = 'odd')"
    assert transact(ddb, insert, exists, ClientRequestToken="t") == {"Responses": []}
    assert transact(ddb, insert, exists, ClientRequestToken="t") == {"Responses": []}
    assert item(ddb, "a", 8) is not None


def test_transaction_reads_in_order(ddb: Service) -> None:
    found = transact(ddb, "SELECT r FROM tab WHERE p='a' AND r=9", "SELECT r FROM tab WHERE p='b' AND r=2")
    assert found == {"Responses": [{}, {"Item": {"r": {"N": "2"}}}]}


BAD_MEMBERS = [
    ("SELEKT", MALFORMED + "Expected data manipulation"),
    (
        "DELETE FROM tab WHERE p='a' AND r=1 RETURNING ALL OLD *",
        "RETURNING clause is not supported in ExecuteTransaction.",
    ),
    ("SELECT * FROM tab.gsi WHERE g='odd'", "Reads on indices are not supported within transactions."),
]


@pytest.mark.parametrize(("statement", "message"), BAD_MEMBERS)
def test_bad_member_fails_the_whole_transaction(ddb: Service, statement: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        transact(ddb, "DELETE FROM tab WHERE p='a' AND r=1", statement)
    assert caught.value.message == f"Validation failed in TransactStatements[1]: {message}"

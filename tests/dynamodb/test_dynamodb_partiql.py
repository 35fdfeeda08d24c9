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


# --- the design of 2026: places, order of checks, plan ---------------------------------------------------------------

DEEP = "Nesting Levels have exceeded supported limits under root"
INVALID = "One or more parameter values were invalid: "
OVERLAP = "Overlapping conditions with range keys are not supported in where clause"
MANY_READS = "Too many decomposed read operations for a given query."
LISTED = ", ".join(map(str, range(51)))
PLACED: list[tuple[str, str]] = [
    ("SELECT l[-1] FROM tab", "List index is not within the allowable range; index: [-1] at 1:11:1"),
    (
        "SELECT p,\n l[2147483648] FROM tab",
        "List index is not within the allowable range; index: [2147483648] at 2:4:10",
    ),
    (
        f"SELECT l[{'9' * 5000}] FROM nope",
        f"List index is not within the allowable range; index: [{'9' * 5000}] at 1:10:5000",
    ),
    ("UPDATE tab SET q = [1, {'x': ?}]" + WHERE, "Unsupported data type: Parameter under key root[1].x at 1:30:1"),
    ("INSERT INTO tab VALUE {'p': dog(1)}", "Unsupported data type: dog under key root at 1:29:3"),
    (
        "UPDATE tab SET s = set_add(t, <<'x'>>)" + WHERE,
        "The first argument to SET_ADD must equal the assignment value at 1:20:7",
    ),
    ("UPDATE tab SET s = set_delete(s)" + WHERE, "SET_DELETE must have exactly two arguments at 1:20:10"),
    (
        'UPDATE tab SET "s" = set_add("s", [1])' + WHERE,
        "The second argument to SET_ADD must be a value with type SET at 1:30:3",
    ),
    ("UPDATE tab SET s = <<>>" + WHERE, "Empty bags are not supported"),
    ("UPDATE tab SET s = [<<'b', 'b'>>]" + WHERE, INVALID + "Input collection [b, b] contains duplicates."),
    (
        "UPDATE tab SET s = [<<-1, -1.0>>]" + WHERE,
        INVALID + "Input collection [-1, -1.0] contains duplicates! under root[0]",
    ),
    ("UPDATE tab SET q = " + "[" * 32 + "]" * 32 + WHERE, DEEP + "[0]" * 32),
    ("UPDATE tab SET q = " + "{'a': " * 32 + "1" + "}" * 32 + WHERE, DEEP + ".a" * 32),
    ("SELECT m.inner FROM nope", MALFORMED + "Invalid path dot component"),
    ("SELECT * FROM tab WHERE attribute_exists(m.value, 1)", MALFORMED + "Invalid path dot component"),
    ("SELECT p, m.p FROM tab", "Duplicate identifiers in select clause: p"),
    ("SELECT l[-1] FROM tab WHERE", MALFORMED + "Unexpected term"),
    ("SELECT l[-1] FROM a.b.c", "List index is not within the allowable range; index: [-1] at 1:11:1"),
    ("UPDATE nope.gsi SET q = 1" + WHERE, "This operation is not supported on an index"),
    (
        "INSERT INTO nope.gsi VALUE {}",
        "FROM clause may only contain a single table name in data manipulation statements",
    ),
    ("INSERT INTO tab t VALUE {}", MALFORMED + "Unexpected token after expression"),
    ("DELETE FROM WHERE p = 'a'", MALFORMED + "Expected identifier for simple path"),
    ("SELECT * FROM nope WHERE attribute_type(p, true)", OPERAND + "attribute_type, operand type: BOOL"),
    ("UPDATE nope SET q = 'a' + 1" + WHERE, OPERAND + "+, operand type: S"),
    (
        f"SELECT * FROM nope WHERE r IN [{', '.join(['1'] * 101)}]",
        "The IN operator is provided with too many operands; number of operands: 101",
    ),
    ("SELECT * FROM tab WHERE attribute_exists(g) < true", OPERAND + "<, operand type: BOOL"),
    (
        "SELECT * FROM tab WHERE attribute_exists('g')",
        "Operator or function requires a document path; operator or function: attribute_exists",
    ),
    ("SELECT * FROM tab WHERE set_add(g, <<'x'>>)", "Invalid function name; function: set_add"),
    (
        "SELECT * FROM tab WHERE g = 1 OR p = 1",
        "Key attribute's data type should match its data type in table's schema: Key p",
    ),
    (
        "SELECT * FROM tab WHERE p = 'a' AND r IN [1, 'x']",
        "Key attribute's data type should match its data type in table's schema: Key r",
    ),
    (f"SELECT * FROM tab WHERE p = 'a' AND r IN [{LISTED}]", MANY_READS),
    ("SELECT * FROM tab WHERE p = 'a' AND (r = 1 OR g = 'odd')", OVERLAP),
    ("SELECT * FROM tab WHERE p IN ['a', 'a']", OVERLAP),
    ("SELECT * FROM tab.gsi WHERE (g = 'odd' AND m = 1) OR (g = 'odd' AND m = 2)", OVERLAP),
    ("SELECT * FROM tab ORDER BY p", "Must have WHERE clause in the statement when using ORDER BY clause."),
    (
        "SELECT * FROM tab WHERE p = 'a' ORDER BY g",
        "Variable reference g in ORDER BY clause must be part of the primary key",
    ),
    (
        "DELETE FROM tab WHERE p = 'a' AND r = 1 AND p = 'b'",
        "Multiple conditions on same key p. Only single item Update/Insert/Delete are supported",
    ),
    (
        "SELECT * FROM tab WHERE p = ''",
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p",
    ),
]


@pytest.mark.parametrize(("statement", "message"), PLACED)
def test_a_statement_is_refused_in_aws_order_and_with_its_place(ddb: Service, statement: str, message: str) -> None:
    given = [{"S": "x"}] if "?" in statement else []
    assert refusal(ddb, statement, *given) == ("ValidationException", message)


PARAMETERS: list[tuple[list[dict[str, Any]], str]] = [
    ([{"SS": ["a", "a"]}], INVALID + "Input collection [a, a] contains duplicates."),
    ([{"SS": []}], INVALID + "An string set  may not be empty"),
    ([{"NULL": False}], INVALID + "Null attribute value types must have the value of true"),
    ([{"M": {"x": {"N": "1e99999999999"}}}], NUMBER + ": 1e99999999999"),
    (
        [{"N": "1e2147483647"}],
        "Number underflow. Attempting to store a number with magnitude smaller than supported range",
    ),
    ([{"N": ""}, {"N": "x"}], NUMBER),
]


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS)
def test_parameters_are_judged_before_the_statement_is_read(
    ddb: Service, parameters: list[dict[str, Any]], message: str
) -> None:
    assert refusal(ddb, "UPDATE tab SET WHERE", *parameters) == ("ValidationException", message)
    with pytest.raises(Fault) as caught:
        ddb.call(
            "ExecuteTransaction",
            TransactStatements=[{"Statement": "SELEKT"}, {"Statement": "x", "Parameters": parameters}],
        )
    assert caught.value.message == message


CONDITIONS: list[tuple[str, list[int]]] = [
    ("attribute_exists(g) = false", [0, 2]),
    ("true = ATTRIBUTE_EXISTS (g)", [1, 3]),
    ("attribute_exists(g) <> 1", [0, 1, 2, 3]),
    ("(r BETWEEN 1 AND 2) = attribute_exists(g)", [0, 1]),
    ("attribute_exists(g) IN [true]", [1, 3]),
    ("NOT attribute_exists(g) = true", [0, 2]),
    ("contains(gone, 'x') = false AND r > -/* c */-1", [2, 3]),
    ("g IS STRING", [1, 3]),
    ("m IS NOT NULL AND r NOT IN [- 1, +1]", [0, 2, 3]),
    ("r >= 1 AND r <> 2", [1, 3]),
    ("(r <> 1 OR r = 1)", [0, 1, 2, 3]),
]


@pytest.mark.parametrize(("condition", "found"), CONDITIONS)
def test_a_condition_is_a_value(ddb: Service, condition: str, found: list[int]) -> None:
    items = run(ddb, f"SELECT r FROM tab WHERE p = 'a' AND {condition}")
    assert [int(item["r"]["N"]) for item in items] == found


UNITS: list[tuple[str, float]] = [
    ("p IN ['a', 'b', 'c']", 1.5),
    ("p = 'a' OR p = 'b'", 1.0),
    ("p IN ['a', 'b'] AND r IN [1, 2]", 2.0),
    ("p = 'a' AND r = 1 AND r > 0", 0.5),
    ("p = 'a' OR r = 1", 0.5),
]


@pytest.mark.parametrize(("condition", "units"), UNITS)
def test_each_key_is_a_read_of_its_own(ddb: Service, condition: str, units: float) -> None:
    statement = f"SELECT * FROM tab WHERE {condition}"
    answer = ddb.call("ExecuteStatement", Statement=statement, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units


def test_keyed_branches_read_no_other_item(ddb: Service) -> None:
    """A scan of this table costs 122.5 units; reads of three keys cost three halves."""
    for number in range(100):
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": f"x{number}"}, "r": {"N": "1"}, "b": {"S": "x" * 10_000}})
    cost = [
        ddb.call("ExecuteStatement", Statement=f"SELECT p FROM tab WHERE {where}", ReturnConsumedCapacity="TOTAL")
        for where in ("p IN ['a', 'b', 'c']", "p = 'a' OR g = 'odd'")
    ]
    assert [answer["ConsumedCapacity"]["CapacityUnits"] for answer in cost] == [1.5, 122.5]


def test_names_of_columns_keep_their_indexes(ddb: Service) -> None:
    run(ddb, "UPDATE tab SET l = [1, {'k': ['x']}]" + WHERE)
    found = run(ddb, "SELECT l[0], l[1], l[1].k[0], l[9] FROM tab" + WHERE)
    assert found == [{"l[0]": {"N": "1"}, "l[1]": {"M": {"k": {"L": [{"S": "x"}]}}}, "k[0]": {"S": "x"}}]


def test_an_item_that_becomes_too_deep_is_refused(ddb: Service) -> None:
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(31):
        deep = {"M": {"a": deep}}
    message = "Nesting Levels have exceeded supported limits"
    assert refusal(ddb, "UPDATE tab SET m.deep = ?" + WHERE, deep) == ("ValidationException", message)


def test_a_transaction_has_a_reason_for_every_statement_that_does_not_fit_its_table(ddb: Service) -> None:
    with pytest.raises(Fault) as caught:
        transact(
            ddb,
            "UPDATE tab SET q = 1 WHERE p = 'a'",
            "UPDATE tab SET q = 1 WHERE p IN ['a'] AND r = 1",
            "UPDATE nope SET q = 1 WHERE p = 'a' AND r = 1 RETURNING ALL NEW *",
            "DELETE FROM tab WHERE p = 'a' AND r = 'x'",
            "INSERT INTO tab VALUE {'p': 'z'}",
            "UPDATE tab SET q = 1 WHERE p = 'a' AND r = 2",
        )
    mismatch = {"Code": "ValidationError", "Message": "The provided key element does not match the schema"}
    assert caught.value.members["CancellationReasons"] == [
        mismatch,
        mismatch,
        {"Code": "ResourceNotFound", "Message": "Requested resource not found"},
        mismatch,
        {"Code": "ValidationError", "Message": INVALID + "Missing the key r in the item"},
        {"Code": "None"},
    ]


NOT_ONE_ITEM = "Select statements within {} must specify the primary key in the where clause."
SINGLE_READS = [
    ("p = 'a'", False),
    ("p = 'a' AND r = 1 AND g = 'odd'", False),
    ("p = 'a' AND r = 1 AND p = 'b'", False),
    ("p IN ['b'] AND p = 'a' AND r = 1", False),
    ("(r = 1) AND p = 'a' AND p = 'a'", True),
    ("p IN ['a'] AND r = 1", True),
]


@pytest.mark.parametrize(("condition", "is_one"), SINGLE_READS)
def test_reads_of_batches_and_transactions_name_one_item(ddb: Service, condition: str, is_one: bool) -> None:
    statement = f"SELECT r FROM tab WHERE {condition}"
    served = {"Item": {"r": {"N": "1"}}}
    if is_one:
        assert transact(ddb, statement) == {"Responses": [served]}
        assert batch(ddb, statement) == [{**served, "TableName": "tab"}]
        return
    with pytest.raises(Fault) as caught:
        transact(ddb, statement)
    message = NOT_ONE_ITEM.format("ExecuteTransaction")
    assert caught.value.message == f"Validation failed in TransactStatements[0]: {message}"
    error = {"Code": "ValidationError", "Message": NOT_ONE_ITEM.format("BatchExecuteStatement")}
    assert batch(ddb, statement, "SELECT r FROM tab" + WHERE) == [{"Error": error}, {**served, "TableName": "tab"}]


EXISTS = "EXISTS() must contain a single item read with additional condition"


def test_exists_reads_one_item_on_a_further_condition(ddb: Service) -> None:
    write = "UPDATE tab SET q = 1 WHERE p = 'b' AND r = 1"
    for where in ("p = 'a' AND r = 1", "p IN ['a'] AND r = 1 AND g = 'odd'", "p = 'a' AND g = 'odd'"):
        with pytest.raises(Fault) as caught:
            transact(ddb, write, f"EXISTS(SELECT * FROM tab WHERE {where})")
        assert caught.value.message == f"Validation failed in TransactStatements[1]: {EXISTS}"
    with pytest.raises(Fault) as caught:
        transact(ddb, write, "EXISTS(SELECT * FROM tab WHERE p = 'a' AND r = 1 AND p = 'b')")
    assert [reason["Code"] for reason in caught.value.members["CancellationReasons"]] == [
        "None",
        "ConditionalCheckFailed",
    ]


SEVERAL = (
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
)


def test_an_index_of_several_key_attributes_is_not_read(ddb: Service) -> None:
    keys = [{"AttributeName": name, "KeyType": "HASH"} for name in "gh"]
    index = {"IndexName": "several", "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}}
    ddb.table("multi", "p:S", attributes={"g": "S", "h": "S"}, GlobalSecondaryIndexes=[index])
    for statement in ("SELECT * FROM multi.several WHERE g = 1", "SELECT COUNT(*) FROM multi.several"):
        assert refusal(ddb, statement) == ("ValidationException", SEVERAL)
    assert run(ddb, "SELECT * FROM multi WHERE p = 'x'") == []


def test_an_index_is_filtered_by_what_it_keeps_unless_its_key_is_given(ddb: Service) -> None:
    for where in (
        "m.x = 1",
        "g > 'a' AND m.x = 1",
        "(g = 'odd' AND m.x = 1) OR p = 'q'",
        "g = 'odd' AND (g = 'x' OR m.x = 1)",
    ):
        assert run(ddb, f"SELECT p FROM tab.gsi WHERE {where}") == []
    assert len(run(ddb, "SELECT p FROM tab.gsi WHERE NOT m.x = 1")) == 4

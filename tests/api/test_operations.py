"""What an operation is given before it runs: types, then constraints, in AWS's words."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults import Fault
from emulator.wire import operations
from emulator.wire.constraints import pattern_rule
from emulator.wire.dialects import dialect
from emulator.wire.protocol import Call
from emulator.wire.shapes import compile_input

SERIALIZATION = "SerializationException"
VALIDATION = "ValidationException"
CAST = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
    "loader 'bootstrap')"
)
ONE = "1 validation error detected: "


@pytest.fixture
def perform(world, handlers):
    """Perform an operation whose handler answers what it was given."""

    def performed(service, operation, params):
        handlers[operation] = lambda _world, call: call.params
        return operations.perform(world, Call(service, operation, params, "000000000000", "us-east-1", "id"))

    return performed


@pytest.fixture
def refused(perform):
    def refusal(service, operation, params):
        with pytest.raises(Fault) as raised:
            perform(service, operation, params)
        return raised.value.code, raised.value.message

    return refusal


# Types, as DynamoDB words them


def _in(path, value):
    """A request with a value at a path such as ``Item.a.SS.0``."""
    for name in reversed(path.split(".")):
        value = [value] if name == "0" else {name: value}
    return value


STRING = [
    (True, "TRUE_VALUE cannot be converted to String"),
    (False, "FALSE_VALUE cannot be converted to String"),
    (23, "NUMBER_VALUE cannot be converted to String"),
    (2147483648, "NUMBER_VALUE cannot be converted to String"),
    (34.56, "DECIMAL_VALUE cannot be converted to String"),
    ([], "Unrecognized collection type class java.lang.String"),
    ({}, "Start of structure or map found where not expected"),
]
INTEGER = [
    ("23", "STRING_VALUE cannot be converted to Integer"),
    (True, "TRUE_VALUE cannot be converted to Integer"),
    (False, "FALSE_VALUE cannot be converted to Integer"),
    ([], "Unrecognized collection type class java.lang.Integer"),
    ({}, "Start of structure or map found where not expected"),
]
LONG = [
    ("23", "STRING_VALUE cannot be converted to Long"),
    ([], "Unrecognized collection type class java.lang.Long"),
    ({}, "Start of structure or map found where not expected"),
]
BOOLEAN = [
    ("23", "Unexpected token received from parser"),
    (23, "NUMBER_VALUE cannot be converted to Boolean"),
    (34.56, "DECIMAL_VALUE cannot be converted to Boolean"),
    ([], "Unrecognized collection type class java.lang.Boolean"),
    ({}, "Start of structure or map found where not expected"),
]
BLOB = [
    (True, "only base-64-encoded strings are convertible to bytes"),
    (23, "only base-64-encoded strings are convertible to bytes"),
    (34.56, "only base-64-encoded strings are convertible to bytes"),
    ([], "Unrecognized collection type class java.nio.ByteBuffer"),
    ({}, "Start of structure or map found where not expected"),
    ("23456", "Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ("=+/=", "Invalid last non-pad Base64 character dectected"),
    ("+/+=", "Invalid last non-pad Base64 character dectected"),
    ("AB==", "Invalid last non-pad Base64 character dectected"),
]
LIST = [
    ("23", "Unexpected field type"),
    (True, "Unexpected field type"),
    (23, "Unexpected field type"),
    ({}, "Start of structure or map found where not expected"),
]
LIST_IN_A_MAP = [("23", CAST), (True, CAST), (34.56, CAST), ({}, "Start of structure or map found where not expected")]
NAMES = [
    ("23", "Unexpected field type"),
    ([], "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>"),
]


def _map(shape):
    java = f"java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.{shape}>"
    return [
        ("23", "Unexpected field type"),
        (34.56, "Unexpected field type"),
        ([], f"Unrecognized collection type {java}"),
    ]


def _structure(shape, scalar):
    return [
        ("23", scalar),
        (True, scalar),
        ([], f"Unrecognized collection type class com.amazonaws.dynamodb.v20120810.{shape}"),
    ]


FIELD, VALUE = "Unexpected field type", "Unexpected value type in payload"
TYPES = [
    ("PutItem", "TableName", STRING),
    ("PutItem", "Item", _map("AttributeValue")),
    ("PutItem", "Item.a", _structure("AttributeValue", VALUE)),
    ("PutItem", "Item.a.S", STRING),
    ("PutItem", "Item.a.N", STRING),
    ("PutItem", "Item.a.B", BLOB),
    ("PutItem", "Item.a.BOOL", BOOLEAN),
    ("PutItem", "Item.a.NULL", BOOLEAN),
    ("PutItem", "Item.a.SS", LIST),
    ("PutItem", "Item.a.SS.0", STRING),
    ("PutItem", "Item.a.BS.0", BLOB),
    ("PutItem", "Item.a.L", LIST),
    ("PutItem", "Item.a.L.0", _structure("AttributeValue", VALUE)),
    ("PutItem", "Item.a.M", _map("AttributeValue")),
    ("PutItem", "Item.a.M.b.L.0.BS.0", BLOB),
    ("PutItem", "Expected.a.Exists", BOOLEAN),
    ("PutItem", "Expected.a.Value", _structure("AttributeValue", FIELD)),
    ("PutItem", "ExpressionAttributeNames", NAMES),
    ("PutItem", "ExpressionAttributeNames.a", STRING),
    ("CreateTable", "KeySchema.0", _structure("KeySchemaElement", VALUE)),
    ("CreateTable", "ProvisionedThroughput", _structure("ProvisionedThroughput", FIELD)),
    ("CreateTable", "ProvisionedThroughput.ReadCapacityUnits", LONG),
    ("Query", "Limit", INTEGER),
    ("BatchWriteItem", "RequestItems.a", LIST_IN_A_MAP),
    ("BatchWriteItem", "RequestItems.a.0.PutRequest", _structure("PutRequest", FIELD)),
    ("UpdateTimeToLive", "TimeToLiveSpecification.Enabled", BOOLEAN),
]


@pytest.mark.parametrize(
    ("operation", "path", "value", "message"),
    [(operation, path, value, message) for operation, path, cases in TYPES for value, message in cases],
)
def test_dynamodb_refuses_a_wrong_type(refused, operation, path, value, message):
    assert refused("dynamodb", operation, _in(path, value)) == (SERIALIZATION, message)


@pytest.mark.parametrize("text", ["", "QUI=", "QQ==", "+/+/", "AA=="])
def test_base64_in_its_one_form_is_read(perform, text):
    params = {"TableName": "orders", "Item": {"pk": {"B": text}}}
    assert perform("dynamodb", "PutItem", params) == params


# Types, as the framework words them elsewhere


@pytest.mark.parametrize(
    ("operation", "path", "value", "message"),
    [
        ("DescribeExecution", "executionArn", 1, "NUMBER_VALUE can not be converted to a String"),
        ("DescribeExecution", "executionArn", 1.5, "NUMBER_VALUE can not be converted to a String"),
        ("DescribeExecution", "executionArn", True, "TRUE_VALUE can not be converted to a String"),
        ("DescribeExecution", "executionArn", False, "FALSE_VALUE can not be converted to a String"),
        ("DescribeExecution", "executionArn", ["x"], "Start of list found where not expected"),
        ("DescribeExecution", "executionArn", {"a": 1}, "Start of structure or map found where not expected."),
        ("ListExecutions", "maxResults", "1", "STRING_VALUE can not be converted to an Integer"),
        ("ListExecutions", "maxResults", True, "TRUE_VALUE can not be converted to an Integer"),
        ("ListExecutions", "maxResults", [1], "Start of list found where not expected"),
        ("CreateStateMachine", "tags", "x", "Expected list or null"),
        ("CreateStateMachine", "tags", 1, "Expected list or null"),
        ("CreateStateMachine", "tags", {}, "Start of structure or map found where not expected."),
        ("CreateStateMachine", "loggingConfiguration", "x", "Expected null"),
        ("UntagResource", "tagKeys.0", 1, "NUMBER_VALUE can not be converted to a String"),
    ],
)
def test_step_functions_refuses_a_wrong_type(refused, operation, path, value, message):
    assert refused("stepfunctions", operation, _in(path, value)) == (SERIALIZATION, message)


def test_a_wrong_type_is_told_before_any_broken_constraint(refused):
    params = {"name": "", "definition": 1}
    assert refused("stepfunctions", "CreateStateMachine", params)[0] == SERIALIZATION


# What AWS lets pass


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"maxResults": 5, "nobody": {"knows": [1]}}, {"maxResults": 5}),
        ({"maxResults": None, "nextToken": "t"}, {"nextToken": "t"}),
        ({"maxResults": 1.9}, {"maxResults": 1}),
    ],
)
def test_unknown_and_null_members_are_ignored_and_decimals_cut(perform, given, taken):
    assert perform("stepfunctions", "ListStateMachines", given) == taken


def test_a_null_inside_is_as_good_as_absent(perform):
    params = {"TableName": "orders", "Item": {"pk": {"S": "a", "N": None}}}
    assert perform("dynamodb", "PutItem", params) == {"TableName": "orders", "Item": {"pk": {"S": "a"}}}


def test_the_request_itself_is_not_changed(perform):
    params = {"TableName": "orders", "Item": {"pk": {"S": "a", "N": None}}, "ReturnValues": None}
    before = json.dumps(params)
    perform("dynamodb", "PutItem", params)
    assert json.dumps(params) == before


def test_a_decimal_is_cut_before_it_is_judged(refused):
    assert refused("dynamodb", "Scan", {"TableName": "orders", "Limit": 0.9})[1] == (
        "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater "
        "than or equal to 1"
    )


# Constraints

LENGTH_100 = "Member must have length less than or equal to 100"
LENGTH_1 = "Member must have length greater than or equal to 1"
PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
NOT_NULL = "Member must not be null"
RETURN_VALUES = "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
TABLE_KEYS = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 255, "
    f"Member must have length greater than or equal to 3, {PATTERN}]"
)
REQUESTS = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
    "Member must have length greater than or equal to 1]"
)
ENUM = "Member must satisfy enum value set: "
COMPARISONS = "[IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, LE, BEGINS_WITH, GE, CONTAINS]"
SELECTS = "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"
ALIAS = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
WEIGHTS = (50, 30, 20)
ROUTES = ", ".join(f"RoutingConfigurationListItem(stateMachineVersionArn=a, weight={weight})" for weight in WEIGHTS)
ROUTING = f"[{ROUTES}]"
ITEM = {"pk": {"S": "a"}}

CLASSIC = [
    ("dynamodb", "PutItem", {"Item": ITEM}, [f"Value null at 'tableName': {NOT_NULL}"]),
    ("dynamodb", "PutItem", {"TableName": "", "Item": ITEM}, [f"Value '' at 'tableName': {LENGTH_1}"]),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "bad table!@#", "Item": ITEM},
        [f"Value 'bad table!@#' at 'tableName': {PATTERN}"],
    ),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "a" * 256, "Item": ITEM},
        [f"Value '{'a' * 256}' at 'tableName': Member must have length less than or equal to 255"],
    ),
    (
        "dynamodb",
        "DeleteItem",
        {"TableName": "", "Key": ITEM, "ReturnValues": "INVALID"},
        [f"Value '' at 'tableName': {LENGTH_1}", f"Value 'INVALID' at 'returnValues': {RETURN_VALUES}"],
    ),
    (
        "dynamodb",
        "PutItem",
        {"TableName": "abc", "Item": ITEM, "ReturnConsumedCapacity": "none", "ReturnItemCollectionMetrics": "x"},
        [
            "Value 'none' at 'returnConsumedCapacity': Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
            "Value 'x' at 'returnItemCollectionMetrics': Member must satisfy enum value set: [SIZE, NONE]",
        ],
    ),
    (
        "dynamodb",
        "GetItem",
        {"TableName": "abc", "Key": ITEM, "AttributesToGet": []},
        [f"Value '[]' at 'attributesToGet': {LENGTH_1}"],
    ),
    (
        "dynamodb",
        "CreateTable",
        {"TableName": "ab", "KeySchema": [{"AttributeName": "pk", "KeyType": "INVALID"}]},
        [
            "Value 'ab' at 'tableName': Member must have length greater than or equal to 3",
            "Value 'INVALID' at 'keySchema.1.member.keyType': Member must satisfy enum value set: [HASH, RANGE]",
        ],
    ),
    (
        "dynamodb",
        "CreateTable",
        {"TableName": "abc", "AttributeDefinitions": [{"AttributeType": "INVALID"}]},
        [
            f"Value 'INVALID' at 'attributeDefinitions.1.member.attributeType': {ENUM}[B, N, S]",
            f"Value null at 'attributeDefinitions.1.member.attributeName': {NOT_NULL}",
        ],
    ),
    (
        "dynamodb",
        "CreateTable",
        {"TableName": "abc", "ProvisionedThroughput": {"ReadCapacityUnits": 0}},
        [
            "Value '0' at 'provisionedThroughput.readCapacityUnits': Member must have value greater than or equal to 1",
            f"Value null at 'provisionedThroughput.writeCapacityUnits': {NOT_NULL}",
        ],
    ),
    (
        "dynamodb",
        "UpdateTable",
        {"TableName": "ab"},
        ["Value 'ab' at 'tableName': Member must have length greater than or equal to 3"],
    ),
    (
        "dynamodb",
        "ListTables",
        {"Limit": 101},
        ["Value '101' at 'limit': Member must have value less than or equal to 100"],
    ),
    (
        "dynamodb",
        "Scan",
        {"TableName": "abc", "Limit": 0},
        ["Value '0' at 'limit': Member must have value greater than or equal to 1"],
    ),
    (
        "dynamodb",
        "Scan",
        {"TableName": "abc", "ScanFilter": {"a": {"ComparisonOperator": "DOG"}}, "Select": "INVALID_VALUE"},
        [
            f"Value 'DOG' at 'scanFilter.a.member.comparisonOperator': {ENUM}{COMPARISONS}",
            f"Value 'INVALID_VALUE' at 'select': {ENUM}{SELECTS}",
        ],
    ),
    ("dynamodb", "BatchWriteItem", {"RequestItems": None}, [f"Value null at 'requestItems': {NOT_NULL}"]),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"abc": []}},
        [f"Value '{{abc=[]}}' at 'requestItems': {REQUESTS}"],
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"abc": [{"PutRequest": {}, "DeleteRequest": {}}]}},
        [
            f"Value null at 'requestItems.abc.member.1.member.putRequest.item': {NOT_NULL}",
            f"Value null at 'requestItems.abc.member.1.member.deleteRequest.key': {NOT_NULL}",
        ],
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"a": [{}]}},
        [f"Value '{{a=[WriteRequest()]}}' at 'requestItems': {TABLE_KEYS}"],
    ),
    ("dynamodb", "TransactWriteItems", {"TransactItems": []}, [f"Value '[]' at 'transactItems': {LENGTH_1}"]),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{}], "ClientRequestToken": "t" * 37},
        [f"Value '{'t' * 37}' at 'clientRequestToken': Member must have length less than or equal to 36"],
    ),
    (
        "stepfunctions",
        "ListExecutions",
        {"maxResults": 1001, "statusFilter": "X"},
        [
            "Value '1001' at 'maxResults': Member must have value less than or equal to 1000",
            f"Value 'X' at 'statusFilter': {ENUM}[SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
        ],
    ),
    (
        "stepfunctions",
        "ListExecutions",
        {"nextToken": "t" * 3097},
        [f"Value '{'t' * 3097}' at 'nextToken': Member must have length less than or equal to 3096"],
    ),
    (
        "stepfunctions",
        "CreateStateMachineAlias",
        {"name": "123", "routingConfiguration": [{"stateMachineVersionArn": "a", "weight": 101}]},
        [
            f"Value '123' at 'name': Member must satisfy regular expression pattern: {ALIAS}",
            "Value '101' at 'routingConfiguration.1.member.weight': Member must have value less than or equal to 100",
        ],
    ),
    (
        "stepfunctions",
        "CreateStateMachineAlias",
        {
            "name": "a",
            "routingConfiguration": [{"stateMachineVersionArn": "a", "weight": weight} for weight in WEIGHTS],
        },
        [
            f"Value '{ROUTING}' at 'routingConfiguration': Member must have length less than or equal to 2",
        ],
    ),
    (
        "stepfunctions",
        "CreateStateMachine",
        {"name": "a" * 81, "definition": "", "roleArn": "r", "tags": [{"key": "", "value": "v"}]},
        [
            f"Value '{'a' * 81}' at 'name': Member must have length less than or equal to 80",
            f"Value at 'definition': {LENGTH_1}",
            f"Value '' at 'tags.1.member.key': {LENGTH_1}",
        ],
    ),
    (
        "stepfunctions",
        "UntagResource",
        {"resourceArn": "a", "tagKeys": [None]},
        [f"Value '[null]' at 'tagKeys': {NOT_NULL}"],
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "violations"), CLASSIC)
def test_all_broken_constraints_are_told_at_once(refused, service, operation, params, violations):
    entries = {violation.replace("': ", "' failed to satisfy constraint: ", 1) for violation in violations}
    code, message = refused(service, operation, params)
    start = f"{len(entries)} validation error{'s' if len(entries) > 1 else ''} detected: "
    assert code == VALIDATION
    assert message.startswith(start)
    assert set(message.removeprefix(start).split("; ")) == entries


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        (
            "Query",
            {"TableName": "abc", "Limit": 0},
            f"{ONE}Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        ("Query", {"TableName": "", "Limit": 0}, f"{ONE}Value at 'TableName' failed to satisfy constraint: {LENGTH_1}"),
        (
            "BatchGetItem",
            {"RequestItems": {}},
            f"{ONE}Value at 'RequestItems' failed to satisfy constraint: {LENGTH_1}",
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"abc": {"Keys": [ITEM] * 101}}},
            f"{ONE}Value at 'RequestItems.abc.member.Keys' failed to satisfy constraint: {LENGTH_100}",
        ),
        ("BatchWriteItem", {"RequestItems": {}}, "The requestItems parameter is required for BatchWriteItem"),
        ("CreateTable", {"KeySchema": []}, "The parameter 'TableName' is required but was not present in the request"),
        ("DescribeTable", {}, "The parameter 'TableName' is required but was not present in the request"),
    ],
)
def test_some_operations_of_dynamodb_tell_one_thing_in_their_own_way(refused, operation, params, message):
    assert refused("dynamodb", operation, params) == (VALIDATION, message)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("GetItem", "a"),
        ("GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/" + "a" * 255),
        ("DescribeTable", ".ab"),
        ("DescribeTable", "arn:aws:dynamodb:us-east-1:000000000000:table/orders"),
    ],
)
def test_a_table_may_be_named_by_its_arn(perform, operation, name):
    assert perform("dynamodb", operation, {"TableName": name, "Key": ITEM})["TableName"] == name


def test_length_counts_utf_16_units_as_java_does(perform, refused):
    assert perform("stepfunctions", "CreateActivity", {"name": "é" * 80})
    assert refused("stepfunctions", "CreateActivity", {"name": "😀" * 41})[0] == VALIDATION


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"\p{ASCII}*", "Root=1-5759e988", True),
        (r"\p{ASCII}*", "é", False),
        (r"\p{Print}+", "a b", True),
        (r"\p{Print}+", "a\n", False),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a😀\n", True),
        (r"[a-z]+", "abc\n", False),
    ],
)
def test_patterns_are_java_s_and_match_the_whole_text(pattern, text, matches):
    assert pattern_rule(pattern).broken(text) != matches


# The door


def test_an_unknown_operation_is_no_operation(refused):
    assert refused("stepfunctions", "MakeCoffee", {}) == ("UnknownOperationException", "")


def test_an_operation_that_is_not_built_is_named(world, handlers):
    call = Call("stepfunctions", "PublishStateMachineVersion", {"stateMachineArn": "a"}, "0", "r", "id")
    with pytest.raises(Fault) as raised:
        operations.perform(world, call)
    assert (raised.value.code, raised.value.status) == ("NotImplementedException", 501)
    assert raised.value.message == "Dynastep has not built stepfunctions.PublishStateMachineVersion yet"


def test_a_request_that_breaks_its_model_never_reaches_the_operation(world, refused):
    refused("dynamodb", "PutItem", {})
    assert world.calls == []


def test_virtual_time_may_move_before_an_operation_looks(world, handlers):
    seen = []
    handlers["ListTables"] = lambda _world, _call: {"seen": seen.extend(world.calls)}
    operations.perform(world, Call("dynamodb", "ListTables", {}, "0", "r", "id"))
    assert [call.operation for call in seen] == ["ListTables"]


CHECKERS = {
    f"{service}.{name}": compile_input(
        operations.service_model(service).operation_model(name), dialect(service, "mixed")
    )
    for service in ("stepfunctions", "dynamodb", "dynamodbstreams")
    for name in operations.service_model(service).operation_names
}
"""Every operation of the services answered here: that they compile at all is tested by importing this."""

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["S", "L", "M", "B", "Item", "Key", "TableName", "name", "input"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(
    operation=st.sampled_from(sorted(CHECKERS)), params=st.dictionaries(st.text(max_size=3), JSON_VALUES) | JSON_VALUES
)
def test_any_json_is_either_taken_or_refused(operation, params):
    with suppress(Fault):
        CHECKERS[operation](params)


@given(
    values=st.dictionaries(st.text(min_size=1, max_size=5), st.builds(lambda text: {"S": text}, st.text()), max_size=8)
)
def test_any_item_of_the_right_types_is_taken_as_it_is(values):
    params = {"TableName": "orders", "Item": values}
    assert CHECKERS["dynamodb.PutItem"](params) is params

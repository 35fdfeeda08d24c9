"""Dialects: how each service words a request that breaks its model, and where it is stricter than the model.

Sources: texts that AWS was seen to answer. For Step Functions those of the framework it shares with other services
(measured 2026-09) and recorded answers; for DynamoDB the public suites that are run against AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import get_args

from botocore.model import ListShape, MapShape, Shape, StructureShape

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.generations import ENVELOPE, TABLE_NAMES, names
from emulator.settings import Wording
from emulator.wire.constraints import Rule, length_rules, pattern_rule, value_rules
from emulator.wire.shapes import NOT_NULL, Dialect, Place, Violation

_STRUCTURE_FOUND = "Start of structure or map found where not expected"


def _token(value: JSON) -> str:
    """The JSON parser's name of a scalar."""
    match value:
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case str():
            return "STRING_VALUE"
        case _:
            return "NUMBER_VALUE"


def _framework_mismatch(shape: Shape, _place: Place, value: JSON) -> str:
    match value:
        case dict():
            return f"{_STRUCTURE_FOUND}."
        case list():
            return "Start of list found where not expected"
    match shape:
        case ListShape():
            return "Expected list or null"
        case MapShape():
            return "Expected map or null"
        case StructureShape():
            return "Expected null"
    name = shape.type_name.capitalize()
    return f"{_token(value)} can not be converted to {'an' if name[0] in 'AEIOU' else 'a'} {name}"


_JAVA_TYPES = {
    "string": "java.lang.String",
    "boolean": "java.lang.Boolean",
    "integer": "java.lang.Integer",
    "long": "java.lang.Long",
    "float": "java.lang.Float",
    "double": "java.lang.Double",
    "blob": "java.nio.ByteBuffer",
    "timestamp": "java.util.Date",
}
_PARAMETERIZED = (
    "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class "
    "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of "
    "loader 'bootstrap')"
)


def _java_type(shape: Shape) -> str:
    match shape:
        case ListShape():
            return f"java.util.List<{_java_type(shape.member)}>"
        case MapShape():
            return f"java.util.Map<java.lang.String, {_java_type(shape.value)}>"
        case StructureShape():
            return f"com.amazonaws.dynamodb.v20120810.{shape.name}"
        case _:
            return _JAVA_TYPES[shape.type_name]


def _dynamodb_mismatch(shape: Shape, place: Place, value: JSON) -> str:
    if isinstance(value, dict):
        return _STRUCTURE_FOUND
    if isinstance(value, list):
        kind = "" if isinstance(shape, MapShape) else "class "
        return f"Unrecognized collection type {kind}{_java_type(shape)}"
    if isinstance(shape, StructureShape | ListShape | MapShape):
        in_collection = "Unexpected value type in payload" if isinstance(shape, StructureShape) else _PARAMETERIZED
        return "Unexpected field type" if place == "field" else in_collection
    if shape.type_name == "blob":
        return "only base-64-encoded strings are convertible to bytes"
    if shape.type_name == "boolean" and isinstance(value, str):
        return "Unexpected token received from parser"
    token = "DECIMAL_VALUE" if isinstance(value, float) else _token(value)
    return f"{token} cannot be converted to {_java_type(shape).rpartition('.')[2]}"


_DATA_PLANE = frozenset(
    {"DeleteItem", "GetItem", "PutItem", "Query", "Scan", "SearchVectors", "TransactGetItems", "TransactWriteItems"}
    | {"UpdateItem"}
)
"""Operations that take a table's name of one character: they take its ARN too, which the control plane learnt later."""

_MOST_OF_STREAMS = {"DescribeStream": 100, "ListStreams": 100, "GetRecords": 1000}
"""The most that Limit asks for; the model says it in prose alone."""
_TABLE_NAME = "[a-zA-Z0-9_.-]+"


def _table_name_rules(shortest: int) -> Sequence[Rule]:
    """A table's name or its ARN: the model bounds the ARN alone."""

    def unless_arn(rule: Rule) -> Rule:
        broken: Callable[[str], bool] = rule.broken
        return Rule(lambda name: broken(name) and not name.startswith("arn:"), rule.words)

    named = [unless_arn(rule) for rule in length_rules(shortest, 255)]
    pattern = pattern_rule(_TABLE_NAME)
    return [*named, unless_arn(Rule(lambda name: name != "" and pattern.broken(name), pattern.words))]


def _dynamodb_rules(operation: str, shape: Shape) -> Sequence[Rule] | None:
    match shape.name:
        case "TableArn":
            return _table_name_rules(1 if operation in _DATA_PLANE else 3)
        case "TableClass":
            return ()  # the operation refuses it in words of its own
        case "PositiveIntegerObject" if operation in _MOST_OF_STREAMS:
            return value_rules(1, _MOST_OF_STREAMS[operation])
        case _:
            return None


def _absent(parameter: str) -> str:
    return f"The parameter '{parameter}' is required but was not present in the request"


FRAMEWORK = Dialect(mismatch=_framework_mismatch)
"""The words of services that have none of their own."""

STEP_FUNCTIONS = replace(
    FRAMEWORK,
    enums={"ExecutionStatus": ("SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING")},
)


def _api_gateway_mismatch(shape: Shape, place: Place, value: JSON) -> str:
    if isinstance(value, dict | list) or isinstance(shape, StructureShape | ListShape | MapShape):
        return _framework_mismatch(shape, place, value)
    given = _API_GATEWAY_TYPES[type(value)]
    return f"class {given} can not be converted to an {shape.type_name.capitalize()}"


_API_GATEWAY_TYPES = {
    bool: "java.lang.Boolean",
    str: "java.lang.String",
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
}

EVENTS = replace(FRAMEWORK, absent={"PutEventsRequestEntry": ("kmsKeyIdentifier", "internalMetadata")})
"""The words of EventBridge, as recorded."""

API_GATEWAY = replace(
    FRAMEWORK,
    mismatch=_api_gateway_mismatch,
    names_input=True,
    lists_whole=True,
    nulls_in_maps=True,
    enums={
        "Op": ("add", "remove", "move", "test", "replace", "copy"),
        "IntegrationType": ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"),
        "EndpointType": ("PRIVATE", "EDGE", "REGIONAL"),
        "IpAddressType": ("ipv4", "dualstack"),
        "GatewayResponseType": (
            *("REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR"),
            *("MISSING_AUTHENTICATION_TOKEN", "BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY"),
            *("BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE", "UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED"),
            *("DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED", "QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR"),
            *("UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE", "EXPIRED_TOKEN"),
        ),
        "DocumentationPartType": (
            *("RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER", "RESOURCE"),
            *("PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER"),
        ),
    },
)
"""The words of REST APIs' operations, as recorded."""

API_GATEWAY_V2 = replace(FRAMEWORK, bare={("CreateRoute", "routeKey", NOT_NULL): "Route key is required"})
"""The words of HTTP and WebSocket APIs' operations, as far as they are known."""

_EMPTY = "Member must have length greater than or equal to 1"
_ENUM = "Member must satisfy enum value set: "
_DYNAMODB = Dialect(
    mismatch=_dynamodb_mismatch,
    rules=_dynamodb_rules,
    enums={
        "ReturnValue": ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"),
        "Select": ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
        "ScalarAttributeType": ("B", "N", "S"),
        "ConditionalOperator": ("OR", "AND"),
        "ComparisonOperator": (
            *("IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT"),
            *("NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"),
        ),
    },
    bare={
        ("BatchGetItem", "requestItems", _EMPTY): "The requestItems parameter is required for BatchGetItem",
        ("BatchWriteItem", "requestItems", _EMPTY): "The requestItems parameter is required for BatchWriteItem",
        ("CreateTable", "tableName", NOT_NULL): _absent("TableName"),
        ("DeleteTable", "tableName", NOT_NULL): _absent("TableName"),
        ("DescribeTable", "tableName", NOT_NULL): _absent("TableName"),
        (
            "UpdateItem",
            "ReturnValues",
            f"{_ENUM}[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
        ): f"{ENVELOPE}Failed to satisfy constraint: {_ENUM}[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]",
        ("Query", "ConditionalOperator", f"{_ENUM}[OR, AND]"): f"Failed to satisfy constraint: {_ENUM}[ALL, OR]",
    },
    order={
        "CreateTable": (
            *("AttributeDefinitions", "TableName", "BillingMode", "ProvisionedThroughput", "KeySchema"),
            "GlobalSecondaryIndexes",
        ),
        "DeleteItem": ("ReturnConsumedCapacity", "TableName", "ReturnItemCollectionMetrics", "ReturnValues", "Key"),
        "PutItem": ("ReturnConsumedCapacity", "TableName", "ReturnItemCollectionMetrics", "ReturnValues", "Item"),
        "TransactWriteItems": ("ClientRequestToken", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"),
        "UpdateItem": ("ReturnConsumedCapacity", "TableName", "ReturnItemCollectionMetrics", "ReturnValues", "Key"),
    },
    later={"BatchWriteItem": ("RequestItems",)},
    as_json=frozenset({"BatchGetItem"}),
)


def _terse(wording: Wording) -> Callable[[str, Violation, int], bool]:
    def terse(operation: str, violation: Violation, others: int) -> bool:
        of_names = violation.member == "RequestItems" and violation.words.startswith("Map keys")
        named = names(operation, TABLE_NAMES if of_names else violation.member, wording)
        return named == "first" or (named == "first of several" and others > 0)

    return terse


_DYNAMODB_DIALECTS = {wording: replace(_DYNAMODB, terse=_terse(wording)) for wording in get_args(Wording)}


def dialect(service: str, wording: Wording) -> Dialect:
    """The dialect of a service, by botocore's name of it; only DynamoDB has a choice of wordings."""
    if service.startswith("dynamodb"):
        return _DYNAMODB_DIALECTS[wording]
    return STEP_FUNCTIONS if service == "stepfunctions" else FRAMEWORK

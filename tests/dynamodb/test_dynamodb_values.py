"""Attribute values: numbers, sizes, what may be stored. Facts observed on AWS."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

import pytest
from dynamodb_service import Service
from hypothesis import given
from hypothesis import strategies as st

from emulator.dynamodb.model.values import (
    add,
    canonical_number,
    item_size,
    number,
    read_item,
    read_value,
    subtract,
    value_size,
    write_item,
    write_value,
)
from emulator.dynamodb.rejections import Rejection
from emulator.faults import Fault

INVALID = "One or more parameter values were invalid: "
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"
NINES = "9" * 38

CANONICAL = [
    ("+5", "5"),
    (".5", "0.5"),
    ("5.", "5"),
    ("1.e5", "100000"),
    ("007", "7"),
    ("1e3", "1000"),
    ("1.0", "1"),
    ("-0", "0"),
    ("0e125", "0"),
    ("0e-130", "0"),
    ("-0015.789e6", "-15789000"),
    ("1e125", "1" + "0" * 125),
    ("1e-130", "0." + "0" * 129 + "1"),
    ("9." + "9" * 37 + "E+125", NINES + "0" * 88),
    ("3.1415926535897932384626433832795028841", "3.1415926535897932384626433832795028841"),
    ("0.10", "0.1"),
    ("-1.50", "-1.5"),
]


@pytest.mark.parametrize(("sent", "returned"), CANONICAL)
def test_number_comes_back_in_plain_decimal(sent: str, returned: str) -> None:
    assert canonical_number(sent) == returned


NOT_NUMBERS = [
    ("", NOT_NUMERIC),
    *(
        (text, f"{NOT_NUMERIC}: {text}")
        for text in (" 1", "1 ", "1+2", "1.2.3", "+e2", "1e", "NaN", "Infinity", "1_000")
    ),
    ("\uff11", f"{NOT_NUMERIC}: \uff11"),
    ("1e126", OVERFLOW),
    ("11e125", OVERFLOW),
    ("1e2147483646", OVERFLOW),
    ("1e2147483647", UNDERFLOW),  # in 32 bits one more digit before the point is a negative number
    ("12e2147483646", UNDERFLOW),
    ("1e2147483648", f"{NOT_NUMERIC}: 1e2147483648"),
    ("1e" + "9" * 5000, f"{NOT_NUMERIC}: 1e{'9' * 5000}"),
    ("0e126", OVERFLOW),
    ("0e-131", UNDERFLOW),
    ("1e-131", UNDERFLOW),
    ("0.9e-130", UNDERFLOW),
    ("1e-2147483648", f"{NOT_NUMERIC}: 1e-2147483648"),
    ("1.5e-2147483647", f"{NOT_NUMERIC}: 1.5e-2147483647"),
    ("1" * 39, TOO_PRECISE),
    ("3.14159265358979323846264338327950288419", TOO_PRECISE),
]


@pytest.mark.parametrize(("text", "message"), NOT_NUMBERS)
def test_number_is_refused(text: str, message: str) -> None:
    """In the words of the older layer, which reckons exponents in 32 bits."""
    with pytest.raises(Fault) as caught:
        canonical_number(text)
    assert (caught.value.code, caught.value.message) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e2147483647", OVERFLOW),
        ("1e2147483648", OVERFLOW),
        ("1e-2147483648", UNDERFLOW),
        ("1e9223372036854775807", OVERFLOW),
        ("-1e-9223372036854775808", UNDERFLOW),
        ("1e9223372036854775808", f"{NOT_NUMERIC}: 1e9223372036854775808"),
        ("1e-9223372036854775809", f"{NOT_NUMERIC}: 1e-9223372036854775809"),
        ("", f"{NOT_NUMERIC}: "),
    ],
)
def test_the_newer_layer_reads_exponents_of_64_bits(text: str, message: str) -> None:
    with pytest.raises(Rejection) as caught:
        canonical_number(text)
    assert caught.value.newer == message


ARITHMETIC = [
    (add, "1", "10000000000000000000000", "10000000000000000000001"),
    (subtract, "10000000000000000000000", "1", "9999999999999999999999"),
    (add, "0.1", "0.2", "0.3"),
    (add, "-0.5", "0.5", "0"),
    (subtract, "1", "1.5", "-0.5"),
    (add, canonical_number("1e-130"), canonical_number("1e-130"), canonical_number("2e-130")),
]


@pytest.mark.parametrize(("operation", "left", "right", "result"), ARITHMETIC)
def test_arithmetic_is_exact(operation: Any, left: str, right: str, result: str) -> None:
    assert operation(left, right) == result


@pytest.mark.parametrize(
    ("operation", "left", "right"),
    [(add, "9e125", "9e125"), (subtract, "9e125", "-9e125"), (add, "1e50", "1"), (subtract, "1e50", "1")],
)
def test_arithmetic_beyond_38_digits_or_the_range_is_an_overflow(operation: Any, left: str, right: str) -> None:
    with pytest.raises(Fault) as caught:
        operation(canonical_number(left), canonical_number(right))
    assert caught.value.message == OVERFLOW


NUMBER_SIZES = [
    *(
        ("1", 2),
        ("12", 2),
        ("123", 3),
        ("1234", 3),
        ("100", 2),
        ("1010", 3),
        ("1E125", 2),
        ("0.0000001", 2),
        ("0.15", 2),
    ),
    *(("1.5", 3), ("100.5", 4), ("3.14159", 5), ("123456", 4), ("-42", 3), ("0", 1), ("-0", 1)),
]


@pytest.mark.parametrize(("text", "size"), NUMBER_SIZES)
def test_number_takes_a_byte_for_two_digits_on_either_side_of_the_point(text: str, size: int) -> None:
    assert value_size(read_value({"N": text})) == size


VALUE_SIZES = [
    ({"S": "abc"}, 3),
    ({"S": "\u00e9\u4e2d\U0001f600"}, 9),
    ({"B": "AAEC"}, 3),
    ({"BOOL": False}, 1),
    ({"NULL": True}, 1),
    ({"SS": ["a", "bcd"]}, 4),
    ({"NS": ["1", "123"]}, 5),
    ({"BS": ["AA==", "AAEC"]}, 4),
    ({"L": []}, 3),
    ({"M": {}}, 3),
    ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 3 + 3),
    ({"M": {"key": {"S": "ab"}}}, 3 + 1 + 3 + 2),
]


@pytest.mark.parametrize(("wire", "size"), VALUE_SIZES)
def test_value_takes_so_many_bytes(wire: dict[str, Any], size: int) -> None:
    attributes, read_size = read_item({"n": wire})
    assert read_size == item_size(attributes) == size + 1


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"S": "x"}
    for level in range(depth):
        value = {"M": {"m": value}} if level % 2 else {"L": [value]}
    return value


TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"

ENVELOPE = "1 validation error detected: "
NEWER = {
    NOT_NUMERIC: f"{NOT_NUMERIC}: ",
    f"{NOT_NUMERIC}: b": f"{NOT_NUMERIC}: b",
    f"{NOT_NUMERIC}: abc": f"{NOT_NUMERIC}: abc",
    INVALID + "Input collection [a, a] contains duplicates.": INVALID
    + 'Input collection ["a", "a"] contains duplicates.',
    "Input collection contains duplicates": INVALID + "Input collection contains duplicates.",
    INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates.": INVALID
    + 'Input collection ["Yg==","Yg=="]of type BS contains duplicates.',
}
"""What the older layer says of a value -> what the newer one says, which knows no name of an expression's value."""

BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    ({}, EMPTY),
    ({"a": ""}, EMPTY),
    ({"L": [{}]}, EMPTY),
    ({"M": {"x": {}}}, EMPTY),
    ({"S": "a", "N": "1"}, SEVERAL),
    ({"S": "a", "N": "b"}, f"{NOT_NUMERIC}: b"),
    ({"NULL": False}, INVALID + "Null attribute value types must have the value of true"),
    ({"SS": []}, INVALID + "An string set  may not be empty"),
    ({"NS": []}, INVALID + "An number set  may not be empty"),
    ({"BS": []}, INVALID + "Binary sets should not be empty"),
    ({"SS": ["a", "a"]}, INVALID + "Input collection [a, a] contains duplicates."),
    ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
    ({"BS": ["Yg==", "Yg=="]}, INVALID + "Input collection [Yg==, Yg==]of type BS contains duplicates."),
    ({"L": [{"SS": []}]}, INVALID + "An string set  may not be empty"),
    ({"NS": ["1", ""]}, NOT_NUMERIC),
    ({"M": {"x": {"N": "abc"}}}, f"{NOT_NUMERIC}: abc"),
    (nested(32), TOO_DEEP),
]


@pytest.mark.parametrize(("wire", "message"), BAD_VALUES)
def test_value_is_refused_before_the_table_is_looked_up(ddb: Service, wire: dict[str, Any], message: str) -> None:
    item = {"p": {"S": "x"}, "a": wire}
    newer = ENVELOPE + NEWER[message] if message in NEWER else message
    assert ddb.refusal("PutItem", TableName="missing", Item=item) == ("ValidationException", newer)
    requests = {"missing": [{"PutRequest": {"Item": item}}]}
    assert ddb.refusal("BatchWriteItem", RequestItems=requests) == ("ValidationException", message)


@pytest.mark.parametrize(("wire", "message"), BAD_VALUES[:-1])
def test_expression_value_is_refused_with_its_name(ddb: Service, wire: dict[str, Any], message: str) -> None:
    refusal = ddb.refusal(
        "UpdateItem",
        TableName="missing",
        Key={"p": {"S": "x"}},
        UpdateExpression="SET a = :v",
        ExpressionAttributeValues={":v": wire},
    )
    named = f"ExpressionAttributeValues contains invalid value: {message} for key :v"
    assert refusal[1] == (ENVELOPE + NEWER[message] if message in NEWER else named)


ALLOWED: list[dict[str, Any]] = [
    {"S": ""},
    {"B": ""},
    {"SS": ["", "a"]},
    {"BS": ["", "AA=="]},
    {"L": []},
    {"M": {}},
    {"L": [{"S": ""}]},
    nested(31),
]


@pytest.mark.parametrize("wire", ALLOWED)
def test_value_is_stored_and_returned(ddb: Service, wire: dict[str, Any]) -> None:
    ddb.table("tab")
    item = {"p": {"S": "x"}, "a": wire}
    ddb.call("PutItem", TableName="tab", Item=item)
    assert ddb.call("GetItem", TableName="tab", Key={"p": {"S": "x"}})["Item"] == item


@pytest.mark.parametrize(
    ("name", "words"), [("", "Empty attribute name"), ("n" * 65_536, "65535")], ids=["empty", "too long"]
)
def test_attribute_name_has_1_to_65535_bytes(ddb: Service, name: str, words: str) -> None:
    code, message = ddb.refusal("PutItem", TableName="missing", Item={"p": {"S": "x"}, name: {"S": "y"}})
    assert code == "ValidationException"
    assert words in message


def test_item_has_at_most_409600_bytes(ddb: Service) -> None:
    ddb.table("tab")
    item = {"p": {"S": "x"}, "a": {"S": "y" * (409_600 - 3)}}
    ddb.call("PutItem", TableName="tab", Item=item)
    item["a"]["S"] += "y"
    too_large = ("ValidationException", "Item size has exceeded the maximum allowed size")
    assert ddb.refusal("PutItem", TableName="missing", Item=item) == too_large
    refusal = ddb.refusal(
        "UpdateItem",
        TableName="tab",
        Key={"p": {"S": "x"}},
        UpdateExpression="SET b = :v",
        ExpressionAttributeValues={":v": {"S": ""}},
    )
    assert refusal == ("ValidationException", "Item size to update has exceeded the maximum allowed size")


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20)
wire_values: Any = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, st.text(max_size=8)),
        st.builds(lambda value: {"N": str(value)}, numbers),
        st.builds(lambda flag: {"BOOL": flag}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda members: {"SS": sorted(members)}, st.sets(st.text(max_size=4), min_size=1, max_size=3)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner, max_size=3)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3)),
    ),
    max_leaves=8,
)


@given(wire_values)
def test_reading_what_was_written_gives_the_same_value(wire: dict[str, Any]) -> None:
    value = read_value(wire)
    assert read_value(write_value(value)) == value


@given(st.dictionaries(st.text(min_size=1, max_size=4), wire_values, max_size=4))
def test_item_size_does_not_depend_on_how_it_was_written(wire: dict[str, Any]) -> None:
    attributes, size = read_item(wire)
    assert read_item(write_item(attributes)) == (attributes, size)
    assert item_size(attributes) == size


@given(numbers, numbers)
def test_sums_agree_with_exact_decimals(left: Decimal, right: Decimal) -> None:
    exact = Context(prec=60)
    one, two = canonical_number(str(left)), canonical_number(str(right))
    assert number(add(one, two)) == exact.add(left, right)
    assert number(subtract(one, two)) == exact.subtract(left, right)

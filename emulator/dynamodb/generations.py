"""Generations of wording: which text DynamoDB answers with, by rule, operation and month.

AWS judges a request in two layers. The older one names every broken constraint of the model and repeats the value
(``Value '0' at 'limit' ...``); the newer one, which came to the operations one after another and region by region,
stops at the first (``Value at 'Limit' ...``), and puts some operations' own checks into the same envelope
(``1 validation error detected: ...``). The tables below say which layer answers what. Each column is a generation, as
setting ``--dynamodb-wording`` names it:

    classic   the older layer alone, as before 2026
    2026-05   what most regions answered in May 2026
    mixed     what most regions answered in autumn 2026 (the default)
    new       the newer layer wherever one region was seen to answer in it

A further generation is one more column.

Source: public suites that were run against AWS in many regions, in May 2026 and from August to October 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from emulator.settings import Wording

Layer: TypeAlias = Literal["older", "newer", "enveloped"]
"""``enveloped`` is the newer layer's text behind ``1 validation error detected: ``."""

Group: TypeAlias = Literal["values", "checks", "empty keys", "deep values", "segments", "value depth", "update size"]
"""Rules that change layers together."""

ENVELOPE = "1 validation error detected: "
_INVALID = "One or more parameter values were invalid: "
_NOT_VALID = "One or more parameter values are not valid. "
_UNREADABLE = "The parameter cannot be converted to a numeric value"
_NOT_CALLED_FOR = "ExpressionAttributeValues can only be specified when using expressions"
_TOO_LARGE = "Expression size has exceeded the maximum allowed size;"
_SEGMENT = "The Segment parameter is zero-based and must be less than parameter TotalSegments"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"


class Texts(NamedTuple):
    """What each layer says.

    ``elsewhere`` is the layer where no operation below is at work: in PartiQL, in a reason of a cancelled transaction.
    """

    group: Group
    older: str
    newer: str
    elsewhere: Layer = "older"


TEXTS: Mapping[str, Texts] = {
    # a number that is none, and numbers whose exponents only Java's 32-bit arithmetic can misread
    "number": Texts("values", "{message}", "{message}"),
    "unreadable number": Texts("values", f"{_UNREADABLE}: {{text}}", f"{_UNREADABLE}: {{text}}"),
    "empty number": Texts("values", _UNREADABLE, f"{_UNREADABLE}: "),
    "exponent that wraps": Texts("values", UNDERFLOW, "{message}"),
    "exponent beyond 32 bits": Texts("values", f"{_UNREADABLE}: {{text}}", "{message}"),
    # a member that a set has twice; ``sorted`` are the members up to the first repeat in byte order, then the rest
    "repeated text": Texts(
        "values",
        _INVALID + "Input collection [{sent}] contains duplicates.",
        _INVALID + "Input collection [{sorted}] contains duplicates.",
    ),
    "repeated binary": Texts(
        "values",
        _INVALID + "Input collection [{sent}]of type BS contains duplicates.",
        _INVALID + "Input collection [{sorted}]of type BS contains duplicates.",
    ),
    "repeated number": Texts(
        "values", "Input collection contains duplicates", _INVALID + "Input collection contains duplicates."
    ),
    "values without expression": Texts("checks", f"{_NOT_CALLED_FOR}: {{expressions}} {{are}} null", _NOT_CALLED_FOR),
    "expression size": Texts(
        "checks", f"Invalid {{kind}}: {_TOO_LARGE} expression size: {{size}}", f"Invalid {{kind}}: {_TOO_LARGE}"
    ),
    "size of an update": Texts("checks", f"Invalid {{kind}}: {_TOO_LARGE}", f"Invalid {{kind}}: {_TOO_LARGE}"),
    "check": Texts("checks", "{message}", "{message}"),
    "empty key of a look-up": Texts("empty keys", _INVALID + "{words}", _NOT_VALID + "{words}", elsewhere="newer"),
    "empty key": Texts("empty keys", _NOT_VALID + "{words}", _NOT_VALID + "{words}"),
    # a value of an expression in a transaction that has more levels than an item may
    "deep value": Texts(
        "deep values", "ExpressionAttributeValues contains invalid value: {message} for key {key}", "{message}"
    ),
    "segment": Texts(
        "segments", f"{_SEGMENT}: Segment: {{segment}} is not less than TotalSegments: {{total}}", _SEGMENT
    ),
}
"""Rule -> its text in each layer."""


class _Row(NamedTuple):
    group: Group
    operations: str
    classic: Layer
    may_2026: Layer
    mixed: Layer
    new: Layer


_WRITES = "DeleteItem PutItem UpdateItem"
_EVERY = (
    "BatchGetItem BatchWriteItem DeleteItem GetItem PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem"
)
_ROWS = (
    # group, operations, then by generation: classic, 2026-05, mixed, new
    _Row("values", _WRITES, "older", "older", "enveloped", "enveloped"),
    _Row("values", "BatchGetItem GetItem Query", "older", "older", "newer", "newer"),
    _Row("values", "BatchWriteItem Scan TransactGetItems TransactWriteItems", "older", "older", "older", "newer"),
    _Row("checks", _WRITES, "older", "older", "enveloped", "enveloped"),
    _Row("empty keys", _EVERY, "older", "newer", "newer", "newer"),
    _Row("segments", "Scan", "older", "older", "older", "newer"),
    _Row("deep values", "TransactWriteItems", "older", "newer", "newer", "newer"),
    # whether values of 32 levels are refused before the item is looked at
    _Row("value depth", "UpdateItem", "older", "older", "enveloped", "enveloped"),
    # whether the statement itself is measured; 23 of 33 regions do in autumn 2026
    _Row("update size", "UpdateItem", "older", "older", "newer", "newer"),
)


Names: TypeAlias = Literal["all", "first", "first of several"]
"""Which broken constraints of the model are named: all of them, by the older layer; the first one, by the newer layer;
or the first one where several are broken and no member is missing, and otherwise all.
"""


class _Members(NamedTuple):
    operation: str
    members: str
    classic: Names
    may_2026: Names
    mixed: Names
    new: Names


_OTHERS = "*"
TABLE_NAMES = "TableNames"
"""Stands for the keys of RequestItems where they are no names of tables."""

_MEMBERS = (
    # operation, members, then by generation as above; the first row that has the member counts
    _Members("BatchGetItem", "ReturnConsumedCapacity TableNames", "all", "all", "all", "first"),
    _Members("BatchGetItem", _OTHERS, "all", "first", "first", "first"),
    _Members("BatchWriteItem", _OTHERS, "all", "all", "all", "first"),
    _Members("PutItem", "TableName", "all", "all", "first of several", "first"),
    _Members("PutItem", _OTHERS, "all", "all", "all", "first"),
    _Members("Query", "ReturnConsumedCapacity Select", "all", "all", "all", "first"),
    _Members("Query", _OTHERS, "all", "first", "first", "first"),
    _Members("Scan", _OTHERS, "all", "all", "all", "first"),
    _Members("TransactGetItems", _OTHERS, "all", "all", "all", "first"),
    _Members("UpdateItem", "TableName ReturnConsumedCapacity", "all", "all", "first of several", "first"),
    _Members("UpdateItem", "ReturnItemCollectionMetrics ReturnValues", "all", "all", "first of several", "first"),
    _Members("UpdateItem", _OTHERS, "all", "all", "all", "first"),
)

_COLUMNS: Mapping[Wording, str] = {"classic": "classic", "2026-05": "may_2026", "mixed": "mixed", "new": "new"}


@cache
def layer(group: Group, operation: str, wording: Wording) -> Layer:
    """The layer that answers for these rules."""
    for row in _ROWS:
        if row.group == group and operation in row.operations.split():
            found: Layer = getattr(row, _COLUMNS[wording])
            return found
    return "older"


@cache
def names(operation: str, member: str, wording: Wording) -> Names:
    """How the constraints of a member are named that a request breaks."""
    for row in _MEMBERS:
        if row.operation == operation and (row.members == _OTHERS or member in row.members.split()):
            found: Names = getattr(row, _COLUMNS[wording])
            return found
    return "all"

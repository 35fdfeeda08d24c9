"""Key schemas: what keys a table or index has, where an item stands in its order, and which keys AWS refuses.

A ``Position`` sorts items as AWS's Scan returns them: by a hash of the partition key, then by the key values
themselves. It begins with the hash; then come the sort keys of the HASH and of the RANGE attributes. In an index the
position of the item in its table follows, so that equal index keys keep one stable order.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.CoreComponents.html; the hash is the
one that reproduces the Scan order observed on AWS: MD5 of "Outliers" and the bytes of the partition key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import Any, TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.values import (
    Attributes,
    Value,
    empty_index_key,
    empty_key,
    read_value,
    sort_key,
    text_size,
)
from emulator.dynamodb.rejections import KEY_MISMATCH, invalid, invalid_values, rejected
from emulator.faults import Fault

Position: TypeAlias = tuple[Any, ...]

MAX_HASH = 2048
MAX_RANGE = 1024
_SURELY_FITS = MAX_RANGE // 4  # characters, of four bytes at most
TOKEN_BITS = 64
_SALT = b"Outliers"


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table or index, with the type of each. A table has one HASH and at most one RANGE."""

    hash: tuple[str, ...]
    range: tuple[str, ...]
    types: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """HASH attributes, then RANGE attributes."""
        return self.hash + self.range

    def position(self, attributes: Attributes) -> Position:
        """Where the item stands. It must have the key attributes, of the right types."""
        if len(self.hash) == 1:
            value = attributes[self.hash[0]]
            partition: Position = (token(value), sort_key(value))
        else:
            values = [attributes[name] for name in self.hash]
            partition = (token(*values), *map(sort_key, values))
        for name in self.range:
            partition = (*partition, sort_key(attributes[name]))
        return partition

    def has_all(self, attributes: Attributes) -> bool:
        """Whether the item has every key attribute, of the right type, not empty and not too long.

        An index holds no other items.
        """
        types = self.types
        for name in self.names:
            value = attributes.get(name)
            if value is None or value[0] != types[name] or value[1] in ("", b""):
                return False
            if len(value[1]) > _SURELY_FITS and _key_size(value) > (MAX_HASH if name in self.hash else MAX_RANGE):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index. ``projected`` are the attributes it keeps, keys included; None keeps all."""

    name: str
    key: KeySchema
    is_global: bool
    projection_type: str
    non_key_attributes: tuple[str, ...]
    projected: frozenset[str] | None
    settings: Mapping[str, JSON]
    """Wire form of what only a description shows: ProvisionedThroughput, OnDemandThroughput, WarmThroughput."""

    def project(self, attributes: Attributes) -> Attributes:
        """What the index keeps of an item."""
        projected = self.projected
        if projected is None:
            return attributes
        return {name: value for name, value in attributes.items() if name in projected}


def key_schema(key: KeySchema) -> list[dict[str, str]]:
    """A KeySchema in wire form."""
    return [{"AttributeName": name, "KeyType": "HASH"} for name in key.hash] + [
        {"AttributeName": name, "KeyType": "RANGE"} for name in key.range
    ]


def projection(index: Index) -> dict[str, JSON]:
    """A Projection in wire form."""
    shown: dict[str, JSON] = {"ProjectionType": index.projection_type}
    if index.non_key_attributes:
        shown["NonKeyAttributes"] = list(index.non_key_attributes)
    return shown


def token(*partition: Value) -> int:
    """The hash that orders partitions, of the values of the HASH attributes."""
    keys = _key_bytes(partition[0]) if len(partition) == 1 else b"".join(map(_key_bytes, partition))
    return int.from_bytes(md5(_SALT + keys, usedforsecurity=False).digest()[: TOKEN_BITS // 8], "big")


def _key_bytes(value: Value) -> bytes:
    kind, payload = value
    if kind == "S":
        return bytes(payload, "utf-8")
    return bytes(payload) if kind == "B" else _number_bytes(payload)


def _number_bytes(text: str) -> bytes:
    """A number as AWS keeps it: an exponent of 100 with the sign, then digits of base 100, each plus one.

    Negative numbers complement both, and end in 102 where there is room, so that bytes sort as numbers do.
    """
    if text == "0":
        return b"\x80"
    negative = text[0] == "-"
    whole, _, fraction = text.lstrip("-").partition(".")
    whole = whole.lstrip("0")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) if whole else len(digits) - len(fraction)
    digits = digits.rstrip("0")
    if exponent % 2:
        digits, exponent = f"0{digits}", exponent + 1
    if len(digits) % 2:
        digits += "0"
    pairs = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    head = exponent // 2 - 64
    if not negative:
        return bytes([head & 0xFF, *(pair + 1 for pair in pairs)])
    tail = [102] if len(pairs) < 20 else []
    return bytes([~head & 0xFF, *(101 - pair for pair in pairs), *tail])


# --- keys of requests ------------------------------------------------------------------------------------------------


def read_key(wire: Mapping[str, JSON]) -> Attributes:
    """Check the values of a Key parameter by themselves. Raises Fault as ``read_value``."""
    return {name: read_value(member) for name, member in wire.items()}


def check_key(schema: KeySchema, key: Attributes) -> None:
    """Judge a key that looks an item up.

    Raises:
        Fault: other attributes or types than the schema's, an empty value, or one that is too long.
    """
    names, may_be_long = schema.names, False
    if len(key) != len(names):
        raise invalid(KEY_MISMATCH)
    for name in names:
        value = key.get(name)
        if value is None or value[0] != schema.types[name]:
            raise invalid(KEY_MISMATCH)
        if not value[1]:
            raise rejected("empty key of a look-up", words=f"{empty_key(value)} Key: {name}")
        may_be_long = may_be_long or len(value[1]) > _SURELY_FITS
    if may_be_long:
        _check_key_sizes(schema, key)


def check_item_key(schema: KeySchema, item: Attributes) -> None:
    """Judge the key of an item that is put.

    Raises:
        Fault: a key attribute is missing, of another type, empty or too long.
    """
    for name in schema.names:
        value = item.get(name)
        if value is None:
            raise invalid_values(f"Missing the key {name} in the item")
        if value[0] != schema.types[name]:
            raise invalid_values(f"Type mismatch for key {name} expected: {schema.types[name]} actual: {value[0]}")
        if not value[1]:
            raise rejected("empty key", words=f"{empty_key(value)} Key: {name}")
    _check_key_sizes(schema, item)


def check_index_keys(indexes: Collection[Index], item: Attributes) -> None:
    """Judge an item's attributes that are keys of indexes; any may be missing.

    Raises:
        Fault: one has another type than an index's, is empty or too long; the first such index by name is named.
    """
    try:
        for index in indexes:
            _check_index_key(index, item)
    except Fault:
        for index in sorted(indexes, key=lambda index: index.name):
            _check_index_key(index, item)
        raise


def _check_index_key(index: Index, item: Attributes) -> None:
    schema = index.key
    for name in schema.names:
        value = item.get(name)
        if value is None:
            continue
        if value[0] != schema.types[name]:
            raise invalid_values(
                f"Type mismatch for Index Key {name} Expected: {schema.types[name]} Actual: {value[0]} "
                f"IndexName: {index.name}"
            )
        if not value[1]:
            raise rejected("empty key", words=f"{empty_index_key(value)} IndexName: {index.name}, IndexKey: {name}")
    _check_key_sizes(schema, item)


def _key_size(value: Value) -> int:
    return text_size(value[1]) if value[0] == "S" else len(value[1])


def _check_key_sizes(schema: KeySchema, item: Attributes) -> None:
    for names, limit in ((schema.hash, MAX_HASH), (schema.range, MAX_RANGE)):
        for name in names:
            value = item.get(name)
            if value is None or value[0] == "N" or len(value[1]) <= limit // 4:
                continue
            size = _key_size(value)
            if size > limit and limit == MAX_HASH:
                raise invalid_values(f"Size of hashkey has exceeded the maximum size limit of{MAX_HASH} bytes")
            if size > limit:
                raise invalid_values(
                    f"Aggregated size of all range keys has exceeded the size limit of {MAX_RANGE} bytes"
                )

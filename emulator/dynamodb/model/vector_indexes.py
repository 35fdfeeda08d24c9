"""Vector indexes: how they are defined, and which vectors a table with one refuses.

An index keeps no copy of the vectors: a search reads the items themselves (see ``items.vector_search``).

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html; wording as observed on AWS.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.values import (
    Attributes,
    Value,
    canonical_number,
    empty_index_key,
    item_size,
    number,
    text_size,
    value_size,
)
from emulator.dynamodb.rejections import invalid, rejected

MAX_INDEXES = 5
MAX_DIMENSIONS = 4096
_LEAST_WRITTEN = 1024
_FLOAT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
_RANGE = "[-3.4028235E38, 3.4028235E38]"
_INVALID = "One or more parameter values were invalid"
_ELEMENT = "32-bit floating point number"
_SINGLE_DIGITS = 9
"""Significant digits that tell any two 32-bit numbers apart."""


@dataclass(frozen=True, slots=True)
class VectorIndex:
    """A vector index. ``partition`` and ``filters`` are the attributes of its search schema."""

    name: str
    attribute: str
    dimensions: int
    distance: str
    partition: tuple[str, ...]
    filters: tuple[str, ...]
    types: Mapping[str, str]
    projected: frozenset[str] | None
    wire: Mapping[str, JSON]
    """As it was defined."""

    @property
    def schema(self) -> tuple[str, ...]:
        """The attributes that a search may test."""
        return self.partition + self.filters

    def has(self, attributes: Attributes) -> bool:
        """Whether an item is in the index: it has a vector that fits and every attribute of the search schema."""
        vector = attributes.get(self.attribute)
        if vector is None or vector[0] != "L" or len(vector[1]) != self.dimensions:
            return False
        return all(name in attributes and attributes[name][0] == self.types[name] for name in self.schema)

    def kept(self, attributes: Attributes) -> Attributes:
        """What the index keeps of an item."""
        if self.projected is None:
            return attributes
        return {name: value for name, value in attributes.items() if name in self.projected}

    def written(self, old: Attributes | None, new: Attributes | None) -> float:
        """VectorWriteRequestBytes: what a write costs the index that found ``old`` and left ``new``, as observed."""
        before = self.kept(old) if old is not None and self.has(old) else None
        after = self.kept(new) if new is not None and self.has(new) else None
        entry = before if after is None else after
        if before == after or entry is None:
            return 0.0
        others = {name: value for name, value in entry.items() if name != self.attribute}
        size = max(_LEAST_WRITTEN, 4 * self.dimensions + text_size(self.attribute) + item_size(others))
        moves = before is not None and after is not None and any(before[n] != after[n] for n in self.partition)
        return float(2 * size if moves else size)

    def check(self, attributes: Mapping[str, Value]) -> None:
        """Raise Fault where one of these attributes cannot be in the index."""
        for name in self.schema:
            value = attributes.get(name)
            if value is not None and value[0] != self.types[name]:
                raise invalid(
                    f"{_INVALID}. Attribute '{name}' type mismatch. Expected: {self.types[name]}, Actual: {value[0]}. "
                    f"IndexName: {self.name}"
                )
            if value is not None and not value[1] and name in self.partition:
                raise rejected("empty key", words=f"{empty_index_key(value)} IndexName: {self.name}, IndexKey: {name}")
        vector = attributes.get(self.attribute)
        if vector is not None:
            self._check_vector(vector)

    def _check_vector(self, vector: Value) -> None:
        end = f"IndexName: {self.name}"
        kind, members = vector
        if kind != "L":
            raise invalid(f"{_INVALID}. Invalid type for parameter {self.attribute}, Expected: {_ELEMENT} list {end}")
        if len(members) != self.dimensions:
            raise invalid(
                f"{_INVALID}. Invalid size for parameter {self.attribute}, Expected: {self.dimensions}, Actual: "
                f"{len(members)} {end}"
            )
        for position, (member, text) in enumerate(members):
            place = f"{self.attribute}[{position}]"
            if member != "N":
                raise invalid(
                    f"{_INVALID}. Invalid type for parameter {place}, Expected: {_ELEMENT}, Actual: {member}. {end}"
                )
            if abs(number(text)) > _FLOAT_MAX:
                raise invalid(
                    f"{_INVALID}. Invalid value for parameter {place}, Value: {text} is outside valid range {_RANGE}. "
                    f"{end}"
                )

    def shown(self, attributes: Attributes) -> Attributes:
        """What the index gives back of an item that it has: it holds the vector as 32-bit numbers."""
        kept = self.kept(attributes)
        vector = kept.get(self.attribute)
        if vector is None:
            return kept
        return {**kept, self.attribute: ("L", tuple(("N", _single_text(text)) for _, text in vector[1]))}


def check_vectors(indexes: Collection[VectorIndex], attributes: Attributes) -> None:
    """Raise Fault where an attribute cannot be in one of the indexes; the first such index by name is named."""
    if indexes:
        for index in sorted(indexes, key=lambda index: index.name):
            index.check(attributes)


def billed_size(indexes: Collection[VectorIndex], attributes: Attributes, size: int) -> int:
    """Bytes that a write of an item is charged for: an indexed vector counts four a dimension, whatever its digits."""
    for name, dimensions in {index.attribute: index.dimensions for index in indexes}.items():
        vector = attributes.get(name)
        if vector is not None and vector[0] == "L":
            size += 4 * dimensions - value_size(vector)
    return size


def _single_text(text: str) -> str:
    """A number as its nearest 32-bit one, in the fewest digits that name it."""
    (single,) = struct.unpack("<f", struct.pack("<f", float(text)))
    for digits in range(1, _SINGLE_DIGITS):
        shortest = f"{single:.{digits}g}"
        if struct.unpack("<f", struct.pack("<f", float(shortest)))[0] == single:
            return canonical_number(shortest)
    return canonical_number(f"{single:.{_SINGLE_DIGITS}g}")


def components(members: Iterable[Value]) -> array[float]:
    """A vector as 32-bit numbers. Raises ValueError where a member is none."""
    texts = []
    for kind, text in members:
        if kind != "N" or abs(number(text)) > _FLOAT_MAX:
            raise ValueError(kind)
        texts.append(float(text))
    return array("f", texts)

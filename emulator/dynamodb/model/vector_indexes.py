"""Vector indexes: how they are defined, and which vectors a table with one refuses.

An index keeps no copy of the vectors: a search reads the items themselves (see ``items.vector_search``).

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html; wording as observed on AWS.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions
from emulator.dynamodb.model.values import Attributes, Value, item_size, number, text_size
from emulator.dynamodb.rejections import invalid, invalid_values

MAX_INDEXES = 5
MAX_DIMENSIONS = 4096
_LEAST_WRITTEN = 1024
_FLOAT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
_RANGE = "[-3.4028235E38, 3.4028235E38]"
_INVALID = "One or more parameter values were invalid"


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
        vector = attributes.get(self.attribute)
        if vector is not None:
            self._check_vector(vector)

    def _check_vector(self, vector: Value) -> None:
        start, end = f"One or more parameter values are not valid. {_INVALID} . ", f"IndexName: {self.name}"
        kind, members = vector
        if kind != "L":
            raise invalid(f"{start}Invalid type for parameter {self.attribute}, Expected: L, Actual: {kind}. {end}")
        if len(members) != self.dimensions:
            raise invalid(
                f"{start}Invalid size for parameter {self.attribute}, Expected: {self.dimensions}, Actual: "
                f"{len(members)}. {end}"
            )
        for position, (member, text) in enumerate(members):
            place = f"{self.attribute}[{position}]"
            if member != "N":
                raise invalid(
                    f"{_INVALID}. Invalid type for parameter {place}, Expected: 32-bit floating point number, Actual: "
                    f"{member}. {end}"
                )
            if abs(number(text)) > _FLOAT_MAX:
                raise invalid(
                    f"{start}Invalid value for parameter {place}, Value: {text} is outside valid range {_RANGE}. {end}"
                )


def components(members: Iterable[Value]) -> array[float]:
    """A vector as 32-bit numbers. Raises ValueError where a member is none."""
    texts = []
    for kind, text in members:
        if kind != "N" or abs(number(text)) > _FLOAT_MAX:
            raise ValueError(kind)
        texts.append(float(text))
    return array("f", texts)


def read_vector_indexes(
    wire: list[Mapping[str, JSON]] | None, keys: tuple[str, ...], types: Mapping[str, str], billing_mode: str
) -> list[VectorIndex]:
    """CreateTable's vector indexes. Raises Fault where AWS refuses one."""
    if wire is None:
        return []
    if not wire:
        raise invalid_values("List of VectorIndexes is empty")
    if len(wire) > MAX_INDEXES:
        raise invalid_values(f"VectorIndex count exceeds the per-table limit of {MAX_INDEXES}")
    return [read_vector_index(each, keys, types, billing_mode) for each in wire]


def read_vector_index(
    wire: Mapping[str, JSON], keys: tuple[str, ...], types: Mapping[str, str], billing_mode: str
) -> VectorIndex:
    """One vector index. Raises Fault where AWS refuses it."""
    if billing_mode != "PAY_PER_REQUEST":
        raise invalid_values("Vector indexes are only supported on tables with BillingMode PAY_PER_REQUEST")
    if wire["Dimensions"] > MAX_DIMENSIONS:
        raise invalid_values(f"Dimensions of vector index {wire['IndexName']} must be between 1 and {MAX_DIMENSIONS}")
    schema = [(part["AttributeName"], part["SearchSchemaElementType"]) for part in wire.get("SearchSchema") or ()]
    for name, _ in schema:
        if name not in types:
            raise invalid_values(
                f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{name}], "
                f"AttributeDefinitions: [{', '.join(types)}]"
            )
    kind, others = definitions.read_projection(wire["Projection"])
    attribute = wire["VectorAttribute"]["AttributeName"]
    kept = None if kind == "ALL" else frozenset((*keys, *(name for name, _ in schema), attribute, *others))
    return VectorIndex(
        name=wire["IndexName"],
        attribute=attribute,
        dimensions=wire["Dimensions"],
        distance=wire["DistanceFunction"],
        partition=tuple(name for name, role in schema if role == "HASH"),
        filters=tuple(name for name, role in schema if role != "HASH"),
        types={name: types[name] for name, _ in schema},
        projected=kept,
        wire=wire,
    )

"""Vector indexes as CreateTable and UpdateTable define them. Wording as observed on AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions
from emulator.dynamodb.model.vector_indexes import MAX_DIMENSIONS, MAX_INDEXES, VectorIndex
from emulator.dynamodb.rejections import invalid_values


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
    indexes = [read_vector_index(each, keys, types, billing_mode) for each in wire]
    check_dimensions(indexes)
    return indexes


def check_dimensions(indexes: Iterable[VectorIndex]) -> None:
    """Raise Fault where two indexes want vectors of different lengths in one attribute. The words are ours."""
    dimensions: dict[str, int] = {}
    for index in indexes:
        if dimensions.setdefault(index.attribute, index.dimensions) != index.dimensions:
            raise invalid_values(
                f"All vector indexes on attribute {index.attribute} must have the same number of dimensions"
            )


def read_vector_index(
    wire: Mapping[str, JSON], keys: tuple[str, ...], types: Mapping[str, str], billing_mode: str
) -> VectorIndex:
    """One vector index. Raises Fault where AWS refuses it."""
    if billing_mode != "PAY_PER_REQUEST":
        raise invalid_values("Vector indexes are only supported for PAY_PER_REQUEST tables")
    if wire["Dimensions"] > MAX_DIMENSIONS:
        raise invalid_values(f"Number of dimensions must be between 1 and {MAX_DIMENSIONS} inclusive.")
    schema = [(part["AttributeName"], part["SearchSchemaElementType"]) for part in wire.get("SearchSchema") or ()]
    if any(name not in types for name, _ in schema):
        raise invalid_values("One element in SearchSchema is not defined in attribute definitions")
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

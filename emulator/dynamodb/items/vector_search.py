"""Searching vectors: SearchVectors, exactly, by reading every item of the table (AWS searches approximately).

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SearchVectors.html and
developerguide/VectorSearchFilterReference.html; wording as observed on AWS.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from heapq import nlargest, nsmallest
from math import sqrt
from operator import mul

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Condition, compile_expressions
from emulator.dynamodb.expressions.references import check_used_with_expression
from emulator.dynamodb.expressions.syntax import And, Comparison, ConditionNode, Path, ValueRef
from emulator.dynamodb.items.capacity import wanted
from emulator.dynamodb.items.reads import check_scalar_keys, projected
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Item
from emulator.dynamodb.model.values import read_value, write_item
from emulator.dynamodb.model.vector_indexes import VectorIndex, components
from emulator.dynamodb.rejections import invalid
from emulator.wire.protocol import Call

MAX_RESULTS = 100


def search_vectors(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """SearchVectors: the items with the nearest vectors, nearest first."""
    params = call.params
    check_used_with_expression(params, ("SearchConditionExpression",))
    expressions = compile_expressions(params)
    count = params["TopK"]
    if not 1 <= count <= MAX_RESULTS:
        raise invalid(
            f"Provided TopK value '{count}' is out of valid range. The value must be between 1 and {MAX_RESULTS} "
            "inclusive"
        )
    sought = _sought(params)
    table = world.dynamodb.region(call.account, call.region).table(params["TableName"])
    index = table.vector_indexes.get(params["IndexName"])
    if index is None:
        raise invalid(f"The table does not have the specified index: {params['IndexName']}")
    lifecycles.check_readable(table, index.name, is_vector=True)
    if len(sought) != index.dimensions:
        raise invalid(
            f"Input search vector dimension {len(sought)} does not match vector index dimension {index.dimensions}"
        )
    _check_condition(index, expressions.search)
    if expressions.projection is not None:
        check_scalar_keys(table, expressions.projection.paths)
    with table.lock:
        items = [
            item
            for item in table.items.values()
            if index.has(item.attributes)
            and (expressions.search is None or expressions.search.test(item.attributes, expressions.values))
        ]
    found = _scored(index, sought, items)
    choose: Callable[..., list[tuple[float, Item]]] = nlargest if index.distance == "DOT_PRODUCT" else nsmallest
    results: list[JSON] = []
    for nearness, item in choose(count, found, key=lambda pair: pair[0]):
        kept = index.shown(item.attributes)
        if expressions.projection is None:
            kept = {name: value for name, value in kept.items() if name != index.attribute}
        results.append({"Item": write_item(projected(kept, expressions.projection)), "Score": nearness})
    answer: dict[str, JSON] = {"SearchResults": results}
    if wanted(params):
        answer["ConsumedCapacity"] = {"VectorSearchRequestBytes": float(4 * index.dimensions * max(1, len(found)))}
    return answer


def _sought(params: Mapping[str, JSON]) -> array[float]:
    try:
        return components([read_value(member) for member in params["SearchVector"]])
    except ValueError:
        raise invalid(
            "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point "
            "number attribute"
        ) from None


def _scored(index: VectorIndex, sought: array[float], items: list[Item]) -> list[tuple[float, Item]]:
    score = _DISTANCES[index.distance]
    found = []
    for item in items:
        try:
            vector = components(item.attributes[index.attribute][1])
        except ValueError:  # stored before the index was there, which leaves it out
            continue
        found.append((score(sought, vector), item))
    return found


def _check_condition(index: VectorIndex, condition: Condition | None) -> None:
    """Raise Fault where a search leaves a partition open, or tests what the search schema does not have."""
    if condition is None:
        if index.partition:
            raise invalid("SearchConditionExpression must be provided when SearchSchema has a HASH key")
        return
    for path in condition.paths:
        if len(path.steps) > 1 or path.steps[0] not in index.schema:
            raise invalid(
                "SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid "
                f"attribute: {'.'.join(map(str, path.steps))}"
            )
    equal = _equal(condition.node)
    if equal is None or not set(index.partition) <= equal:
        raise invalid("Invalid SearchConditionExpression: Invalid comparator used in SearchConditionExpression")


def _equal(node: ConditionNode) -> set[str] | None:
    """The attributes that must each have one value, where the condition says that and nothing else."""
    match node:
        case And():
            equal = [_equal(part) for part in node.parts]
            return None if None in equal else set().union(*(names for names in equal if names))
        case Comparison("=", Path((name,)), ValueRef()) | Comparison("=", ValueRef(), Path((name,))):
            return {str(name)}
        case _:
            return None


# --- distances -------------------------------------------------------------------------------------------------------


def _single(value: float) -> float:
    """The value as a 32-bit number, as AWS computes."""
    return array("f", (value,))[0]


def _dot(left: array[float], right: array[float]) -> float:
    return _single(sum(map(mul, left, right)))


def _cosine(left: array[float], right: array[float]) -> float:
    lengths = sqrt(sum(map(mul, left, left))) * sqrt(sum(map(mul, right, right)))
    return _single(1 - sum(map(mul, left, right)) / lengths) if lengths else 1.0


def _euclidean(left: array[float], right: array[float]) -> float:
    return _single(sqrt(sum((a - b) ** 2 for a, b in zip(left, right, strict=True))))


_DISTANCES: dict[str, Callable[[array[float], array[float]], float]] = {
    "COSINE": _cosine,
    "DOT_PRODUCT": _dot,
    "EUCLIDEAN": _euclidean,
}

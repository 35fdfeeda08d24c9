"""What a service could answer, made up from botocore's model of it; no member is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel

JSON = Any


def answer(operation: OperationModel, spelling: Callable[[str], str]) -> JSON:
    """An answer of an operation, its members so spelled."""
    return {} if operation.output_shape is None else _value(operation.output_shape, spelling, ())


def _value(shape: Any, spelling: Callable[[str], str], around: tuple[str, ...]) -> JSON:
    if shape.name in around:  # a shape inside itself ends here
        return {} if shape.type_name in ("structure", "map") else []
    inside = (*around, shape.name)
    match shape.type_name:
        case "structure":
            return {spelling(name): _value(member, spelling, inside) for name, member in shape.members.items()}
        case "list":
            return [_value(shape.member, spelling, inside)]
        case "map":
            return {"key": _value(shape.value, spelling, inside)}
        case "boolean":
            return True
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case "integer" | "long":
            return max(1, int(shape.metadata.get("min", 1)))
        case "float" | "double":
            return max(1.0, float(shape.metadata.get("min", 1)))
    return (getattr(shape, "enum", None) or ["text".ljust(shape.metadata.get("min", 0), "t")])[0]

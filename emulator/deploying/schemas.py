"""Schemas: what AWS's registry says of each resource type, condensed; ``make schemas`` writes the file.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/resource-type-schemas.html
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from asl_interpreter.jsontext import loads

FILE: Final = Path(__file__).with_name("schemas.json.gz")


@dataclass(frozen=True, slots=True)
class Schema:
    """A resource type."""

    properties: frozenset[str]
    required: tuple[str, ...]
    replacing: frozenset[str]
    """Properties whose change makes another resource in its place."""
    perhaps: frozenset[str]
    """Properties whose change may do so."""
    attributes: frozenset[str]
    """What Fn::GetAtt finds besides what it finds of the properties: ``Arn``, ``Endpoint.Address``."""
    unseen: frozenset[str]
    """Properties that no operation shows: ``MasterUserPassword``, ``Code.ZipFile``."""
    identifier: tuple[str, ...]
    tags: str
    """The property that holds tags; empty where there are none."""


@cache
def _file() -> Mapping[str, Mapping[str, Any]]:
    types: Mapping[str, Mapping[str, Any]] = loads(gzip.decompress(FILE.read_bytes()))["types"]
    return types


def names() -> list[str]:
    """AWS's resource types, sorted; what the language itself has beside them is none of them."""
    return sorted(kind for kind in _file() if kind.startswith("AWS::") and kind.count("::") == 2)


@cache
def schema(kind: str) -> Schema | None:
    """The schema of a type; None if AWS has no such type."""
    kept = _file().get(kind)
    if kept is None:
        return None
    return Schema(
        frozenset(kept.get("properties", ())),
        tuple(kept.get("required", ())),
        frozenset(kept.get("replacing", ())),
        frozenset(kept.get("perhaps", ())),
        frozenset(kept.get("attributes", ())),
        frozenset(kept.get("unseen", ())),
        tuple(kept.get("identifier", ())),
        kept.get("tags", ""),
    )

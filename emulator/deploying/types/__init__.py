"""Resource types: what each type of AWS's is here. A type that is in none of the tables fails its stack, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from emulator.deploying.types import (
    access,
    buckets,
    configuration,
    containers,
    custom,
    databases,
    delivering,
    dynamodb,
    events,
    functions,
    gateways,
    gateways_v2,
    identities,
    messaging,
    nested,
    networks,
    others,
    stepfunctions,
)
from emulator.deploying.types.custom import CustomResource
from emulator.deploying.types.resource_type import Absent, ResourceType

_TABLES: Final = (
    *(containers.TYPES, databases.TYPES, delivering.TYPES, identities.TYPES),
    *(access.TYPES, buckets.TYPES, configuration.TYPES, custom.TYPES, dynamodb.TYPES, events.TYPES, functions.TYPES),
    *(
        gateways.TYPES,
        gateways_v2.TYPES,
        messaging.TYPES,
        nested.TYPES,
        networks.TYPES,
        others.TYPES,
        stepfunctions.TYPES,
    ),
)
OURS: Final[Mapping[str, ResourceType]] = {kind: made for table in _TABLES for kind, made in table.items()}
"""The types that are made by the operations of their services."""


@cache
def find_type(kind: str) -> ResourceType:
    """How resources of a type are made."""
    if kind in OURS:
        return OURS[kind]
    if kind.startswith("Custom::"):
        return CustomResource()
    return Absent(kind)

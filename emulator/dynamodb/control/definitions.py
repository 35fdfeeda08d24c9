"""Defining a table: CreateTable's parameters become keys and indexes, or are refused.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html; order and wording of the
checks as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.schema import Index, KeySchema
from emulator.dynamodb.rejections import constraint, invalid, invalid_values

if TYPE_CHECKING:
    from emulator.dynamodb.model.store import Region

MAX_GLOBAL_INDEXES = 20
MAX_LOCAL_INDEXES = 5
MAX_KEY_PARTS = 4
MAX_INCLUDED = 100
ON_DEMAND_WARM = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}
"""The warm throughput of a new table on demand."""
_INITIAL_THROUGHPUT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
INDEX_SETTINGS = ("ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput")
_PAIR = 2
NO_DEFINITION = "Invalid KeySchema: Some index key attribute have no definition"


def read_definitions(wire: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """AttributeDefinitions: attribute to type S, N or B. Raises Fault where they are absent or say one thing twice."""
    if wire is None:
        raise constraint("null", "attributeDefinitions", "Member must not be null")
    types: dict[str, str] = {}
    for definition in wire:
        name = definition["AttributeName"]
        if name in types:
            raise invalid(f"Attribute Name is duplicated: {name}")
        types[name] = definition["AttributeType"]
    return types


def read_table_key(wire: Sequence[Mapping[str, str]] | None, types: Mapping[str, str]) -> KeySchema:
    """A table's KeySchema: a HASH attribute and perhaps a RANGE attribute. Raises Fault where it is anything else."""
    if wire is None:
        raise constraint("null", "keySchema", "Member must not be null")
    check_pair(wire, "keySchema")
    _check_roles(wire)
    return _key(wire, types)


def check_pair(wire: Sequence[Mapping[str, str]], path: str) -> None:
    """Raise Fault where a key schema that takes two elements has more."""
    if len(wire) > _PAIR:
        shown = ", ".join(
            f"KeySchemaElement(attributeName={part['AttributeName']}, keyType={part['KeyType']})" for part in wire
        )
        raise constraint(f"'[{shown}]'", path, f"Member must have length less than or equal to {_PAIR}")


def _check_roles(wire: Sequence[Mapping[str, str]]) -> None:
    if wire[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(wire) > 1 and wire[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")


def _key(wire: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> KeySchema:
    names = [part["AttributeName"] for part in wire]
    if len(set(names)) < len(names):
        if len(types) >= len(names):
            raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
        raise invalid(NO_DEFINITION)
    missing = [name for name in names if name not in types]
    if missing:
        raise invalid_values(
            f"Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(missing)}], AttributeDefinitions: [{', '.join(types)}]"
        )
    return KeySchema(
        tuple(part["AttributeName"] for part in wire if part["KeyType"] == "HASH"),
        tuple(part["AttributeName"] for part in wire if part["KeyType"] == "RANGE"),
        {name: types[name] for name in names},
    )


def check_all_used(types: Mapping[str, str], key: KeySchema, indexes: Sequence[Mapping[str, JSON]]) -> None:
    """Raise Fault where an attribute is defined that no key uses; ``indexes`` in wire form."""
    used = dict.fromkeys(key.names)
    for index in indexes:
        used.update(dict.fromkeys(part["AttributeName"] for part in index["KeySchema"]))
    if all(name in used for name in types):
        return
    if not indexes:
        raise invalid_values(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    raise invalid_values(
        f"Some AttributeDefinitions are not used. AttributeDefinitions: [{', '.join(types)}], keys used: "
        f"[{', '.join(used)}]"
    )


# --- indexes ---------------------------------------------------------------------------------------------------------


def read_local_indexes(
    wire: Sequence[Mapping[str, JSON]] | None, table_key: KeySchema, types: Mapping[str, str]
) -> list[Index]:
    """LocalSecondaryIndexes. Raises Fault where AWS refuses one of them."""
    if wire is None:
        return []
    if not wire:
        raise invalid_values("List of LocalSecondaryIndexes is empty")
    if not table_key.range:
        raise invalid_values(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    if len(wire) > MAX_LOCAL_INDEXES:
        raise invalid_values(f"Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL_INDEXES}")
    return [_local_index(index, position, table_key, types) for position, index in enumerate(wire, 1)]


def _local_index(wire: Mapping[str, JSON], position: int, table_key: KeySchema, types: Mapping[str, str]) -> Index:
    name, parts = wire["IndexName"], wire["KeySchema"]
    check_pair(parts, f"localSecondaryIndexes.{position}.member.keySchema")
    _check_roles(parts)
    key = _key(parts, types)
    if key.hash != table_key.hash:
        raise invalid_values(
            f"Index KeySchema does not have the same leading hash key as table KeySchema for index: {name}. "
            f"index hash key: {key.hash[0]}, table hash key: {table_key.hash[0]}"
        )
    if not key.range:
        raise invalid_values(f"Index KeySchema does not have a range key for index: {name}")
    return _index(wire, key, table_key, is_global=False, settings={})


def read_global_indexes(
    wire: Sequence[Mapping[str, JSON]] | None, table_key: KeySchema, types: Mapping[str, str], billing_mode: str
) -> list[Index]:
    """GlobalSecondaryIndexes. Raises Fault where AWS refuses one of them."""
    if wire is None:
        return []
    if not wire:
        raise invalid_values("List of GlobalSecondaryIndexes is empty")
    if len(wire) > MAX_GLOBAL_INDEXES:
        raise invalid_values(f"GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL_INDEXES}")
    return [read_global_index(index, table_key, types, billing_mode) for index in wire]


def read_global_index(
    wire: Mapping[str, JSON], table_key: KeySchema, types: Mapping[str, str], billing_mode: str
) -> Index:
    """One global index: up to four HASH, then up to four RANGE attributes. Raises Fault where AWS refuses it."""
    name, parts = wire["IndexName"], wire["KeySchema"]
    roles = [part["KeyType"] for part in parts]
    if len(parts) <= _PAIR and "HASH" not in roles[1:]:
        _check_roles(parts)
    if roles != sorted(roles):
        if roles[0] != "HASH":
            raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        raise invalid_values("All HASH key attributes must precede RANGE key attributes in the KeySchema")
    for role in ("HASH", "RANGE"):
        if roles.count(role) > MAX_KEY_PARTS:
            raise invalid_values(f"The KeySchema exceeds the maximum allowed number of {role} key attributes")
    names = [part["AttributeName"] for part in parts]
    if len(parts) > _PAIR and len(set(names)) < len(names):
        raise invalid("The KeySchema contains multiple key attributes with the same name")
    throughput = wire.get("ProvisionedThroughput")
    if billing_mode == "PROVISIONED" and throughput is None:
        raise invalid_values(f"ProvisionedThroughput is not specified for index: {name}")
    if billing_mode == "PAY_PER_REQUEST" and throughput is not None:
        raise invalid_values(
            f"ProvisionedThroughput should not be specified for index: {name} when BillingMode is PAY_PER_REQUEST"
        )
    settings = {member: wire[member] for member in INDEX_SETTINGS if wire.get(member)}
    return _index(wire, _key(parts, types), table_key, is_global=True, settings=settings)


def _index(
    wire: Mapping[str, JSON], key: KeySchema, table_key: KeySchema, *, is_global: bool, settings: Mapping[str, JSON]
) -> Index:
    kind, others = read_projection(wire["Projection"])
    kept = None if kind == "ALL" else frozenset((*table_key.names, *key.names, *others))
    return Index(wire["IndexName"], key, is_global, kind, others, kept, settings)


def read_projection(wire: Mapping[str, JSON]) -> tuple[str, tuple[str, ...]]:
    """The type of a projection and what it includes, sorted. Raises Fault where the two do not go together."""
    kind, others = wire.get("ProjectionType"), wire.get("NonKeyAttributes")
    if kind is None:
        raise invalid_values("Unknown ProjectionType: null")
    if kind == "INCLUDE" and others is None:
        raise invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if kind != "INCLUDE" and others is not None:
        raise invalid_values(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    _check_unique(others or (), "Duplicate element in NonKeyAttributes: ")
    return str(kind), tuple(sorted(others or ()))


def check_projected(projections: Iterable[Sequence[str]]) -> None:
    """Raise Fault where the indexes of a table include more attributes than AWS allows in all. The words are ours."""
    if sum(map(len, projections)) > MAX_INCLUDED:
        raise invalid_values(f"NonKeyAttributes of all indexes exceed the per-table limit of {MAX_INCLUDED}")


def check_index_names(names: Iterable[str]) -> None:
    """Raise Fault where two indexes have one name."""
    _check_unique(names, "Duplicate index name: ")


def _check_unique(names: Iterable[str], message: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise invalid_values(message + name)
        seen.add(name)


# --- billing, streams, encryption ------------------------------------------------------------------------------------


def read_throughput(billing_mode: str, wire: Mapping[str, int] | None) -> dict[str, int]:
    """ProvisionedThroughput, 0 and 0 on demand. Raises Fault where it does not go with the BillingMode."""
    if billing_mode == "PAY_PER_REQUEST":
        if wire is not None:
            raise invalid_values(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
    if wire is None:
        raise invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return {name: wire[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def check_on_demand(billing_mode: str, wire: Mapping[str, int] | None) -> None:
    """Raise Fault where OnDemandThroughput is given to a provisioned table, or is out of range."""
    for member in ("MaxReadRequestUnits", "MaxWriteRequestUnits"):
        units = (wire or {}).get(member)
        if units is None:
            continue
        if billing_mode == "PROVISIONED":
            raise invalid_values(
                f"{member} for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"
            )
        if units < 1 and units != -1:
            raise invalid_values(f"Requested {member} for OnDemandThroughput for table is outside of valid range")


def check_warm(billing_mode: str, wire: Mapping[str, int] | None) -> None:
    """Raise Fault where WarmThroughput is less than a table on demand starts with."""
    for member, least in ON_DEMAND_WARM.items():
        units = (wire or {}).get(member)
        if billing_mode == "PAY_PER_REQUEST" and units is not None and units < least:
            raise invalid_values(
                f"Requested {member} for WarmThroughput for table is lower than initial throughput for OnDemand. "
                f"See: {_INITIAL_THROUGHPUT}"
            )


def check_new_stream(wire: Mapping[str, JSON] | None) -> None:
    """Raise Fault where the StreamSpecification of a new table contradicts itself."""
    if wire is None:
        return
    enabled, view = bool(wire["StreamEnabled"]), wire.get("StreamViewType")
    if enabled and view is None:
        raise invalid_values("Table is being created with a stream enabled, UpdateViewType is required")
    if not enabled and view is not None:
        raise invalid_values("Table is being created with a stream disabled, UpdateViewType should not be specified")


def encryption(wire: Mapping[str, JSON] | None, region: Region, table: str) -> dict[str, JSON] | None:
    """The SSEDescription that an SSESpecification of a table leads to, None for the default key of the service's own.

    Raises Fault where the specification contradicts itself, or names a key that cannot be used.
    """
    if wire is None:
        return None
    kind, key = wire.get("SSEType"), wire.get("KMSMasterKeyId")
    if not wire.get("Enabled"):
        if kind is not None:
            raise invalid_values("SSEType can not be specified if Enabled is false")
        if key is not None:
            raise invalid_values("KMSMasterKeyId can not be specified if Enabled is false")
        return None
    if kind == "AES256":
        raise invalid_values("SSEType AES256 is not supported")
    if key is not None and kind is None:
        raise invalid_values("SSEType KMS is required if KMSMasterKeyId is specified")
    arn = region.default_key() if key in (None, MANAGED_KEY) else region.key(key, table)
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}


MANAGED_KEY: Final = "alias/aws/dynamodb"


def check_table_class(name: str | None) -> None:
    """Raise Fault where there is no such table class."""
    if name not in (None, "STANDARD", "STANDARD_INFREQUENT_ACCESS"):
        raise invalid(
            "Invalid table-class parameter provided. Please try again with a valid table-class value: "
            "[STANDARD, STANDARD_INFREQUENT_ACCESS]."
        )

"""Changing a table: UpdateTable.

Everything that is asked for is judged first and done at once, indexes are filled in the same step; how long it shows
as under way, and who may see an index meanwhile, is said in ``lifecycles``.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html; order and wording of the
checks as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions, provisioning, replicas, vector_definitions
from emulator.dynamodb.control.descriptions import describe, describe_index, describe_vector_index
from emulator.dynamodb.model import lifecycles, streams
from emulator.dynamodb.model.lifecycles import Durations
from emulator.dynamodb.model.schema import Index
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.model.vector_indexes import VectorIndex
from emulator.dynamodb.rejections import invalid, invalid_values, refused, unsupported
from emulator.wire.protocol import Call

_CHANGES = (
    *("ProvisionedThroughput", "BillingMode", "StreamSpecification", "GlobalSecondaryIndexUpdates", "SSESpecification"),
    *("DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput", "TableClass", "ReplicaUpdates"),
    *("VectorIndexUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency"),
)
_NOT_BUILT = (
    "GlobalTableSettingsReplicationMode",
    "DisassociationProtectionEnabled",
)
_ALONE = {
    "SSESpecification": "Server-Side Encryption modification must be the only operation in the request",
    "TableClass": "TableClass modification must be the only operation in the request",
    "DeletionProtectionEnabled": "DeletionProtection modification must be the only operation in the request",
    "WarmThroughput": "WarmThroughput must be the only operation in the request",
    "ReplicaUpdates": "Replica modification must be the only operation in the request",
}
_BESIDE = {"ReplicaUpdates": ("GlobalTableWitnessUpdates", "MultiRegionConsistency")}
_NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, "
    "SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, "
    "DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
)
_QUOTAS = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
_LIMIT = "Subscriber limit exceeded: "


def update_table(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateTable."""
    params = call.params
    for member in _NOT_BUILT:
        if params.get(member) is not None:
            raise unsupported(f"{member} of UpdateTable")
    asked = _asked(params)
    if not {"ReplicaUpdates", *_BESIDE["ReplicaUpdates"]}.isdisjoint(asked):
        return replicas.update_replicas(world, call)
    region = world.dynamodb.region(call.account, call.region)
    table = region.named(params["TableName"])
    with region.lock, table.lock:
        _check_one_online(params)
        billing_mode = params.get("BillingMode") or table.billing.mode
        actions = _read_index_updates(table, params, billing_mode)
        changes = _judge(region, table, params, asked, billing_mode, actions)
        vector_actions = _read_vector_updates(table, params, billing_mode)
        if len(vector_actions) + sum(kind != "Update" for kind, _ in actions) > 1:
            raise refused("LimitExceededException", lifecycles.ONE_ONLINE)
        is_throughput = "BillingMode" in asked or "ProvisionedThroughput" in asked
        named = {index.name: kind for kind, index in actions} | {index.name: kind for kind, index in vector_actions}
        lifecycles.check_changeable(table, named, is_throughput=is_throughput)
        now = region.clock.now()
        encrypted = table.settings.get("SSEDescription")
        _begin(region, table, asked, is_throughput=is_throughput)
        for change in changes:
            change()
        for kind, vector_index in vector_actions:
            _apply_vector_update(table, kind, vector_index, now, region.durations)
        for kind, index in actions:
            _apply_index_update(table, kind, index, now, region.durations)
        if actions or vector_actions:
            _define_attributes(table, params)
        if not region.durations.backfilling and len(table.items):
            table.backfilled.update(index.name for kind, index in actions if kind == "Create")
            table.backfilled.update(index.name for kind, index in vector_actions if kind == "Create")
        replicas.spread(table)
        return {"TableDescription": {**describe(table), **_being_encrypted(table, encrypted, asked)}}


def _begin(region: Region, table: Table, asked: Sequence[str], *, is_throughput: bool) -> None:
    """Have the change begin. While a table is encrypted anew it stays ACTIVE, as recorded: DDB-TABLE-082."""
    if asked != ["SSESpecification"]:
        lifecycles.update(table, region.clock.now(), region.durations, is_throughput=is_throughput)


def _being_encrypted(table: Table, before: JSON, asked: Sequence[str]) -> dict[str, JSON]:
    """How a table was encrypted before its key changes; where it had none, with which it will be."""
    if "SSESpecification" not in asked:
        return {}
    return {"SSEDescription": {**(before or table.settings["SSEDescription"]), "Status": "UPDATING"}}


def _encrypted_anew(region: Region, table: Table, wire: Mapping[str, JSON]) -> dict[str, JSON] | None:
    """How a table is encrypted from now on. The answer shows the key of before, as observed.

    Raises:
        Fault: it is encrypted in that way, or a key cannot be used.
    """
    before = table.settings.get("SSEDescription")
    now = definitions.encryption(wire, region, table.name)
    if before is None and now is None:
        raise invalid_values("Table is already encrypted by default")
    if before is not None and wire.get("KMSMasterKeyId") == before["KMSMasterKeyArn"]:
        raise invalid_values(
            "Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change "
            "Master Key"
        )
    if before is not None:
        region.check_key(before["KMSMasterKeyArn"])
    return now


def _check_one_online(params: Mapping[str, JSON]) -> None:
    """Raise Fault where more than one index is created or deleted: before it is known whether the indexes exist."""
    names: list[str] = []
    for member in ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates"):
        for entry in params.get(member) or ():
            given = [wire for wire in (entry.get("Create"), entry.get("Delete")) if wire is not None]
            if len(given) + (entry.get("Update") is not None) != 1:
                return  # refused by name
            names.extend(wire["IndexName"] for wire in given)
    if len(names) > 1 and len(set(names)) == len(names):
        raise refused("LimitExceededException", lifecycles.ONE_ONLINE)


def _asked(params: Mapping[str, JSON]) -> list[str]:
    asked = [name for name in _CHANGES if params.get(name) is not None]
    if not asked or (asked == ["GlobalSecondaryIndexUpdates"] and not params["GlobalSecondaryIndexUpdates"]):
        raise invalid(_NOTHING)
    if params.get("GlobalSecondaryIndexUpdates") == []:
        raise invalid_values("List of GlobalSecondaryIndexUpdates is empty")
    for name, message in _ALONE.items():
        if name in asked and set(asked) - {name, *_BESIDE.get(name, ())}:
            raise invalid_values(message)
    if "OnDemandThroughput" in asked and set(asked) - {"OnDemandThroughput", "BillingMode"}:
        raise invalid_values("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
    redefines = any(
        update.get("Create") or update.get("Delete")
        for member in ("GlobalSecondaryIndexUpdates", "VectorIndexUpdates")
        for update in params.get(member) or ()
    )
    if redefines and "ProvisionedThroughput" in asked and "BillingMode" not in asked:
        raise invalid_values("You cannot create or delete index while updating table IOPS")
    if redefines and "StreamSpecification" in asked:
        raise invalid_values("You cannot create or delete index while changing stream status")
    return asked


def _judge(
    region: Region,
    table: Table,
    params: Mapping[str, JSON],
    asked: Sequence[str],
    billing_mode: str,
    actions: Sequence[tuple[str, Index]],
) -> list[Callable[[], None]]:
    """The table's own changes, ready to be made. Raises Fault where AWS refuses one."""
    changes: list[Callable[[], None]] = []
    if "BillingMode" in asked or "ProvisionedThroughput" in asked:
        changes.append(_billing(region, table, params, billing_mode, actions))
    if "StreamSpecification" in asked:
        changes.append(_streaming(region, table, params["StreamSpecification"]))
    if "SSESpecification" in asked:
        encrypted = _encrypted_anew(region, table, params["SSESpecification"])
        changes.append(lambda: _set(table, "SSEDescription", encrypted))
    if "TableClass" in asked:
        definitions.check_table_class(params["TableClass"])
        shown = {"TableClass": params["TableClass"], "LastUpdateDateTime": region.clock.now()}
        changes.append(lambda: _set(table, "TableClassSummary", shown))
    if "OnDemandThroughput" in asked:
        definitions.check_on_demand(billing_mode, params["OnDemandThroughput"])
    definitions.check_warm(billing_mode, params.get("WarmThroughput"))
    created = [index for kind, index in actions if kind == "Create"]
    definitions.check_projected([index.non_key_attributes for index in (*table.indexes.values(), *created)])
    members = ("DeletionProtectionEnabled", "OnDemandThroughput", "WarmThroughput")
    return changes + [_setter(table, name, params[name]) for name in members if name in asked]


def _setter(table: Table, name: str, value: JSON) -> Callable[[], None]:
    return lambda: _set(table, name, value)


def _set(table: Table, name: str, value: JSON) -> None:
    if value is None:
        table.settings.pop(name, None)
    else:
        table.settings[name] = value


def _billing(
    region: Region, table: Table, params: Mapping[str, JSON], billing_mode: str, actions: Sequence[tuple[str, Index]]
) -> Callable[[], None]:
    wire = params.get("ProvisionedThroughput")
    _check_billing(table, wire, billing_mode, actions)
    now = round(region.clock.now(), 3)
    throughput = dict(table.billing.throughput)
    if billing_mode != table.billing.mode:
        throughput.update(definitions.read_throughput(billing_mode, wire))
    elif wire is not None:
        throughput = provisioning.changed(throughput, definitions.read_throughput(billing_mode, wire), now)

    def change() -> None:
        table.billing.throughput = throughput
        if billing_mode != table.billing.mode and billing_mode == "PAY_PER_REQUEST":
            table.billing.on_demand_since = now
            for name, index in table.indexes.items():
                table.indexes[name] = replace(index, settings=_without_throughput(index.settings))
        table.billing.mode = billing_mode

    return change


def _check_billing(
    table: Table, wire: Mapping[str, int] | None, billing_mode: str, actions: Sequence[tuple[str, Index]]
) -> None:
    if billing_mode == "PROVISIONED" and wire is None and table.billing.mode != "PROVISIONED":
        raise invalid_values("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
    if billing_mode == table.billing.mode == "PROVISIONED" and wire is not None:
        _check_changed(table.billing.throughput, wire, "for the table")
    if billing_mode == "PROVISIONED" and table.billing.mode != "PROVISIONED":
        given = {index.name for _, index in actions}
        for index in table.indexes.values():
            if index.is_global and index.name not in given:
                raise invalid_values(f"ProvisionedThroughput must be specified for index: {index.name}")


def _without_throughput(settings: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in settings.items() if name != "ProvisionedThroughput"}


def _check_changed(now: Mapping[str, JSON], wire: Mapping[str, int], what: str) -> None:
    if all(now[name] == wire[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")):
        numbers = " ".join(
            f"Current {name} provisioned {what}: {now[name]}. Requested {name}: {wire[name]}."
            for name in ("ReadCapacityUnits", "WriteCapacityUnits")
        )
        raise invalid(
            f"The provisioned throughput {what} will not change. The requested value equals the current value. "
            f"{numbers} {_QUOTAS}"
        )


def _streaming(region: Region, table: Table, wire: Mapping[str, JSON]) -> Callable[[], None]:
    enabled, view = bool(wire["StreamEnabled"]), wire.get("StreamViewType")
    on = "StreamSpecification" in table.settings
    if enabled and view is None:
        raise invalid_values("If stream is being enabled then UpdateViewType is required")
    if not enabled and view is not None:
        raise invalid_values("If stream is being disabled, then UpdateViewType must not be specified")
    if not enabled and table.replication.group is not None:
        raise invalid_values("The stream of a table that has replicas cannot be disabled")
    if enabled and on:
        raise invalid(f"Table already has an enabled stream: TableName: {table.name}")
    if not enabled and not on:
        raise invalid(f"Table has no stream to disable: TableName: {table.name}")
    if view is None:
        return lambda: streams.close(region, table)
    return lambda: streams.enable(region, table, view)


# --- indexes ---------------------------------------------------------------------------------------------------------


def _read_index_updates(table: Table, params: Mapping[str, JSON], billing_mode: str) -> list[tuple[str, Index]]:
    """The index updates as (Create, Update or Delete; the index as it will be). Raises Fault where AWS refuses one."""
    actions: list[tuple[str, Index]] = []
    given = {part["AttributeName"]: part["AttributeType"] for part in params.get("AttributeDefinitions") or ()}
    for entry in params.get("GlobalSecondaryIndexUpdates") or ():
        members = [(kind, entry[kind]) for kind in ("Update", "Create", "Delete") if entry.get(kind) is not None]
        if not members:
            raise invalid_values(
                "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                "GlobalSecondaryIndexUpdate.Delete must not be null"
            )
        if len(members) > 1:
            raise invalid_values(
                "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"
            )
        kind, wire = members[0]
        if any(index.name == wire["IndexName"] for _, index in actions):
            raise invalid_values(
                "Only one global secondary index update per index is allowed simultaneously. Index: "
                f"{wire['IndexName']}"
            )
        if kind == "Create":
            actions.append((kind, _created(table, wire, given, billing_mode)))
        else:
            actions.append((kind, _known(table, kind, wire, billing_mode)))
    return actions


def _created(table: Table, wire: Mapping[str, JSON], given: Mapping[str, str], billing_mode: str) -> Index:
    name = wire["IndexName"]
    if name in table.indexes:
        raise invalid("Attempting to create an index which already exists")
    keys = [part["AttributeName"] for part in wire["KeySchema"]]
    if not given or any(key not in given for key in keys):
        raise invalid_values(f"AttributeDefinitions is not specified for index: {name}")
    _check_not_redefined(table, keys, given)
    if sum(index.is_global for index in table.indexes.values()) >= definitions.MAX_GLOBAL_INDEXES:
        raise refused(
            "LimitExceededException",
            f"{_LIMIT}Number of global secondary indexes exceeds per-table limit of {definitions.MAX_GLOBAL_INDEXES}",
        )
    return definitions.read_global_index(wire, table.key, {**given, **table.attribute_types}, billing_mode)


def _check_not_redefined(table: Table, keys: Sequence[str], given: Mapping[str, str]) -> None:
    """Raise Fault where a new index gives a key another type than the attribute has as a key already."""
    for key in keys:
        known = table.attribute_types.get(key, given[key])
        if known != given[key]:
            schemas = [f"Schema:[SchemaElement: key{{{key}:{kind}:HASH}}]" for kind in (known, given[key])]
            raise invalid_values(
                "Attributes cannot be redefined. Please check that your attribute has the same type as previously "
                f"defined. Existing schema: {schemas[0]} New schema: {schemas[1]}"
            )


def _known(table: Table, kind: str, wire: Mapping[str, JSON], billing_mode: str) -> Index:
    name = wire["IndexName"]
    index = table.indexes.get(name)
    if index is None:
        raise refused("ResourceNotFoundException", f"Requested resource not found: Index {name} for table {table.name}")
    if not index.is_global:
        raise invalid(f"Cannot delete an index that is not a GlobalSecondaryIndex: {name}")
    if kind == "Delete":
        return index
    throughput = wire.get("ProvisionedThroughput")
    if throughput is not None and billing_mode == "PAY_PER_REQUEST":
        raise invalid_values(
            f"The only Updates for index: {name} when TableThroughputMode is PAY_PER_REQUEST can be to "
            "OnDemandThroughput, WarmThroughput"
        )
    if throughput is not None and "ProvisionedThroughput" in index.settings:
        _check_changed(index.settings["ProvisionedThroughput"], throughput, f"for the index {name}")
    return replace(
        index, settings={**index.settings, **{key: value for key, value in wire.items() if key != "IndexName"}}
    )


def _apply_index_update(table: Table, kind: str, index: Index, now: float, durations: Durations) -> None:
    if kind == "Create":
        table.add_index(index)
        lifecycles.create_index(table, index.name, now, durations)
    elif kind == "Delete":
        shown = describe_index(table, index)
        table.remove_index(index.name)
        lifecycles.delete_index(table, index.name, "GlobalSecondaryIndexes", shown, now, durations)
    else:
        table.indexes[index.name] = index
        lifecycles.update_index(table, index.name, now, durations)


def _define_attributes(table: Table, params: Mapping[str, JSON]) -> None:
    """Keep the definitions of what is a key of the table or of an index, the types that were first."""
    given = {part["AttributeName"]: part["AttributeType"] for part in params.get("AttributeDefinitions") or ()}
    used = {*table.key.names, *(name for index in table.indexes.values() for name in index.key.names)}
    used.update(name for vector in table.vector_indexes.values() for name in vector.schema)
    known = {**given, **table.attribute_types}
    table.attribute_types = {name: kind for name, kind in known.items() if name in used}


def _read_vector_updates(table: Table, params: Mapping[str, JSON], billing_mode: str) -> list[tuple[str, VectorIndex]]:
    """The vector index updates as (Create or Delete; the index). Raises Fault where AWS refuses one."""
    actions: list[tuple[str, VectorIndex]] = []
    given = {part["AttributeName"]: part["AttributeType"] for part in params.get("AttributeDefinitions") or ()}
    for entry in params.get("VectorIndexUpdates") or ():
        create, delete = entry.get("Create"), entry.get("Delete")
        if (create is None) == (delete is None):
            raise invalid_values("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null")
        name = (create or delete)["IndexName"]
        if create is not None:
            if name in table.indexes or name in table.vector_indexes:
                raise invalid("Attempting to create an index which already exists")
            types = {**given, **table.attribute_types}
            index = vector_definitions.read_vector_index(create, table.key.names, types, billing_mode)
            vector_definitions.check_dimensions([*table.vector_indexes.values(), index])
            actions.append(("Create", index))
        elif name in table.vector_indexes:
            actions.append(("Delete", table.vector_indexes[name]))
        else:
            words = f"Requested resource not found: Index {name} for table {table.name}"
            raise refused("ResourceNotFoundException", words)
    return actions


def _apply_vector_update(table: Table, kind: str, index: VectorIndex, now: float, durations: Durations) -> None:
    if kind == "Create":
        table.vector_indexes[index.name] = index
        lifecycles.create_index(table, index.name, now, durations)
    else:
        shown = describe_vector_index(table, index)
        del table.vector_indexes[index.name]
        lifecycles.delete_index(table, index.name, "VectorIndexes", shown, now, durations)

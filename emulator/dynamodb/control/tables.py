"""The control plane: tables come, change, are described and go; limits, endpoints, tags and TTL settings.

As on AWS the answer of a call shows its change under way (CREATING, UPDATING, DELETING); the next look finds it done,
unless the settings give changes a duration: see ``lifecycles``.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/; order and wording of the checks as observed on
AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions, policies, replicas, tags, vector_definitions
from emulator.dynamodb.control.descriptions import describe, describe_deleted
from emulator.dynamodb.model import backups, lifecycles, streams
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Attached, Billing, Table
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.wire.protocol import Call

_NOT_BUILT = ("GlobalTableSourceArn", "GlobalTableSettingsReplicationMode")


def create_table(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """CreateTable."""
    region = world.dynamodb.region(call.account, call.region)
    world.dynamodb.policies_changed += 1  # it may come with one
    table = new_table(region, call.params)
    add_table(region, table, call.params)
    return {"TableDescription": describe(table)}


def new_table(region: Region, params: Mapping[str, JSON]) -> Table:
    """The table that CreateTable's parameters define, not yet among the region's. Raises Fault where AWS refuses it."""
    for member in _NOT_BUILT:
        if params.get(member) is not None:
            raise unsupported(f"{member} of CreateTable")
    name = params["TableName"].rpartition(":table/")[2]
    now = round(region.clock.now(), 3)
    billing_mode = params.get("BillingMode") or "PROVISIONED"
    types = definitions.read_definitions(params.get("AttributeDefinitions"))
    throughput = definitions.read_throughput(billing_mode, params.get("ProvisionedThroughput"))
    definitions.check_on_demand(billing_mode, params.get("OnDemandThroughput"))
    definitions.check_warm(billing_mode, params.get("WarmThroughput"))
    local, global_ = params.get("LocalSecondaryIndexes"), params.get("GlobalSecondaryIndexes")
    key = definitions.read_table_key(params.get("KeySchema"), types)
    searched = [{"KeySchema": wire.get("SearchSchema") or ()} for wire in params.get("VectorIndexes") or ()]
    definitions.check_all_used(types, key, [*(local or ()), *(global_ or ()), *searched])
    indexes = definitions.read_local_indexes(local, key, types)
    indexes += definitions.read_global_indexes(global_, key, types, billing_mode)
    searchable = vector_definitions.read_vector_indexes(params.get("VectorIndexes"), key.names, types, billing_mode)
    definitions.check_projected([index.non_key_attributes for index in indexes])
    definitions.check_index_names([*(index.name for index in indexes), *(index.name for index in searchable)])
    definitions.check_new_stream(params.get("StreamSpecification"))
    encrypted = definitions.encryption(params.get("SSESpecification"), region, name)
    definitions.check_table_class(params.get("TableClass"))
    table = Table(
        name=name,
        arn=region.arn(f"table/{name}"),
        table_id=str(uuid4()),
        account=region.account,
        region=region.name,
        created=now,
        key=key,
        indexes={index.name: index for index in indexes},
        vector_indexes={index.name: index for index in searchable},
        attribute_types=types,
        billing=Billing(
            billing_mode,
            {"NumberOfDecreasesToday": 0, **throughput},
            on_demand_since=now if billing_mode == "PAY_PER_REQUEST" else None,
        ),
        attached=Attached(tags=tags.read_tags(params.get("Tags") or ())),
    )
    table.settings["DeletionProtectionEnabled"] = bool(params.get("DeletionProtectionEnabled"))
    if encrypted is not None:
        table.settings["SSEDescription"] = encrypted
    if params.get("TableClass") is not None:
        table.settings["TableClassSummary"] = {"TableClass": params["TableClass"]}
    for member in ("OnDemandThroughput", "WarmThroughput"):
        if params.get(member):
            table.settings[member] = params[member]
    if params.get("ResourcePolicy") is not None:
        policies.attach(region, table, table.arn, params["ResourcePolicy"])
    return table


def add_table(region: Region, table: Table, params: Mapping[str, JSON]) -> None:
    """Put a new table among the region's, with the stream that its parameters ask for. Raises Fault where one is."""
    with region.lock:
        if region.find(table.name) is not None:
            raise refused("ResourceInUseException", f"Table already exists: {table.name}")
        region.tables[table.name] = table
        lifecycles.create(table, region.clock.now(), region.durations)
        streaming = params.get("StreamSpecification")
        if streaming is not None and streaming["StreamEnabled"]:
            streams.enable(region, table, streaming["StreamViewType"])


def describe_table(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeTable."""
    region = world.dynamodb.region(call.account, call.region)
    table = region.named(call.params["TableName"])
    with table.lock:
        shown = region.as_noticed(describe(table))
        for index in (*shown.get("GlobalSecondaryIndexes", ()), *shown.get("VectorIndexes", ())):
            if index["IndexName"] in table.backfilled:  # who polls for it must see it once, however fast it was
                index.update(IndexStatus="CREATING", Backfilling=True)
        table.backfilled.clear()
        return {"Table": shown}


def delete_table(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DeleteTable."""
    region = world.dynamodb.region(call.account, call.region)
    with region.lock:
        table = region.named(call.params["TableName"])
        if table.settings["DeletionProtectionEnabled"]:
            raise invalid(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
        with table.lock:
            lifecycles.check_deletable(table)
            replicas.remove(region, table)
            if table.attached.journal is not None:
                backups.keep(region, table, f"{table.name}$DeletedTableBackup", "SYSTEM")
            lifecycles.delete(table, region.clock.now(), region.durations)
            answer = {"TableDescription": describe_deleted(table)}
        region.find(table.name)  # a deletion that takes no time has ended: what the table held is free
    return answer


def list_tables(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListTables: names in order, a page at a time."""
    names = [table.name for table in world.dynamodb.region(call.account, call.region).all_tables()]
    start = call.params.get("ExclusiveStartTableName")
    limit = call.params.get("Limit") or 100
    if start is not None:
        names = [name for name in names if name > start]
    answer: dict[str, JSON] = {"TableNames": names[:limit]}
    if len(names) > limit:
        answer["LastEvaluatedTableName"] = names[limit - 1]
    return answer


def describe_limits(_world: DynamoDBWorld, _call: Call) -> dict[str, JSON]:
    """DescribeLimits: the quotas of a new account."""
    return {
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    }


def describe_endpoints(_world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeEndpoints: the address that was asked, so that a client which discovers endpoints comes back."""
    address = call.host or f"dynamodb.{call.region}.amazonaws.com"
    return {"Endpoints": [{"Address": address, "CachePeriodInMinutes": 1440}]}

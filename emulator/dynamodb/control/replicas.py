"""Global tables (version 2019.11.21): replicas of a table in other regions of the account.

The replicas of a table share its lock, and a write to one is in all of them when it is answered: AWS takes about a
second. Their indexes, billing and TTL are one.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator import moto_door
from emulator.arns import managed_key_id
from emulator.dynamodb.control import definitions, strong_consistency
from emulator.dynamodb.control.descriptions import describe
from emulator.dynamodb.model import lifecycles, snapshots, streams
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Item, Table, Watcher
from emulator.dynamodb.rejections import invalid, invalid_values, unsupported
from emulator.faults import Fault
from emulator.wire.protocol import Call

VIEW = "NEW_AND_OLD_IMAGES"
SOURCE_STAYS = 86_400.0
"""Seconds for which a region stays that a replica was made from."""
_OVERRIDES = (
    *("KMSMasterKeyId", "ProvisionedThroughputOverride", "OnDemandThroughputOverride"),
    "GlobalSecondaryIndexes",
)


@dataclass(slots=True, eq=False)
class _Copier:
    """Watches a table, and has the others follow."""

    group: Group
    table: Table

    def __call__(self, old: Item | None, new: Item | None, _expired: bool) -> None:  # noqa: FBT001 - a Watcher
        self.group.copy(self.table, old, new)


@dataclass(slots=True, eq=False)
class Group:
    """The replicas of one table by region. Their shared lock guards it."""

    tables: dict[str, Table] = field(default_factory=dict)
    overrides: dict[str, dict[str, JSON]] = field(default_factory=dict)
    sources: dict[str, float] = field(default_factory=dict)
    """When a replica was last made from a region."""
    witness: str | None = None
    """The region of the witness, which has no table; of a group with Multi-Region strong consistency."""
    _watchers: dict[str, Watcher] = field(default_factory=dict)
    _copying: bool = False

    def join(self, table: Table) -> None:
        """Let a table take part: what is written to it is written to the others, and the other way round."""
        copy = _Copier(self, table)
        self.tables[table.region] = table
        self._watchers[table.region] = copy
        table.watch(copy)
        table.replication.group = self

    def leave(self, table: Table) -> None:
        """Let a table be one of its own again."""
        del self.tables[table.region]
        self.overrides.pop(table.region, None)
        table.unwatch(self._watchers.pop(table.region))
        table.replication.group = None
        table.replication.is_strong = False
        if len(self.tables) == 1:
            self.leave(next(iter(self.tables.values())))

    def copy(self, table: Table, old: Item | None, new: Item | None) -> None:
        """Write to the others what was written to one."""
        if self._copying:
            return
        self._copying = True
        try:
            for other in self.tables.values():
                if other is table:
                    continue
                if new is not None:
                    other.put(other.position(new.attributes), new)
                elif old is not None:
                    other.delete(other.position(old.attributes))
        finally:
            self._copying = False

    def others(self, table: Table) -> list[Table]:
        """The replicas beside this one."""
        return [other for other in self.tables.values() if other is not table]

    def described(self, table: Table, status: str = "ACTIVE", region: str = "") -> list[JSON]:
        """What a table's description says of the others; ``status`` is that of the one in ``region``."""
        return [
            {
                "RegionName": other.region,
                "ReplicaStatus": status if other.region == region else "ACTIVE",
                **self.overrides.get(other.region, {}),
            }
            for other in self.others(table)
        ]


def update_replicas(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateTable with ReplicaUpdates: add, change or take away one replica; two at once for strong consistency."""
    region = world.dynamodb.region(call.account, call.region)
    table = region.named(call.params["TableName"])
    becomes_strong = strong_consistency.is_asked(call.params)
    is_strong = becomes_strong or table.replication.is_strong
    witness = strong_consistency.read_witness(call.params)
    updates = _read_updates(call.params, region, one_only=not is_strong)
    others = {body["RegionName"]: world.dynamodb.region(call.account, body["RegionName"]) for _, body in updates}
    kinds = {body["RegionName"]: kind for kind, body in updates}
    scales = "Create" not in kinds.values() or table.billing.mode != "PROVISIONED" or _scales(table)
    with ExitStack() as stack:
        for _, each in sorted({region.name: region, **others}.items()):
            stack.enter_context(each.lock)
        stack.enter_context(table.lock)
        if becomes_strong:
            strong_consistency.check_new(table, [*kinds, *([] if witness is None else [witness[1]])])
        strong_consistency.check_change(table, kinds, witness)
        if is_strong and "Delete" in kinds.values():
            _weaken(table)
        shown: dict[str, JSON] = {}
        for kind, body in updates:
            other = others[body["RegionName"]]
            shown = _update_replica(region, table, other, (kind, body), scales=scales, streamed=not is_strong)
        if becomes_strong:
            shown |= _strengthen(table, None if witness is None else witness[1])
        return {"TableDescription": shown}


def _read_updates(
    params: Mapping[str, JSON], region: Region, *, one_only: bool
) -> list[tuple[str, Mapping[str, JSON]]]:
    """What is to be done with replicas: Create, Update or Delete, and the rest of the action."""
    updates: Sequence[Mapping[str, JSON]] = params.get("ReplicaUpdates") or ()
    members = [(kind, body) for update in updates for kind, body in update.items() if body is not None]
    if not members or (one_only and len(members) != 1):
        raise invalid_values("Only one replica update is allowed simultaneously per table")
    for kind, body in members:
        if kind == "Disassociate":
            raise unsupported("Disassociate of ReplicaUpdates")
        if body["RegionName"] == region.name:
            raise invalid(
                "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, "
                "or UpdateTable as required."
            )
    return members


def _strengthen(table: Table, witness: str | None) -> dict[str, JSON]:
    """Make a new group one with Multi-Region strong consistency; what its description shows while it is being made."""
    group = table.replication.group
    if group is None:
        raise AssertionError("replicas were made")
    group.witness = witness
    for replica in group.tables.values():
        replica.replication.is_strong = True
    replicas = [{**each, "ReplicaStatus": "CREATING"} for each in group.described(table)]
    shown: dict[str, JSON] = {"MultiRegionConsistency": strong_consistency.STRONG, "Replicas": replicas}
    if witness is not None:
        shown["GlobalTableWitnesses"] = [{"RegionName": witness, "WitnessStatus": "CREATING"}]
    return shown


def _weaken(table: Table) -> None:
    """Let the members of a group with Multi-Region strong consistency leave it."""
    group = table.replication.group
    if group is not None:
        group.witness = None
        for replica in group.tables.values():
            replica.replication.is_strong = False


def _update_replica(
    region: Region,
    table: Table,
    other: Region,
    update: tuple[str, Mapping[str, JSON]],
    *,
    scales: bool,
    streamed: bool,
) -> dict[str, JSON]:
    """Add, change or take away one replica; the table's description. All locks are held."""
    kind, body = update
    if kind == "Create":
        _create(region, table, other, body, scales=scales, streamed=streamed)
    elif table.replication.group is None or other.name not in table.replication.group.tables:
        raise invalid_values(
            f"Replica specified in the Replica Update or Replica Delete action of the request was "
            f"not found: {other.name}"
        )
    elif kind == "Update":
        table.replication.group.overrides[other.name] = _overrides(table.replication.group.tables[other.name], body)
    else:
        return _delete(region, table, other)
    lifecycles.update(table, region.clock.now(), region.durations, is_throughput=False)
    shown = describe(table)
    if table.replication.group is not None:
        shown["Replicas"] = table.replication.group.described(
            table, {"Create": "CREATING"}.get(kind, "UPDATING"), other.name
        )
    return shown


def _create(
    region: Region, table: Table, other: Region, body: Mapping[str, JSON], *, scales: bool, streamed: bool
) -> None:
    if other.find(table.name) is not None:
        raise invalid(
            f"Failed to create a the new replica of table with name: '{table.name}' because one or more replicas "
            "already existed as tables."
        )
    streaming = table.settings.get("StreamSpecification")
    if streaming is not None and streaming["StreamViewType"] != VIEW:
        raise invalid_values(f"StreamViewType must be {VIEW} on a table that is to have replicas")
    if not scales:
        raise invalid("Table write capacity should either be Pay-Per-Request or AutoScaled.")
    replica = snapshots.blank(table)
    replica.arn, replica.region = other.arn(f"table/{table.name}"), other.name
    replica.table_id, replica.created = str(uuid4()), round(other.clock.now(), 3)
    replica.lock = table.lock
    replica.settings["DeletionProtectionEnabled"] = False
    for item in table.items.values():
        replica.put(replica.position(item.attributes), item)
    replica.set_expiry(table.expiry.attribute if table.expiry else None)
    overrides = _overrides(replica, body) | _encrypt(other, replica, body)
    if streamed:
        if streaming is None:
            streams.enable(region, table, VIEW)
        streams.enable(other, replica, VIEW)
    group = table.replication.group or Group()
    if table.replication.group is None:
        group.join(table)
    group.join(replica)
    group.overrides[other.name] = overrides
    group.sources[region.name] = region.clock.now()
    other.tables[table.name] = replica


def _encrypt(other: Region, replica: Table, body: Mapping[str, JSON]) -> dict[str, JSON]:
    """Encrypt a replica with a key of its own region, of the kind that the table has; what its description overrides.

    Raises:
        Fault: the key is of another kind, or cannot be used.
    """
    encrypted = replica.settings.get("SSEDescription")
    if encrypted is None:
        return {}
    named = body.get("KMSMasterKeyId")
    managed = managed_key_id("dynamodb", *encrypted["KMSMasterKeyArn"].split(":")[4:2:-1])
    if encrypted["KMSMasterKeyArn"].endswith(managed):
        if named not in (None, definitions.MANAGED_KEY, other.default_key()):
            raise invalid_values(_OF_ONE_KIND)
        replica.settings["SSEDescription"] = {**encrypted, "KMSMasterKeyArn": other.default_key()}
        return {}
    if named is None:
        raise invalid_values("KMSMasterKeyId must be specified for each replica.")
    if named == definitions.MANAGED_KEY:
        raise invalid_values(_OF_ONE_KIND)
    try:
        arn = other.key(named, replica.name)
    except Fault as fault:
        message = fault.message.replace(" error:", f" error for region {other.name}:", 1)
        raise Fault(fault.code, message, status=fault.status) from None
    replica.settings["SSEDescription"] = {**encrypted, "KMSMasterKeyArn": arn}
    return {"KMSMasterKeyId": arn}


_OF_ONE_KIND = "All replica keys must either be Customer Managed CMK or AWS Managed CMK."


def _scales(table: Table) -> bool:
    """Whether Application Auto Scaling has been given the table's write capacity."""
    wanted = {
        "ServiceNamespace": "dynamodb",
        "ResourceIds": [f"table/{table.name}"],
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    found = moto_door.call("application-autoscaling", "DescribeScalableTargets", wanted, table.account, table.region)
    return bool(found["ScalableTargets"])


def _overrides(replica: Table, body: Mapping[str, JSON]) -> dict[str, JSON]:
    overrides = {name: body[name] for name in _OVERRIDES if body.get(name) is not None}
    reads = body.get("ProvisionedThroughputOverride")
    if reads is not None:
        replica.billing.throughput = {**replica.billing.throughput, **reads}
    if body.get("TableClassOverride") is not None:
        definitions.check_table_class(body["TableClassOverride"])
        replica.settings["TableClassSummary"] = {"TableClass": body["TableClassOverride"]}
        overrides["ReplicaTableClassSummary"] = replica.settings["TableClassSummary"]
    return overrides


def _delete(region: Region, table: Table, other: Region) -> dict[str, JSON]:
    group = table.replication.group
    if group is None:
        raise AssertionError("the caller has found the group")
    replica = group.tables[other.name]
    lifecycles.update(table, region.clock.now(), region.durations, is_throughput=False)
    shown = describe(table)
    shown["Replicas"] = group.described(table, "DELETING", other.name)
    remove(other, replica)
    other.remove(replica)
    return shown


def remove(region: Region, table: Table) -> None:
    """Let a table that is to be deleted leave its group.

    Raises:
        Fault: a replica was made from it in the last 24 hours.
    """
    group = table.replication.group
    if group is None:
        return
    made = group.sources.get(table.region)
    strong_consistency.check_removed(table)
    if made is not None and region.clock.now() - made < SOURCE_STAYS:
        raise invalid(
            "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
            "table in the last 24 hours."
        )
    group.leave(table)


def spread(table: Table) -> None:
    """Give the other replicas a table's indexes, billing and TTL, which have changed. The lock is held."""
    group = table.replication.group
    for other in group.others(table) if group is not None else ():
        other.billing.mode, other.billing.on_demand_since = table.billing.mode, table.billing.on_demand_since
        override = group.overrides.get(other.region, {}) if group is not None else {}
        other.billing.throughput = {**table.billing.throughput, **override.get("ProvisionedThroughputOverride", {})}
        other.attribute_types = dict(table.attribute_types)
        other.vector_indexes = dict(table.vector_indexes)
        for name in [name for name in other.indexes if name not in table.indexes]:
            other.remove_index(name)
        for name, index in table.indexes.items():
            if name in other.indexes:
                other.indexes[name] = index
            else:
                other.add_index(index)
        attribute = table.expiry.attribute if table.expiry else None
        if (other.expiry.attribute if other.expiry else None) != attribute:
            other.set_expiry(attribute)
            other.ttl_changed = table.ttl_changed

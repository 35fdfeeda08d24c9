"""moto's sight of our tables.

moto's CloudFormation, Resource Groups Tagging and Application Auto Scaling look for tables
in moto's DynamoDB backend. ``attach`` puts a backend there whose tables are views of ours: there is one set of tables,
and items are read and written where they are. Import this module only where moto is imported anyway.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from moto.dynamodb.exceptions import (
    DeletionProtectedException,
    MockValidationException,
    ResourceInUseException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem
from moto.dynamodb.models.table import GlobalSecondaryIndex, LocalSecondaryIndex
from moto.dynamodb.models.table import Table as MotoTable

from asl_interpreter.jsontext import JSON, dumps
from emulator.dynamodb.control import add_table, new_table
from emulator.dynamodb.descriptions import describe, key_schema, projection
from emulator.dynamodb.recovery import LONGEST, Journal
from emulator.dynamodb.schema import Index
from emulator.dynamodb.store import Region, Store
from emulator.dynamodb.tables import Table
from emulator.dynamodb.values import Attributes, write_item
from emulator.dynamodb.writes import read_delete, read_put
from emulator.faults import Fault


def attach(store_of: Callable[[str], Store]) -> None:
    """Let moto's DynamoDB show the tables of the store that each account has, from now on.

    What moto's own backend held before is forgotten.
    """

    class Backend(OurBackend):
        """moto's backend for one account and region, on our tables."""

        def find_region(self) -> Region:
            return store_of(self.account_id).region(self.account_id, self.region_name)

    dynamodb_backends.backend = Backend
    dynamodb_backends.clear()
    MotoTable.create_from_cloudformation_json = _from_template  # type: ignore[method-assign]  # looked up on the class


def _from_template(
    resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **_: Any
) -> MotoTable:
    """Make the table of a CloudFormation template: moto's own way forgets half of what a template may say of it."""
    backend: Any = dynamodb_backends[account_id][region_name]
    made: MotoTable = backend.create_from_template(resource_name, cloudformation_json["Properties"])
    return made


class RegisteredTable(MotoTable):
    """One of our tables, as moto's code expects a table to be."""

    def __init__(self, table: Table) -> None:
        self.data = table
        self.lambda_event_source_mappings: dict[str, Any] = {}
        self.stream_shard = None
        self.continuous_backups: dict[str, Any] = {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
        }

    def __new__(cls, *_args: object) -> RegisteredTable:  # noqa: PYI034 - Self needs Python 3.11
        """Make an instance that moto's list of all instances does not hold."""
        return object.__new__(cls)

    def __len__(self) -> int:
        return len(self.data.items)

    def describe(self, base_key: str = "TableDescription") -> dict[str, Any]:
        """The description that our own DescribeTable gives."""
        with self.data.lock:
            return {base_key: describe(self.data)}

    def all_items(self) -> Iterator[MotoItem]:  # type: ignore[override]  # moto's is a generator without that type
        """Every item, in order."""
        with self.data.lock:
            items = list(self.data.items.values())
        return (self._item(item.attributes) for item in items)

    def get_item(
        self,
        hash_key: DynamoType,
        range_key: DynamoType | None = None,
        projection_expression: Any = None,
    ) -> MotoItem | None:
        """The item with this key."""
        write = read_delete({"Key": self._key(hash_key, range_key)})(self.data)
        found = self.data.items.get(write.position)
        item = self._item(found.attributes) if found else None
        return item.project(projection_expression) if item and projection_expression else item

    def put_item(self, item_attrs: dict[str, Any], *_args: object, **_members: object) -> MotoItem:
        """Store an item, through our own checks. Raises Fault."""
        write = read_put({"Item": _without_bytes(item_attrs)})(self.data)
        write.apply()
        return self._item(write.key)

    def delete_item(self, hash_key: DynamoType, range_key: DynamoType | None) -> MotoItem | None:
        """Delete an item; the old one, if there was one."""
        old, _ = read_delete({"Key": self._key(hash_key, range_key)})(self.data).apply()
        return self._item(old.attributes) if old else None

    def _key(self, hash_key: DynamoType, range_key: DynamoType | None) -> dict[str, JSON]:
        parts = zip(self.data.key.names, (hash_key, range_key), strict=False)
        return {name: _without_bytes(part.to_json()) for name, part in parts if part is not None}

    def _item(self, attributes: Attributes) -> MotoItem:
        wire = write_item(attributes)
        keys = [DynamoType(wire[name]) for name in self.data.key.names]
        item = object.__new__(MotoItem)
        item.__init__(keys[0], keys[1] if len(keys) > 1 else None, wire)  # type: ignore[misc]  # past moto's __new__
        return item


def _registered(table: Table) -> RegisteredTable:
    return RegisteredTable(table)  # type: ignore[abstract]  # moto leaves the same methods abstract, and makes instances


def _view(read: Callable[[Table], Any]) -> Any:
    return property(lambda self: read(self.data))


def _indexes(table: Table, *, is_global: bool) -> list[Any]:
    made: Any = GlobalSecondaryIndex if is_global else LocalSecondaryIndex
    return [
        made.create(_index_wire(index), list(table.key.names))
        for index in table.indexes.values()
        if index.is_global is is_global
    ]


def _index_wire(index: Index) -> dict[str, JSON]:
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.key),
        "Projection": projection(index),
        **deepcopy(dict(index.settings)),
    }


def _ttl(table: Table) -> dict[str, str]:
    if table.expiry is None:
        return {"TimeToLiveStatus": "DISABLED"}
    return {"TimeToLiveStatus": "ENABLED", "AttributeName": table.expiry.attribute}


def _set_tags(registered: RegisteredTable, tags: list[dict[str, str]]) -> None:
    registered.data.tags = tags


_VIEWS: dict[str, Callable[[Table], Any]] = {
    "name": lambda table: table.name,
    "account_id": lambda table: table.account,
    "region_name": lambda table: table.region,
    "table_arn": lambda table: table.arn,
    "attr": lambda table: [{"AttributeName": n, "AttributeType": kind} for n, kind in table.attribute_types.items()],
    "schema": lambda table: key_schema(table.key),
    "hash_key_attr": lambda table: table.key.hash[0],
    "hash_key_type": lambda table: table.key.types[table.key.hash[0]],
    "range_key_attr": lambda table: table.key.range[0] if table.key.range else None,
    "range_key_type": lambda table: table.key.types[table.key.range[0]] if table.key.range else None,
    "table_key_attrs": lambda table: list(table.key.names),
    "billing_mode": lambda table: table.billing_mode,
    "throughput": lambda table: table.throughput,
    "warm_throughput": lambda table: describe(table)["WarmThroughput"],
    "indexes": lambda table: _indexes(table, is_global=False),
    "global_indexes": lambda table: _indexes(table, is_global=True),
    "created_at": lambda table: datetime.fromtimestamp(table.created, timezone.utc).replace(tzinfo=None),
    "ttl": _ttl,
    "stream_specification": lambda table: table.settings.get("StreamSpecification", {"StreamEnabled": False}),
    "latest_stream_label": lambda table: table.settings.get("LatestStreamLabel"),
    "sse_specification": lambda table: table.settings.get("SSEDescription"),
    "deletion_protection_enabled": lambda table: table.settings["DeletionProtectionEnabled"],
}
for _name, _read in _VIEWS.items():
    setattr(RegisteredTable, _name, _view(_read))
RegisteredTable.tags = property(lambda self: self.data.tags, _set_tags)  # type: ignore[assignment]


class Tables(MutableMapping[str, MotoTable]):
    """The tables of a region, by name, as moto's code expects them."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._made: dict[str, RegisteredTable] = {}

    def __getitem__(self, name: str) -> RegisteredTable:
        table = self._region.find(name)
        if table is None:
            raise KeyError(name)
        made = self._made.get(name)
        if made is None or made.data is not table:
            made = self._made[name] = _registered(table)
        return made

    def __setitem__(self, name: str, table: MotoTable) -> None:
        message = f"only our own tables are registered, and {name} is moto's"
        raise TypeError(message)

    def __delitem__(self, name: str) -> None:
        with self._region.lock:
            self._region.remove(self._region.tables[name])
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter([table.name for table in self._region.all_tables()])

    def __len__(self) -> int:
        return len(self._region.all_tables())


class OurBackend(DynamoDBBackend):
    """moto's backend with our tables in it; what makes or ends a table goes through our own rules."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tables = Tables(self.find_region())  # type: ignore[assignment]  # moto says dict, and means a mapping

    def find_region(self) -> Region:
        """The region of ours that this backend shows."""
        raise NotImplementedError

    def create_from_template(self, name: str, properties: Mapping[str, Any]) -> MotoTable:
        """Create the table that a CloudFormation template describes. Raises moto's exceptions, which moto reports."""
        for member in _NOT_IN_TEMPLATES:
            if properties.get(member):
                raise MockValidationException(f"Dynastep has not built {member} of AWS::DynamoDB::Table yet")
        region = self.find_region()
        given = _create_parameters(name, properties)
        with region.lock:
            if region.find(name) is not None:
                raise ResourceInUseException(f"Table already exists: {name}")
            try:
                table = new_table(region, given)
                add_table(region, table, given)
            except Fault as fault:
                raise MockValidationException(fault.message) from fault
            expiry = properties.get("TimeToLiveSpecification") or {}
            if _is_true(expiry.get("Enabled")):
                table.set_expiry(expiry["AttributeName"])
            recovery = properties.get("PointInTimeRecoverySpecification") or {}
            if _is_true(recovery.get("PointInTimeRecoveryEnabled")):
                table.journal = Journal(table, region.clock, int(recovery.get("RecoveryPeriodInDays") or LONGEST))
        return self.tables[name]

    def delete_table(self, name: str) -> MotoTable:
        """Delete a table that nothing protects."""
        table = self.get_table(name)
        if table.deletion_protection_enabled:
            raise DeletionProtectedException(name)
        del self.tables[table.name]
        return table


# --- moto's and CloudFormation's spellings ---------------------------------------------------------------------------


_AS_IN_THE_API = (
    *("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes"),
    *("OnDemandThroughput", "WarmThroughput", "TableClass", "Tags"),
)
"""What a template gives as CreateTable takes it."""
_NOT_IN_TEMPLATES = ("ContributorInsightsSpecification", "ImportSourceSpecification", "KinesisStreamSpecification")


def _create_parameters(name: str, properties: Mapping[str, Any]) -> dict[str, JSON]:
    """What a template says of a table, as CreateTable takes it."""
    policy = properties.get("ResourcePolicy")
    indexes = [_index(index) for index in properties.get("GlobalSecondaryIndexes") or ()]
    return {
        "TableName": name,
        **{member: properties[member] for member in _AS_IN_THE_API if properties.get(member)},
        "ProvisionedThroughput": _numbers(properties.get("ProvisionedThroughput")),
        "GlobalSecondaryIndexes": indexes or None,
        "StreamSpecification": _stream(properties.get("StreamSpecification")),
        "SSESpecification": _encryption(properties.get("SSESpecification")),
        "DeletionProtectionEnabled": _is_true(properties.get("DeletionProtectionEnabled")),
        "ResourcePolicy": dumps(policy["PolicyDocument"]) if policy else None,
    }


def _numbers(throughput: Mapping[str, Any] | None) -> dict[str, int] | None:
    """Capacity units, which templates may give as text."""
    if not throughput:
        return None
    return {name: int(throughput[name]) for name in ("ReadCapacityUnits", "WriteCapacityUnits")}


def _index(wire: Mapping[str, JSON]) -> dict[str, JSON]:
    throughput = _numbers(wire.get("ProvisionedThroughput"))
    rest = {name: value for name, value in wire.items() if name != "ProvisionedThroughput"}
    return rest if throughput is None else {**rest, "ProvisionedThroughput": throughput}


def _stream(wire: Mapping[str, JSON] | None) -> dict[str, JSON] | None:
    """A template names the view alone, and means a stream that is on."""
    if not wire:
        return None
    return {"StreamEnabled": wire.get("StreamEnabled", True), **wire}


def _encryption(wire: Mapping[str, JSON] | None) -> dict[str, JSON] | None:
    """A template says SSEEnabled where the API says Enabled."""
    if not wire:
        return None
    enabled = _is_true(wire.get("SSEEnabled", wire.get("Enabled")))
    return {**{name: value for name, value in wire.items() if name != "SSEEnabled"}, "Enabled": enabled}


def _is_true(value: Any) -> bool:
    """A switch, which templates may give as text."""
    return str(value).lower() == "true"


def _without_bytes(value: Any) -> JSON:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _without_bytes(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_bytes(member) for member in value]
    return _without_bytes(value.to_json()) if isinstance(value, DynamoType) else value

"""moto's sight of our tables.

moto's CloudFormation, Resource Groups Tagging and Application Auto Scaling look for tables
in moto's DynamoDB backend. ``attach`` puts a backend there whose tables are views of ours: there is one set of tables,
and items are read and written where they are. Import this module only where moto is imported anyway.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, MutableMapping
from copy import deepcopy
from datetime import datetime, timezone
from typing import Any

from moto.dynamodb import urls
from moto.dynamodb.exceptions import (
    DeletionProtectedException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem
from moto.dynamodb.models.table import GlobalSecondaryIndex, LocalSecondaryIndex
from moto.dynamodb.models.table import Table as MotoTable

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control.descriptions import describe
from emulator.dynamodb.items.writes import read_delete, read_put
from emulator.dynamodb.model.schema import Index, key_schema, projection
from emulator.dynamodb.model.store import Region, Store
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.model.values import Attributes, write_item


def attach(store_of: Callable[[str], Store | None]) -> None:
    """Let moto's DynamoDB show the tables of the store that each account has, from now on.

    An account without one has a backend of moto's own: tests of mock_aws may stand beside ours. What moto's own backend
    held before is forgotten.
    """

    class Backend(OurBackend):
        """moto's backend for one account and region, on our tables."""

        def __new__(cls, region_name: str, account_id: str) -> Any:
            """Ours, or moto's own. That this is a class is what moto asks of backends."""
            return DynamoDBBackend(region_name, account_id) if store_of(account_id) is None else super().__new__(cls)

        def find_region(self) -> Region:
            store = store_of(self.account_id)
            if store is None:
                raise AssertionError(f"a backend of account {self.account_id} is used that nobody has any more")
            return store.region(self.account_id, self.region_name)

    dynamodb_backends.backend = Backend
    dynamodb_backends.clear()


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
    registered.data.attached.tags = tags


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
    "billing_mode": lambda table: table.billing.mode,
    "throughput": lambda table: table.billing.throughput,
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
RegisteredTable.tags = property(lambda self: self.data.attached.tags, _set_tags)  # type: ignore[assignment]


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

    def reset(self) -> None:
        """``mock_aws`` of a test beside ours begins or ends, and moto forgets this backend: our tables are not its."""

    @property
    def _url_module(self) -> Any:
        return urls  # moto would look for them beside this module

    def find_region(self) -> Region:
        """The region of ours that this backend shows."""
        raise NotImplementedError

    def delete_table(self, name: str) -> MotoTable:
        """Delete a table that nothing protects."""
        table = self.get_table(name)
        if table.deletion_protection_enabled:
            raise DeletionProtectedException(name)
        del self.tables[table.name]
        return table


def _without_bytes(value: Any) -> JSON:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _without_bytes(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_without_bytes(member) for member in value]
    return _without_bytes(value.to_json()) if isinstance(value, DynamoType) else value

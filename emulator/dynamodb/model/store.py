"""The tables of one world, by account and region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.clock import Clock as WallClock
from asl_interpreter.loop.locks import lock
from asl_interpreter.loop.outbox import Outbox
from asl_interpreter.loop.scheduler import Loop
from emulator.arns import managed_key_id
from emulator.dynamodb.model import lifecycles, streams
from emulator.dynamodb.model.lifecycles import LIFELIKE, Durations
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused, table_not_found
from emulator.settings import Settings, Wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.dynamodb.copies.bulk import BulkOperation
    from emulator.dynamodb.copies.exports import Export
    from emulator.dynamodb.copies.imports import Import
    from emulator.dynamodb.model.backups import Backup


SHORTEST_NAME = 3
TOKEN_LIFE = 600.0
"""Seconds in which a transaction is not made again under its ClientRequestToken."""


class Clock(Protocol):
    """The one clock: epoch seconds."""

    def now(self) -> float:
        """Seconds since 1970, as the world counts them."""


Counted: TypeAlias = "Callable[[str, str, str, str, str], None]"
"""Takes the account, the region, a metric, the table and the operation."""


class KeysOfTables(Protocol):
    """The keys of KMS that tables are encrypted with, each in an account and a region."""

    def arn(self, named: str, account: str, region: str, table: str, /) -> str:
        """The ARN of the key that a table shall be encrypted with. Raises Fault where it cannot be used."""

    def check(self, key: str, account: str, region: str, table: str, /) -> None:
        """See that the items of a table can be read and written. Raises Fault."""

    def check_present(self, key: str, account: str, region: str, /) -> None:
        """See that what is encrypted with a key can be encrypted anew. Raises Fault."""

    def inaccessible_since(self, key: str, account: str, region: str, /) -> float | None:
        """When DynamoDB has noticed that a key cannot be used; None while it has noticed nothing of the kind."""


class DynamoDBWorld(Protocol):
    """What operations need of everything that is alive."""

    @property
    def clock(self) -> Clock:
        """The one clock."""

    @property
    def dynamodb(self) -> Store:
        """Every table."""


@dataclass(slots=True)
class Region:
    """The tables of one account in one region, and what its requests leave behind."""

    account: str
    name: str
    clock: Clock
    durations: Durations = field(default_factory=Durations)
    keys: KeysOfTables | None = None
    """The keys of KMS; None where nobody looks at them."""
    tables: dict[str, Table] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    """ClientRequestTokens of the last ten minutes: TOKEN_LIFE."""
    streams: dict[str, streams.Stream] = field(default_factory=dict)
    """Streams by ARN, the closed ones too."""
    backups: dict[str, Backup] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)
    bulk_operations: dict[str, BulkOperation] = field(default_factory=dict)
    lock: Any = field(init=False)
    """Held while a table is created, deleted or redefined."""

    @staticmethod
    def kept(members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it beside the tokens, which are kept by themselves: they come with every transaction."""
        return {**members, "tokens": {}}

    def __post_init__(self) -> None:
        self.lock = lock("the tables of a region", 70, self.name)

    def arn(self, resource: str) -> str:
        """The ARN of a resource such as ``table/Name``."""
        partition = (
            "aws-cn" if self.name.startswith("cn-") else "aws-us-gov" if self.name.startswith("us-gov-") else "aws"
        )
        return f"arn:{partition}:dynamodb:{self.name}:{self.account}:{resource}"

    def default_key(self) -> str:
        """The ARN of the key that AWS manages for DynamoDB."""
        key = managed_key_id("dynamodb", self.account, self.name)
        return self.arn(f"key/{key}").replace(":dynamodb:", ":kms:")

    def key(self, named: str, table: str) -> str:
        """The ARN of the key that a table shall be encrypted with. Raises Fault where it cannot be used."""
        return named if self.keys is None else self.keys.arn(named, self.account, self.name, table)

    def check_key(self, key: str) -> None:
        """See that what is encrypted with a key can be encrypted anew. Raises Fault."""
        if self.keys is not None:
            self.keys.check_present(key, self.account, self.name)

    def as_noticed(self, shown: dict[str, JSON]) -> dict[str, JSON]:
        """A description with what DynamoDB has noticed of the table's key."""
        encrypted = shown.get("SSEDescription")
        if encrypted is None or self.keys is None or shown["TableStatus"] != "ACTIVE":
            return shown
        since = self.keys.inaccessible_since(encrypted["KMSMasterKeyArn"], self.account, self.name)
        if since is None:
            return shown
        described = {**encrypted, "InaccessibleEncryptionDateTime": since}
        return {**shown, "TableStatus": "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "SSEDescription": described}

    def find(self, name: str) -> Table | None:
        """The table by its name or its ARN, if there is one."""
        table = self.tables.get(name)
        if table is None and name.startswith("arn:"):
            table = self.tables.get(name.rpartition(":table/")[2])
            if table is not None and table.arn != name:
                table = None
        if table is not None and (table.phases or table.ongoing):
            return self._settled(table)
        return table

    def _settled(self, table: Table) -> Table | None:
        now = self.clock.now()
        with self.lock, table.lock:
            if not lifecycles.settle(table, now):
                return table
            if self.tables.get(table.name) is table:
                self.remove(table)
        return None

    def remove(self, table: Table) -> None:
        """Take a table away, its stream closed. The locks of both are held."""
        del self.tables[table.name]
        streams.close(self, table)

    def all_tables(self) -> list[Table]:
        """The tables that are there now, by name."""
        found = [self.find(name) for name in sorted(self.tables)]
        return [table for table in found if table is not None]

    def table(self, name: str) -> Table:
        """The table by its name or its ARN, rid of the items that have expired; for the data plane.

        Raises:
            Fault: there is none, or its key cannot be used.
        """
        table = self.find(name)
        if table is None or (table.phases and lifecycles.status(table) == "CREATING"):
            if len(name) < SHORTEST_NAME:
                raise invalid("TableName must be at least 3 characters long and at most 255 characters long")
            raise table_not_found()
        if table.expiry is not None:
            table.expire(self.clock.now())
        if "SSEDescription" in table.settings and self.keys is not None:
            self.keys.check(table.settings["SSEDescription"]["KMSMasterKeyArn"], self.account, self.name, table.name)
        return table

    def named(self, name: str) -> Table:
        """The table by its name or its ARN, its absence worded as the control plane does. Raises Fault."""
        table = self.find(name)
        if table is None:
            words = f"Requested resource not found: Table: {name.rpartition(':table/')[2]} not found"
            raise refused("ResourceNotFoundException", words)
        return table

    def backed_up(self, name: str) -> Table:
        """As ``table``, the absence worded as the operations of backups and exports do. Raises Fault."""
        table = self.find(name)
        if table is None:
            raise refused("TableNotFoundException", f"Table not found: {name.rpartition(':table/')[2]}")
        if lifecycles.status(table) == "CREATING":
            raise refused(
                "ContinuousBackupsUnavailableException",
                f"Backups are being enabled for the table: {table.name}. Please retry later",
            )
        table.expire(self.clock.now())
        return table


@dataclass(frozen=True, slots=True)
class DynamoDBSettings:
    """How the service behaves where AWS's behaviour hinders a test more than it helps.

    ``wording`` is the generation of AWS's texts; see ``generations``. ``durations`` are those of changes of
    tables; see ``lifecycles``. ``throttling`` refuses what exceeds the capacity of a provisioned table; see
    ``throttling``.
    """

    wording: Wording = "mixed"
    durations: Durations = field(default_factory=Durations)
    throttling: bool = False

    @classmethod
    def of(cls, settings: Settings) -> DynamoDBSettings:
        """What the emulator's settings say of the service."""
        durations = LIFELIKE if settings.dynamodb_delays == "lifelike" else Durations()
        return cls(settings.dynamodb_wording, durations, settings.dynamodb_throttling)


class Store:
    """Every region's tables; a region comes into being when it is first asked for."""

    def __init__(self, clock: Clock, settings: DynamoDBSettings | None = None, outbox: Outbox | None = None) -> None:
        self.clock = clock
        self.outbox = outbox or Loop(WallClock()).outbox
        """For what a change sends to other services."""
        self.settings = settings or DynamoDBSettings()
        self._regions: dict[tuple[str, str], Region] = {}
        self.counted: Counted = lambda *_: None
        """Hears of each request to a table, for the metrics."""
        self.keys: KeysOfTables | None = None
        self.policies_changed = 0
        """How often a resource policy was put or deleted."""

    @property
    def regions(self) -> dict[tuple[str, str], Region]:
        """The regions that were asked for, by account and name."""
        return dict(self._regions)

    def restore(self, regions: dict[tuple[str, str], Region]) -> None:
        """Have these regions, and no others."""
        self._regions = regions

    def region(self, account: str, name: str) -> Region:
        """The region of an account."""
        region = self._regions.get((account, name))
        return region or self._regions.setdefault(
            (account, name), Region(account, name, self.clock, self.settings.durations, self.keys)
        )

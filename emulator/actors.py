"""Actors: who asks, as IAM sees them, and what IAM and the resources say. What moto holds meets what asks of it.

A client is the user or the session whose access key it has; a function in a process is its execution role. Any other
key, an account's twelve digits among them, is the root of its account, which IAM refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from emulator.arns import Arn
from emulator.faults import Fault
from emulator.moto_door import identities, policies_changed
from emulator.permissions.asked_by import Actor
from emulator.permissions.evaluation import Principal
from emulator.permissions.guard import Guard, Registry, session_actor
from emulator.permissions.sentences import Refusal, refusal
from emulator.wire.credentials import DEFAULT_REGION
from emulator.wire.operations import service_model

if TYPE_CHECKING:
    from asl_interpreter.loop.clock import Clock
    from emulator.dynamodb.model.store import Store
    from emulator.dynamodb.model.tables import Table
    from emulator.settings import IAM
    from emulator.wire.credentials import Credential
    from emulator.wire.protocol import Environ
    from emulator.world import World


def guard_of(mode: IAM, clock: Clock, dynamodb: Store) -> Guard | None:
    """The guard of a world; None where nobody asks IAM."""
    if mode == "off":
        return None

    def resource_policy(arn: str) -> tuple[str | None, str]:
        parts = arn.split(":", 5)
        if len(parts) <= _RESOURCE or parts[2] != "dynamodb":
            return identities.resource_policy(arn)
        _, _, _, region, account, resource = parts
        table = dynamodb.region(account, region).tables.get(resource.removeprefix("table/").partition("/")[0])
        policy = None if table is None else table.attached.policies.get(arn if "/stream/" in arn else table.arn)
        return (None if policy is None else policy.text), account

    def find(account: str, region: str, kind: str, name: str) -> str | None:
        if kind != "partition key":
            return identities.named(kind, name, account, region)
        parsed = Arn.parse(name)
        table = dynamodb.region(parsed.account, parsed.region).tables.get(_table_name(parsed))
        if table is None:
            return None
        index = name.partition("/index/")[2]
        return _partition_key(table, index)

    def revision() -> int:
        return policies_changed() + dynamodb.policies_changed

    registry = Registry(
        identities.role, resource_policy, lambda account, region: partial(find, account, region), revision
    )
    return Guard("enforce" if mode == "enforce" else "warn", registry, clock.now)


_RESOURCE: Final = 5
"""Where the resource stands in an ARN."""


def _table_name(arn: Arn) -> str:
    return arn.resource.removeprefix("table/").partition("/")[0]


def _partition_key(table: Table, index: str) -> str | None:
    """The one attribute of a partition key; None if there are several, or no such index."""
    held = table.indexes.get(index)
    key = table.key if not index else None if held is None else held.key
    return None if key is None or len(key.hash) != 1 else key.hash[0]


_TOKENS: Final = ("HTTP_X_AMZ_SECURITY_TOKEN", "HTTP_X_AMZN_TRACE_ID")


def _identified(world: World, guard: Guard, environ: Environ, caller: Credential | None, account: str) -> Actor:
    name = world.lambdas.function_of(*(environ[token] for token in _TOKENS if token in environ))
    if name is not None:
        role = identities.function_role(name.account, name.region, name.name)
        if role is not None:
            return session_actor(role, guard.registry.role(role), name.name, Arn.parse(role).account)
    holder = None if caller is None or caller.account is not None else identities.holder(caller.access_key)
    if holder is None:
        return Actor(Principal(f"arn:aws:iam::{account}:root", account, kind="root"))
    identity = holder.identity
    if holder.role is not None:
        known = None if identity is None else guard.registry.role(holder.role)
        session = holder.arn.rpartition("/")[2]
        return session_actor(holder.role, known, session, holder.account, holder.session_policy)
    if identity is None:
        return Actor(Principal(holder.arn, holder.account))
    keys = {f"aws:principaltag/{key.lower()}": [value] for key, value in identity.tags.items()}
    return Actor(
        Principal(identity.arn, identity.account),
        identity.policies,
        identity.boundary,
        context={**keys, "aws:username": [identity.name]},
    )


def actor_of(world: World, guard: Guard, environ: Environ, caller: Credential | None, account: str) -> Actor:
    """Who makes a request, and through which VPC endpoint: the one whose host name is asked, or the one of the test."""
    actor = _identified(world, guard, environ, caller, account)
    host = str(environ.get("HTTP_HOST", ""))
    named = host if host.startswith("vpce-") else guard.endpoint
    region = caller.region if caller is not None else DEFAULT_REGION
    endpoint = None if named is None else identities.vpc_endpoint(named, account, region)
    if endpoint is None:
        return actor
    keys = {"aws:sourcevpce": [endpoint.id], "aws:sourcevpc": [endpoint.vpc]}
    return replace(actor, context={**actor.context, **keys}, endpoint=endpoint.policy)


@contextmanager
def through(guard: Guard | None, vpc_endpoint: str, account: str, region: str) -> Iterator[None]:
    """Have the requests of clients come through a VPC endpoint.

    Raises:
        ValueError: there is no such endpoint, or nobody asks IAM.
    """
    if guard is None:
        raise ValueError("where a request comes from counts only with the option iam, as warn or enforce")
    if identities.vpc_endpoint(vpc_endpoint, account, region) is None:
        raise ValueError(f"there is no VPC endpoint {vpc_endpoint!r} in this account and region")
    before, guard.endpoint = guard.endpoint, vpc_endpoint
    try:
        yield
    finally:
        guard.endpoint = before


def admit(
    world: World,
    guard: Guard,
    environ: Environ,
    caller: Credential | None,
    account: str,
    asked: tuple[str, str, Mapping[str, Any]] | None,
) -> tuple[Actor, Refusal | None]:
    """Who makes a request, and how it is refused if they may not make it.

    ``asked`` is botocore's name of the service, the operation, and its members; None if nobody can tell.
    """
    region = caller.region if caller is not None else DEFAULT_REGION
    actor = actor_of(world, guard, environ, caller, account)
    denial = None if asked is None else guard.refusal(actor, *asked, account, region)
    if asked is None or denial is None:
        return actor, None
    service = asked[0]
    return actor, refusal(service, str(service_model(service).metadata["protocol"]), denial.sentence)


def check(
    world: World,
    guard: Guard,
    environ: Environ,
    caller: Credential | None,
    account: str,
    asked: tuple[str, str, Mapping[str, Any]],
) -> Actor:
    """The same, for operations that are performed here.

    Raises:
        Fault: the request is refused.
    """
    actor, refused = admit(world, guard, environ, caller, account, asked)
    if refused is not None:
        raise Fault(refused.code, refused.message, status=refused.status)
    return actor

"""Identities: users and roles of moto's IAM, sessions of its STS, and the policies of resources that moto holds.

These read what moto holds and call none of its operations, so that the loop's thread may ask, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from emulator.arns import Arn, InvalidArn
from emulator.moto_door.master_keys import master_key


@dataclass(frozen=True, eq=False)
class Identity:
    """A user or a role, as it was when it was looked up; the same value until it has changed."""

    arn: str
    account: str
    name: str
    is_role: bool
    policies: tuple[str, ...]
    """The texts of its policies: inline, managed, and those of a user's groups."""
    boundary: str | None = None
    """The text of its permissions boundary."""
    trust: str | None = None
    """The text of a role's trust policy."""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an access key: a user, or somebody who has taken on a role."""

    identity: Identity | None
    """None if the role of a session is gone, or is in no account of moto's."""
    arn: str
    account: str
    role: str | None = None
    session_policy: str | None = None


def _backends(module: str, name: str) -> Mapping[str, Any]:
    """The backends of a service, by account; none if nobody has used it."""
    loaded = sys.modules.get(f"moto.{module}.models")
    found: Mapping[str, Any] = getattr(loaded, name, {}) if loaded is not None else {}
    return found


def _backend(module: str, name: str, account: str, region: str) -> Any:
    held = _backends(module, name).get(account)
    return None if held is None else dict(held).get(region)


def _iam(account: str) -> Iterator[Any]:
    held = _backends("iam", "iam_backends").get(account)
    yield from list(held.values()) if held is not None else ()


def role(arn: str) -> Identity | None:
    """The role with this ARN; None if there is none."""
    parts = arn.split(":", 5)
    if len(parts) != _PARTS:
        return None
    for backend in _iam(parts[4]):
        for held in list(backend.roles.values()):
            if parts[5].endswith(held.name) and held.arn == arn:
                return _as_known(arn, backend, held)
    return None


_known: dict[str, tuple[tuple[Any, ...], Identity]] = {}
"""The roles that were looked up last, each with what it was made of."""


def _as_known(arn: str, backend: Any, held: Any) -> Identity:
    """A role, which is asked for at every Task: made anew where it has changed."""
    boundary = getattr(held, "permissions_boundary_arn", None)
    managed = [(each, each.default_version_id, len(each.versions)) for each in list(held.managed_policies.values())]
    tags = held.tags if isinstance(held.tags, dict) else {}
    made_of = (
        *(held, held.assume_role_policy_document, tuple(held.policies.values()), tuple(managed)),
        *(boundary, None if boundary is None else backend.managed_policies.get(boundary), str(tags) if tags else ""),
    )
    known = _known.get(arn)
    if known is not None and known[0] == made_of:
        return known[1]
    if len(_known) >= _MOST:
        _known.clear()
    identity = _identity(backend, held, is_role=True)
    _known[arn] = (made_of, identity)
    return identity


_MOST: Final = 1000


def user(arn: str) -> Identity | None:
    """The user with this ARN; None if there is none."""
    for backend in _iam(arn.split(":", _PARTS)[4] if arn.count(":") >= _PARTS - 1 else ""):
        for held in list(backend.users.values()):
            if held.arn == arn:
                return _identity(backend, held, is_role=False)
    return None


_PARTS: Final = 6


def _identity(backend: Any, held: Any, *, is_role: bool) -> Identity:
    texts = [_text(each) for each in list(held.policies.values())]
    texts += [_default_version(each) for each in list(held.managed_policies.values())]
    if not is_role:
        for group in list(backend.groups.values()):
            if held.name in [member.name for member in group.users]:
                texts += [_text(each) for each in list(group.policies.values())]
                texts += [_default_version(each) for each in list(group.managed_policies.values())]
    boundary_arn = getattr(held, "permissions_boundary_arn", None)
    boundary = backend.managed_policies.get(boundary_arn) if boundary_arn else None
    tags = held.tags if isinstance(getattr(held, "tags", None), dict) else {}
    return Identity(
        arn=held.arn,
        account=held.account_id,
        name=held.name,
        is_role=is_role,
        policies=tuple(texts),
        boundary=None if boundary is None else _default_version(boundary),
        trust=_text(held.assume_role_policy_document) if is_role else None,
        tags={str(key): str(value.get("Value", "")) for key, value in tags.items() if isinstance(value, dict)},
    )


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _default_version(policy: Any) -> str:
    versions = [version for version in policy.versions if version.version_id == policy.default_version_id]
    return _text(versions[0].document if versions else policy.versions[-1].document)


def holder(access_key: str) -> Holder | None:
    """Who holds an access key that moto's IAM or STS has issued; None for any other key."""
    for account, partitions in list(_backends("sts", "sts_backends").items()):
        for backend in list(partitions.values()):
            for session in list(backend.assumed_roles):
                if session.access_key_id == access_key:
                    identity, policy = role(session.role_arn), session.policy
                    return Holder(identity, session.arn, str(account), session.role_arn, policy or None)
    for account in list(_backends("iam", "iam_backends")):
        for backend in _iam(account):
            key = backend.access_keys.get(access_key)
            user = None if key is None or key.user_name is None else backend.users.get(key.user_name)
            if user is not None:
                return Holder(_identity(backend, user, is_role=False), user.arn, str(account))
    return None


def function_role(account: str, region: str, name: str) -> str | None:
    """The ARN of the execution role of a function that CreateFunction has made; None for any other."""
    backend = _backend("awslambda", "lambda_backends", account, region)
    versions = None if backend is None else backend._lambdas._functions.get(name)  # noqa: SLF001 - to call nothing
    latest = None if versions is None else versions.get("latest")
    return None if latest is None else str(latest.role)


# The policies of resources


def resource_policy(arn: str) -> tuple[str | None, str]:
    """The text of the policy of a resource that moto holds, and its account; of neither what is not known."""
    try:
        parsed = Arn.parse(arn)
    except InvalidArn:
        return None, ""
    if parsed.service == "s3":
        return _of_bucket(parsed.resource.partition("/")[0])
    read = _READERS.get(parsed.service)
    return (None if read is None else read(parsed)), parsed.account


def _of_bucket(name: str) -> tuple[str | None, str]:
    for account, partitions in list(_backends("s3", "s3_backends").items()):
        for backend in list(partitions.values()):
            bucket = backend.buckets.get(name)
            if bucket is not None:
                policy = bucket.policy
                return (policy.decode() if isinstance(policy, bytes) else policy), str(account)
    return None, ""


def _of_function(arn: Arn) -> str | None:
    backend = _backend("awslambda", "lambda_backends", arn.account, arn.region)
    name, _, qualifier = arn.resource.removeprefix("function:").partition(":")
    versions = None if backend is None else backend._lambdas._functions.get(name)  # noqa: SLF001 - to call nothing
    latest = None if versions is None else versions.get("latest")
    policy = getattr(latest, "policy", None)
    if latest is None or policy is None:
        return None
    meant = {latest.function_arn, f"{latest.function_arn}:{qualifier}"} if qualifier else {latest.function_arn}
    kept = [each for each in list(policy.statements) if each.get("Resource") in meant]
    return json.dumps({"Version": "2012-10-17", "Statement": kept}) if kept else None


def _of_queue(arn: Arn) -> str | None:
    backend = _backend("sqs", "sqs_backends", arn.account, arn.region)
    queue = None if backend is None else backend.queues.get(arn.resource)
    return None if queue is None else queue.policy


def _of_topic(arn: Arn) -> str | None:
    backend = _backend("sns", "sns_backends", arn.account, arn.region)
    topic = None if backend is None else backend.topics.get(str(arn))
    return None if topic is None else _text(topic.policy)


def _key(arn: Arn) -> Any:
    backend = _backend("kms", "kms_backends", arn.account, arn.region)
    return None if backend is None else dict(backend.keys).get(arn.resource.removeprefix("key/"))


def _of_key(arn: Arn) -> str | None:
    key = _key(arn)
    return None if key is None else _text(key.policy)


def _of_secret(arn: Arn) -> str | None:
    backend = _backend("secretsmanager", "secretsmanager_backends", arn.account, arn.region)
    secrets = [] if backend is None else list(backend.secrets.values())
    policy = next((each.policy for each in secrets if each.arn == str(arn)), None)
    return policy or None


def _of_bus(arn: Arn) -> str | None:
    backend = _backend("events", "events_backends", arn.account, arn.region)
    bus = None if backend is None else backend.event_buses.get(arn.resource.removeprefix("event-bus/"))
    policy = None if bus is None else bus.policy
    return None if not policy else _text(policy)


_READERS: Final[Mapping[str, Callable[[Arn], str | None]]] = {
    "events": _of_bus,
    "kms": _of_key,
    "lambda": _of_function,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}


def named(kind: str, name: str, account: str, region: str) -> str | None:
    """The ARN of what has a name: of a "secret", or of the "key" that an alias stands for."""
    if kind == "secret":
        backend = _backend("secretsmanager", "secretsmanager_backends", account, region)
        secrets = [] if backend is None else list(backend.secrets.values())
        return next((str(each.arn) for each in secrets if name in (each.name, each.arn)), None)
    if kind == "key":
        key = master_key(name, account, region)
        return None if key is None else key.arn
    return None


class VpcEndpoint(NamedTuple):
    """A VPC endpoint of moto's EC2."""

    id: str
    vpc: str
    policy: str | None
    """The text of its policy."""


def vpc_endpoint(endpoint: str, account: str, region: str) -> VpcEndpoint | None:
    """The VPC endpoint with this id, or with this host name; None if there is none."""
    backend = _backend("ec2", "ec2_backends", account, region)
    held = {} if backend is None else dict(backend.vpc_end_points)
    for name, made in held.items():
        if made.state != "deleted" and (endpoint == name or endpoint.startswith((f"{name}-", f"{name}."))):
            return VpcEndpoint(name, made.vpc_id, None if made.policy_document is None else _text(made.policy_document))
    return None

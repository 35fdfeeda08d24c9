"""Evaluation: whether a request is allowed, by all policies that have a say in it.

The order of questions is AWS's. An explicit deny in any policy decides. Of the others, a policy of the resource may
grant by itself inside its account; otherwise an identity's policy must allow, and so must the permissions boundary, the
session policy and the policy of a VPC endpoint, where there are any. Across accounts both sides must allow.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
access_policies_boundaries.html, reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from emulator.permissions.conditions import Context
from emulator.permissions.policies import Policy, Principals, Statement
from emulator.permissions.wildcards import glob

Kind: TypeAlias = Literal["identity", "boundary", "session", "resource", "trust", "endpoint"]
"""What a policy belongs to; "trust" is the policy of a role itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: a user, the session of a role, the root of an account, or a service of AWS."""

    arn: str
    """``arn:aws:iam::123456789012:user/Anna``, ``arn:aws:sts::123456789012:assumed-role/Role/session``; of a service
    its name."""
    account: str = ""
    """Empty for a service."""
    role: str | None = None
    """The ARN of the role, of a session."""
    kind: Literal["user", "session", "root", "service"] = "user"

    def names(self) -> set[str]:
        """What a policy of a resource may call the principal, its account included."""
        if self.kind == "service":
            return {self.arn}
        return {self.arn, self.account, f"arn:aws:iam::{self.account}:root", *([self.role] if self.role else [])}


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that have a say in a request."""

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    endpoint: Policy | None = None
    """Of the VPC endpoint that the request comes through."""
    resource: Policy | None = None
    resource_kind: Literal["resource", "trust"] = "resource"
    needs_resource: bool = False
    """Whether the policies of identities count only where the resource's policy hands over to its account: KMS keys and
    roles."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for."""

    principal: Principal
    action: str
    """``dynamodb:PutItem``."""
    resource: str | None
    """Its ARN, ``*`` if the action has none; None if the request does not tell."""
    owner: str = ""
    """The account of the resource; empty if it is the principal's own."""
    context: Context = field(default_factory=dict)

    @property
    def across(self) -> bool:
        """Whether the resource is another account's."""
        return self.owner not in ("", self.principal.account) and self.principal.kind != "service"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request is allowed, and by what it is not."""

    allowed: bool
    kind: Kind = "identity"
    explicit: bool = False
    """Whether a statement denies it, rather than none allowing it."""

    def __bool__(self) -> bool:
        return self.allowed


ALLOWED: Final = Decision(allowed=True)


def decide(asked: Asked, policies: Policies) -> Decision:
    """Whether a request is allowed."""
    granted, identity = _granted(policies.resource, asked), _effect(policies.identity, asked)
    limits = _limits(asked, policies)
    for kind, effect in (("identity", identity), *limits.items(), (policies.resource_kind, granted)):
        if effect == "Deny":
            return Decision(allowed=False, kind=kind, explicit=True)
    if "endpoint" in limits and limits["endpoint"] is None:
        return Decision(allowed=False, kind="endpoint")
    if granted == "directly" and not asked.across:
        return ALLOWED
    if granted is None and (asked.across or policies.needs_resource or asked.principal.kind == "service"):
        return Decision(allowed=False, kind=policies.resource_kind)
    if identity is None and asked.principal.kind != "root" and (asked.across or granted in (None, "account")):
        # Where the resource's policy hands over to the account, AWS names that policy, as observed:
        # https://dev.classmethod.jp/articles/access-denied-error-message-vpcendpoint-crossaccount/
        return Decision(
            allowed=False, kind=policies.resource_kind if granted == "account" and asked.across else "identity"
        )
    return next((Decision(allowed=False, kind=kind) for kind, effect in limits.items() if effect is None), ALLOWED)


def _limits(asked: Asked, policies: Policies) -> dict[Kind, Literal["Allow", "Deny"] | None]:
    """What the policies say that only limit, as far as there are any."""
    limits: dict[Kind, Literal["Allow", "Deny"] | None] = {}
    if policies.boundary is not None:
        limits["boundary"] = _effect([policies.boundary], asked)
    if policies.session is not None:
        limits["session"] = _effect([policies.session], asked)
    if policies.endpoint is not None:
        granted = _granted(policies.endpoint, asked)
        limits["endpoint"] = granted if granted in (None, "Deny") else "Allow"
    return limits


_Grant: TypeAlias = Literal["Deny", "directly", "role", "account"]
"""What the policy of a resource says: it denies; it grants to this very user or session, or to everybody; to the role;
to the account, whose own policies decide."""


def _effect(policies: Sequence[Policy], asked: Asked) -> Literal["Allow", "Deny"] | None:
    effects = {policy.effect_on(asked.action, asked.resource, asked.context) for policy in policies}
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def _granted(policy: Policy | None, asked: Asked) -> _Grant | None:
    best: _Grant | None = None
    for statement in () if policy is None else policy.statements:
        named = _naming(statement, asked.principal)
        if named is None or not statement.is_about(asked.action, asked.resource, asked.context):
            continue
        if statement.effect == "Deny":
            return "Deny"
        if best is None or _BETTER.index(named) < _BETTER.index(best):
            best = named
    return best


_BETTER: Final[list[_Grant]] = ["directly", "role", "account"]


def _naming(statement: Statement, principal: Principal) -> _Grant | None:
    """How a statement of a resource's policy names the principal; None if it does not."""
    principals = statement.principals
    if principals is None:
        return None
    if principals.but:
        exempt = all(_is_named(principals, name) for name in principal.names() - {principal.account})
        return None if exempt else "directly"
    if principals.everybody and principal.kind != "service":
        return "directly"
    if _is_named(principals, principal.arn):
        return "directly"
    if principal.role is not None and _is_named(principals, principal.role):
        return "role"
    others = principal.names() - {principal.arn}
    return "account" if principal.kind != "service" and any(_is_named(principals, name) for name in others) else None


def _is_named(principals: Principals, name: str) -> bool:
    kinds = principals.named
    if ":" not in name and not name.isdigit():
        return any(glob(pattern)(name) for pattern in kinds.get("Service", ()))
    if name.isdigit() or name.endswith(":root"):
        account = name if name.isdigit() else name.split(":")[4]
        return any(each in (account, f"arn:aws:iam::{account}:root") for each in kinds.get("AWS", ()))
    return name in kinds.get("AWS", ())

"""The guard: asked before a request is answered whether IAM would allow it.

In the mode ``enforce`` a request that IAM would not allow is refused in AWS's words; in the mode ``warn`` it is logged
and kept in ``denials``, and goes on. In the mode ``off`` there is no guard.
"""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from asl_interpreter.timestamps import iso
from emulator.permissions.asked_by import Actor
from emulator.permissions.asking import Find, Need, Place, account_of
from emulator.permissions.conditions import Later
from emulator.permissions.evaluation import Asked, Decision, Policies, Principal, decide
from emulator.permissions.needs import needs
from emulator.permissions.policies import MalformedPolicy, Policy, read
from emulator.permissions.sentences import sentence

log = logging.getLogger("dynastep")

KEPT: Final = 1000
"""Denials that are kept, the last ones."""

Mode: TypeAlias = Literal["warn", "enforce"]


class Known(Hashable, Protocol):
    """What is known of a role; the same value until it has changed."""

    @property
    def policies(self) -> tuple[str, ...]:
        """The texts of its policies."""

    @property
    def boundary(self) -> str | None:
        """The text of its permissions boundary."""

    @property
    def trust(self) -> str | None:
        """The text of its trust policy."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where roles and resources are looked up."""

    role: Callable[[str], Known | None]
    """A role by its ARN; None if there is none."""
    resource_policy: Callable[[str], tuple[str | None, str]]
    """The policy of a resource by its ARN, and its account, empty where that is not known."""
    find: Callable[[str, str], Find]
    """What looks up names in an account and a region."""
    revision: Callable[[], int]
    """A greater number after each request that may have changed a role or a policy."""


class Denial(NamedTuple):
    """A request that IAM would not allow."""

    at: float
    """When, by the emulator's clock, in seconds since 1970."""
    sentence: str
    """What AWS says."""
    principal: str
    action: str
    resource: str


class Guard:
    """Asks IAM."""

    def __init__(self, mode: Mode, registry: Registry, now: Callable[[], float]) -> None:
        self.mode = mode
        self.registry = registry
        self.denials: deque[Denial] = deque(maxlen=KEPT)
        self.endpoint: str | None = None
        """The id of the VPC endpoint through which clients call, where a test says so."""
        self._now = now
        self._decisions: dict[tuple[Actor, str, str, bool], tuple[tuple[str | None, str], Asked, Decision]] = {}
        """An actor, an action and a resource -> the resource's policy and owner as they were, and what was decided."""
        self._allowed: dict[Hashable, int] = {}
        """What was allowed without regard to who has taken on a role, and for what -> the revision of then."""

    def refusal(
        self, actor: Actor, service: str, operation: str, params: Mapping[str, Any], account: str, region: str
    ) -> Denial | None:
        """Why a request is refused; None if it is allowed, or the mode is ``warn``."""
        if actor.principal.kind == "root" and not actor.context:  # a resource may deny by where a request comes from
            return None
        place = Place(account, region, self.registry.find(account, region))
        return self.lacking(actor, needs(service, operation, params, place), region)

    def lacking(self, actor: Actor, wanted: Sequence[Need], region: str) -> Denial | None:
        """The first of some needs that an actor has no right to; None as above."""
        for need in wanted:
            asked, decision = self._decided(actor, need, region)
            if not decision:
                said = sentence(asked, decision)
                if self.note(said, asked.principal.arn, need.action, need.resource) is not None:
                    return self.denials[-1]
        return None

    def note(self, said: str, principal: str, action: str, resource: str) -> str | None:
        """Keep what is denied; what was said, or None if that only was to be logged."""
        self.denials.append(Denial(self._now(), said, principal, action, resource))
        if self.mode == "enforce":
            return said
        log.warning("IAM would refuse: %s", said)
        return None

    def taken_on(self, role: str, execution: str) -> Actor:
        """Who an execution is that has taken on a role."""
        return session_actor(role, self.registry.role(role), session_name(execution), account_of(role))

    def allowed_before(self, what: Hashable) -> bool:
        """Whether something was allowed, and nothing has changed since that may forbid it."""
        return self._allowed.get(what) == self.registry.revision()

    def remember(self, what: Hashable, actor: Actor, wanted: Sequence[Need], revision: int) -> None:
        """Remember that something is allowed which needs this, if any session of the role would be, at any time.

        That is so where no condition had a say, and no policy of a resource, which may speak of sessions.
        """
        for need in wanted:
            known = self._decisions.get((actor, need.action, need.resource, need.known))
            if known is None or known[0][0] is not None or not known[2]:
                return
        if len(self._allowed) >= KEPT:
            self._allowed.clear()
        self._allowed[what] = revision

    def allows(self, actor: Actor, need: Need, region: str) -> bool:
        """Whether an actor has a right; nothing is noted."""
        return bool(self._decided(actor, need, region)[1])

    def _decided(self, actor: Actor, need: Need, region: str) -> tuple[Asked, Decision]:
        resource, owner, trust = None, "", False
        if need.known and need.resource != "*":
            if need.action == "sts:AssumeRole":
                known = self.registry.role(need.resource)
                resource, trust = (None if known is None else known.trust), True
            else:
                resource, owner = self.registry.resource_policy(need.resource)
        key = (actor, need.action, need.resource, need.known)
        decided = self._decisions.get(key)
        if decided is not None and decided[0] == (resource, owner):
            return decided[1:]
        context = Later(lambda: {**self._common(actor, region), **actor.context, **need.context})
        asked = Asked(
            principal=actor.principal,
            action=need.action,
            resource=need.resource if need.known else None,
            owner=owner or need.owner,
            context=context,
        )
        policies = Policies(
            identity=[_read(text) for text in actor.policies],
            boundary=None if actor.boundary is None else _read(actor.boundary),
            session=None if actor.session is None else _read(actor.session),
            endpoint=None if actor.endpoint is None else _read(actor.endpoint),
            resource=None if resource is None else _read(resource),
            resource_kind="trust" if trust else "resource",
            needs_resource=trust or need.action.startswith("kms:"),
        )
        decision = decide(asked, policies)
        if not context.was_asked:  # no condition had a say: the same will be decided until a policy has changed
            if len(self._decisions) >= KEPT:
                self._decisions.clear()
            self._decisions[key] = ((resource, owner), asked, decision)
        return asked, decision

    def _common(self, actor: Actor, region: str) -> dict[str, Sequence[str]]:
        """The context keys of every request.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        principal, now = actor.principal, self._now()
        kinds = {"user": "User", "session": "AssumedRole", "root": "Account", "service": "Service"}
        common: dict[str, Sequence[str]] = {
            "aws:currenttime": [iso(now)],
            "aws:epochtime": [str(int(now))],
            "aws:requestedregion": [region],
            "aws:securetransport": ["true"],
            "aws:principaltype": [kinds[principal.kind]],
            "aws:viaawsservice": ["false"],
        }
        if principal.kind != "service":
            common["aws:principalarn"] = [principal.role or principal.arn]
            common["aws:principalaccount"] = [principal.account]
        return common


def _read(text: str) -> Policy:
    """A policy; one that was let in though it is malformed allows nothing."""
    try:
        return read(text)
    except MalformedPolicy as error:
        log.warning("A policy is malformed and allows nothing: %s", error)
        return Policy(())


@lru_cache(maxsize=1024)
def session_actor(role_arn: str, known: Known | None, session: str, account: str, policy: str | None = None) -> Actor:
    """Who has taken on a role, under the name of a session. A role that is gone allows nothing."""
    name = role_arn.rpartition("/")[2]
    principal = Principal(f"arn:aws:sts::{account}:assumed-role/{name}/{session}", account, role_arn, "session")
    if known is None:
        return Actor(principal, session=policy)
    tags = {f"aws:principaltag/{key.lower()}": [value] for key, value in known.tags.items()}
    return Actor(principal, known.policies, known.boundary, policy, tags)


@lru_cache(maxsize=1024)
def session_name(execution: str) -> str:
    """The name of the session in which an execution takes on its role: 32 letters, the same in every run."""
    digest = hashlib.sha256(execution.encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

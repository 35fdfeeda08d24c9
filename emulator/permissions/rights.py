"""Rights: what a policy that is written allows; grouped, and as a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from asl_interpreter.jsontext import JSON
from emulator.permissions.asking import Need
from emulator.permissions.policies import WITH_VARIABLES


@dataclass(frozen=True, slots=True)
class Right:
    """What is allowed: actions on resources, under a condition."""

    actions: frozenset[str]
    resources: frozenset[str]
    condition: str = "{}"
    """As JSON text."""

    @classmethod
    def of(cls, actions: str, resources: Iterable[str], condition: Mapping[str, Any] | None = None) -> Right:
        """Of actions, separated by blanks, on resources."""
        return cls(frozenset(actions.split()), frozenset(resources), json.dumps(condition or {}, sort_keys=True))

    @classmethod
    def needed(cls, need: Need) -> Right:
        """What gives somebody what is needed."""
        condition: dict[str, Any] = {}
        if "iam:passedtoservice" in need.context:
            condition = {"StringEquals": {"iam:PassedToService": need.context["iam:passedtoservice"][0]}}
        return cls.of(need.action, [need.resource], condition)

    def document(self) -> dict[str, JSON]:
        """As a statement of a policy."""
        document: dict[str, JSON] = {
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": "*" if self.resources == {"*"} else sorted(self.resources),
        }
        condition = json.loads(self.condition)
        return {**document, "Condition": condition} if condition else document


def grouped(rights: Iterable[Right]) -> list[Right]:
    """The same rights in few statements: one for each set of resources, then one for each set of actions."""
    by_resource: dict[tuple[str, str], set[str]] = {}
    for right in rights:
        for resource in right.resources:
            by_resource.setdefault((resource, right.condition), set()).update(right.actions)
    by_actions: dict[tuple[frozenset[str], str], set[str]] = {}
    for (resource, condition), actions in by_resource.items():
        left = actions - by_resource.get(("*", condition), set()) if resource != "*" else actions
        if left:
            by_actions.setdefault((frozenset(left), condition), set()).add(resource)
    return [Right(actions, frozenset(resources), condition) for (actions, condition), resources in by_actions.items()]


def document(rights: Iterable[Right]) -> dict[str, JSON]:
    """A policy document that gives these rights."""
    return {"Version": WITH_VARIABLES, "Statement": [right.document() for right in rights]}

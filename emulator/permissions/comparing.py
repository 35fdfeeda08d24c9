"""Comparing: what a role has against what it needs. What is missing, what is unused, what could be narrower."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from emulator.permissions.conditions import Context
from emulator.permissions.policies import Policy, Statement
from emulator.permissions.rights import Right
from emulator.permissions.wildcards import glob

PUT_IN: Final = "**"
"""What stands in a policy of a template for what is put in when it is deployed: it matches, and is not too broad."""


@dataclass(slots=True)
class Difference:
    """How the policies of a role differ from what is needed; each entry is an action and a resource, as texts."""

    missing: list[tuple[str, str]] = field(default_factory=list)
    unused: list[tuple[str, str]] = field(default_factory=list)
    """An action and ``*``, or actions in one text and the resource on which nobody needs them."""
    broad: list[tuple[str, str]] = field(default_factory=list)
    """A pattern with a wildcard, and what of it is needed."""


def compare(policies: Sequence[Policy], needed: Iterable[Right]) -> Difference:
    """How policies differ from the rights that are needed.

    A resource that is needed with a wildcard, since nobody knows which one it will be, must be allowed with one.
    """
    pairs = [
        (action, resource, _context(right))
        for right in needed
        for action in sorted(right.actions)
        for resource in sorted(right.resources)
    ]
    found = Difference()
    for action, resource, context in pairs:
        effects = {policy.effect_on(action, resource, context) for policy in policies}
        if "Allow" not in effects or "Deny" in effects:
            found.missing.append((action, resource))
    asked = [(action, resource) for action, resource, _ in pairs]
    for policy in policies:
        for statement in policy.statements:
            if statement.effect == "Allow" and not statement.but_actions and not statement.but_resources:
                _judge(statement, asked, found)
    return found


def _context(right: Right) -> Context:
    """The context keys that a request for a right has, by its condition."""
    return {
        key.lower(): value if isinstance(value, list) else [value]
        for keys in json.loads(right.condition).values()
        for key, value in keys.items()
    }


def _judge(statement: Statement, asked: Sequence[tuple[str, str]], found: Difference) -> None:
    used = []
    for pattern in statement.actions:
        actions = list(dict.fromkeys(action for action, _ in asked if glob(pattern.lower())(action.lower())))
        touched = [
            action
            for action in actions
            if any(action == name and _reached(statement.resources, resource) for name, resource in asked)
        ]
        if not touched:
            found.unused.append((pattern, "*" if not statement.resources else ", ".join(statement.resources)))
            continue
        used += touched
        if _is_broad(pattern):
            found.broad.append((pattern, ", ".join(touched)))
    for pattern in statement.resources if used else ():
        resources = list(dict.fromkeys(_within(pattern, used, asked)))
        if not resources:
            found.unused.append((", ".join(statement.actions), pattern))
        elif _is_broad(pattern) and resources != [pattern]:
            found.broad.append((pattern, ", ".join(resources)))


def _is_broad(pattern: str) -> bool:
    written = pattern.replace(PUT_IN, "")
    return "*" in written or "?" in written


def _reached(patterns: Iterable[str], resource: str) -> bool:
    return any(glob(pattern)(resource) for pattern in patterns)


def _within(pattern: str, actions: Sequence[str], asked: Sequence[tuple[str, str]]) -> Iterator[str]:
    return (resource for action, resource in asked if action in actions and glob(pattern)(resource))

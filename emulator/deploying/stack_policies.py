"""Stack policies: what an update may do to which resources of a stack.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html; the texts of
refusals as AWS was recorded to answer them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from asl_interpreter.jsontext import InvalidJSON, loads

Action: TypeAlias = Literal["Update:Modify", "Update:Replace", "Update:Delete"]

_ACTIONS: Final = frozenset({"Update:*", "Update:Modify", "Update:Replace", "Update:Delete"})
_CONDITIONS: Final = frozenset({"StringEquals", "StringLike"})
_RESOURCE: Final = "LogicalResourceId/"
_MEMBERS: Final = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Principal", "Resource", "NotResource", "Condition"}
)


class InvalidStackPolicy(Exception):
    """A text is no stack policy. The message is AWS's."""

    def __init__(self) -> None:
        super().__init__("Error validating stack policy: Invalid stack policy")


@dataclass(frozen=True, slots=True)
class StackPolicy:
    """A stack policy. ``text`` is as it was sent; without a statement, it allows everything."""

    text: str
    statements: tuple[Mapping[str, Any], ...]

    def refusal(self, action: Action, logical_id: str, kind: str) -> str | None:
        """Why something may not be done to a resource of a type; None if it may."""
        if not self.statements:
            return None
        allowed = False
        for number, statement in enumerate(self.statements, start=1):
            if not _applies(statement, action, logical_id, kind):
                continue
            if statement["Effect"] == "Deny":
                place = f"[{action}] for resource [{_RESOURCE}{logical_id}]"
                return f"Action denied by stack policy: Statement [#{number}] does not allow {place};"
            allowed = True
        return None if allowed else "Action not allowed by stack policy"


def read_stack_policy(text: str) -> StackPolicy:
    """The stack policy that a text is. Raises InvalidStackPolicy."""
    try:
        value = loads(text)
    except InvalidJSON:
        raise InvalidStackPolicy from None
    if not isinstance(value, dict) or value.keys() - {"Statement", "Version", "Id"}:
        raise InvalidStackPolicy
    statements = value.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(statement, dict) and _is_valid(statement) for statement in listed):
        raise InvalidStackPolicy
    return StackPolicy(text, tuple(listed))


def _is_valid(statement: Mapping[str, Any]) -> bool:
    actions = _list(statement.get("Action", statement.get("NotAction")))
    resources = _list(statement.get("Resource", statement.get("NotResource")))
    conditions = statement.get("Condition", {})
    return (
        not statement.keys() - _MEMBERS
        and statement.get("Effect") in ("Allow", "Deny")
        and statement.get("Principal") == "*"
        and bool(actions)
        and _ACTIONS.issuperset(actions)
        and bool(resources)
        and all(isinstance(name, str) and (name == "*" or name.startswith(_RESOURCE)) for name in resources)
        and isinstance(conditions, dict)
        and _CONDITIONS.issuperset(conditions)
        and all(isinstance(keys, dict) and set(keys) == {"ResourceType"} for keys in conditions.values())
    )


def _applies(statement: Mapping[str, Any], action: str, logical_id: str, kind: str) -> bool:
    name = f"{_RESOURCE}{logical_id}"
    if ("Action" in statement) != _matches(statement.get("Action", statement.get("NotAction")), action):
        return False
    if ("Resource" in statement) != _matches(statement.get("Resource", statement.get("NotResource")), name):
        return False
    for operator, keys in statement.get("Condition", {}).items():
        wanted = _list(keys["ResourceType"])
        if not (kind in wanted if operator == "StringEquals" else _matches(wanted, kind)):
            return False
    return True


def _matches(patterns: Any, text: str) -> bool:
    """Whether one of some patterns, in which a star stands for any text, is a text's."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None for pattern in _list(patterns)
    )


def _list(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else [] if value is None else [value]

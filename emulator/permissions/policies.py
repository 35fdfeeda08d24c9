"""Policies: the JSON documents of IAM, read once into frozen values.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.permissions.conditions import Condition, Context, InvalidCondition, expand, read_conditions
from emulator.permissions.wildcards import glob

Effect: TypeAlias = Literal["Allow", "Deny"]

WITH_VARIABLES: Final = "2012-10-17"
VERSIONS: Final = (WITH_VARIABLES, "2008-10-17")
_ELEMENTS: Final = frozenset(
    {
        *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"),
        "Condition",
    }
)


class MalformedPolicy(ValueError):
    """A document is no policy. The message says what is wrong, and in which statement."""


@dataclass(frozen=True, slots=True)
class Principals:
    """Whom a statement of a resource's policy is about: kind ("AWS", "Service", "Federated") -> names."""

    named: Mapping[str, tuple[str, ...]]
    but: bool = False
    """Whether everybody but those named is meant: NotPrincipal."""

    @property
    def everybody(self) -> bool:
        """Whether ``*`` is among the names."""
        return "*" in self.named.get("AWS", ())


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``actions`` and ``resources`` are patterns; the flags say that all but those are meant."""

    effect: Effect
    actions: tuple[str, ...]
    but_actions: bool
    resources: tuple[str, ...]
    but_resources: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]
    variables: bool
    """Whether ``${...}`` in it stands for a value of the request: in the newer version of the language alone."""
    sid: str = ""

    def is_about(self, action: str, resource: str | None, context: Context) -> bool:
        """Whether action, resource and conditions of a request are those of the statement.

        ``resource`` is None where nobody can tell from the request which one it means: then any allowing statement
        may be about it, and no denying one certainly is.
        """
        if self._names_action(action) is self.but_actions:
            return False
        if resource is None:
            if self.effect == "Deny" and self.resources not in (("*",), ()):
                return False
        elif self.resources and self._names_resource(resource, context) is self.but_resources:
            return False
        return all(condition.holds(context, variables=self.variables) for condition in self.conditions)

    def _names_action(self, action: str) -> bool:
        return any(glob(pattern.lower())(action.lower()) for pattern in self.actions)

    def _names_resource(self, resource: str, context: Context) -> bool:
        for pattern in self.resources:
            expanded = expand(pattern, context) if self.variables and "${" in pattern else pattern
            if expanded is not None and glob(expanded)(resource):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document."""

    statements: tuple[Statement, ...]

    def effect_on(self, action: str, resource: str | None, context: Context) -> Effect | None:
        """What an identity's policy says of a request: "Deny" if any statement does, None if none is about it."""
        effect: Effect | None = None
        for statement in self.statements:
            if (effect is None or statement.effect == "Deny") and statement.is_about(action, resource, context):
                if statement.effect == "Deny":
                    return "Deny"
                effect = "Allow"
        return effect


@lru_cache(maxsize=1024)
def read(text: str) -> Policy:
    """A policy from its text.

    Raises:
        MalformedPolicy: the text is no policy.
    """
    try:
        document = loads(text)
    except InvalidJSON as error:
        raise MalformedPolicy(f"Syntax errors in policy: {error}") from None
    return policy(document)


def policy(document: JSON) -> Policy:
    """A policy from its document.

    Raises:
        MalformedPolicy: the document is no policy.
    """
    if not isinstance(document, dict):
        raise MalformedPolicy("A policy is an object with the members Version and Statement.")
    version = document.get("Version", "2008-10-17")
    if version not in VERSIONS:
        raise MalformedPolicy(f"The Version of a policy is {' or '.join(VERSIONS)}, not {version!r}.")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise MalformedPolicy("The Statement of a policy is an object or a list of objects.")
    variables = version == WITH_VARIABLES
    return Policy(tuple(_statement(index, each, variables=variables) for index, each in enumerate(statements, 1)))


def _statement(index: int, given: JSON, *, variables: bool) -> Statement:
    where = f"Statement {index}"
    if not isinstance(given, dict):
        raise MalformedPolicy(f"{where} is no object.")
    if unknown := given.keys() - _ELEMENTS:
        raise MalformedPolicy(f"{where} has the unknown element {min(unknown)}.")
    if given.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy(f"{where} needs an Effect: Allow or Deny.")
    for pair in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if pair[0] in given and pair[1] in given:
            raise MalformedPolicy(f"{where} has both {pair[0]} and {pair[1]}.")
    if "Action" not in given and "NotAction" not in given:
        raise MalformedPolicy(f"{where} needs an Action or a NotAction.")
    try:
        conditions = read_conditions(given.get("Condition", {}))
    except InvalidCondition as error:
        raise MalformedPolicy(f"{where}: {error}") from None
    return Statement(
        effect=given["Effect"],
        actions=_texts(where, "Action", given.get("Action", given.get("NotAction"))),
        but_actions="NotAction" in given,
        resources=_texts(where, "Resource", given.get("Resource", given.get("NotResource", []))),
        but_resources="NotResource" in given,
        principals=_principals(where, given),
        conditions=conditions,
        variables=variables,
        sid=str(given.get("Sid", "")),
    )


def _texts(where: str, element: str, value: JSON) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise MalformedPolicy(f"{where}: {element} is a text or a list of texts.")
    return tuple(texts)


def _principals(where: str, given: Mapping[str, JSON]) -> Principals | None:
    if "Principal" not in given and "NotPrincipal" not in given:
        return None
    value = given.get("Principal", given.get("NotPrincipal"))
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        raise MalformedPolicy(
            f'{where}: a principal is "*" or an object such as {{"Service": "states.amazonaws.com"}}.'
        )
    named = {kind: _texts(where, "Principal", names) for kind, names in value.items()}
    return Principals(named, but="NotPrincipal" in given)

"""Authorizing: Lambda authorizers say whether a request may pass.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.apigateway.mapping import Mapped
from emulator.apigateway.refusals import Refused
from emulator.wire.patterns import bounded_rule

Invoke = Callable[[str, str], "tuple[str, bool]"]
"""Calls a function by its ARN with a JSON text: its answer, and whether it has failed."""

_KEPT: Final = 10_000


@dataclass(slots=True)
class Decisions:
    """What authorizers have said, as long as they allow it to be kept."""

    _kept: dict[tuple[str, ...], tuple[float, dict[str, Any]]] = field(default_factory=dict)

    def find(self, key: tuple[str, ...], now: float) -> dict[str, Any] | None:
        """What was said of this identity, if it still holds."""
        until, decision = self._kept.get(key, (0.0, {}))
        return decision if until > now else None

    def forget(self, api: str, stage: str) -> None:
        """Forget what was said of a stage."""
        for key in [each for each in self._kept if each[:2] == (api, stage)]:
            self._kept.pop(key, None)

    def keep(self, key: tuple[str, ...], until: float, decision: dict[str, Any]) -> None:
        """Keep it until a time."""
        while len(self._kept) >= _KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = until, decision


def allowed(said: Mapping[str, Any], method_arn: str) -> dict[str, JSON]:
    """What a ``decision`` that lets a request pass tells the API: ``$context.authorizer``.

    Raises:
        Refused: the request may not pass.
    """
    _check_policy(said.get("policyDocument"), method_arn)
    context = said.get("context") or {}
    return {"principalId": said["principalId"], **{name: _flat(value) for name, value in context.items()}}


def decision(
    authorizer: Mapping[str, Any],
    mapped: Mapped,
    event: Mapping[str, JSON],
    method_arn: str,
    invoke: Invoke,
    kept: Callable[[tuple[str, ...], int, Callable[[], dict[str, Any]]], dict[str, Any]],
) -> dict[str, Any]:
    """What the function of an authorizer answers: a principal, a policy that may allow or deny, a context.

    ``kept`` gives what was said of an identity before, or has it said.

    Raises:
        Refused: the request has no identity, or the function does not answer as it should.
    """
    kind, lifetime = authorizer.get("type"), authorizer.get("authorizerResultTtlInSeconds")
    seconds = 300 if lifetime is None else int(lifetime)
    sources = [each.strip() for each in (authorizer.get("identitySource") or "").split(",") if each.strip()]
    identity = [mapped.parameter(source) for source in sources]
    if kind == "TOKEN":
        token = identity[0] if identity else None
        pattern = authorizer.get("identityValidationExpression")
        if not token or (pattern and not matches(pattern, str(token))):
            raise Refused("UNAUTHORIZED")
        sent: dict[str, JSON] = {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}
    else:
        if seconds and not all(identity):
            raise Refused("UNAUTHORIZED")
        sent = {"type": "REQUEST", "methodArn": method_arn, **event}

    def ask() -> dict[str, Any]:
        payload, failed = invoke(function_of(authorizer.get("authorizerUri") or "", mapped.variables), dumps(sent))
        return _read(payload, failed=failed)

    key = (str(authorizer.get("id")), *map(str, identity))
    return kept(key, seconds if identity else 0, ask)


def _read(payload: str, *, failed: bool) -> dict[str, Any]:
    try:
        said = loads(payload)
    except InvalidJSON:
        said = None
    if failed:
        unauthorized = isinstance(said, dict) and said.get("errorMessage") == "Unauthorized"
        raise Refused("UNAUTHORIZED" if unauthorized else "AUTHORIZER_FAILURE", why=payload)
    if not isinstance(said, dict) or not said.get("principalId") or not isinstance(said.get("policyDocument"), dict):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", why=f"the authorizer answered {payload}")
    context = said.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(value, dict | list) for value in context.values()):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", why="the context of an authorizer has no objects and arrays")
    return said


def _flat(value: JSON) -> JSON:
    """A value of the context as it is handed on: as text."""
    return value if value is None or isinstance(value, str) else dumps(value)


def policy_allows(policy: Any, arn: str) -> bool:
    """Whether a policy lets a method be called."""
    try:
        _check_policy(policy, arn)
    except Refused:
        return False
    return True


def _check_policy(policy: Any, arn: str) -> None:
    """See that a policy lets a method be called.

    Raises:
        Refused: it does not.
    """
    given = policy if isinstance(policy, dict) else {}
    effects = {
        statement.get("Effect")
        for statement in _listed(given.get("Statement"))
        if isinstance(statement, dict)
        and any(_fits(each, "execute-api:Invoke") for each in _listed(statement.get("Action")))
        and any(_fits(each, arn) for each in _listed(statement.get("Resource")))
    }
    said = "User is not authorized to access this resource"
    if "Deny" in effects:
        raise Refused("ACCESS_DENIED", f"{said} with an explicit deny")
    if "Allow" not in effects:
        raise Refused("ACCESS_DENIED", said)


def _fits(pattern: Any, arn: str) -> bool:
    words = re.sub(r"\*+", "*", str(pattern))
    return matches("".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in words), arn)


def matches(pattern: str, text: str) -> bool:
    """Whether a regular expression of an API, in Java's syntax, matches a whole text; one that is none does not."""
    rule = bounded_rule(pattern)
    return rule is not None and not rule.broken(text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


_FUNCTION: Final = re.compile(r".*:lambda:path/2015-03-31/functions/(?P<arn>.+)/invocations/?")


def function_of(uri: str, variables: Mapping[str, str]) -> str:
    """The ARN of the function that a URI of an integration or an authorizer calls.

    Raises:
        Refused: it calls none.
    """
    match = _FUNCTION.fullmatch(with_variables(uri, variables))
    if match is None:
        raise Refused("API_CONFIGURATION_ERROR", why=f"{uri} names no function")
    return match["arn"]


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """A text with the stage variables that it names."""
    return re.sub(r"\$\{stageVariables\.(\w+)\}", lambda match: variables.get(match[1], ""), text)

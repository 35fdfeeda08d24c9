"""Simulation: IAM's SimulatePrincipalPolicy and SimulateCustomPolicy, by the evaluation that is asked at work.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON
from emulator.faults import Fault
from emulator.moto_door import identities
from emulator.permissions.asking import account_of
from emulator.permissions.evaluation import Asked, Policies, Principal, decide
from emulator.permissions.policies import MalformedPolicy, Policy, read

if TYPE_CHECKING:
    from emulator.wire.operations import Handler
    from emulator.wire.protocol import Call
    from emulator.world import World


def simulate_principal_policy(_world: World, call: Call) -> dict[str, JSON]:
    """SimulatePrincipalPolicy: what the policies of a user or a role say, with further ones in the request."""
    arn = call.params["PolicySourceArn"]
    identity = identities.role(arn) or identities.user(arn)
    if identity is None:
        raise Fault("NoSuchEntity", f"Entity {arn} does not exist or is not attachable.", status=404)
    boundary = [] if identity.boundary is None else [identity.boundary]
    return _simulated(call, arn, [*identity.policies, *call.params.get("PolicyInputList", ())], boundary)


def simulate_custom_policy(_world: World, call: Call) -> dict[str, JSON]:
    """SimulateCustomPolicy: what the policies in the request say."""
    return _simulated(call, f"arn:aws:iam::{call.account}:user/simulated", call.params["PolicyInputList"], [])


def _simulated(call: Call, source: str, texts: Iterable[str], boundary: list[str]) -> dict[str, JSON]:
    params = call.params
    try:
        identity = [read(text) for text in texts]
        limits = [read(text) for text in params.get("PermissionsBoundaryPolicyInputList", boundary)]
        resource = read(params["ResourcePolicy"]) if params.get("ResourcePolicy") else None
    except MalformedPolicy as error:
        raise Fault("InvalidInput", f"Invalid policy: {error}") from None
    caller = params.get("CallerArn") or source
    principal = Principal(caller, account_of(caller), caller if ":role/" in caller else None)
    context = {
        each["ContextKeyName"].lower(): each.get("ContextKeyValues", []) for each in params.get("ContextEntries", ())
    }
    policies = Policies(identity, limits[0] if limits else None, resource=resource)
    owner = account_of(params.get("ResourceOwner", ""))
    found = [
        _evaluated(Asked(principal, action, arn, owner, context), policies)
        for action in params["ActionNames"]
        for arn in params.get("ResourceArns") or ["*"]
    ]
    return {"EvaluationResults": found, "IsTruncated": False}


def _evaluated(asked: Asked, policies: Policies) -> dict[str, JSON]:
    decision = decide(asked, policies)
    said = "allowed" if decision else "explicitDeny" if decision.explicit else "implicitDeny"
    result: dict[str, Any] = {
        "EvalActionName": asked.action,
        "EvalResourceName": asked.resource,
        "EvalDecision": said,
        "MatchedStatements": [],
        "MissingContextValues": sorted(_missing(asked, [*policies.identity])),
    }
    if policies.boundary is not None:
        result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": decision.kind != "boundary"}
    return result


def _missing(asked: Asked, policies: Iterable[Policy]) -> set[str]:
    """The context keys that conditions ask for and the request does not say."""
    return {
        condition.key
        for policy in policies
        for statement in policy.statements
        for condition in statement.conditions
        if condition.key.lower() not in asked.context
    }


OPERATIONS: Final[Mapping[str, Handler]] = {
    "SimulateCustomPolicy": simulate_custom_policy,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}

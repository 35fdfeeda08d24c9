"""Sentences: how AWS says that a request is denied.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import Final

from emulator.permissions.evaluation import Asked, Decision

_NONE_ALLOWS: Final = {
    "identity": "no identity-based policy allows",
    "boundary": "no permissions boundary allows",
    "session": "no session policy allows",
    "resource": "no resource-based policy allows",
    "trust": "no role trust policy allows",
    "endpoint": "no VPC endpoint policy allows",
}
_DENIES: Final = {
    "identity": "an identity-based policy",
    "boundary": "a permissions boundary",
    "session": "a session policy",
    "resource": "a resource-based policy",
    "trust": "the role trust policy",
    "endpoint": "a VPC endpoint policy",
}


def sentence(asked: Asked, decision: Decision) -> str:
    """AWS's sentence for a request that is denied."""
    said = f"User: {asked.principal.arn} is not authorized to perform: {asked.action}"
    if asked.resource not in (None, "*"):
        said += f" on resource: {asked.resource}"
    if decision.explicit:
        return f"{said} with an explicit deny in {_DENIES[decision.kind]}"
    return f"{said} because {_NONE_ALLOWS[decision.kind]} the {asked.action} action"

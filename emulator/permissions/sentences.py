"""Sentences: how AWS says that a request is denied.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

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


class Refusal(NamedTuple):
    """A refusal as a service makes it."""

    code: str
    status: int
    message: str


def refusal(service: str, protocol: str, said: str) -> Refusal:
    """How a service refuses what IAM does not allow; ``service`` is botocore's name, ``protocol`` that of its model.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, the model of SNS, and errors as users
    of each service report them.
    """
    match service:
        case "sns":  # which writes its own name in capitals
            return Refusal("AuthorizationError", 403, re.sub(r"\bsns:(?=[A-Z])", "SNS:", said))
        case "sqs":  # which writes actions in small letters
            return Refusal("AccessDenied", 403, re.sub(r"\bsqs:[A-Z]\w+", lambda found: found[0].lower(), said))
        case "s3":
            return Refusal("AccessDenied", 403, re.sub(r"on resource: (\S+)", r'on resource: "\1"', said))
        case "ec2":
            return Refusal("UnauthorizedOperation", 403, f"You are not authorized to perform this operation. {said}")
    if protocol == "query":
        return Refusal("AccessDenied", 403, said)
    return Refusal("AccessDeniedException", 403 if protocol.startswith("rest") else 400, said)

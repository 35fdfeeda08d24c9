"""Roles that tests make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from asl_interpreter.jsontext import JSON
from emulator.bench.policies import MachinePolicy


def make_role(
    iam: Any,
    name: str,
    policies: Iterable[MachinePolicy | Mapping[str, JSON]],
    service: str,
    boundary: Mapping[str, JSON] | None,
) -> str:
    """Make a role that trusts a service, or give the role of this name other policies; its ARN.

    ``iam`` is a client of IAM.
    """
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        arn: str = iam.get_role(RoleName=name)["Role"]["Arn"]
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    except iam.exceptions.NoSuchEntityException:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for held in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=held)
    for number, policy in enumerate(policies, 1):
        document = policy.document if isinstance(policy, MachinePolicy) else policy
        iam.put_role_policy(RoleName=name, PolicyName=f"policy-{number}", PolicyDocument=json.dumps(document))
    if boundary is not None:
        made = iam.create_policy(PolicyName=f"{name}-boundary", PolicyDocument=json.dumps(boundary))["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=made)
    return arn

"""Roles: those that tests make, and what one may do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from asl_interpreter.jsontext import JSON
from emulator.bench.policies import MachinePolicy
from emulator.permissions.policies import Policy
from emulator.permissions.policies import policy as read_policy


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


def policies_of_role(iam: Any, arn: str) -> list[Policy]:
    """The policies of a role; ``iam`` is a client of IAM.

    Raises:
        MalformedPolicy: one is malformed.
    """
    name = arn.rpartition("/")[2]
    documents = [
        iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]
        for each in iam.list_role_policies(RoleName=name)["PolicyNames"]
    ]
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]["DefaultVersionId"]
        held = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=version)
        documents.append(held["PolicyVersion"]["Document"])
    return [read_policy(document) for document in documents]

"""Buckets: what the policy of a bucket forbids."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def get_permission(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """What a policy says of an action. moto judges no conditions, so that a denial under one would deny everything.

    CDK and others write into every policy that requests without TLS are denied; on AWS those are not sent at all.
    """

    def permission(bucket: Any, action: str, resource: str) -> Any:
        from moto.iam.access_control import IAMPolicy, PermissionResult

        if bucket.policy is None:
            return theirs(bucket, action, resource)
        policy = json.loads(bucket.policy)
        statements = policy.get("Statement", [])
        statements = [statements] if isinstance(statements, dict) else statements
        kept = [each for each in statements if each.get("Effect") != "Deny" or not each.get("Condition")]
        if not kept:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**policy, "Statement": kept})).is_action_permitted(action, resource)

    return permission

"""What one Task needs: as rights, before anybody knows all of its arguments, and as needs, when it is called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from asl_interpreter.jsontext import JSON
from emulator.permissions import actions
from emulator.permissions.arguments import Arguments, filled, names_any, of_run
from emulator.permissions.asking import UNKNOWN, Facts, FindOperation, Need, Operation, Place
from emulator.permissions.integrations import GRANTS, Grant
from emulator.permissions.needs import needs, of_action
from emulator.permissions.rights import Right
from emulator.permissions.specifics import SPECIFIC, bedrock_data

_RESOURCE: Final = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:(?P<service>[a-zA-Z0-9-]+(?::[a-zA-Z0-9-]+)?):(?P<action>[a-zA-Z0-9]+)"
    r"(?P<suffix>\.\S+)?"
)
_LAMBDA: Final = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9*-]+:[\d*]+:function:\S+")


def rights_of_task(
    resource: str, arguments: Arguments, facts: Facts, find_operation: FindOperation
) -> tuple[list[Right], str | None]:
    """The rights that a Task with this Resource needs, and why they are not known if they are not."""
    if _LAMBDA.fullmatch(resource):
        return [Right.of("lambda:InvokeFunction", [resource])], None
    if resource.startswith("*"):
        return [], "its Resource is put in when it is deployed"
    match = _RESOURCE.fullmatch(resource)
    if ":activity:" in resource:  # nobody needs a right to have an activity work, but for its key
        key = facts.key_of_activity(resource)
        about = {"StringEquals": {"kms:EncryptionContext:aws:states:activityArn": resource}}
        return ([] if key is None else [Right.of("kms:Decrypt kms:GenerateDataKey", [key], about)]), None
    if match is None:
        return [], None
    service, action, suffix = match["service"], match["action"], match["suffix"] or ""
    special = SPECIFIC.get((service, action))
    if special is not None:
        return special(facts, arguments, suffix), None
    grants = GRANTS.get((service, action))
    if grants is not None:
        return _granted(service, arguments, grants, facts.place, waits=suffix.startswith(".sync")), None
    operation = find_operation(service, action)
    if operation is not None:
        return [Right.needed(need) for need in _needed(operation, arguments, facts.place)], None
    ended = actions.find(f"{service.removeprefix('aws-sdk:')}:{action}")
    if ended is not None:  # botocore has dropped its model
        return [Right.needed(of_action(ended.name, arguments, facts.place))], None
    return [], f"no model has {service}:{action}"


def _needed(operation: Operation, arguments: Arguments, place: Place) -> list[Need]:
    params = {operation.members.get(name, name): value for name, value in arguments.items()}
    if not arguments.all_known:
        params = dict.fromkeys(operation.members.values(), UNKNOWN) | params
    return needs(operation.service, operation.name, params, place)


def _granted(service: str, arguments: Arguments, grants: Iterable[Grant], place: Place, *, waits: bool) -> list[Right]:
    found = []
    for grant in grants:
        if grant.sync and not waits:
            continue
        static = [filled(template, arguments, place) for template in grant.resources]
        known = all(arn is not None for arn in static)
        if grant.optional and not known and arguments.all_known and not names_any(grant.resources, arguments):
            continue
        dynamic = [filled(template, arguments, place) for template in grant.dynamic]
        resources = [arn for arn in (static if known else dynamic) if arn is not None]
        named = f"{grant.actions} {grant.waiting}" if waits and grant.waiting else grant.actions
        found.append(Right.of(named, resources, _condition(grant, arguments, place)))
    if service == "bedrock":
        found += bedrock_data(arguments, place)
    return found


def _condition(grant: Grant, arguments: Arguments, place: Place) -> dict[str, dict[str, Any]]:
    condition: dict[str, dict[str, Any]] = {}
    for operator, keys in grant.condition.items():
        for key, template in keys.items():
            if (value := filled(template, arguments, place)) is not None:
                condition.setdefault(operator, {})[key] = value
    return condition


_BY_OPERATION: Final = frozenset(
    {
        ("events", "putEvents"),
        ("lambda", "invoke"),
        ("sns", "publish"),
        ("sqs", "sendMessage"),
        ("states", "startExecution"),
        *(("dynamodb", f"{verb}Item") for verb in ("get", "put", "update", "delete")),
    }
)
"""Optimized integrations that need what their operation needs, with its context keys."""


def needs_of_task(resource: str, arguments: JSON, facts: Facts, find_operation: FindOperation) -> list[Need]:
    """What a Task with this Resource needs for a request with these arguments."""
    operation, alone = _operation(resource, find_operation)
    found: list[Need] = []
    if operation is not None:
        given = arguments if isinstance(arguments, dict) else {}
        params = {operation.members.get(name, name): value for name, value in given.items()}
        found = needs(operation.service, operation.name, params, facts.place)
        if alone:
            return found
    actions = {need.action for need in found}
    rights, _ = rights_of_task(resource, of_run(arguments), facts, find_operation)
    return [*found, *(need for right in rights for need in _needs(right) if need.action not in actions)]


@lru_cache(maxsize=1024)
def _operation(resource: str, find_operation: FindOperation) -> tuple[Operation | None, bool]:
    """The operation by whose needs a Task is judged, and whether these are all.

    None if AWS's page of the integration says what it needs.
    """
    match = _RESOURCE.fullmatch(resource)
    if match is None or not (
        match["service"].startswith("aws-sdk:") or (match["service"], match["action"]) in _BY_OPERATION
    ):
        return None, False
    operation = find_operation(match["service"], match["action"])
    return operation, operation is not None and not (match["suffix"] or "").startswith(".sync")


def _needs(right: Right) -> list[Need]:
    """The needs that a right answers. Where a page asks for a wildcard, any resource that a policy has will do."""
    context = {
        key.lower(): value if isinstance(value, list) else [value]
        for keys in json.loads(right.condition).values()
        for key, value in keys.items()
    }
    return [
        Need(action, resource, context, known="*" not in resource)
        for action in sorted(right.actions)
        for resource in sorted(right.resources)
    ]

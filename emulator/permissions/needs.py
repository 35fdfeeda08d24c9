"""Needs: which actions on which resources an operation of a service needs, told by its request.

An action has the operation's name, and its resource is found by the table of actions: ``${QueueName}`` of a queue's ARN
is what the request calls QueueName. Services that do it otherwise have a rule of their own in ``resources``.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from emulator.permissions import actions
from emulator.permissions.asking import UNKNOWN, Need, Place
from emulator.permissions.resources import RENAMED, RULES
from emulator.permissions.wildcards import glob
from emulator.wire.operations import service_model

_PREFIXES: Final = {
    "monitoring": "cloudwatch",
    "iotdata": "iot",
    "tagging": "tag",
    "cloudcontrolapi": "cloudformation",
    "IoTSecuredTunneling": "iot",
    "mturk-requester": "mechanicalturk",
}
"""What a service signs with -> what its actions begin with, where that is something else."""


@cache
def prefix_of(service: str) -> str:
    """What the actions of a service begin with: ``states`` of botocore's ``stepfunctions``."""
    metadata = service_model(service).metadata
    name = str(metadata.get("signingName") or metadata["endpointPrefix"])
    return _PREFIXES.get(name, name)


def needs(service: str, operation: str, params: Mapping[str, Any], place: Place) -> list[Need]:
    """What a request needs; ``service`` and ``operation`` are botocore's names, ``params`` by the model's.

    A value that is not known yet, such as one that a definition computes, is UNKNOWN.
    """
    rule = RULES.get((service, operation)) or RULES.get((service, ""))
    found = None if rule is None else rule(operation, params, place)
    if found is None:
        found = [of_action(f"{prefix_of(service)}:{RENAMED.get((service, operation), operation)}", params, place)]
    return [*found, *_passed_roles(service, operation, params)]


def of_action(name: str, params: Mapping[str, Any], place: Place) -> Need:
    """An action on the resource that the request names; on all that it might mean, where it names none."""
    action = actions.find(name)
    if action is None:
        return Need(name, "*", known=False)
    if not action.kinds:
        return Need(action.name, "*")
    patterns = actions.service(name.partition(":")[0]).resources  # type: ignore[union-attr]  # it has the action
    kinds = [patterns[kind] for kind in action.kinds]
    for kind in kinds:
        if (arn := _given_arn(kind, params)) is not None:
            return Need(action.name, arn)
    named = [kind for kind in kinds if set(_VARIABLE.findall(kind)) - _PLACES] or kinds
    # Of several kinds the first counts that the request names, now or once a value is known that is not yet.
    meant = next((kind for kind in named if _is_named(kind, action.name, params)), named[0])
    arn = _filled(meant, action.name, params, place)
    return Need(action.name, arn, known="*" not in arn)


_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


def _given_arn(pattern: str, params: Mapping[str, Any]) -> str | None:
    """A value of the request that is an ARN of this kind."""
    matches = glob(_VARIABLE.sub("*", pattern))
    values = (each for value in params.values() for each in (value if isinstance(value, list) else [value]))
    return next((value for value in values if isinstance(value, str) and value[:4] == "arn:" and matches(value)), None)


_PLACES: Final = frozenset({"Partition", "Region", "Account"})


def _filled(pattern: str, action: str, params: Mapping[str, Any], place: Place) -> str:
    """An ARN with what is known of it; what is not is ``*``."""
    places = {"Partition": place.partition, "Region": place.region, "Account": place.account}
    return _VARIABLE.sub(lambda match: places.get(match[1]) or _value(match[1], action, params), pattern)


def _is_named(pattern: str, action: str, params: Mapping[str, Any]) -> bool:
    """Whether a request has a value for each variable of an ARN."""
    names = set(_VARIABLE.findall(pattern)) - _PLACES
    return all(any(_names(name, given, action) for given in params if _is_value(params[given])) for name in names)


def _is_value(value: Any) -> bool:
    return value is UNKNOWN or isinstance(value, str)


_ENDINGS: Final = ("name", "id", "arn", "identifier", "withoutleadingslash")


def _stem(name: str) -> str:
    stem = name.lower()
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending) or stem
    return stem


def _names(variable: str, member: str, action: str) -> bool:
    """Whether a member of a request is what a variable stands for."""
    stem = _stem(variable)
    return _stem(member) == stem or (member.lower() == "name" and stem in action.lower().partition(":")[2])


def _value(variable: str, action: str, params: Mapping[str, Any]) -> str:
    """What a request calls by the name of a variable, or by one that differs in its ending: Bucket for BucketName.

    A plain Name is that of what the action is about: of a rule for PutRule.
    """
    for name in sorted(params, key=lambda name: name.lower() != variable.lower()):
        if isinstance(params[name], str) and _names(variable, name, action):
            value = str(params[name])
            return value.rpartition(":")[2].rpartition("/")[2] if value.startswith("arn:") else value
    return "*"


_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")


def _passed_roles(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    """The roles that a request hands to a service, each of which needs iam:PassRole."""
    if not _takes_roles(service, operation):
        return
    principal = _PRINCIPALS.get(service, f"{prefix_of(service)}.amazonaws.com")
    for name, value in params.items():
        if "role" not in name.lower():
            continue
        if value is UNKNOWN:
            yield Need("iam:PassRole", "*", {"iam:passedtoservice": [principal]}, known=False)
        elif isinstance(value, str) and _ROLE.fullmatch(value):
            yield Need("iam:PassRole", value, {"iam:passedtoservice": [principal]})


@cache
def _takes_roles(service: str, operation: str) -> bool:
    action = actions.find(f"{prefix_of(service)}:{operation}")
    return action is not None and "iam:PassRole" in action.dependents


_PRINCIPALS: Final = {"ecs": "ecs-tasks.amazonaws.com", "emr": "elasticmapreduce.amazonaws.com"}
"""Services whose roles are for another principal than the name of the service."""

"""The policies of a role, as commands are given them: a file of JSON, a template, a role on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

import click

from emulator.commands.definitions import read_file
from emulator.permissions.comparing import PUT_IN
from emulator.permissions.policies import MalformedPolicy, Policy, policy


class CannotReadRole(Exception):
    """What was given holds no policies; the message says why."""


def policies_in(file: str) -> list[Policy]:
    """The policies in a file: one document, answers of the AWS CLI about a role, or a template.

    Raises:
        CannotReadRole: there are none in it, or one is malformed.
    """
    from emulator.deploying.reading import InvalidTemplate, read

    try:
        content = read(read_file(file))
    except click.ClickException as error:
        raise CannotReadRole(error.message) from None
    except InvalidTemplate as error:
        raise CannotReadRole(f"{file} cannot be read: {error}") from None
    resources = content.get("Resources")
    held = content if not isinstance(resources, dict) else list(_of_machines(file, resources))
    try:
        found = [policy(_known(each)) for each in _documents(held)]
    except MalformedPolicy as error:
        raise CannotReadRole(f"{file}: {error}") from None
    if not found:
        raise CannotReadRole(f"{file} holds no policy.")
    return found


_TRUST: Final = "AssumeRolePolicyDocument"


def _documents(content: Any) -> Iterator[Any]:
    """Every policy document of an identity in some JSON: what a resource or a role trusts names principals."""
    if isinstance(content, list):
        for each in content:
            yield from _documents(each)
    elif isinstance(content, dict):
        statements = content.get("Statement")
        listed = statements if isinstance(statements, list) else [statements]
        if any(isinstance(each, dict) and "Effect" in each for each in listed):
            if not any(isinstance(each, dict) and {"Principal", "NotPrincipal"} & each.keys() for each in listed):
                yield {"Version": "2012-10-17", **content}
            return
        for name, each in content.items():
            if name == _TRUST:
                continue
            if name in ("PolicyDocument", "Document") and isinstance(each, str):
                yield from _documents(json.loads(unquote(each)))
            else:
                yield from _documents(each)


def _of_machines(file: str, resources: dict[str, Any]) -> Iterator[Any]:
    """What the resources of a template hold for the roles of state machines."""
    roles = set()
    for name, resource in resources.items():
        kind, properties = resource.get("Type"), resource.get("Properties", {})
        if kind == "AWS::Serverless::StateMachine":
            policies = properties.get("Policies", [])
            for each in policies if isinstance(policies, list) else [policies]:
                if not (isinstance(each, dict) and "Statement" in each):
                    shown = each if isinstance(each, str) else next(iter(each), each)
                    raise CannotReadRole(
                        f"{file}: {name} has the policy {shown}, of which only SAM knows what it allows."
                    )
                yield each
        elif kind == "AWS::IAM::Role" and "states." in json.dumps(properties.get(_TRUST, {})):
            roles.add(name)
            yield properties.get("Policies", [])
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource.get("Type") in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
            named = json.dumps([properties.get("Roles", []), properties.get("RoleName")])
            if any(f'"{role}"' in named for role in roles):
                yield properties


def _known(value: Any) -> Any:
    """A part of a template with PUT_IN for what is put in when it is deployed."""
    if isinstance(value, list):
        return [_known(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, given) = next(iter(value.items()))
        if name == "Fn::Sub":
            text = given[0] if isinstance(given, list) else given
            return _substituted(str(text))
        if name == "Ref" or name.startswith("Fn::"):
            return PUT_IN
    return {name: _known(each) for name, each in value.items()}


def _substituted(text: str) -> str:
    from emulator.permissions.arguments import SUBSTITUTION  # brings botocore

    return SUBSTITUTION.sub(PUT_IN, text)

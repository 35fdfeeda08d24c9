"""Preparing: what a caller sends for a stack becomes a compiled template and checked values, or is refused.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from asl_interpreter.jsontext import JSON, dumps
from emulator.deploying import parameters as parameter_values
from emulator.deploying import rollback_triggers, rules, transforms
from emulator.deploying.parameters import Parameter
from emulator.deploying.reading import InvalidTemplate, read
from emulator.deploying.scope import Literals, pseudo_parameters
from emulator.deploying.services import Refused, Services
from emulator.deploying.stacks import Given, Stack, Stacks
from emulator.deploying.templates import Template, check_sections, compile_template
from emulator.faults import Fault

LARGEST_BODY: Final = 51_200
LARGEST_STORED: Final = 1_048_576


def invalid(message: str) -> Fault:
    """A refusal of what was sent."""
    return Fault("ValidationError", message)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a template and what it says."""

    text: str
    document: dict[str, JSON]


def text_of(params: Mapping[str, Any], services: Services, previous: str | None = None) -> str:
    """The text of the template that a request has, names by a URL, or leaves as it is.

    Raises:
        Fault: it has none, or what it names is not there.
    """
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if body is not None:
        if len(body.encode()) > LARGEST_BODY:
            text = f"1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy constraint: "
            raise invalid(f"{text}Member must have length less than or equal to {LARGEST_BODY}")
        return str(body)
    if url is not None:
        return stored(str(url), services)
    if params.get("UsePreviousTemplate") and previous is not None:
        return previous
    raise invalid("Either Template URL or Template Body must be specified.")


def stored(url: str, services: Services) -> str:
    """The text of the object that a URL names. Raises Fault."""
    bucket, key, version = place_of(url)
    try:
        found = services.call("s3", "GetObject", Bucket=bucket, Key=key, VersionId=version)
    except Refused as refused:
        raise invalid(f"S3 error: {refused.message}") from None
    raw = found["Body"].read()
    if len(raw) > LARGEST_STORED:
        raise invalid(f"Template may not exceed {LARGEST_STORED} bytes in size.")
    return str(raw.decode("utf-8", "replace"))


def place_of(url: str) -> tuple[str, str, str | None]:
    """The bucket, the key and the version that a URL names: of AWS's S3, or of the emulator under any name of its.

    Raises:
        Fault: it is no URL of an object.
    """
    parts = urlsplit(url)
    host, path = (parts.hostname or ""), unquote(parts.path.lstrip("/"))
    if parts.scheme == "s3":
        raise invalid(f"S3 error: Domain name specified in {parts.netloc} is not a valid S3 domain")
    if parts.scheme not in ("http", "https") or not host:
        raise invalid("TemplateURL must be a supported URL.")
    version = parse_qs(parts.query).get("versionId", [None])[0]
    before, _, _after = host.partition(".s3.")
    if host.endswith(".amazonaws.com") and not _after:
        before = host.partition(".s3-")[0]
    if before != host and not before.startswith("s3"):
        bucket, key = before, path
    elif host.endswith(".localhost") and not host.startswith("s3."):
        bucket, key = host.removesuffix(".localhost"), path
    else:
        bucket, _, key = path.partition("/")
    if not bucket or not key or (host.endswith(".amazonaws.com") and "s3" not in host):
        raise invalid("TemplateURL must be a supported URL.")
    return bucket, key, version


def source(text: str) -> Source:
    """A template's text, read. Raises Fault."""
    try:
        document = read(text)
        check_sections(document)
    except InvalidTemplate as error:
        raise invalid(str(error)) from None
    return Source(text, document)


class TransformRefused(Exception):
    """A transform failed: a stack that was to be made of it rolls back, a change set of it fails."""


def prepare(
    params: Mapping[str, Any],
    stacks: Stacks,
    services: Services,
    stack: Stack | None,
    *,
    name: str,
    stack_id: str,
    updates: bool,
) -> Given:
    """What a request gives for a stack.

    Raises:
        Fault: AWS refuses it.
        TransformRefused: one of its transforms failed.
    """
    before = stack.given if stack is not None else None
    found = source(text_of(params, services, before.text if before else None))
    topics = _inherited(params.get("NotificationARNs"), before.notification_arns if before else ())
    previous = before.parameters if before else {}
    try:
        values = values_of(found.document, params.get("Parameters") or (), previous, services, updates=updates)
        names = transforms.names(found.document)
        literals = scope_of(found.document, values, pseudo_parameters(services, name, stack_id, topics), services)
        document = found.document
        if names:
            document = transforms.apply(document, literals, services, macros(stacks))
            values = values_of(document, params.get("Parameters") or (), previous, services, updates=updates)
        template = compile_template(document)
        scope = scope_of(document, values, pseudo_parameters(services, name, stack_id, topics), services)
        rules.check(document, scope, services)
    except InvalidTemplate as error:
        raise invalid(str(error)) from None
    except transforms.TransformFailed as error:
        raise TransformRefused(str(error)) from None
    _check_types(template, params.get("ResourceTypes"))
    _check_role(params.get("RoleARN"), services)
    tags = params.get("Tags")
    if any(tag["Key"].lower().startswith("aws:") for tag in tags or ()):
        raise invalid("aws: prefixed tag key names are not allowed for external use.")
    kept = before.tags if before and tags is None else tuple((tag["Key"], tag["Value"]) for tag in tags or ())
    return Given(
        found.text,
        dumps(document) if names else found.text,
        names,
        template,
        values,
        kept,
        tuple(params.get("Capabilities") or ()),
        topics,
        params.get("RoleARN") or (before.role_arn if before else None),
        _triggers(params.get("RollbackConfiguration"), before.rollback if before else {}),
    )


def _triggers(given: Mapping[str, Any] | None, before: Mapping[str, Any]) -> Mapping[str, Any]:
    if given is None:
        return before
    try:
        rollback_triggers.check(given)
    except rollback_triggers.InvalidTrigger as error:
        raise invalid(str(error)) from None
    return {name: value for name, value in given.items() if value is not None}


def _check_types(template: Template, allowed: Sequence[str] | None) -> None:
    """Refuse a type that the request does not allow. Raises Fault."""
    if allowed is None:
        return
    for resource in template.resources.values():
        if not any(_is_allowed(resource.type, each) for each in allowed):
            listed = ", ".join(allowed)
            raise invalid(f"Resource type {resource.type} is not allowed by parameter ResourceTypes [{listed}]")


def _is_allowed(kind: str, allowed: str) -> bool:
    """Whether a type is one of ``AWS::*``, ``AWS::service::*``, ``AWS::service::resource`` and their like."""
    return kind == allowed or (allowed.endswith("::*") and kind.startswith(allowed[:-1]))


def _check_role(arn: str | None, services: Services) -> None:
    """Refuse a role that IAM knows and that CloudFormation may not take on. Raises Fault."""
    if arn is None:
        return
    try:
        role = services.call("iam", "GetRole", RoleName=arn.rpartition("/")[2])["Role"]
    except Refused:
        return  # a role that is not there is taken as it is, as those of functions and machines are
    statements = role["AssumeRolePolicyDocument"].get("Statement", [])
    trusted = [
        statement["Effect"] == "Allow"
        for statement in (statements if isinstance(statements, list) else [statements])
        if _names_us(statement.get("Principal"))
    ]
    if not trusted or not all(trusted):
        raise invalid(f"Role {arn} is invalid or cannot be assumed")


def _names_us(principal: Any) -> bool:
    named = principal.get("Service", principal.get("AWS")) if isinstance(principal, dict) else principal
    return any(
        name in ("*", "cloudformation.amazonaws.com") for name in (named if isinstance(named, list) else [named])
    )


def _inherited(given: Sequence[str] | None, before: tuple[str, ...]) -> tuple[str, ...]:
    return before if given is None else tuple(given)


def values_of(
    document: Mapping[str, Any],
    given: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Parameter],
    services: Services,
    *,
    updates: bool,
) -> dict[str, Parameter]:
    """The values of a document's parameters. Raises InvalidTemplate."""
    declared = document.get("Parameters") or {}
    if not isinstance(declared, dict) or not all(isinstance(one, dict) and "Type" in one for one in declared.values()):
        raise InvalidTemplate("Template format error: Every Parameters object must contain a Type member.")

    def look_up(name: str) -> str:
        try:
            found = services.call("ssm", "GetParameter", Name=name)
        except Refused:
            message = f"Unable to fetch parameters [{name}] from parameter store for this account."
            raise InvalidTemplate(message) from None
        return str(found["Parameter"]["Value"])

    return parameter_values.values(declared, given, previous, look_up, updates=updates)


def scope_of(
    document: Mapping[str, Any], values: Mapping[str, Parameter], pseudo: Mapping[str, Any], services: Services
) -> Literals:
    """The scope of a document's transforms."""
    known = {**{name: parameter.value for name, parameter in values.items()}, **pseudo}
    return Literals(known, document.get("Mappings") or {}, document.get("Conditions") or {}, services.region)


def macros(stacks: Stacks) -> dict[str, str]:
    """The account's own macros: name -> function."""
    return {
        str(row.properties["Name"]): str(row.properties["FunctionName"])
        for stack in stacks
        for row in stack.rows.values()
        if row.type == transforms.MACRO and not row.status.startswith("DELETE")
    }


# Capabilities

_IAM: Final = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}
"""Types that need a capability -> the property that needs the greater one."""


def capabilities_of(template: Template) -> tuple[list[str], list[str]]:
    """The capabilities that a template needs, and the types that need them."""
    types = [resource.type for resource in template.resources.values() if resource.type in _IAM]
    named = any(
        _IAM.get(resource.type) is not None and _IAM[resource.type] in resource.properties
        for resource in template.resources.values()
    )
    if not types:
        return [], []
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"], sorted(set(types))


def require_capabilities(given: Given, *, reviewed: bool = False) -> None:
    """Refuse what the caller has not acknowledged. Of a change set that was ``reviewed``, what macros made was seen.

    Raises:
        Fault: InsufficientCapabilitiesException.
    """
    needed, _ = capabilities_of(given.template)
    have = set(given.capabilities)
    if "CAPABILITY_NAMED_IAM" in have:
        have.add("CAPABILITY_IAM")
    if _expands(given.transforms) and not reviewed:
        needed = [*needed, "CAPABILITY_AUTO_EXPAND"]
    lacking = [capability for capability in needed if capability not in have]
    if lacking:
        raise Fault("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(lacking)}]")


def _expands(names: Sequence[str]) -> bool:
    """Whether transforms make resources that the template does not show."""
    return any(name not in (transforms.LANGUAGE_EXTENSIONS, transforms.INCLUDE) for name in names)

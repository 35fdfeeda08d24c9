"""Descriptions: what is shown of stacks, their resources, events, templates and exports.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html; members and texts as AWS
was recorded to answer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying import drift, early_validation, preparing, transforms
from emulator.deploying.intrinsics import as_text
from emulator.deploying.preparing import invalid
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.schemas import schema
from emulator.deploying.templates import compile_template

if TYPE_CHECKING:
    from emulator.deploying.early_validation import Problem
    from emulator.deploying.stacks import Event, Row, Stack
    from emulator.wire.protocol import Call
    from emulator.world import World

PAGE: Final = 100


def _description(stack: Stack) -> dict[str, Any]:
    given = stack.given
    parameters = [] if given is None else [parameter.described() for parameter in given.parameters.values()]
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": None if stack.is_gone else stack.change_set_id,
        "Description": None if given is None else given.template.description,
        "Parameters": parameters or None,
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated,
        "RollbackConfiguration": {} if given is None else given.rollback,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": [] if given is None else list(given.notification_arns),
        "TimeoutInMinutes": stack.timeout,
        "Capabilities": list(given.capabilities) if given is not None and given.capabilities else None,
        "Outputs": stack.outputs or None,
        "RoleARN": None if given is None else given.role_arn,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
        "EnableTerminationProtection": None if stack.is_gone else stack.protected,
        "ParentId": stack.parent_id,
        "RootId": stack.root_id,
        "DriftInformation": drift.of_stack(stack),
    }


def describe_stacks(world: World, call: Call) -> dict[str, Any]:
    """DescribeStacks."""
    region = world.deployments.of(world, call)
    region.looked()
    if (name := call.params.get("StackName")) is not None:
        return {"Stacks": [_description(region.stacks.required(name))]}
    live = [stack for stack in reversed(list(region.stacks)) if not stack.is_gone]
    shown, token = region.page(live, call.params.get("NextToken"), PAGE)
    return {"Stacks": [_description(stack) for stack in shown], "NextToken": token}


def list_stacks(world: World, call: Call) -> dict[str, Any]:
    """ListStacks: deleted ones, too."""
    region = world.deployments.of(world, call)
    region.looked()
    wanted = call.params.get("StackStatusFilter")
    found = [stack for stack in reversed(list(region.stacks)) if not wanted or stack.status in wanted]
    shown, token = region.page(found, call.params.get("NextToken"), PAGE)
    members = (
        *("StackId", "StackName", "CreationTime", "DeletionTime", "LastUpdatedTime", "StackStatus"),
        *("StackStatusReason", "ParentId", "RootId", "DriftInformation"),
    )
    summaries = []
    for stack in shown:
        described = _description(stack)
        summary = {member: described[member] for member in members}
        summaries.append({**summary, "TemplateDescription": described["Description"]})
    return {"StackSummaries": summaries, "NextToken": token}


def _event(stack: Stack, event: Event) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id,
        "ResourceType": event.type,
        "Timestamp": event.timestamp,
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
    }


def describe_stack_events(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackEvents, newest first."""
    region = world.deployments.of(world, call)
    region.looked()
    if (name := call.params.get("StackName")) is None:
        text = "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: "
        raise invalid(f"{text}Member must not be null")
    stack = region.stacks.required(name, "Stack [{}] does not exist")
    shown, token = region.page(stack.events[::-1], call.params.get("NextToken"), PAGE)
    return {"StackEvents": [_event(stack, event) for event in shown], "NextToken": token}


def describe_events(world: World, call: Call) -> dict[str, Any]:
    """DescribeEvents: the events of a stack's operations, newest first."""
    region = world.deployments.of(world, call)
    region.looked()
    name, change_set = call.params.get("StackName"), call.params.get("ChangeSetName")
    problems: tuple[Problem, ...] = ()
    if change_set is not None and (name is not None or change_set.startswith("arn:")):
        from emulator.deploying.change_sets import find_change_set

        stack, made = find_change_set(region, call.params)
        problems = made.problems
    elif name is None:
        raise invalid("One of ChangeSetName, OperationId or StackName must be specified")
    else:
        stack = region.stacks.required(name, "Stack [{}] does not exist")
    failed = (call.params.get("Filters") or {}).get("FailedEvents")
    events = [event for event in stack.events[::-1] if not failed or event.status.endswith("FAILED")]
    shown, token = region.page(events, call.params.get("NextToken"), PAGE)
    listed = [
        {
            **{name: value for name, value in _event(stack, event).items() if name not in ("StackName", "EventId")},
            "EventId": event.id,
            "EventType": "STACK_EVENT",
        }
        for event in shown
    ]
    return {
        "OperationEvents": [*(early_validation.described(each, stack) for each in problems), *listed],
        "NextToken": token,
    }


def _rows(stack: Stack) -> list[Row]:
    return [stack.rows[name] for name in sorted(stack.rows)]


def _resource(stack: Stack, row: Row) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.physical_id or None,
        "ResourceType": row.type,
        "ResourceStatus": row.status,
        "ResourceStatusReason": row.reason if row.status != "CREATE_COMPLETE" else None,
        "DriftInformation": drift.of_resource(row),
    }


def describe_stack_resources(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackResources: by a stack, or by the physical id of one of its resources."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    name, physical_id = params.get("StackName"), params.get("PhysicalResourceId")
    if name is not None:
        stack = region.stacks.required(name)
    elif physical_id is None:
        raise invalid("Either StackName or PhysicalResourceId must be specified.")
    else:
        stack = next(
            (
                each
                for each in region.stacks
                if not each.is_gone and any(row.physical_id == physical_id for row in each.rows.values())
            ),
            None,
        ) or region.stacks.required(physical_id, "Stack for {} does not exist")
    wanted = params.get("LogicalResourceId")
    rows = [row for row in _rows(stack) if wanted is None or row.logical_id == wanted][:PAGE]
    return {"StackResources": [{**_resource(stack, row), "Timestamp": row.timestamp} for row in rows]}


def list_stack_resources(world: World, call: Call) -> dict[str, Any]:
    """ListStackResources."""
    region = world.deployments.of(world, call)
    region.looked()
    stack = region.stacks.required(call.params["StackName"])
    shown, token = region.page(_rows(stack), call.params.get("NextToken"), PAGE)
    summaries = [{**_resource(stack, row), "LastUpdatedTimestamp": row.timestamp} for row in shown]
    return {"StackResourceSummaries": summaries, "NextToken": token}


def describe_stack_resource(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackResource."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    name, logical_id = params["StackName"], params["LogicalResourceId"]
    stack = region.stacks.required(name, "Stack '{}' does not exist")
    row = stack.rows.get(logical_id)
    if row is None:
        raise invalid(f"Resource {logical_id} does not exist for stack {stack.name}")
    metadata = dumps(row.metadata if row.metadata is not None else {})
    detail = {**_resource(stack, row), "LastUpdatedTimestamp": row.timestamp, "Metadata": metadata}
    return {"StackResourceDetail": detail}


# Templates


def get_template(world: World, call: Call) -> dict[str, Any]:
    """GetTemplate: as it was sent, or with its transforms applied."""
    region, params = world.deployments.of(world, call), call.params
    stage = params.get("TemplateStage") or "Original"
    if (name := params.get("ChangeSetName")) is not None:
        if params.get("StackName") is None and not name.startswith("arn:"):
            raise invalid("StackName is a required parameter.")
        from emulator.deploying.change_sets import find_change_set

        _, made = find_change_set(region, {"ChangeSetName": name, "StackName": params.get("StackName")})
        given = made.given
    elif (stack_name := params.get("StackName")) is None:
        raise invalid("StackName is required if ChangeSetName is not specified.")
    else:
        given = region.stacks.required(stack_name).given
    text = "" if given is None else given.text if stage == "Original" else given.processed
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


def _declared_parameters(parameters: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], dict[str, Any]]]:
    listed = []
    for name, declared in parameters.items():
        default = declared.get("Default")
        shown = {
            "ParameterKey": name,
            "DefaultValue": None if default is None else as_text(default),
            "NoEcho": as_text(declared.get("NoEcho", False)).lower() == "true",
            "Description": declared.get("Description"),
        }
        listed.append((name, declared, shown))
    return listed


def validate_template(world: World, call: Call) -> dict[str, Any]:
    """ValidateTemplate."""
    region = world.deployments.of(world, call)
    if call.params.get("TemplateBody") is None and call.params.get("TemplateURL") is None:
        raise invalid("Either Template URL or Template Body must be specified.")
    document = preparing.source(preparing.text_of(call.params, region.services)).document
    try:
        names = transforms.names(document)
        template = None if names else compile_template(document)
    except InvalidTemplate as error:
        raise invalid(str(error)) from None
    needed, types = ([], []) if template is None else preparing.capabilities_of(template)
    if names:
        needed, types = ["CAPABILITY_AUTO_EXPAND"], []
    reason = f"The following resource(s) require capabilities: [{', '.join(types or names)}]" if needed else None
    parameters = [shown for _, _, shown in _declared_parameters(document.get("Parameters") or {})]
    return {
        "Parameters": parameters,
        "Description": document.get("Description"),
        "Capabilities": needed or None,
        "CapabilitiesReason": reason,
        "DeclaredTransforms": list(names) or None,
    }


def get_template_summary(world: World, call: Call) -> dict[str, Any]:
    """GetTemplateSummary."""
    region, params = world.deployments.of(world, call), call.params
    if (name := params.get("StackName")) is not None:
        stack = region.stacks.required(name, "Stack [{}] does not exist")
        if stack.given is None:
            raise invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        text = stack.given.text
    else:
        text = preparing.text_of(params, region.services)
    document = preparing.source(text).document
    try:
        names = transforms.names(document)
        template = None if names else compile_template(document)
    except InvalidTemplate as error:
        raise invalid(str(error)) from None
    needed, types = ([], []) if template is None else preparing.capabilities_of(template)
    parameters = []
    for _, declared, shown in _declared_parameters(document.get("Parameters") or {}):
        allowed = declared.get("AllowedValues")
        constraints = {"AllowedValues": list(map(as_text, allowed)) if isinstance(allowed, list) else []}
        parameters.append({**shown, "ParameterType": declared["Type"], "ParameterConstraints": constraints})
    resources = {
        name: resource["Type"]
        for name, resource in (document.get("Resources") or {}).items()
        if isinstance(resource, dict) and isinstance(resource.get("Type"), str)
    }
    identified = []
    for kind in dict.fromkeys(resources.values()):
        known = schema(kind)
        if known is not None and known.identifier:
            logical_ids = [name for name, each in resources.items() if each == kind]
            identified.append(
                {
                    "ResourceType": kind,
                    "LogicalResourceIds": logical_ids,
                    "ResourceIdentifiers": list(known.identifier),
                }
            )
    metadata = document.get("Metadata")
    return {
        "Parameters": parameters,
        "Description": document.get("Description"),
        "Capabilities": needed or None,
        "CapabilitiesReason": (
            f"The following resource(s) require capabilities: [{', '.join(types)}]" if needed else None
        ),
        "ResourceTypes": list(dict.fromkeys(resources.values())),
        "Version": document.get("AWSTemplateFormatVersion"),
        "Metadata": None if metadata is None else dumps(metadata),
        "DeclaredTransforms": list(names) or None,
        "ResourceIdentifierSummaries": identified,
    }


# Exports


def list_exports(world: World, call: Call) -> dict[str, Any]:
    """ListExports."""
    region = world.deployments.of(world, call)
    region.looked()
    found = sorted(region.stacks.exports().values(), key=lambda each: each.name)
    shown, token = region.page(found, call.params.get("NextToken"), PAGE)
    listed = [{"ExportingStackId": each.stack_id, "Name": each.name, "Value": each.value} for each in shown]
    return {"Exports": listed, "NextToken": token}


def list_imports(world: World, call: Call) -> dict[str, Any]:
    """ListImports."""
    region = world.deployments.of(world, call)
    region.looked()
    name = call.params["ExportName"]
    if name not in region.stacks.exports():
        raise invalid(f"Export '{name}' does not exist.")
    users = region.stacks.importers(name)
    if not users:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    shown, token = region.page(users, call.params.get("NextToken"), PAGE)
    return {"Imports": [stack.name for stack in shown], "NextToken": token}


def describe_account_limits(_world: World, _call: Call) -> dict[str, Any]:
    """DescribeAccountLimits."""
    limits = {"StackLimit": 2000, "StackOutputsLimit": 200, "ConcurrentResourcesLimit": 2500}
    return {"AccountLimits": [{"Name": name, "Value": value} for name, value in limits.items()]}

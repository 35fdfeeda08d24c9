"""Operations on stack sets with self-managed permissions, and on their stacks in other accounts and regions.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html; refusals that were seen
have AWS's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying import descriptions, drift, preparing
from emulator.deploying.preparing import invalid
from emulator.deploying.stack_sets import Instance, Operation, Place, Running, StackSet
from emulator.faults import Fault
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.wire.operations import Handler
    from emulator.world import World

_MOST: Final = 100
_ADMINISTRATION: Final = "AWSCloudFormationStackSetAdministrationRole"
_EXECUTION: Final = "AWSCloudFormationStackSetExecutionRole"


# What there is.


def _found(region: Region, name: str) -> StackSet:
    """A set by its name, its id or its ARN. Raises Fault."""
    for each in region.stacks.sets.values():
        if each.status == "ACTIVE" and name in (each.name, each.id, each.arn):
            return each
    raise Fault("StackSetNotFoundException", f"StackSet {name} not found", status=404)


def _instance(stack_set: StackSet, account: str, region: str) -> Instance:
    found = stack_set.instances.get((account, region))
    if found is None:
        text = f"Stack instance not found: {stack_set.name}, {account}, {region}"
        raise Fault("StackInstanceNotFoundException", text, status=404)
    return found


def _operation(stack_set: StackSet, name: str) -> Operation:
    found = stack_set.operations.get(name)
    if found is None:
        raise Fault("OperationNotFoundException", f"Operation {name} not found", status=404)
    return found


def _listed(region: Region, params: Mapping[str, Any], items: Sequence[Any], shown: Any) -> dict[str, Any]:
    page, token = region.page(items, params.get("NextToken"), params.get("MaxResults") or _MOST)
    return {"Summaries": [shown(each) for each in page], "NextToken": token}


# Sets.


def create_stack_set(world: World, call: Call) -> dict[str, Any]:
    """CreateStackSet."""
    region, params = world.deployments.of(world, call), call.params
    name = params["StackSetName"]
    _check_model(params)
    known = next((each for each in region.stacks.sets.values() if each.status == "ACTIVE" and each.name == name), None)
    if known is not None:
        if known.token is not None and known.token == params.get("ClientRequestToken"):
            return {"StackSetId": known.id}
        raise Fault("NameAlreadyExistsException", f"StackSet {name} already exists", status=409)
    if "StackId" in params:
        raise Fault("NotImplementedException", "Dynastep does not make stack sets of stacks", status=501)
    text = preparing.text_of(params, region.services)
    made = f"{name}:{region.new_id()}"
    stack_set = StackSet(made, name, region.services.arn("cloudformation", f"stackset/{made}"), text)
    _set(world, call, stack_set, text)
    stack_set.token = params.get("ClientRequestToken")
    region.stacks.sets[made] = stack_set
    return {"StackSetId": made}


def _check_model(params: Mapping[str, Any]) -> None:
    """Refuse stack sets that an organization manages. Raises Fault."""
    if params.get("PermissionModel") == "SERVICE_MANAGED" or (params.get("AutoDeployment") or {}).get("Enabled"):
        text = "Dynastep does not run stack sets with service-managed permissions"
        raise Fault("NotImplementedException", text, status=501)
    if params.get("CallAs") == "DELEGATED_ADMIN":
        raise invalid("You must be a delegated administrator to perform this operation.")


def _set(world: World, call: Call, stack_set: StackSet, text: str) -> None:
    """What a set is from now on. Raises Fault, its template cannot be one; nothing is changed then."""
    params = call.params
    validated = descriptions.validate_template(world, call._replace(params={"TemplateBody": text}))
    capabilities = tuple(params.get("Capabilities", stack_set.capabilities))
    lacking = [each for each in validated.get("Capabilities") or () if each not in capabilities]
    if lacking and not ("CAPABILITY_NAMED_IAM" in capabilities and lacking == ["CAPABILITY_IAM"]):
        text_ = f"Requires capabilities : [{', '.join(lacking)}]"
        raise Fault("InsufficientCapabilitiesException", text_)
    stack_set.template, stack_set.capabilities = text, capabilities
    if "Parameters" in params:
        stack_set.parameters = _values(params["Parameters"], stack_set.parameters)
    if "Tags" in params:
        stack_set.tags = tuple((tag["Key"], tag["Value"]) for tag in params["Tags"])
    stack_set.description = params.get("Description", stack_set.description)
    stack_set.administration_role = params.get("AdministrationRoleARN", stack_set.administration_role)
    stack_set.execution_role = params.get("ExecutionRoleName", stack_set.execution_role)
    stack_set.managed = params.get("ManagedExecution", stack_set.managed)


def _values(parameters: Sequence[Mapping[str, Any]], before: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for each in parameters:
        key = each["ParameterKey"]
        if not each.get("UsePreviousValue"):
            found[key] = str(each.get("ParameterValue", ""))
        elif key in before:
            found[key] = before[key]
    return found


def update_stack_set(world: World, call: Call) -> dict[str, Any]:
    """UpdateStackSet: the set, and its stacks, or those of some accounts and regions."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    _check_model(params)
    _check_free(stack_set, params)
    places = [place for place in stack_set.instances if _is_wanted(place, params)]
    for place in _places(params) if params.get("Regions") else ():
        _instance(stack_set, *place)
    _set(world, call, stack_set, preparing.text_of(params, region.services, stack_set.template))
    for instance in stack_set.instances.values():
        instance.status = "OUTDATED"
    return _begin(world, region, stack_set, "UPDATE", places, params)


def _is_wanted(place: Place, params: Mapping[str, Any]) -> bool:
    accounts = _accounts(params)
    return place[0] in (accounts or [place[0]]) and place[1] in (params.get("Regions") or [place[1]])


def delete_stack_set(world: World, call: Call) -> dict[str, Any]:
    """DeleteStackSet: of an empty one."""
    region = world.deployments.of(world, call)
    stack_set = _found(region, call.params["StackSetName"])
    _check_free(stack_set, {})
    if stack_set.instances:
        raise Fault("StackSetNotEmptyException", "StackSet is not empty", status=409)
    stack_set.status = "DELETED"
    return {}


def describe_stack_set(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackSet."""
    region = world.deployments.of(world, call)
    stack_set = _found(region, call.params["StackSetName"])
    role = f"arn:{region.services.partition}:iam::{region.services.account}:role/{_ADMINISTRATION}"
    shown = {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "StackSetARN": stack_set.arn,
        "Description": stack_set.description,
        "Status": stack_set.status,
        "TemplateBody": stack_set.template,
        "Parameters": _parameters(stack_set.parameters),
        "Capabilities": list(stack_set.capabilities),
        "Tags": [{"Key": key, "Value": value} for key, value in stack_set.tags],
        "AdministrationRoleARN": stack_set.administration_role or role,
        "ExecutionRoleName": stack_set.execution_role or _EXECUTION,
        "PermissionModel": "SELF_MANAGED",
        "OrganizationalUnitIds": [],
        "ManagedExecution": dict(stack_set.managed) or {"Active": False},
        "Regions": list(dict.fromkeys(place[1] for place in stack_set.instances)),
        "StackSetDriftDetectionDetails": dict(stack_set.drift) or None,
    }
    return {"StackSet": shown}


def _parameters(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def list_stack_sets(world: World, call: Call) -> dict[str, Any]:
    """ListStackSets: deleted ones, too."""
    region, params = world.deployments.of(world, call), call.params
    wanted = params.get("Status")
    found = [each for each in region.stacks.sets.values() if wanted is None or each.status == wanted]

    def shown(stack_set: StackSet) -> dict[str, Any]:
        return {
            "StackSetName": stack_set.name,
            "StackSetId": stack_set.id,
            "Description": stack_set.description,
            "Status": stack_set.status,
            "PermissionModel": "SELF_MANAGED",
            "DriftStatus": stack_set.drift.get("DriftStatus", "NOT_CHECKED"),
            "LastDriftCheckTimestamp": stack_set.drift.get("LastDriftCheckTimestamp"),
            "ManagedExecution": dict(stack_set.managed) or {"Active": False},
        }

    return _listed(region, params, found, shown)


# Their stacks.


def _accounts(params: Mapping[str, Any]) -> list[str]:
    targets = params.get("DeploymentTargets") or {}
    if "OrganizationalUnitIds" in targets or "AccountsUrl" in targets:
        text = "Dynastep does not find the accounts of organizational units and of files"
        raise Fault("NotImplementedException", text, status=501)
    return list(params.get("Accounts") or targets.get("Accounts") or ())


def _places(params: Mapping[str, Any]) -> list[Place]:
    """The accounts and regions of a request, in the order in which an operation goes through them."""
    accounts = _accounts(params)
    if not accounts:
        raise invalid("Accounts list cannot be empty")
    order = (params.get("OperationPreferences") or {}).get("RegionOrder") or []
    regions = list(dict.fromkeys([*(each for each in order if each in params["Regions"]), *params["Regions"]]))
    return [(account, name) for name in regions for account in dict.fromkeys(accounts)]


def _check_free(stack_set: StackSet, params: Mapping[str, Any]) -> None:
    """Refuse a second operation at a time, and an id that was used. Raises Fault."""
    if params.get("OperationId") in stack_set.operations:
        text = f"Operation {params['OperationId']} already exists"
        raise Fault("OperationIdAlreadyExistsException", text, status=409)
    if stack_set.running is not None:
        text = f"Another Operation on StackSet {stack_set.arn} is in progress"
        raise Fault("OperationInProgressException", text, status=409)


def _begin(
    world: World, region: Region, stack_set: StackSet, action: str, places: list[Place], params: Mapping[str, Any]
) -> dict[str, Any]:
    made = params.get("OperationId") or region.new_id()
    preferences = params.get("OperationPreferences") or {}
    operation = Operation(made, action, places, region.now(), preferences, params.get("RetainStacks"))
    operation.results = dict.fromkeys(places, ("PENDING", None))
    stack_set.operations[made] = operation
    region.drive(Running(world, region, stack_set, operation).run())
    return {"OperationId": made}


def create_stack_instances(world: World, call: Call) -> dict[str, Any]:
    """CreateStackInstances: stacks in accounts and regions; one that is there is updated."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    _check_free(stack_set, params)
    places = _places(params)
    overrides = _values(params.get("ParameterOverrides") or (), {})
    for place in places:
        instance = stack_set.instances.setdefault(place, Instance(*place))
        instance.overrides = overrides or instance.overrides
    return _begin(world, region, stack_set, "CREATE", places, params)


def update_stack_instances(world: World, call: Call) -> dict[str, Any]:
    """UpdateStackInstances: parameters that stacks have of their own."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    _check_free(stack_set, params)
    places = _places(params)
    instances = [_instance(stack_set, *place) for place in places]
    if "ParameterOverrides" in params:
        for instance in instances:
            instance.overrides = _values(params["ParameterOverrides"], instance.overrides)
    return _begin(world, region, stack_set, "UPDATE", places, params)


def delete_stack_instances(world: World, call: Call) -> dict[str, Any]:
    """DeleteStackInstances: with their stacks, or without."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    _check_free(stack_set, params)
    places = [place for place in _places(params) if place in stack_set.instances]
    if not places:
        _instance(stack_set, *_places(params)[0])
    return _begin(world, region, stack_set, "DELETE", places, params)


def detect_stack_set_drift(world: World, call: Call) -> dict[str, Any]:
    """DetectStackSetDrift."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    _check_free(stack_set, params)
    return _begin(world, region, stack_set, "DETECT_DRIFT", list(stack_set.instances), params)


def _shown_instance(stack_set: StackSet, instance: Instance) -> dict[str, Any]:
    return {
        "StackSetId": stack_set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": instance.stack_id,
        "Status": instance.status,
        "StatusReason": instance.reason,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed},
        "OrganizationalUnitId": "",
        "DriftStatus": instance.drift,
        "LastDriftCheckTimestamp": instance.drift_checked,
        "LastOperationId": instance.operation_id,
    }


def describe_stack_instance(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackInstance."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack_set = _found(region, params["StackSetName"])
    instance = _instance(stack_set, params["StackInstanceAccount"], params["StackInstanceRegion"])
    shown = {**_shown_instance(stack_set, instance), "ParameterOverrides": _parameters(instance.overrides)}
    return {"StackInstance": shown}


def list_stack_instances(world: World, call: Call) -> dict[str, Any]:
    """ListStackInstances."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack_set = _found(region, params["StackSetName"])
    account, place = params.get("StackInstanceAccount"), params.get("StackInstanceRegion")
    members = {"DETAILED_STATUS": "detailed", "LAST_OPERATION_ID": "operation_id", "DRIFT_STATUS": "drift"}
    filters = [(members[each["Name"]], each["Values"]) for each in params.get("Filters") or ()]
    found = [
        each
        for each in stack_set.instances.values()
        if account in (None, each.account)
        and place in (None, each.region)
        and all(getattr(each, member) == value for member, value in filters)
    ]
    return _listed(region, params, found, lambda each: _shown_instance(stack_set, each))


def list_stack_instance_resource_drifts(world: World, call: Call) -> dict[str, Any]:
    """ListStackInstanceResourceDrifts."""
    region, params = world.deployments.of(world, call), call.params
    stack_set = _found(region, params["StackSetName"])
    instance = _instance(stack_set, params["StackInstanceAccount"], params["StackInstanceRegion"])
    operation = _operation(stack_set, params["OperationId"])
    if operation.action != "DETECT_DRIFT" or instance.stack_id is None:
        raise invalid(f"Operation {operation.id} is not a drift detection of this stack instance")
    there = call._replace(
        account=instance.account,
        region=instance.region,
        params={
            "StackName": instance.stack_id,
            "StackResourceDriftStatusFilters": params.get("StackInstanceResourceDriftStatuses"),
        },
    )
    found = drift.describe_stack_resource_drifts(world, there)["StackResourceDrifts"]
    members = (
        *("StackId", "LogicalResourceId", "PhysicalResourceId", "ResourceType", "PropertyDifferences"),
        *("StackResourceDriftStatus", "Timestamp"),
    )
    return _listed(region, params, found, lambda each: {name: each[name] for name in members if name in each})


# Operations on sets.


def _shown_operation(stack_set: StackSet, operation: Operation) -> dict[str, Any]:
    return {
        "OperationId": operation.id,
        "StackSetId": stack_set.id,
        "Action": operation.action,
        "Status": operation.status,
        "StatusReason": operation.reason,
        "OperationPreferences": {"RegionOrder": [], **operation.preferences},
        "CreationTimestamp": operation.created,
        "EndTimestamp": operation.ended,
        "StatusDetails": {"FailedStackInstancesCount": operation.failed},
    }


def describe_stack_set_operation(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackSetOperation."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack_set = _found(region, params["StackSetName"])
    operation = _operation(stack_set, params["OperationId"])
    role = f"arn:{region.services.partition}:iam::{region.services.account}:role/{_ADMINISTRATION}"
    shown = {
        **_shown_operation(stack_set, operation),
        "AdministrationRoleARN": stack_set.administration_role or role,
        "ExecutionRoleName": stack_set.execution_role or _EXECUTION,
        "RetainStacks": operation.retain,
        "StackSetDriftDetectionDetails": dict(stack_set.drift) if operation.action == "DETECT_DRIFT" else None,
    }
    return {"StackSetOperation": shown}


def list_stack_set_operations(world: World, call: Call) -> dict[str, Any]:
    """ListStackSetOperations, newest first."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack_set = _found(region, params["StackSetName"])
    found = list(reversed(stack_set.operations.values()))

    def shown(operation: Operation) -> dict[str, Any]:
        members = _shown_operation(stack_set, operation)
        return {name: value for name, value in members.items() if name != "StackSetId"}

    return _listed(region, params, found, shown)


def list_stack_set_operation_results(world: World, call: Call) -> dict[str, Any]:
    """ListStackSetOperationResults."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    operation = _operation(_found(region, params["StackSetName"]), params["OperationId"])
    wanted = [each["Values"] for each in params.get("Filters") or () if each["Name"] == "OPERATION_RESULT_STATUS"]
    found = [(*place, *result) for place, result in operation.results.items() if not wanted or result[0] in wanted]
    return _listed(
        region,
        params,
        found,
        lambda each: {
            "Account": each[0],
            "Region": each[1],
            "Status": each[2],
            "StatusReason": each[3],
            "AccountGateResult": {
                "Status": "SKIPPED",
                "StatusReason": f"Function not found: arn:aws:lambda:{each[1]}:{each[0]}:function:"
                "AWSCloudFormationStackSetAccountGate",
            },
            "OrganizationalUnitId": "",
        },
    )


def stop_stack_set_operation(world: World, call: Call) -> dict[str, Any]:
    """StopStackSetOperation: what has not begun is cancelled."""
    region, params = world.deployments.of(world, call), call.params
    operation = _operation(_found(region, params["StackSetName"]), params["OperationId"])
    if operation.status != "RUNNING":
        text = f"Operation {operation.id} is not running; its status is {operation.status}"
        raise Fault("InvalidOperationException", text)
    operation.status = "STOPPING"
    return {}


OPERATIONS: Final[dict[str, Handler]] = {
    "CreateStackInstances": create_stack_instances,
    "CreateStackSet": create_stack_set,
    "DeleteStackInstances": delete_stack_instances,
    "DeleteStackSet": delete_stack_set,
    "DescribeStackInstance": describe_stack_instance,
    "DescribeStackSet": describe_stack_set,
    "DescribeStackSetOperation": describe_stack_set_operation,
    "DetectStackSetDrift": detect_stack_set_drift,
    "ListStackInstanceResourceDrifts": list_stack_instance_resource_drifts,
    "ListStackInstances": list_stack_instances,
    "ListStackSetOperationResults": list_stack_set_operation_results,
    "ListStackSetOperations": list_stack_set_operations,
    "ListStackSets": list_stack_sets,
    "StopStackSetOperation": stop_stack_set_operation,
    "UpdateStackInstances": update_stack_instances,
    "UpdateStackSet": update_stack_set,
}

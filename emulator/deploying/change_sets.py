"""Change sets: what an update would do, shown before it is done.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying import early_validation, preparing
from emulator.deploying.changes import Change, has_other_changes, plan
from emulator.deploying.deployment import Deployment, Steps
from emulator.deploying.preparing import TransformRefused
from emulator.deploying.reading import InvalidTemplate, read
from emulator.deploying.scope import Values, pseudo_parameters
from emulator.deploying.services import Refused
from emulator.deploying.stacks import Given, Row, Stack
from emulator.deploying.types import find_type
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.deploying.early_validation import Problem
    from emulator.deploying.region import Region
    from emulator.wire.protocol import Call
    from emulator.world import World

NO_CHANGES: Final = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
NO_UPDATES: Final = "No updates are to be performed."
_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_ARN: Final = re.compile(r"arn:[-a-zA-Z0-9:/]+")


@dataclass(slots=True)
class ChangeSet:
    """A change set."""

    id: str
    name: str
    kind: str
    created: float
    given: Given | None
    description: str | None = None
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None
    changes: list[Change] = field(default_factory=list)
    token: str | None = None
    nested: bool = False
    capabilities: tuple[str, ...] = ()
    on_failure: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    imports: tuple[dict[str, Any], ...] = ()
    topics: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What early validation has found."""


def create_change_set(world: World, call: Call) -> dict[str, Any]:
    """CreateChangeSet."""
    region, params = world.deployments.of(world, call), call.params
    region.check_stack_name(params["StackName"])
    name, kind = params["ChangeSetName"], params.get("ChangeSetType") or "UPDATE"
    if not _NAME.fullmatch(name):
        text = f"1 validation error detected: Value '{name}' at 'changeSetName' failed to satisfy constraint: "
        raise preparing.invalid(f"{text}Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
    stack = _stack_for(region, params["StackName"], name, kind)
    known = None if stack is None else stack.change_sets.get(name)
    if known is not None and stack is not None and not known.execution_status.startswith("EXECUTE_"):
        if params.get("ClientToken") is not None and known.token == params["ClientToken"]:
            return {"Id": known.id, "StackId": stack.id}
        raise Fault("AlreadyExistsException", f"ChangeSet {name} already exists")
    stack_id = stack.id if stack is not None else region.new_stack_id(params["StackName"])
    made = _planned(region, params, stack, stack_id, kind)
    if stack is None:
        stack = Stack(stack_id, params["StackName"], region.now(), "REVIEW_IN_PROGRESS")

        def allowed() -> None:
            if region.stacks.live(params["StackName"]) is not None:
                raise Fault("AlreadyExistsException", f"Stack [{params['StackName']}] already exists")
            region.stacks.all[stack_id] = stack

        region.begin(stack, "REVIEW_IN_PROGRESS", allowed)
    stack.change_sets[name] = made
    return {"Id": made.id, "StackId": stack.id}


def _stack_for(region: Region, asked: str, name: str, kind: str) -> Stack | None:
    """The stack that a change set is for; None for a new one."""
    stack = region.stacks.find(asked)
    exists = stack is not None and stack.status != "REVIEW_IN_PROGRESS"
    if kind == "CREATE" and exists:
        raise preparing.invalid(
            f"Stack [{asked}] already exists and cannot be created again with the changeSet [{name}]."
        )
    if kind != "CREATE" and stack is None and kind != "IMPORT":
        raise preparing.invalid(f"Stack [{asked}] does not exist")
    if stack is not None and kind != "CREATE":
        region.check_updatable(stack)
    if stack is None and asked.startswith("arn:"):
        raise preparing.invalid(f"Stack [{asked}] does not exist")
    return stack


def _planned(region: Region, params: Any, stack: Stack | None, stack_id: str, kind: str) -> ChangeSet:
    name = params["ChangeSetName"]
    made = ChangeSet(
        region.services.arn("cloudformation", f"changeSet/{name}/{region.new_id()}"),
        name,
        kind,
        region.now(),
        None,
        params.get("Description"),
        token=params.get("ClientToken"),
        nested=bool(params.get("IncludeNestedStacks")),
        capabilities=tuple(params.get("Capabilities") or ()),
        on_failure=params.get("OnStackFailure"),
        tags=tuple((tag["Key"], tag["Value"]) for tag in params.get("Tags") or ()),
        topics=tuple(params.get("NotificationARNs") or ()),
    )
    stack_name = stack.name if stack is not None else params["StackName"]
    try:
        given = preparing.prepare(
            *(params, region.stacks, region.services, stack),
            name=stack_name,
            stack_id=stack_id,
            updates=kind != "CREATE",
        )
    except TransformRefused as refused:
        return _failed(made, str(refused))
    made.given = given
    pseudo = pseudo_parameters(region.services, stack_name, stack_id, given.notification_arns)
    shown = stack or Stack(stack_id, stack_name, made.created, "REVIEW_IN_PROGRESS")
    scope = Values(given.template, given.parameters, pseudo, shown.rows, region.stacks.exports)
    try:
        if kind == "IMPORT":
            made.imports = tuple(params.get("ResourcesToImport") or ())
            made.changes = _imports(made, given)
        else:
            made.changes = plan(shown, given, scope)
    except InvalidTemplate as error:
        return _failed(made, str(error))
    if not made.changes and kind == "UPDATE" and not has_other_changes(shown, given):
        return _failed(made, NO_UPDATES if given.transforms else NO_CHANGES)
    if kind != "IMPORT" and not params.get("DisableValidation"):
        made.problems = early_validation.problems(region, shown, made.changes)
        if made.problems:
            return _failed(made, early_validation.reason(made.problems))
    return made


def _failed(made: ChangeSet, reason: str) -> ChangeSet:
    made.status, made.execution_status, made.reason, made.changes = "FAILED", "UNAVAILABLE", reason, []
    return made


def _imports(made: ChangeSet, given: Given) -> list[Change]:
    changes = []
    declared: dict[str, Any] = read(given.processed)["Resources"]  # a policy of Delete has to be written there
    for wanted in made.imports:
        logical_id = wanted["LogicalResourceId"]
        resource = given.template.resources.get(logical_id)
        if resource is None or resource.type != wanted["ResourceType"]:
            raise InvalidTemplate(f"Resource [{logical_id}] of the import is not in the template")
        if "DeletionPolicy" not in declared[logical_id]:
            raise InvalidTemplate(
                "As part of the import operation, you cannot import a resource without a DeletionPolicy attribute: "
                f"[{logical_id}]"
            )
        physical = "|".join(map(str, wanted["ResourceIdentifier"].values()))
        changes.append(Change("Import", logical_id, resource.type, physical))
    return changes


def find_change_set(region: Region, params: Any) -> tuple[Stack, ChangeSet]:
    """A change set, by its name and its stack, or by its ARN.

    Raises:
        Fault: ChangeSetNotFound; ValidationError, there is no such stack, or none is named.
    """
    name, stack_name = params["ChangeSetName"], params.get("StackName")
    if name.startswith("arn:") and _ARN.fullmatch(name):
        for stack in region.stacks:
            for made in stack.change_sets.values():
                if made.id == name:
                    return stack, made
        raise _unknown(name)
    if stack_name is None:
        raise preparing.invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
    stack = region.stacks.required(stack_name, "Stack [{}] does not exist")
    found = stack.change_sets.get(name)
    if found is None:
        raise _unknown(name)
    return stack, found


def _unknown(name: str) -> Fault:
    return Fault("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", status=404)


def _summary(stack: Stack, made: ChangeSet) -> dict[str, Any]:
    return {
        "ChangeSetName": made.name,
        "ChangeSetId": made.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": made.description,
        "CreationTime": made.created,
        "ExecutionStatus": made.execution_status,
        "Status": made.status,
        "StatusReason": made.reason,
        "IncludeNestedStacks": made.nested,
    }


def describe_change_set(world: World, call: Call) -> dict[str, Any]:
    """DescribeChangeSet."""
    region = world.deployments.of(world, call)
    stack, made = find_change_set(region, call.params)
    values = bool(call.params.get("IncludePropertyValues"))
    parameters = [] if made.given is None else [each.described() for each in made.given.parameters.values()]
    tags = [{"Key": key, "Value": value} for key, value in (made.given.tags if made.given else made.tags)]
    shown, token = region.page(made.changes, call.params.get("NextToken"), 100)
    return {
        **_summary(stack, made),
        "Parameters": parameters or None,
        "Tags": tags or None,
        "NotificationARNs": list(made.given.notification_arns if made.given else made.topics),
        "RollbackConfiguration": made.given.rollback if made.given else {},
        "Capabilities": list(made.capabilities),
        "Changes": [change.described(values=values) for change in shown],
        "OnStackFailure": made.on_failure,
        "NextToken": token,
    }


def describe_change_set_hooks(world: World, call: Call) -> dict[str, Any]:
    """DescribeChangeSetHooks: no hooks are there that could be planned."""
    stack, made = find_change_set(world.deployments.of(world, call), call.params)
    summary = _summary(stack, made)
    members = ("ChangeSetId", "ChangeSetName", "StackId", "StackName")
    planned = "PLANNED" if made.status == "CREATE_COMPLETE" else "UNAVAILABLE"
    return {**{name: summary[name] for name in members}, "Hooks": [], "Status": planned}


def list_change_sets(world: World, call: Call) -> dict[str, Any]:
    """ListChangeSets."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")
    listed = [made for made in stack.change_sets.values() if made.execution_status != "EXECUTE_COMPLETE"]
    shown, token = region.page(listed, call.params.get("NextToken"), 100)
    return {"Summaries": [_summary(stack, made) for made in shown], "NextToken": token}


def delete_change_set(world: World, call: Call) -> dict[str, Any]:
    """DeleteChangeSet; one that is not there is as good as deleted, but its stack must be there."""
    region = world.deployments.of(world, call)
    try:
        stack, made = find_change_set(region, call.params)
    except Fault as fault:
        if fault.code != "ChangeSetNotFound":
            raise
        return {}
    if made.execution_status == "EXECUTE_IN_PROGRESS":
        text = f"ChangeSet [{made.id}] cannot be deleted in its current execution status of [EXECUTE_IN_PROGRESS]"
        raise Fault("InvalidChangeSetStatus", text)
    del stack.change_sets[made.name]
    return {}


def execute_change_set(world: World, call: Call) -> dict[str, Any]:
    """ExecuteChangeSet."""
    region = world.deployments.of(world, call)
    stack, made = find_change_set(region, call.params)
    given = _check_executable(made)
    preparing.require_capabilities(given, reviewed=True)
    status = "IMPORT_IN_PROGRESS" if made.kind == "IMPORT" else "CREATE_IN_PROGRESS"
    if made.kind != "IMPORT" and stack.given is not None:
        status = "UPDATE_IN_PROGRESS"

    def allowed() -> None:
        _check_executable(made)
        region.check_updatable(stack)
        for other in list(stack.change_sets.values()):
            if other is not made and other.execution_status != "EXECUTE_COMPLETE":
                del stack.change_sets[other.name]
        stack.token = call.params.get("ClientRequestToken")
        stack.change_set_id = made.id
        stack.disable_rollback = bool(call.params.get("DisableRollback"))
        if made.on_failure is not None:
            stack.on_failure = made.on_failure
        made.execution_status = "EXECUTE_IN_PROGRESS"

    region.drive(_execution(region, region.begin(stack, status, allowed), made, given))
    return {}


def _check_executable(made: ChangeSet) -> Given:
    """What would be made of the stack. Raises Fault."""
    if made.status != "CREATE_COMPLETE" or made.given is None:
        text = f"ChangeSet [{made.id}] cannot be executed in its current status of [{made.status}]"
        raise Fault("InvalidChangeSetStatus", text)
    if made.execution_status != "AVAILABLE":
        text = f"ChangeSet [{made.id}] cannot be executed in its current execution status of [{made.execution_status}]"
        raise Fault("InvalidChangeSetStatus", text)
    return made.given


def _execution(region: Region, deployment: Deployment, made: ChangeSet, given: Given) -> Steps:
    stack = deployment.stack
    if made.kind == "IMPORT":
        _import(region, deployment, made, given)
    else:
        yield from deployment.create(given) if stack.given is None else deployment.update(given)
    succeeded = stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status
    made.execution_status = "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"
    stack.updated = region.now()


def _import(region: Region, deployment: Deployment, made: ChangeSet, given: Given) -> None:
    """Take resources that are there into a stack. Only types that can be looked at are taken."""
    stack, before = deployment.stack, deployment.stack.given
    stack.given = given
    scope = region.scope(stack, given)
    for wanted in made.imports:
        resource = given.template.resources[wanted["LogicalResourceId"]]
        row = Row(resource.logical_id, resource.type, deletion_policy=resource.deletion_policy)
        row.properties = region.evaluated(scope, resource)
        stack.rows[resource.logical_id] = row
        stack.tell_of(row, "IMPORT_IN_PROGRESS", "Resource import started.", region.now())
        try:
            found = find_type(resource.type).adopt(region.services, wanted["ResourceIdentifier"])
        except (Refused, KeyError):
            found = None
        if found is None:
            reason = "The resource to import does not exist, or Dynastep cannot import resources of its type."
            stack.tell_of(row, "IMPORT_FAILED", reason, region.now())
            said = f"The following resource(s) failed to import: [{resource.logical_id}]. "
            deployment.tell("IMPORT_ROLLBACK_IN_PROGRESS", said)
            stack.given = before
            for each in made.imports:
                stack.rows.pop(each["LogicalResourceId"], None)
            deployment.tell("IMPORT_ROLLBACK_COMPLETE")
            return
        row.physical_id, row.attributes = found.id, found.attributes
        stack.tell_of(row, "IMPORT_COMPLETE", "Resource import completed.", region.now())
    deployment.tell("IMPORT_COMPLETE")

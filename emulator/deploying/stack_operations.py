"""Operations on stacks: they are created, updated, deleted.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html; the texts of refusals as
AWS was recorded to answer them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.deploying import preparing
from emulator.deploying.changes import has_other_changes, plan
from emulator.deploying.preparing import TransformRefused, invalid
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.stack_policies import InvalidStackPolicy, StackPolicy, read_stack_policy
from emulator.deploying.stacks import Stack
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.wire.protocol import Call
    from emulator.world import World


def create_stack(world: World, call: Call) -> dict[str, Any]:
    """CreateStack."""
    region, params = world.deployments.of(world, call), call.params
    name = params["StackName"]
    region.check_stack_name(name)
    policy = _policy(region, params, "StackPolicy")
    known = region.stacks.live(name)
    if known is not None and known.status != "REVIEW_IN_PROGRESS":
        if known.token is not None and known.token == params.get("ClientRequestToken"):
            return {"StackId": known.id}
        raise Fault("AlreadyExistsException", f"Stack [{name}] already exists")
    stack_id = known.id if known is not None else region.new_stack_id(name)
    failure = None
    given = None
    try:
        given = preparing.prepare(
            params, region.stacks, region.services, None, name=name, stack_id=stack_id, updates=False
        )
        preparing.require_capabilities(given)
        _check_plan(region, Stack(stack_id, name, region.now(), "CREATE_IN_PROGRESS"), given)
    except TransformRefused as refused:
        failure = str(refused)
    stack = known or Stack(stack_id, name, region.now(), "CREATE_IN_PROGRESS")

    def allowed() -> None:
        there = region.stacks.live(name)
        if there is not None and (there is not known or there.status != "REVIEW_IN_PROGRESS"):
            raise Fault("AlreadyExistsException", f"Stack [{name}] already exists")
        for made in stack.change_sets.values():
            made.execution_status = "OBSOLETE"
        _configure(stack, params)
        stack.policy = policy
        region.stacks.all[stack_id] = stack

    deployment = region.begin(stack, "CREATE_IN_PROGRESS", allowed)
    if given is None:
        deployment.tell("ROLLBACK_IN_PROGRESS", f"{failure}. Rollback requested by user.")
        deployment.tell("ROLLBACK_COMPLETE")
        return {"StackId": stack_id}
    region.drive(deployment.create(given))
    return {"StackId": stack_id}


def _configure(stack: Stack, params: Any) -> None:
    """What a creation says of the stack itself."""
    stack.token = params.get("ClientRequestToken")
    stack.disable_rollback = bool(params.get("DisableRollback"))
    stack.on_failure = params.get("OnFailure") or ("DO_NOTHING" if stack.disable_rollback else "ROLLBACK")
    stack.protected = bool(params.get("EnableTerminationProtection"))
    stack.timeout = params.get("TimeoutInMinutes")


def _check_plan(region: Region, stack: Stack, given: Any) -> list[Any]:
    """What would change. Raises Fault, the template cannot be evaluated."""
    try:
        return plan(stack, given, region.scope(stack, given))
    except InvalidTemplate as error:
        raise invalid(str(error)) from None


def update_stack(world: World, call: Call) -> dict[str, Any]:
    """UpdateStack."""
    region, params = world.deployments.of(world, call), call.params
    stack = region.stacks.required(params["StackName"], "Stack [{}] does not exist")
    region.looked()
    if not any(params.get(name) for name in ("TemplateBody", "TemplateURL", "UsePreviousTemplate")):
        raise invalid("Either Template URL or Template Body must be specified.")
    region.check_updatable(stack)
    if stack.status == "REVIEW_IN_PROGRESS":
        raise Fault("ValidationError", f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    try:
        given = preparing.prepare(
            params, region.stacks, region.services, stack, name=stack.name, stack_id=stack.id, updates=True
        )
    except TransformRefused as refused:
        raise invalid(str(refused)) from None
    preparing.require_capabilities(given)
    changes = _check_plan(region, stack, given)
    unchanged = not changes and not has_other_changes(stack, given) and not stack.status.endswith("FAILED")
    if unchanged and not given.transforms:  # AWS does not compare what transforms may have made
        raise invalid("No updates are to be performed.")
    lasting, passing = _policy(region, params, "StackPolicy"), _policy(region, params, "StackPolicyDuringUpdate")

    def allowed() -> None:
        region.check_updatable(stack)
        stack.token = params.get("ClientRequestToken")
        stack.disable_rollback = bool(params.get("DisableRollback"))

    deployment = region.begin(stack, "UPDATE_IN_PROGRESS", allowed)
    deployment.policy, deployment.next_policy = passing or stack.policy, lasting
    region.drive(deployment.update(given))
    return {"StackId": stack.id}


def _policy(region: Region, params: Any, name: str) -> StackPolicy | None:
    """The policy that a request has as ``nameBody`` or ``nameURL``. Raises Fault."""
    body, url = params.get(f"{name}Body"), params.get(f"{name}URL")
    if body is not None and url is not None:
        raise invalid(f"You cannot specify both {name}URL and {name}Body")
    text = preparing.stored(url, region.services) if url is not None else body
    if text is None:
        return None
    try:
        return read_stack_policy(text)
    except InvalidStackPolicy as error:
        raise invalid(str(error)) from None


def set_stack_policy(world: World, call: Call) -> dict[str, Any]:
    """SetStackPolicy."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")
    stack.policy = _policy(region, call.params, "StackPolicy") or stack.policy
    return {}


def get_stack_policy(world: World, call: Call) -> dict[str, Any]:
    """GetStackPolicy."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")
    return {"StackPolicyBody": None if stack.policy is None else stack.policy.text}


def delete_stack(world: World, call: Call) -> dict[str, Any]:
    """DeleteStack; of a stack that is not there, nothing."""
    region, params = world.deployments.of(world, call), call.params
    stack = region.stacks.find(params["StackName"])
    if stack is None or stack.is_gone:
        return {}
    region.looked()
    if stack.protected:
        raise invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    retained = frozenset(params.get("RetainResources") or ())
    if retained and stack.status != "DELETE_FAILED":
        text = f"Invalid operation on stack [{stack.id}]. When you delete a stack, specify which resources to retain "
        raise invalid(f"{text}only when the stack is in the DELETE_FAILED state.")
    if stack.status == "DELETE_IN_PROGRESS":
        return {}

    def allowed() -> None:
        region.check_deletable(stack)
        stack.token = params.get("ClientRequestToken")

    deployment = region.begin(stack, "DELETE_IN_PROGRESS", allowed)
    deployment.retained = retained
    region.drive(deployment.delete())
    return {}


def update_termination_protection(world: World, call: Call) -> dict[str, Any]:
    """UpdateTerminationProtection."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")
    stack.protected = bool(call.params["EnableTerminationProtection"])
    return {"StackId": stack.id}


def cancel_update_stack(world: World, call: Call) -> dict[str, Any]:
    """CancelUpdateStack."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")
    if stack.status != "UPDATE_IN_PROGRESS":
        raise invalid(f"CancelUpdateStack cannot be called from current stack status: {stack.status}")
    stack.cancelled = True
    return {}


def continue_update_rollback(world: World, call: Call) -> dict[str, Any]:
    """ContinueUpdateRollback."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")

    def allowed() -> None:
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not continue its rollback.")

    deployment = region.begin(stack, "UPDATE_ROLLBACK_IN_PROGRESS", allowed)
    region.drive(deployment.continue_rollback(frozenset(call.params.get("ResourcesToSkip") or ())))
    return {}


def rollback_stack(world: World, call: Call) -> dict[str, Any]:
    """RollbackStack: of a stack whose creation or update failed and was left so."""
    region = world.deployments.of(world, call)
    stack = region.stacks.required(call.params["StackName"], "Stack [{}] does not exist")

    def allowed() -> None:
        if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")

    if stack.status == "UPDATE_FAILED":
        deployment = region.begin(stack, "UPDATE_ROLLBACK_IN_PROGRESS", allowed)
        region.drive(deployment.continue_rollback(frozenset()))
    else:
        region.drive(region.begin(stack, "ROLLBACK_IN_PROGRESS", allowed).roll_back())
    return {"StackId": stack.id}

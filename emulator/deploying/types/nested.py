"""AWS::CloudFormation::Stack: a stack in a stack.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.stacks import STACK, Stack
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType
from emulator.faults import Fault


class NestedStack(ResourceType):
    """A stack whose parent is a stack; it shares its parent's tags and capabilities."""

    takes_tags = True

    @staticmethod
    def _params(order: Order) -> dict[str, Any]:
        parameters = order.properties.get("Parameters") or {}
        parent = order.deployment.stack.given
        return {
            "TemplateURL": order.properties.get("TemplateURL"),
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in order.tags().items()],
            "NotificationARNs": order.properties.get("NotificationARNs"),
            "Capabilities": parent.capabilities if parent is not None else (),
        }

    @staticmethod
    def _made(stack: Stack) -> Made:
        outputs = {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in stack.outputs}
        return Made(stack.id, outputs)

    def _prepared(self, order: Order, stack: Stack | None, stack_id: str, name: str) -> Any:
        from emulator.deploying import preparing

        deployment = order.deployment
        try:
            given = preparing.prepare(
                *(self._params(order), deployment.stacks, order.services, stack),
                name=name,
                stack_id=stack_id,
                updates=stack is not None,
            )
            preparing.require_capabilities(given)
        except Fault as fault:
            raise Refused(fault.message) from None
        except preparing.TransformRefused as refused:
            raise Refused(str(refused)) from None
        return given

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Make one."""
        from emulator.deploying.deployment import Deployment

        outer = order.deployment
        name = order.named("", 128)
        stack_id = order.services.arn("cloudformation", f"stack/{name}/{order.seed}")
        given = self._prepared(order, None, stack_id, name)
        parent = outer.stack
        stack = Stack(stack_id, name, outer.now(), "CREATE_IN_PROGRESS", parent_id=parent.id)
        stack.root_id, stack.token = parent.root_id or parent.id, parent.token
        outer.stacks.all[stack_id] = stack
        outer.stack.rows[order.logical_id].physical_id = stack_id  # whoever deletes the parent now deletes this, too
        inner = Deployment(outer.stacks, stack, order.services, outer.now, outer.new_id)
        stack.worker = inner
        inner.tell("CREATE_IN_PROGRESS", "User Initiated")
        yield from inner.create(given)
        if stack.status != "CREATE_COMPLETE":
            raise Refused(f"Embedded stack {stack_id} was not successfully created: {_why(stack)}")
        return self._made(stack)

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one."""
        del before
        from emulator.deploying.deployment import Deployment

        outer = order.deployment
        stack = outer.stacks.all[made.id]
        given = self._prepared(order, stack, stack.id, stack.name)
        stack.token = outer.stack.token
        inner = Deployment(outer.stacks, stack, order.services, outer.now, outer.new_id)
        stack.worker = inner
        inner.tell("UPDATE_IN_PROGRESS", "User Initiated")
        yield from inner.update(given)
        if stack.status != "UPDATE_COMPLETE":
            raise Refused(f"Embedded stack {stack.id} was not successfully updated: {_why(stack)}")
        return self._made(stack)

    def delete(self, order: Order, made: Made) -> Generator[float, None, None]:
        """Delete one."""
        from emulator.deploying.deployment import Deployment

        outer = order.deployment
        stack = outer.stacks.all.get(made.id)
        if stack is None or stack.is_gone:
            return
        inner = Deployment(outer.stacks, stack, order.services, outer.now, outer.new_id)
        stack.worker = inner
        inner.tell("DELETE_IN_PROGRESS", "User Initiated")
        yield from inner.delete()
        if not stack.is_gone:
            raise Refused(f"Embedded stack {stack.id} was not successfully deleted: {as_text(stack.reason or '')}")


def _why(stack: Stack) -> str:
    """What the first event of a failure says."""
    reasons = (event.reason for event in stack.events if event.reason and "failed to" in event.reason)
    return next(reasons, stack.reason or "")


TYPES: Final[Mapping[str, ResourceType]] = {STACK: NestedStack()}

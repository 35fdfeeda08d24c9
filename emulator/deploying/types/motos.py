"""Types that only moto knows: EC2's, ECR's and many more are made by moto's own classes."""

from __future__ import annotations

from typing import Any, Final

from emulator import moto_door
from emulator.deploying.schemas import schema
from emulator.deploying.services import Refused
from emulator.deploying.types.resource_type import (
    Made,
    Order,
    Properties,
    ResourceType,
    naming_property,
    pairs,
    tags_of,
)
from emulator.moto_door.resources import CannotMake

_OBJECT: Final = "::moto"
"""Among the attributes of a resource: moto's object of it."""


class MotosType(ResourceType):
    """A type that moto makes."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def _made(self, made: Any, order: Order) -> Made:
        known = schema(self.kind)
        names = known.attributes if known is not None else frozenset()
        found = moto_door.resources.attributes(made, names | {"Arn"})
        return Made(self._id(made, order), {**found, _OBJECT: made})

    def _id(self, made: Any, order: Order) -> str:
        """The physical id: as moto's object has it, or by the property that identifies one."""
        known = schema(self.kind)
        identifiers = known.identifier if known is not None else ()
        found = moto_door.resources.physical_id(made, identifiers)
        if found is not None:
            return found
        given = [order.properties[name] for name in identifiers if name in order.properties]
        if identifiers and len(given) == len(identifiers):
            return "|".join(map(str, given))
        raise Refused(f"Dynastep cannot tell which {self.kind} was made", "GeneralServiceException")

    def _properties(self, order: Order) -> dict[str, Any]:
        known = schema(self.kind)
        tags = known.tags if known is not None else ""
        if not tags or not order.tags() or isinstance(order.properties.get(tags), dict):
            return order.properties
        return {**order.properties, tags: pairs({**order.deployment.stack.tags, **tags_of(order.properties.get(tags))})}

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.named(naming_property(self.kind) or "", lower=self.kind.startswith(("AWS::ECR", "AWS::S3")))
        account, region = order.services.account, order.services.region
        try:
            return self._made(
                moto_door.resources.make(self.kind, name, self._properties(order), account, region), order
            )
        except CannotMake as error:
            raise Refused(str(error), "GeneralServiceException") from error

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        account, region = order.services.account, order.services.region
        name = order.named(naming_property(self.kind) or "")
        held, properties = made.attributes[_OBJECT], self._properties(order)
        try:
            changed = moto_door.resources.change(self.kind, held, name, properties, account, region)
            return self._made(changed, order)
        except CannotMake as error:
            raise Refused(str(error), "GeneralServiceException") from error

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        account, region = order.services.account, order.services.region
        try:
            held = made.attributes[_OBJECT]
            moto_door.resources.unmake(self.kind, made.id, held, order.properties, account, region)
        except CannotMake as error:
            raise Refused(str(error), "GeneralServiceException") from error


class Absent(ResourceType):
    """A type of AWS's that neither Dynastep nor moto makes: its stack fails, naming it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def create(self, order: Order) -> Made:
        """Refuse to make one."""
        del order
        raise Refused(
            f"Dynastep does not make resources of the type {self.kind}: docs/cloudformation.md", "InvalidRequest"
        )

    def delete(self, order: Order, made: Made) -> None:
        """There is nothing to delete."""

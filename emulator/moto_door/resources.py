"""Resources of templates whose types only moto knows: made, changed and deleted by moto's own classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.moto_door.state import MotoUnknown, introduce, opened


class CannotMake(Exception):
    """moto cannot make, change or delete a resource; the message is what it said."""


def _class_of(kind: str) -> Any:
    from moto.cloudformation import parsing

    opened("cloudformation")
    return parsing.resource_class_from_type(kind) if kind in parsing.get_model_map() else None


def makes(kind: str) -> bool:
    """Whether moto makes resources of a type."""
    try:
        return _class_of(kind) is not None
    except MotoUnknown:
        return False


def make(kind: str, name: str, properties: Mapping[str, Any], account: str, region: str) -> Any:
    """Make a resource; moto's own object. Raises CannotMake."""
    introduce(account, region)
    described = {"Type": kind, "Properties": dict(properties)}
    return _tried(lambda: _class_of(kind).create_from_cloudformation_json(name, described, account, region))


def change(kind: str, made: Any, name: str, properties: Mapping[str, Any], account: str, region: str) -> Any:
    """Change a resource; moto's object, another one if it was replaced. Raises CannotMake."""
    described = {"Type": kind, "Properties": dict(properties)}
    of = _class_of(kind)
    return _tried(lambda: of.update_from_cloudformation_json(made, name, described, account, region))


def unmake(kind: str, made: Any, properties: Mapping[str, Any], account: str, region: str) -> None:
    """Delete a resource. Raises CannotMake."""
    described = {"Type": kind, "Properties": dict(properties)}
    of = _class_of(kind)

    def delete() -> None:
        if hasattr(made, "delete"):
            made.delete(account, region)
        else:
            of.delete_from_cloudformation_json(made.physical_resource_id, described, account, region)

    _tried(delete)


def attributes(made: Any, names: frozenset[str]) -> dict[str, Any]:
    """What Fn::GetAtt finds of a resource, of so many names."""
    found = {}
    for name in names:
        try:
            found[name] = made.get_cfn_attribute(name)
        except Exception:  # noqa: BLE001, S112 - moto has an error of its own for each class
            continue
    return found


def _tried(work: Any) -> Any:
    try:
        return work()
    except NotImplementedError as error:
        raise CannotMake(f"moto, behind Dynastep, lacks this: {error}") from error
    except Exception as error:
        said = getattr(error, "message", None) or str(error)
        raise CannotMake(f"{said}") from error

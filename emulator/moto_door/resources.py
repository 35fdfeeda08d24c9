"""Resources of templates whose types only moto knows: made, changed and deleted by moto's own classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from emulator.moto_door.state import MotoUnknown, introduce, opened

_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word of a property's name ends: ``DBSubnetGroupName`` is ``db_subnet_group_name``."""


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
    described = {"Type": kind, "Properties": {**properties, **_as_objects(kind, properties)}}
    return _tried(lambda: _class_of(kind).create_from_cloudformation_json(name, described, account, region))


_OBJECTS: Final = {("AWS::Redshift::Cluster", "ClusterSubnetGroupName"): "cluster_subnet_group_name"}
"""Where moto wants an object of its own for a name, and which member of the object it reads."""


def _as_objects(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: SimpleNamespace(**{member: properties[name]})
        for (of, name), member in _OBJECTS.items()
        if of == kind and name in properties
    }


def change(kind: str, made: Any, name: str, properties: Mapping[str, Any], account: str, region: str) -> Any:
    """Change a resource; moto's object, another one if it was replaced. Raises CannotMake."""
    described = {"Type": kind, "Properties": dict(properties)}
    of = _class_of(kind)
    return _tried(lambda: of.update_from_cloudformation_json(made, name, described, account, region))


def unmake(kind: str, name: str, made: Any, properties: Mapping[str, Any], account: str, region: str) -> None:
    """Delete a resource. Raises CannotMake."""
    described = {"Type": kind, "Properties": dict(properties)}
    of = _class_of(kind)

    def delete() -> None:
        if hasattr(made, "delete"):
            made.delete(account, region)
        else:
            of.delete_from_cloudformation_json(name, described, account, region)

    _tried(delete)


def physical_id(made: Any, identifiers: Sequence[str]) -> str | None:
    """A resource's physical id: moto's own, or what its object has under the names that identify one.

    Some of moto's classes have none: those of RDS and Redshift, whose Ref is the name.
    """
    known = getattr(made, "physical_resource_id", None)
    if known is not None:
        return str(known)
    found = [getattr(made, _WORD.sub("_", name).lower(), None) for name in identifiers]
    if len(found) == 1 and found[0] is None:
        found = [getattr(made, "name", None)]
    return "|".join(map(str, found)) if found and None not in found else None


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

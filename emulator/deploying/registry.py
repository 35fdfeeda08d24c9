"""The registry of types, as far as it is read: AWS's public resource types. None can be registered or activated here.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeType.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.preparing import invalid
from emulator.deploying.schemas import Schema, names, schema
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.wire.operations import Handler
    from emulator.wire.protocol import Call
    from emulator.world import World

_MOST: Final = 100
_ARN: Final = re.compile(r"arn:[^:]+:cloudformation:[^:]*:[^:]*:type/resource/(\w+)-(\w+)-(\w+)(/\w+)?")


def _arn(call: Call, kind: str) -> str:
    return f"arn:aws:cloudformation:{call.region}::type/resource/{kind.replace('::', '-')}"


def _provisioning(known: Schema) -> str:
    """Whether a resource of a type can change: a type whose every property is fixed or made by AWS cannot."""
    fixed = known.replacing | known.attributes
    return "FULLY_MUTABLE" if known.properties - fixed else "IMMUTABLE"


def list_types(world: World, call: Call) -> dict[str, Any]:
    """ListTypes: of the public ones, AWS's resource types; there are no private ones."""
    params = call.params
    region = world.deployments.of(world, call)
    filters = params.get("Filters") or {}
    public = params.get("Visibility") == "PUBLIC" and filters.get("Category") in (None, "AWS_TYPES")
    found: list[str] = []
    if public and params.get("Type", "RESOURCE") == "RESOURCE" and params.get("DeprecatedStatus") != "DEPRECATED":
        prefix, wanted = filters.get("TypeNamePrefix", ""), params.get("ProvisioningType")
        for kind in names():
            known = schema(kind)
            if kind.startswith(prefix) and known and wanted in (None, _provisioning(known)):
                found.append(kind)
    page, token = region.page(found, params.get("NextToken"), params.get("MaxResults") or _MOST)
    summaries = [
        {
            "Type": "RESOURCE",
            "TypeName": kind,
            "TypeArn": _arn(call, kind),
            "Description": f"Resource Type definition for {kind}",
        }
        for kind in page
    ]
    return {"TypeSummaries": summaries, "NextToken": token}


def describe_type(world: World, call: Call) -> dict[str, Any]:
    """DescribeType: of a resource type of AWS's. Its schema has what a deployment needs, not the types of values."""
    del world
    params = call.params
    kind = params.get("TypeName")
    if (arn := params.get("Arn")) is not None:
        named = _ARN.fullmatch(arn)
        kind = "::".join(named.groups()[:3]) if named else arn
    elif kind is None or "Type" not in params:
        raise invalid("You must specify either Arn or TypeName and Type")
    known = schema(kind) if params.get("Type", "RESOURCE") == "RESOURCE" else None
    if known is None:
        raise Fault("TypeNotFoundException", f"The type '{kind}' cannot be found.", status=404)
    return {
        "Arn": _arn(call, kind),
        "Type": "RESOURCE",
        "TypeName": kind,
        "IsDefaultVersion": True,
        "Description": f"Resource Type definition for {kind}",
        "Schema": dumps(_as_document(kind, known)),
        "ProvisioningType": _provisioning(known),
        "DeprecatedStatus": "LIVE",
        "Visibility": "PUBLIC",
    }


def _as_document(kind: str, known: Schema) -> dict[str, Any]:
    """A schema as the registry writes one, of what is kept of it here."""

    def pointers(of: Any) -> list[str]:
        return [f"/properties/{name.replace('.', '/')}" for name in of]

    document: dict[str, Any] = {
        "typeName": kind,
        "description": f"Resource Type definition for {kind}",
        "additionalProperties": False,
        "properties": {name: {} for name in sorted(known.properties)},
        "required": list(known.required),
        "readOnlyProperties": pointers(sorted(known.attributes)),
        "writeOnlyProperties": pointers(sorted(known.unseen)),
        "createOnlyProperties": pointers(sorted(known.replacing)),
        "conditionalCreateOnlyProperties": pointers(sorted(known.perhaps)),
        "primaryIdentifier": pointers(known.identifier),
        "tagging": {"taggable": bool(known.tags)},
    }
    if known.tags:
        document["tagging"]["tagProperty"] = f"/properties/{known.tags}"
    return {name: value for name, value in document.items() if value not in ([], {})}


OPERATIONS: Final[dict[str, Handler]] = {"DescribeType": describe_type, "ListTypes": list_types}

"""Condenses AWS's registry schemas of resource types, as cfn-lint ships them, into one small file: ``make schemas``.

What is kept of a type is what a deployment needs: which properties there are, which are required, a change of which
replaces the resource, what Fn::GetAtt finds, and what identifies one.
"""

from __future__ import annotations

import gzip
import json
from importlib.metadata import version
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as SCHEMAS

from emulator.deploying.schemas import FILE

REGION = "us-east-1"


def _name(pointer: str) -> str:
    """``/properties/Endpoint/Address`` -> ``Endpoint.Address``."""
    return pointer.removeprefix("/properties/").replace("/", ".")


def _names(pointers: list[str]) -> list[str]:
    return sorted(map(_name, set(pointers)))


def _tops(pointers: list[str]) -> list[str]:
    return sorted({name.partition(".")[0] for name in _names(pointers)})


def condensed(schema: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a schema; empty members are left out."""
    tagging = schema.get("tagging") or {}
    tags = tagging.get("tagProperty", "").removeprefix("/properties/")
    kept = {
        "properties": sorted(schema.get("properties", ())),
        "required": sorted(schema.get("required", ())),
        "replacing": _tops(schema.get("createOnlyProperties", [])),
        "perhaps": _tops(schema.get("conditionalCreateOnlyProperties", [])),
        "attributes": _names(schema.get("readOnlyProperties", [])),
        "unseen": _names(schema.get("writeOnlyProperties", [])),
        "identifier": list(dict.fromkeys(_name(each) for each in schema.get("primaryIdentifier", []))),
        "tags": tags if tagging.get("taggable", True) and tags in schema.get("properties", ()) else "",
    }
    return {name: value for name, value in kept.items() if value}


def main() -> None:
    """Write the file."""
    types = sorted(SCHEMAS.get_resource_types(REGION))
    of_aws = [name for name in types if "::" in name and not name.startswith("AWS::Serverless::")]
    known = {name: condensed(SCHEMAS.get_resource_schema(REGION, name).schema) for name in of_aws}
    text = json.dumps({"source": f"cfn-lint {version('cfn-lint')}", "types": known}, separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()

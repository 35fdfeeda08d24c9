"""Documentation of a REST API: parts and versions. Nothing follows from them but what exports show, as on AWS.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-documenting-api.html
"""

from __future__ import annotations

import json
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, kept, not_found
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import Patchable, text

_ABSENT: Final = "Invalid Documentation part identifier specified"


def create_documentation_part(asked: Asked) -> Thing:
    """CreateDocumentationPart."""
    api, params = asked.api, asked.params
    location = {name: each for name, each in params["location"].items() if each is not None}
    if any(each["location"] == location for each in api.documentation.values()):
        raise conflict("Documentation part already exists for the specified location: " + json.dumps(location))
    return add_part(asked, api, location, params["properties"])


def add_part(asked: Asked, api: Api, location: Thing, properties: str) -> Thing:
    """Keep a part; that of its location before is gone."""
    for part in [each for each in api.documentation.values() if each["location"] == location]:
        del api.documentation[part["id"]]
    part = {"id": asked.new_id(6), "location": location, "properties": properties}
    api.documentation[part["id"]] = part
    return part


def get_documentation_part(asked: Asked) -> Thing:
    """GetDocumentationPart."""
    return asked.part("documentation", "documentationPartId", _ABSENT)[1]


def get_documentation_parts(asked: Asked) -> Thing:
    """GetDocumentationParts."""
    kind, name, path = (asked.params.get(member) for member in ("type", "nameQuery", "path"))
    parts = [
        part
        for part in asked.api.documentation.values()
        if kind in (None, part["location"].get("type"))
        and path in (None, part["location"].get("path"))
        and (name is None or name in part["location"].get("name", ""))
    ]
    return page(asked, parts)


def update_documentation_part(asked: Asked) -> Thing:
    """UpdateDocumentationPart."""
    return _PART.update(asked, "documentation", "documentationPartId", _ABSENT)


_PART: Final = Patchable({"/properties": text("properties")}, names_paths=True)


def delete_documentation_part(asked: Asked) -> None:
    """DeleteDocumentationPart."""
    asked.api  # noqa: B018 - an API that is not there is refused in its own words
    api, part = asked.part("documentation", "documentationPartId", _ABSENT)
    del api.documentation[part["id"]]


def import_documentation_parts(asked: Asked) -> Thing:
    """ImportDocumentationParts, from the ``x-amazon-apigateway-documentation`` of an OpenAPI document."""
    from emulator.apigateway.control.documents import read

    api = asked.api
    document = read(asked.params["body"])
    if asked.params.get("mode") == "overwrite":
        api.documentation.clear()
    return {"ids": [part["id"] for part in add_parts(asked, api, document)], "warnings": []}


def add_parts(asked: Asked, api: Api, document: Thing) -> list[Thing]:
    """Keep the parts that a document has."""
    given = document.get("x-amazon-apigateway-documentation") or {}
    return [
        add_part(asked, api, dict(part["location"]), json.dumps(part.get("properties") or {}))
        for part in given.get("documentationParts") or ()
    ]


# Versions.

_NO_VERSION: Final = "Invalid Documentation version specified"


def create_documentation_version(asked: Asked) -> Thing:
    """CreateDocumentationVersion."""
    api, name = asked.api, asked.params["documentationVersion"]
    if not name:
        raise bad("Documentation version must be non-empty")
    if name in api.documentation_versions:
        raise conflict("Documentation version already exists: " + name)
    stage = asked.params.get("stageName")
    if stage is not None and stage not in api.stages:
        raise not_found("Invalid stage identifier specified")
    made = {"version": name, "createdDate": asked.now, **kept(asked.params, "description")}
    api.documentation_versions[name] = made
    if stage is not None:
        api.stages[stage]["documentationVersion"] = name
    return made


def get_documentation_version(asked: Asked) -> Thing:
    """GetDocumentationVersion."""
    return asked.part("documentation_versions", "documentationVersion", _NO_VERSION)[1]


def get_documentation_versions(asked: Asked) -> Thing:
    """GetDocumentationVersions."""
    return page(asked, list(asked.api.documentation_versions.values()))


def update_documentation_version(asked: Asked) -> Thing:
    """UpdateDocumentationVersion."""
    return _VERSION.update(asked, "documentation_versions", "documentationVersion", _NO_VERSION)


_VERSION: Final = Patchable({"/description": text("description")}, names_paths=True)


def delete_documentation_version(asked: Asked) -> None:
    """DeleteDocumentationVersion."""
    api, version = asked.part("documentation_versions", "documentationVersion", _NO_VERSION)
    used: list[Any] = [each for each in api.stages.values() if each.get("documentationVersion") == version["version"]]
    if used:
        raise bad("Documentation version is in use by stage " + str(used[0]["stageName"]))
    del api.documentation_versions[version["version"]]

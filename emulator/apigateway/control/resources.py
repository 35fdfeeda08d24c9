"""Resources of a REST API: the tree of its paths.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Resource.html
"""

from __future__ import annotations

import re
from typing import Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, not_found
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import REPLACE, Patch, Patchable, Rule

_ABSENT: Final = "Invalid Resource identifier specified"
_PART: Final = re.compile(r"[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._-]+\+?\}")


def resource_of(asked: Asked, name: str = "resourceId") -> tuple[Api, Thing]:
    """An API and the resource of it that a request names. Raises Fault: there is none, or no such API."""
    return asked.part("resources", name, _ABSENT)


def create_resource(asked: Asked) -> Thing:
    """CreateResource."""
    api, parent = resource_of(asked, "parentId")
    return shown(add_resource(asked, api, parent, str(asked.params["pathPart"])))


def add_resource(asked: Asked, api: Api, parent: Thing, part: str) -> Thing:
    """Make a resource below another. Raises Fault: there cannot be one."""
    if not _PART.fullmatch(part):
        raise bad(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces "
            "at the beginning and the end."
        )
    _check_place(api, parent, part, "")
    made = {"id": asked.new_id(6), "parentId": parent["id"], "pathPart": part, "path": _path(parent, part)}
    api.resources[made["id"]] = made
    return made


def _path(parent: Thing, part: str) -> str:
    return f"{parent['path'].rstrip('/')}/{part}"


def _check_place(api: Api, parent: Thing, part: str, own: str) -> None:
    """See that a resource may be below another: ``own`` is the id of one that moves."""
    siblings = [each for each in api.resources.values() if each.get("parentId") == parent["id"] and each["id"] != own]
    if any(each["pathPart"] == part for each in siblings):
        raise conflict(f"Another resource with the same parent already has this name: {part}")
    variable = next((each["pathPart"] for each in siblings if each["pathPart"].startswith("{")), None)
    if part.startswith("{") and variable is not None:
        raise bad(f"A sibling ({variable}) of this resource already has a variable path part -- only one is allowed")
    if parent.get("pathPart", "").endswith("+}"):
        raise bad(f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}")


def shown(resource: Thing, *, with_methods: bool = False) -> Thing:
    """A resource as it is shown; of its methods only the verbs unless they are asked for."""
    methods = resource.get("resourceMethods")
    plain = {name: value for name, value in resource.items() if name != "resourceMethods"}
    if methods:
        plain["resourceMethods"] = methods if with_methods else {verb: {} for verb in sorted(methods)}
    return plain


def get_resource(asked: Asked) -> Thing:
    """GetResource; ``embed=methods`` shows what the methods are."""
    return shown(resource_of(asked)[1], with_methods="methods" in (asked.params.get("embed") or ()))


def get_resources(asked: Asked) -> Thing:
    """GetResources."""
    whole = "methods" in (asked.params.get("embed") or ())
    in_order = sorted(asked.api.resources.values(), key=lambda each: str(each["path"]))
    return page(asked, [shown(each, with_methods=whole) for each in in_order])


def delete_resource(asked: Asked) -> None:
    """DeleteResource, and those below it."""
    api, resource = resource_of(asked)
    if "parentId" not in resource:
        raise bad("Root resource cannot be deleted.")
    for each in below(api, resource):
        del api.resources[each["id"]]


def below(api: Api, resource: Thing) -> list[Thing]:
    """A resource and those below it."""
    children = [each for each in api.resources.values() if each.get("parentId") == resource["id"]]
    return [resource, *(found for child in children for found in below(api, child))]


def update_resource(asked: Asked) -> Thing:
    """UpdateResource: another name or another parent; what is below goes with it."""
    api, resource = resource_of(asked)
    changed = _RESOURCE.patched(resource, asked.params.get("patchOperations"))
    if "parentId" in resource and changed != resource:
        parent = api.resources.get(changed["parentId"])
        if parent is None:
            raise not_found(_ABSENT)
        if any(each["id"] == parent["id"] for each in below(api, resource)):
            raise bad("Resources cannot be cyclical.")
        _check_place(api, parent, changed["pathPart"], changed["id"])
        api.resources[changed["id"]] = changed
        _rename(api, changed, _path(parent, changed["pathPart"]))
    return shown(changed)


def _rename(api: Api, resource: Thing, path: str) -> None:
    resource["path"] = path
    for child in api.resources.values():
        if child.get("parentId") == resource["id"]:
            _rename(api, child, f"{path}/{child['pathPart']}")


def _member(name: str) -> Rule:
    def apply(thing: Thing, patch: Patch) -> None:
        if "parentId" not in thing:
            raise bad(f"Root resource cannot update its {name}.")
        thing[name] = patch.value

    return Rule(REPLACE, apply)


_RESOURCE: Final = Patchable({"/parentId": _member("parentId"), "/pathPart": _member("pathPart")}, names_paths=True)

"""Documents: what a Swagger 2.0 or an OpenAPI 3.0 document says, whichever it is.

Sources: https://swagger.io/specification/v2/, https://spec.openapis.org/oas/v3.0.3
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.apigateway.control.held import Thing, bad

_VERBS: Final = {name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch")} | {
    "x-amazon-apigateway-any-method": "ANY"
}
_JSON: Final = "application/json"


def read(body: str) -> Thing:
    """A document, from base64 of JSON or YAML. Raises Fault: it is none."""
    return read_text(base64.b64decode(body).decode("utf-8", "replace"))


def read_text(text: str) -> Thing:
    """A document, from JSON or YAML. Raises Fault: it is none."""
    import yaml  # type: ignore[import-untyped]  # it has none

    try:
        found = yaml.load(text, _loader())  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or _size(found, _LARGEST) < 0:
        raise bad("Unable to build importer with provided input.")
    return {str(name): value for name, value in found.items()}


_LARGEST: Final = 1_000_000


def _size(value: Any, left: int) -> int:
    """How many values are left of so many; below zero if there are more, as where aliases name each other."""
    left -= 1
    if isinstance(value, dict | list) and left >= 0:
        for each in value.values() if isinstance(value, dict) else value:
            left = _size(each, left)
            if left < 0:
                break
    return left


@cache
def _loader() -> Any:
    """YAML's safe loader, but dates stay texts, as in JSON."""
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # as above
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


@dataclass(frozen=True, slots=True)
class Document:
    """A document."""

    content: Thing
    warnings: list[str] = field(default_factory=list)
    """What was left out of it."""

    @property
    def is_3(self) -> bool:
        """Whether it is of OpenAPI 3."""
        return "openapi" in self.content

    def _component(self, of_3: str, of_2: str) -> dict[str, Any]:
        held = (self.content.get("components") or {}).get(of_3) if self.is_3 else self.content.get(of_2)
        return dict(held or {})

    @property
    def schemas(self) -> dict[str, Any]:
        """Name -> schema."""
        return self._component("schemas", "definitions")

    @property
    def security_schemes(self) -> dict[str, Any]:
        """Name -> security scheme."""
        return self._component("securitySchemes", "securityDefinitions")

    @property
    def endpoint(self) -> Thing:
        """What it says of the endpoint; nothing if it does not."""
        extension = "x-amazon-apigateway-endpoint-configuration"
        servers = [each.get(extension) for each in self.content.get("servers") or () if each.get(extension)]
        given = self.content.get(extension) or (servers[0] if servers else None) or {}
        named = {"types": given.get("types"), "vpcEndpointIds": given.get("vpcEndpointIds")}
        return {name: value for name, value in named.items() if value}

    def paths(self, base: str) -> Iterator[tuple[str, Thing]]:
        """Paths with their items. ``base`` says what becomes of the base path: ignore, prepend or split."""
        before = self._base_path.rstrip("/") if base in ("prepend", "split") else ""
        if base == "split":
            before = "/".join(["", *before.split("/")[2:]])
        for path, item in (self.content.get("paths") or {}).items():
            if isinstance(item, dict):
                yield f"{before}{path}", item

    @property
    def _base_path(self) -> str:
        if not self.is_3:
            return str(self.content.get("basePath") or "")
        servers = self.content.get("servers") or [{}]
        url = str(servers[0].get("url") or "")
        for name, variable in (servers[0].get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")).strip("/"))
        return urlsplit(url).path

    def operations(self, item: Thing) -> Iterator[tuple[str, Thing]]:
        """Verbs with their operations, which have the parameters of the whole path, too."""
        for name, operation in item.items():
            if name in _VERBS:
                given = dict(operation or {})
                given["parameters"] = [*(item.get("parameters") or ()), *(given.get("parameters") or ())]
                yield _VERBS[name], given

    def parameters(self, operation: Mapping[str, Any]) -> Iterator[Thing]:
        """The parameters of an operation, what they refer to included."""
        for given in operation.get("parameters") or ():
            yield self.referred(given)

    def referred(self, given: Thing) -> Thing:
        """A part of the document, or what it refers to."""
        reference = given.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return given
        found: Any = self.content
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise bad(f"Unable to resolve the reference {reference}")
        return found

    def bodies(self, operation: Mapping[str, Any]) -> dict[str, Any]:
        """Media type -> schema, of the body of a request."""
        if self.is_3:
            content = self.referred(operation.get("requestBody") or {}).get("content") or {}
            return {media: each["schema"] for media, each in content.items() if (each or {}).get("schema")}
        body = next((each for each in self.parameters(operation) if each.get("in") == "body"), {})
        kinds = operation.get("consumes") or self.content.get("consumes") or [_JSON]
        return {kind: body["schema"] for kind in kinds if body.get("schema")}

    def contents(self, operation: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
        """Media type -> schema, of the body of a response."""
        if self.is_3:
            content = response.get("content") or {}
            return {media: each["schema"] for media, each in content.items() if (each or {}).get("schema")}
        kinds = operation.get("produces") or self.content.get("produces") or [_JSON]
        return {kind: response["schema"] for kind in kinds if response.get("schema")}

    def security(self, operation: Mapping[str, Any]) -> list[Thing]:
        """What an operation wants of whoever calls it."""
        return list(operation.get("security", self.content.get("security")) or ())

"""Mapping: what templates see, and what parameters are taken from.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.apigateway.json_paths import find
from emulator.apigateway.messages import Pairs, last, lists
from emulator.apigateway.velocity import InvalidTemplate, TemplateFailed, Tool, parse


class MappingFailed(Exception):
    """A template or a parameter cannot be used; the message says why. Who calls hears of an internal error."""


@dataclass(slots=True)
class Mapped:
    """What templates and parameters of one request see. ``overrides`` are what templates have set."""

    context: dict[str, Any]
    variables: Mapping[str, str]
    path: Mapping[str, str] = field(default_factory=dict)
    query: Pairs = ()
    headers: Pairs = ()
    body: str = ""
    """Of the request."""
    status_override: int | None = None
    header_override: dict[str, str] = field(default_factory=dict)

    def render(self, template: str, body: str, *, response: bool = False) -> str:
        """What a template makes of a body.

        Raises:
            MappingFailed: nothing.
        """
        context = dict(self.context)
        context["requestOverride"] = {"header": {}, "path": {}, "querystring": {}}
        context["responseOverride"] = {"header": {}}
        variables = {
            "input": _input(self, body),
            "util": UTIL,
            "context": context,
            "stageVariables": dict(self.variables),
        }
        try:
            text = parse(template).render(variables)
        except (InvalidTemplate, TemplateFailed) as error:
            raise MappingFailed(f"the mapping template cannot be rendered: {error}") from None
        self._take(context, response=response)
        return text

    def _take(self, context: Mapping[str, Any], *, response: bool) -> None:
        override = context["responseOverride" if response else "requestOverride"]
        self.header_override = {name: str(value) for name, value in (override.get("header") or {}).items()}
        status = override.get("status")
        if response and status is not None:
            try:
                self.status_override = int(status)
            except (TypeError, ValueError):
                raise MappingFailed(f"{status} is no status") from None
        if not response:
            self.context["requestOverride"] = override

    def parameter(self, source: str, response: Mapping[str, Any] | None = None) -> str | list[str] | None:
        """What a parameter such as ``method.request.header.X`` is; None if it is nowhere.

        ``response`` has ``headers`` (Pairs) and ``body`` (text) of what the integration has answered.
        """
        if len(source) > 1 and source[0] == source[-1] == "'":
            return source[1:-1]
        kind, _, rest = source.partition(".")
        match kind:
            case "stageVariables":
                return self.variables.get(rest)
            case "context":
                return _shown(_inside(self.context, rest))
            case "method":
                return self._of_request(rest.removeprefix("request."))
            case "integration" if response is not None:
                return _of_response(rest.removeprefix("response."), response)
        return None

    def _of_request(self, source: str) -> str | list[str] | None:
        place, _, name = source.partition(".")
        match place:
            case "path":
                return self.path.get(name)
            case "querystring":
                return last(self.query, name, exact=True)
            case "multivaluequerystring":
                return lists(self.query).get(name)
            case "header":
                return last(self.headers, name)
            case "multivalueheader":
                return [value for key, value in self.headers if key.lower() == name.lower()] or None
            case "body":
                return self.body if not name else _in_json(self.body, name)
        return None


def _of_response(source: str, response: Mapping[str, Any]) -> str | list[str] | None:
    place, _, name = source.partition(".")
    match place:
        case "header":
            return last(response["headers"], name)
        case "multivalueheader":
            return [value for key, value in response["headers"] if key.lower() == name.lower()] or None
        case "body":
            return str(response["body"]) if not name else _in_json(response["body"], name)
    return None


def _in_json(text: str, path: str) -> str | None:
    try:
        return _shown(find(loads(text), f"$.{path}" if not path.startswith("[") else f"${path}"))
    except InvalidJSON:
        return None


def _inside(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _shown(value: JSON) -> str | None:
    return None if value is None else value if isinstance(value, str) else dumps(value)


def _input(mapped: Mapped, body: str) -> Tool:
    """``$input``."""
    document: list[JSON] = []

    def read() -> JSON:
        if not document:
            try:
                document.append(loads(body) if body.strip() else {})
            except InvalidJSON:
                document.append(None)
        return document[0]

    def as_json(path: str = "$") -> str:
        found = find(read(), path)
        return '""' if found is None else dumps(found)

    headers = {name: values[-1] for name, values in lists(mapped.headers).items()}
    query = {name: values[-1] for name, values in lists(mapped.query).items()}
    places: dict[str, Mapping[str, str]] = {"path": mapped.path, "querystring": query, "header": headers}

    def params(name: str | None = None) -> Any:
        if name is None:
            return {place: dict(values) for place, values in places.items()}
        if name in places:
            return dict(places[name])
        for values in (mapped.path, query):
            if name in values:
                return values[name]
        found = last(mapped.headers, name)
        return "" if found is None else found

    return Tool(
        {"body": body},
        {"body": lambda: body, "json": as_json, "path": lambda path="$": find(read(), path), "params": params},
    )


_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "'": "\\'",
    "/": "\\/",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def escape_javascript(value: Any) -> str:
    r"""A text as ``$util.escapeJavaScript`` makes it, which escapes single quotes, too.

    >>> escape_javascript("it's")
    "it\\'s"
    """
    from emulator.apigateway.velocity.values import text_of

    text = value if isinstance(value, str) else text_of(value)
    return "".join(
        _ESCAPES.get(each) or (each if " " <= each <= "~" else "".join(f"\\u{unit:04X}" for unit in _units(each)))
        for each in text
    )


def _units(character: str) -> list[int]:
    code = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(code[at : at + 2], "big") for at in range(0, len(code), 2)]


def _parse_json(text: Any) -> Any:
    try:
        return loads(text) if isinstance(text, str) else text
    except InvalidJSON:
        return None


def _decode(text: str) -> str:
    try:
        return base64.b64decode(text, validate=False).decode(errors="replace")
    except binascii.Error:
        return ""


UTIL: Final = Tool(
    {},
    {
        "escapeJavaScript": escape_javascript,
        "parseJson": _parse_json,
        "urlEncode": lambda text: quote_plus(str(text), safe="*-._"),
        "urlDecode": lambda text: unquote_plus(str(text)),
        "base64Encode": lambda text: base64.b64encode(str(text).encode()).decode(),
        "base64Decode": _decode,
    },
)
"""``$util``."""

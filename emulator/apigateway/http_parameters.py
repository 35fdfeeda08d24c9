"""Parameters of HTTP APIs: what a mapping takes from a request, and how it changes requests and answers.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.apigateway.json_paths import find
from emulator.apigateway.messages import Answer, Incoming, lists, text_of

_VARIABLE: Final = re.compile(r"\$\{([\w$.:\-\[\]]+)\}|\$([a-zA-Z][\w.\-\[\]]*)")


@dataclass(frozen=True, slots=True)
class Values:
    """What mappings of one request see."""

    incoming: Incoming
    path: str
    parameters: Mapping[str, str]
    context: Mapping[str, Any]
    variables: Mapping[str, str]
    response: Answer | None = None

    def of(self, source: str) -> str | None:
        """What a source is: a text with variables such as ``$request.header.x``; None if one alone is nowhere.

        >>> Values(Incoming("GET", "/"), "/", {"id": "7"}, {}, {}).of("bill-${request.path.id}")
        'bill-7'
        """
        if match := _VARIABLE.fullmatch(source):
            return self._variable(match[1] or match[2])
        return _VARIABLE.sub(lambda found: self._variable(found[1] or found[2]) or "", source)

    def _variable(self, name: str) -> str | None:
        kind, _, rest = name.partition(".")
        match kind:
            case "stageVariables":
                return self.variables.get(rest)
            case "context":
                value: Any = self.context
                for part in rest.split("."):
                    value = value.get(part) if isinstance(value, Mapping) else None
                return None if value is None else value if isinstance(value, str) else dumps(value)
            case "request":
                return self._of_request(rest)
            case "response" if self.response is not None:
                place, _, key = rest.partition(".")
                if place == "header":
                    return (
                        ",".join(lists((n.lower(), v) for n, v in self.response.headers).get(key.lower(), ())) or None
                    )
                return _in_body(text_of(self.response.body), key)
        return None

    def _of_request(self, source: str) -> str | None:
        place, _, key = source.partition(".")
        match place:
            case "header":
                found = lists((name.lower(), value) for name, value in self.incoming.headers).get(key.lower())
                return None if found is None else ",".join(found)
            case "querystring":
                values = lists(self.incoming.query).get(key)
                return None if values is None else ",".join(values)
            case "path":
                return self.parameters.get(key) if key else self.path
            case "body":
                return _in_body(text_of(self.incoming.body), key)
        return None


def _in_body(text: str, key: str) -> str | None:
    if not key:
        return text
    try:
        found = find(loads(text), f"$.{key}")
    except InvalidJSON:
        return None
    return None if found is None else found if isinstance(found, str) else dumps(found)


def changed_request(
    incoming: Incoming, url: str, parameters: Mapping[str, str], values: Values
) -> tuple[Incoming, str]:
    """A request, and the URL that it goes to, as ``append:header.x`` and its kin change them."""
    headers, query = list(incoming.headers), list(incoming.query)
    for target, source in parameters.items():
        action, _, place = target.partition(":")
        value = values.of(str(source)) if action != "remove" else ""
        if place == "path" and value is not None:
            parts = urlsplit(url)
            url = urlunsplit(parts._replace(path=value if value.startswith("/") else f"/{value}"))
        elif place.startswith("header."):
            headers = _changed(headers, action, place.removeprefix("header."), value, exact=False)
        elif place.startswith("querystring."):
            query = _changed(query, action, place.removeprefix("querystring."), value, exact=True)
    return replace(incoming, headers=tuple(headers), query=tuple(query)), url


def _changed(
    pairs: list[tuple[str, str]], action: str, name: str, value: str | None, *, exact: bool
) -> list[tuple[str, str]]:
    def is_it(each: str) -> bool:
        return each == name if exact else each.lower() == name.lower()

    kept = pairs if action == "append" else [pair for pair in pairs if not is_it(pair[0])]
    if action == "remove" or value is None:
        return kept if action == "remove" else pairs
    return [*kept, (name, value)]


def changed_response(given: Answer, parameters: Mapping[str, Mapping[str, str]], values: Values) -> Answer:
    """An answer as the response parameters for its status change it."""
    changes = parameters.get(str(given.status)) or {}
    seen = replace(values, response=given)
    status, headers = given.status, list(given.headers)
    for target, source in changes.items():
        action, _, place = target.partition(":")
        value = seen.of(str(source)) if action != "remove" else ""
        if place == "statuscode" and value is not None and value.isdigit():
            status = int(value)
        elif place.startswith("header."):
            headers = _changed(headers, action, place.removeprefix("header."), value, exact=False)
    return replace(given, status=status, headers=tuple(headers))

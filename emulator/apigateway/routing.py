"""Routing: which resource or route of an API a path belongs to.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

_T = TypeVar("_T")


class Match(NamedTuple):
    """A template that a path fits, such as ``/bills/{id}``, and its parameters, decoded."""

    template: str
    parameters: dict[str, str]


def best(templates: Iterable[str], path: str, *, decoded: bool = True) -> Match | None:
    """The template that says most of a path; None if it fits none. Not ``decoded``: its parameters are as they came.

    A part as it stands comes before ``{name}``, which comes before ``{name+}``.

    >>> best(["/a/{id}", "/a/b", "/{all+}"], "/a/b").template
    '/a/b'
    """
    parts = _parts(path)
    found = [
        (rank, Match(template, parameters))
        for template in templates
        for rank, parameters in _fits(_parts(template), parts, unquote if decoded else str)
    ]
    return min(found, key=lambda each: each[0])[1] if found else None


def _parts(path: str) -> list[str]:
    inner = path.strip("/")
    return inner.split("/") if inner else []


def _fits(template: list[str], parts: list[str], read: Callable[[str], str]) -> list[tuple[list[int], dict[str, str]]]:
    """How well a template fits: for each part 0 as it stands, 1 a name, 2 a greedy one; the least comes first."""
    rank: list[int] = []
    parameters: dict[str, str] = {}
    for index, expected in enumerate(template):
        if expected.startswith("{") and expected.endswith("+}"):
            if index >= len(parts):
                return []
            parameters[expected[1:-2]] = read("/".join(parts[index:]))
            return [([*rank, 2], parameters)]
        if index >= len(parts):
            return []
        if expected.startswith("{") and expected.endswith("}"):
            parameters[expected[1:-1]] = read(parts[index])
            rank.append(1)
        elif expected == parts[index] or expected == unquote(parts[index]):
            rank.append(0)
        else:
            return []
    return [(rank, parameters)] if len(template) == len(parts) else []


def method_of(methods: Mapping[str, _T], verb: str) -> _T | None:
    """The method of a resource for a verb: its own, or ``ANY``."""
    return methods.get(verb) or methods.get("ANY")

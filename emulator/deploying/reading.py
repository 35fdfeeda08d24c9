"""Reading: the text of a template, JSON or YAML with CloudFormation's short forms, becomes a value.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html; the texts of refusals as
AWS was seen to answer them.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from asl_interpreter.jsontext import JSON

MOST_NODES: Final = 500_000
"""Values in a template, those behind an alias counted each time: more is a text that was made to be large."""
DEEPEST: Final = 200


class InvalidTemplate(Exception):
    """A template is refused. The message is AWS's."""


def read(text: str) -> dict[str, JSON]:
    """The value of a template's text.

    Raises:
        InvalidTemplate: it is neither JSON nor YAML, or no mapping, or far too large.
    """
    value = _read_json(text) if text.lstrip().startswith("{") else _read_yaml(text)
    if not isinstance(value, dict):
        raise InvalidTemplate("Template format error: unsupported structure.")
    _measure(value)
    return value


def _read_json(text: str) -> JSON:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"(line {error.lineno}, column {error.colno})"
        raise InvalidTemplate(f"Template format error: JSON not well-formed. {place}") from None
    except (RecursionError, ValueError):
        raise InvalidTemplate("Template format error: JSON not well-formed.") from None


def _no_constant(name: str) -> JSON:
    raise ValueError(name)


def _read_yaml(text: str) -> JSON:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes plain values only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        raise InvalidTemplate(f"Template format error: YAML not well-formed.{place}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise InvalidTemplate("Template format error: YAML not well-formed.") from None


def _measure(value: JSON) -> None:
    """Refuse what is too deep to be walked, or larger than any template once its aliases are written out."""
    waiting, seen = [(value, 1)], 0
    while waiting:
        at, depth = waiting.pop()
        seen += 1
        if seen > MOST_NODES or depth > DEEPEST:
            raise InvalidTemplate("Template format error: unsupported structure.")
        if isinstance(at, dict):
            waiting.extend((member, depth + 1) for member in at.values())
        elif isinstance(at, list):
            waiting.extend((item, depth + 1) for item in at)


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """YAML as CloudFormation reads it: dates and numbers with a leading zero stay text, and keys are text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own


_SCALARS: Final = (
    (
        "tag:yaml.org,2002:bool",
        r"true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF",
        "tTfFyYnNoO",
    ),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)",
        "-+0123456789",
    ),
)
for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})$"), list(_first))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in node.value:
        name = loader.construct_object(key, deep=True)
        if isinstance(name, dict | list):
            raise yaml.constructor.ConstructorError(None, None, "a key that is no scalar", key.start_mark)
        made[key.value] = loader.construct_object(value, deep=True)
    return made


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """``!Sub text`` is ``{"Fn::Sub": "text"}``; ``!GetAtt A.Arn`` has its two parts in a list."""
    value: Any
    match node:
        case yaml.ScalarNode():
            value = node.value
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = _mapping(loader, node)
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if name == "Fn::GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name: value}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", _short_form)


def _float(_loader: _Loader, node: yaml.ScalarNode) -> float | str:
    """A number that would be written otherwise, such as the version 1.10, stays the text that it is."""
    return float(node.value) if repr(float(node.value)) == node.value else str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:float", _float)

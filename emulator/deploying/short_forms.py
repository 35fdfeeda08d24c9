"""YAML as CloudFormation reads it, with the short forms of its functions, such as ``!Sub``.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml  # type: ignore[import-untyped]

from asl_interpreter.jsontext import JSON


def read_yaml(text: str) -> JSON:
    """The value of a text.

    Raises:
        yaml.YAMLError, RecursionError, ValueError: it is no such YAML.
    """
    value: JSON = yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes plain values only
    return value


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

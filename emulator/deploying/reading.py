"""Reading: the text of a template, JSON or YAML with CloudFormation's short forms, becomes a value.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html; the texts of refusals as
AWS was seen to answer them.
"""

from __future__ import annotations

import json
from typing import Final

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
    import yaml  # type: ignore[import-untyped]  # which a test without a template does not need

    from emulator.deploying.short_forms import read_yaml

    try:
        return read_yaml(text)
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

"""Which variables each state of a definition reads: DescribeStateMachine's variableReferences.

Names are sorted, and states that read none left out, as observed on AWS.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ..jsonata import compile_expression
from ..jsontext import JSON
from .jsonata_fields import expressions

_MACHINES: Final = ("Branches", "ItemProcessor", "Iterator")
_RULES: Final = ("Choices", "Catch")
_LITERAL: Final = frozenset({"Comment", "Default", "ErrorEquals", "Label", "Next", "Resource", "Retry", "Type"})
"""Fields in which a text is what it is, even between ``{%`` and ``%}``."""
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'")
_VARIABLE: Final = re.compile(r"(?<![\w$.])\$([^\W\d]\w*)")


def variable_references(machine: Mapping[str, JSON], language: str) -> dict[str, tuple[str, ...]]:
    """State -> the variables that it reads, for a machine and every one nested in it."""
    found: dict[str, tuple[str, ...]] = {}
    for name, state in machine["States"].items():
        own = {key: value for key, value in state.items() if key not in _MACHINES}
        queries = state.get("QueryLanguage", language) == "JSONata"
        names = set(_in_queries(own) if queries else _in_paths(own))
        if names:
            found[name] = tuple(sorted(names))
        for nested in (*state.get("Branches", ()), *(state[key] for key in _MACHINES[1:] if key in state)):
            found |= variable_references(nested, language)
    return found


def _in_queries(holder: Mapping[str, JSON]) -> Iterator[str]:
    """The variables that a state reads, or one of its rules."""
    for name, content in holder.items():
        if name in _RULES:
            for rule in content:
                yield from _in_queries(rule)
        elif name not in _LITERAL:
            for _, text in expressions(content):
                yield from compile_expression(text[2:-2]).references - {"states"}


def _in_paths(value: JSON) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_paths(item)
    elif isinstance(value, dict):
        for key, content in value.items():
            if isinstance(content, str) and (key.endswith((".$", "Path")) or key == "Variable"):
                yield from _VARIABLE.findall(_QUOTED.sub("", content))
            elif key != "Result":
                yield from _in_paths(content)

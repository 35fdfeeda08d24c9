"""AWS::LanguageExtensions: loops over parts of a template, and functions whose results are known beforehand.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import as_text, evaluate, function_of, references
from emulator.deploying.reading import InvalidTemplate
from emulator.deploying.scope import Literals

FOR_EACH: Final = "Fn::ForEach::"
MOST_COPIES: Final = 50_000
"""What loops may make of a template in all: they can be nested."""
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Za-z0-9]")


def extend(document: Mapping[str, Any], scope: Literals) -> dict[str, Any]:
    """A template with its loops unrolled, and with the functions of the extension replaced where they can be known.

    Raises:
        InvalidTemplate: a loop is none, or there is no end to them.
    """
    extension = _Extension(scope)
    extended: dict[str, Any] = {}
    for section, value in document.items():
        if section in ("Resources", "Outputs", "Conditions"):
            extended[section] = extension.expand(value)
        else:
            extended[section] = value
    for resource in (extended.get("Resources") or {}).values():
        if isinstance(resource, dict):
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if isinstance(resource.get(policy), dict):
                    resource[policy] = evaluate(resource[policy], scope)
    return extended


class _Extension:
    def __init__(self, scope: Literals) -> None:
        self.scope = scope
        self.copies = 0

    def expand(self, value: Any) -> Any:
        """A value without loops."""
        match value:
            case dict():
                made: dict[str, Any] = {}
                for name, member in value.items():
                    if name.startswith(FOR_EACH):
                        made.update(self._loop(name, member))
                    else:
                        made[name] = self.expand(member)
                return self._known(made)
            case list():
                return [self.expand(item) for item in value]
            case _:
                return value

    def _known(self, value: dict[str, Any]) -> Any:
        """A call of one of the extension's functions as what it gives, if that can be known."""
        name = function_of(value)
        if name == "Fn::FindInMap":
            return self._tried(value) if len(value[name]) > 3 or _is_nested(value[name]) else value
        if name in ("Fn::Length", "Fn::ToJsonString"):
            return self._tried(value)
        if name == "Ref" and isinstance(value["Ref"], dict):
            return {"Ref": evaluate(value["Ref"], self.scope)}
        if name == "Fn::GetAtt" and isinstance(value[name], list):
            return {name: [as_text(evaluate(part, self.scope)) for part in value[name]]}
        return value

    def _tried(self, value: dict[str, Any]) -> Any:
        if any(name not in self.scope.parameters for name, _ in references(value)):
            return value
        return evaluate(value, self.scope)

    def _loop(self, name: str, loop: Any) -> dict[str, Any]:
        match loop:
            case [str() as identifier, items, dict() as body]:
                values = evaluate(items, self.scope)
            case _:
                raise InvalidTemplate(f"Template error: {name} layout is incorrect")
        if not isinstance(values, list):
            raise InvalidTemplate(f"Template error: the collection of {name} must be a list")
        made: dict[str, Any] = {}
        for value in values:
            self.copies += 1
            if self.copies > MOST_COPIES:
                raise InvalidTemplate(f"Template error: {name} makes too many copies")
            made.update(self.expand(_put_in(body, identifier, as_text(value))))
        return made


def _is_nested(argument: Any) -> bool:
    return isinstance(argument, list) and any(isinstance(part, dict) for part in argument)


def _put_in(value: Any, identifier: str, text: str) -> Any:
    """A value with ``${identifier}`` replaced everywhere, and ``&{identifier}`` by what is alphanumeric of it."""
    match value:
        case dict():
            if value == {"Ref": identifier}:
                return text
            return {
                _in_text(name, identifier, text): _put_in(member, identifier, text) for name, member in value.items()
            }
        case list():
            return [_put_in(item, identifier, text) for item in value]
        case str():
            return _in_text(value, identifier, text)
        case _:
            return value


def _in_text(text: str, identifier: str, value: str) -> str:
    text = text.replace(f"${{{identifier}}}", value)
    return text.replace(f"&{{{identifier}}}", _NOT_ALPHANUMERIC.sub("", value))

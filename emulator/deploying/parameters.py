"""Parameters of a template: what they are declared to be, and the values that a stack gives them.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.reading import InvalidTemplate

HIDDEN: Final = "****"
_SSM_VALUE: Final = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")


@dataclass(frozen=True, slots=True)
class Parameter:
    """The value of a parameter in a stack."""

    name: str
    given: str
    """What the caller gave, or the default: of an SSM parameter type, the name."""
    value: Any
    """What Ref gives: a text, or a list of texts."""
    hidden: bool
    resolved: str | None = None
    """Of an SSM parameter type, the value that was found."""

    def described(self) -> dict[str, str]:
        """The parameter as descriptions show it."""
        shown = {"ParameterKey": self.name, "ParameterValue": HIDDEN if self.hidden else self.given}
        return shown if self.resolved is None else {**shown, "ResolvedValue": HIDDEN if self.hidden else self.resolved}


def values(
    declared: Mapping[str, Mapping[str, Any]],
    given: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Parameter],
    look_up: Callable[[str], str],
    *,
    updates: bool,
) -> dict[str, Parameter]:
    """The values of a template's parameters.

    ``look_up`` finds a parameter of Systems Manager; it raises InvalidTemplate where there is none.

    Raises:
        InvalidTemplate: a value is missing, is for no parameter, or is not what its parameter takes.
    """
    texts: dict[str, str] = {}
    for entry in given:
        name = entry.get("ParameterKey", "")
        if entry.get("UsePreviousValue"):
            if not updates:
                text = "Cannot specify UsePreviousValue on Parameters when ChangeSetType is CREATE"
                raise InvalidTemplate(text)
            if name in previous:
                texts[name] = previous[name].given
        elif "ParameterValue" in entry:
            texts[name] = as_text(entry["ParameterValue"])
    unknown = [name for name in dict.fromkeys(entry.get("ParameterKey", "") for entry in given) if name not in declared]
    if unknown:
        raise InvalidTemplate(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, one in declared.items() if name not in texts and "Default" not in one]
    for name in missing:
        if _SSM_VALUE.fullmatch(str(declared[name]["Type"])):
            raise InvalidTemplate(f"Parameter {name} should either have input value or default value")
    if missing:
        raise InvalidTemplate(f"Parameters: [{', '.join(missing)}] must have values")
    return {
        name: _value(name, one, texts.get(name, as_text(one.get("Default", ""))), look_up)
        for name, one in declared.items()
    }


def _value(name: str, declared: Mapping[str, Any], text: str, look_up: Callable[[str], str]) -> Parameter:
    kind = str(declared["Type"])
    hidden = as_text(declared.get("NoEcho", False)).lower() == "true"
    _check(name, declared, kind, text)
    inner = _SSM_VALUE.fullmatch(kind)
    if inner is not None:
        found = look_up(text)
        return Parameter(name, text, _typed(inner[1], found), hidden, found)
    return Parameter(name, text, _typed(kind, text), hidden)


def _typed(kind: str, text: str) -> Any:
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in text.split(",")] if text else []
    return text


def _check(name: str, declared: Mapping[str, Any], kind: str, text: str) -> None:
    def refuse(what: str) -> InvalidTemplate:
        said = declared.get("ConstraintDescription")
        return InvalidTemplate(f"Parameter {name} failed to satisfy constraint: {said}" if said else what)

    items = [item.strip() for item in text.split(",")] if kind == "CommaDelimitedList" or "List<" in kind else [text]
    if kind in ("Number", "List<Number>") and not all(map(_is_number, items)):
        raise InvalidTemplate(f"Parameter '{name}' must be a number.")
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list):
        options = list(map(as_text, allowed))
        if not all(item in options for item in items):
            raise refuse(f"Parameter '{name}' must be one of AllowedValues")
    pattern = declared.get("AllowedPattern")
    if pattern is not None and not all(_matches(name, str(pattern), item) for item in items):
        raise refuse(f"Parameter '{name}' must match pattern {pattern}")
    for member, measure, sign, words in _BOUNDS:
        bound = declared.get(member)
        if bound is not None and any(sign * measure(item) > sign * float(as_text(bound)) for item in items):
            raise refuse(f"Parameter '{name}' must {words.format(as_text(bound))}")


_BOUNDS: Final[tuple[tuple[str, Callable[[str], float], int, str], ...]] = (
    ("MinLength", len, -1, "contain at least {} characters"),
    ("MaxLength", len, 1, "contain at most {} characters"),
    ("MinValue", float, -1, "be a number not less than {}"),
    ("MaxValue", float, 1, "be a number not greater than {}"),
)
"""What bounds a value -> how it is measured, 1 if the bound is the most and -1 if it is the least, and what is said."""


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) is not None


def _matches(name: str, pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        raise InvalidTemplate(f"Parameter '{name}' has an AllowedPattern that is no regular expression") from None

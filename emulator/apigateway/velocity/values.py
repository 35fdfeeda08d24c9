"""Values of a template: JSON's, and tools. What Java's classes do for a template is done here, and nothing else.

A template reaches nothing of Python: a name after a dot is a key, or a method of the tables below.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from asl_interpreter.jsontext import java_double


@dataclass(frozen=True, slots=True)
class Tool:
    """An object with members and methods, such as ``$input``."""

    members: Mapping[str, Any] = field(default_factory=dict)
    methods: Mapping[str, Callable[..., Any]] = field(default_factory=dict)


class _Missing:
    """What a reference that leads nowhere is: it is written as it stands in the template."""


MISSING: Final = _Missing()


def text_of(value: Any) -> str:
    """A value as Java's ``toString`` writes it.

    >>> text_of({"a": [1, True, None]})
    '{a=[1, true, null]}'
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return java_double(value)
        case dict():
            return "{" + ", ".join(f"{key}={text_of(member)}" for key, member in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(text_of, value)) + "]"
        case Tool():
            return text_of(dict(value.members))
        case _:
            return str(value)


def member(value: Any, name: str) -> Any:
    """What stands after a dot: the value of a key, or what a getter without arguments gives."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, Tool):
        return value.members.get(name, MISSING)
    if name in ("empty", "class") or not isinstance(value, str | list):
        return call(value, "isEmpty", []) if name == "empty" else MISSING
    return MISSING


def element(value: Any, index: Any) -> Any:
    """What stands in brackets."""
    if isinstance(value, list) and isinstance(index, int):
        return value[index] if -len(value) <= index < len(value) else None
    if isinstance(value, dict):
        return value.get(index if isinstance(index, str) else text_of(index))
    return MISSING


def call(value: Any, name: str, arguments: list[Any]) -> Any:
    """What a method gives; MISSING if there is no such method, or it cannot take the arguments."""
    if isinstance(value, Tool):
        method = value.methods.get(name)
    else:
        table = next((methods for kind, methods in _METHODS if isinstance(value, kind)), {})
        found = table.get(name) or _OF_ALL.get(name)
        method = None if found is None else lambda *given: found(value, *given)
    if method is None:
        return MISSING
    try:
        return method(*arguments)
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, re.error):
        return MISSING


def is_true(value: Any) -> bool:
    """Whether a condition holds: all does but null, false, and what leads nowhere."""
    return value is not None and value is not False and value is not MISSING


def are_equal(left: Any, right: Any) -> bool:
    """Velocity's ``==``: values of different types are compared as texts."""
    if left is MISSING or right is MISSING:
        left, right = (None if each is MISSING else each for each in (left, right))
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool) or type(left) is not type(right):
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not (numbers and not isinstance(left, bool) and not isinstance(right, bool)):
            return text_of(left) == text_of(right)
    return bool(left == right)


# The methods of Java's classes that templates use: String, List, Map, Map.Entry and numbers.


def _text(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def _put(mapping: dict[str, Any], key: Any, value: Any) -> Any:
    before = mapping.get(_text(key))
    mapping[_text(key)] = value
    return before


def _add(items: list[Any], *given: Any) -> Any:
    if len(given) == 1:
        items.append(given[0])
        return True
    items.insert(int(given[0]), given[1])
    return ""


def _remove(items: list[Any], what: Any) -> Any:
    if isinstance(what, int) and not isinstance(what, bool):
        return items.pop(what)
    if what in items:
        items.remove(what)
        return True
    return False


def _set(items: list[Any], index: int, value: Any) -> Any:
    before = items[index]
    items[index] = value
    return before


def _update(mapping: dict[str, Any], more: dict[str, Any]) -> str:
    mapping.update(more)
    return ""


def _entries(mapping: dict[str, Any]) -> list[Tool]:
    return [
        Tool({"key": key, "value": value}, {"getKey": lambda key=key: key, "getValue": lambda value=value: value})
        for key, value in mapping.items()
    ]


def _split(text: str, pattern: str, *limit: int) -> list[str]:
    parts = re.split(_java(pattern), text, maxsplit=max(limit[0] - 1, 0) if limit else 0)
    while not limit and len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _java(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(pattern)
    return re.compile(pattern)


_LONGEST_PATTERN: Final = 512


def _replacement(text: str) -> str:
    r"""Java's ``$1`` as Python's ``\g<1>``."""
    return re.sub(r"\$(\d)", r"\\g<\1>", text.replace("\\", "\\\\"))


def _bounded(value: Any) -> Any:
    """A value that is not too long to go on with.

    Raises:
        ValueError: it is.
    """
    if len(value) > _LONGEST:
        raise ValueError
    return value


_LONGEST: Final = 1_000_000


def _replaced(text: str, old: str, new: str) -> str:
    _bounded(range(text.count(old) * len(new)))
    return text.replace(old, new)


def _substring(text: str, begin: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= begin <= stop <= len(text):
        raise IndexError(begin)
    return text[begin:stop]


_Methods: TypeAlias = Mapping[str, Callable[..., Any]]
_OF_TEXT: Final[_Methods] = {
    "charAt": lambda text, index: text[index],
    "concat": lambda text, more: _bounded(text + more),
    "contains": lambda text, part: _text(part) in text,
    "endsWith": lambda text, end: text.endswith(end),
    "equalsIgnoreCase": lambda text, other: isinstance(other, str) and text.lower() == other.lower(),
    "indexOf": lambda text, part, *start: text.find(part, *start),
    "isEmpty": lambda text: not text,
    "isBlank": lambda text: not text.strip(),
    "lastIndexOf": lambda text, part: text.rfind(part),
    "length": len,
    "matches": lambda text, pattern: _java(pattern).fullmatch(text) is not None,
    "replace": _replaced,
    "replaceAll": lambda text, pattern, new: _java(pattern).sub(_replacement(new), text),
    "replaceFirst": lambda text, pattern, new: _java(pattern).sub(_replacement(new), text, count=1),
    "size": len,
    "split": _split,
    "startsWith": lambda text, start: text.startswith(start),
    "substring": _substring,
    "toLowerCase": lambda text: text.lower(),
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
}
_OF_LIST: Final[_Methods] = {
    "add": _add,
    "addAll": lambda items, more: (items.extend(_bounded(more)), True)[1],
    "clear": lambda items: (items.clear(), "")[1],
    "contains": lambda items, item: item in items,
    "get": lambda items, index: items[index] if index >= 0 else MISSING,
    "indexOf": lambda items, item: items.index(item) if item in items else -1,
    "isEmpty": lambda items: not items,
    "remove": _remove,
    "set": _set,
    "size": len,
    "subList": lambda items, begin, end: items[begin:end],
}
_OF_MAP: Final[_Methods] = {
    "containsKey": lambda mapping, key: key in mapping,
    "containsValue": lambda mapping, value: value in mapping.values(),
    "entrySet": _entries,
    "get": lambda mapping, key: mapping.get(_text(key)),
    "isEmpty": lambda mapping: not mapping,
    "keySet": list,
    "put": _put,
    "putAll": _update,
    "remove": lambda mapping, key: mapping.pop(_text(key), None),
    "size": len,
    "values": lambda mapping: list(mapping.values()),
}
_OF_NUMBER: Final[_Methods] = {
    "compareTo": lambda number, other: (number > other) - (number < other),
    "doubleValue": float,
    "intValue": int,
    "longValue": int,
    "parseInt": lambda _, text: int(text),
    "valueOf": lambda _, text: int(text),
}
_OF_ALL: Final[_Methods] = {
    "equals": are_equal,
    "toString": text_of,
}
_METHODS: Final[tuple[tuple[Any, _Methods], ...]] = (
    (str, _OF_TEXT),
    (list, _OF_LIST),
    (dict, _OF_MAP),
    (bool, {}),
    ((int, float), _OF_NUMBER),
)

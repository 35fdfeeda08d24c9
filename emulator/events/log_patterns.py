"""Filter patterns of CloudWatch Logs: which log events a subscription filter wants. Pure.

Three kinds: terms that a message has (``ERROR -"not found" ?a ?b``), a condition on a message that is JSON
(``{ $.status >= 500 && $.path = "/api/*" }``), and conditions on its fields (``[level = ERROR, ..., bytes > 100]``).

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from asl_interpreter.jsontext import JSON, InvalidJSON, loads

Matches: TypeAlias = Callable[[str], bool]
"""Whether a message is wanted."""
_Found: TypeAlias = "list[JSON]"
_Condition: TypeAlias = "Callable[[Callable[[str], _Found]], bool]"
"""Whether what a message has at a selector, such as ``$.status`` or the name of a field, is as it shall be."""


class InvalidLogPattern(Exception):
    """A text is no filter pattern."""


@lru_cache(maxsize=256)
def compile_log_pattern(pattern: str) -> Matches:
    """What tells which messages a filter pattern wants; an empty one wants all.

    Raises:
        InvalidLogPattern: it is none.
    """
    text = pattern.strip()
    if text.startswith("{"):
        return _of_json(text)
    if text.startswith("["):
        return _of_fields(text)
    return _of_terms(text)


# Terms

_TERM: Final = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([\w.:/@#=;,*-]+))(?=\s|$)')


def _of_terms(text: str) -> Matches:
    wanted: dict[str, list[Matches]] = {"": [], "?": [], "-": []}
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None:
            raise InvalidLogPattern(text)
        sign, quoted, regex, word = match.groups()
        term = word if quoted is None else _unquoted(quoted)
        wanted[sign].append(_searched(regex) if regex else _contains(term))
        at = match.end() + len(text[match.end() :]) - len(text[match.end() :].lstrip())
    needed, optional, excluded = wanted[""], wanted["?"], wanted["-"]
    if needed or excluded:  # beside such terms, those with a question mark do not count
        return lambda message: all(has(message) for has in needed) and not any(has(message) for has in excluded)
    return lambda message: not optional or any(has(message) for has in optional)


def _contains(term: str) -> Matches:
    return lambda message: term in message


def _searched(regex: str) -> Matches:
    compiled = _regex(regex)
    return lambda message: compiled.search(message) is not None


def _regex(text: str) -> re.Pattern[str]:
    """A regular expression; AWS's have no groups, look-around or back-references."""
    if re.search(r"[()]|\\[1-9]", text):
        raise InvalidLogPattern(text)
    try:
        return re.compile(text)
    except re.error:
        raise InvalidLogPattern(text) from None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


# Conditions

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||[()])
    |(?P<selector>\$(?:\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\]|\.(?:[\w*-]+|\*))*)
    |(?P<compared>!=|<=|>=|=|<|>)
    |"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%
    |(?P<word>[^\s()&|=<>!,\]}]+))""",
    re.VERBOSE,
)
_STATES: Final[Mapping[str, Callable[[JSON], bool]]] = {
    "NULL": lambda value: value is None,
    "TRUE": lambda value: value is True,
    "FALSE": lambda value: value is False,
}


class _Parser:
    """Reads a condition, such as ``$.a = 1 && ($.b = "x*" || $.c IS NULL)``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise InvalidLogPattern(text)
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def whole(self) -> _Condition:
        """The condition that the whole text is."""
        condition = self._any()
        if self._tokens:
            raise InvalidLogPattern(self._text)
        return condition

    def _take(self, *texts: str) -> str:
        """The next token if it is one of these, or nothing."""
        return self._tokens.pop(0)[1] if self._tokens and self._tokens[0][1].upper() in texts else ""

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise InvalidLogPattern(self._text)
        return self._tokens.pop(0)

    def _any(self) -> _Condition:
        parts = [self._all()]
        while self._take("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda find: any(part(find) for part in parts)

    def _all(self) -> _Condition:
        parts = [self._one()]
        while self._take("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda find: all(part(find) for part in parts)

    def _one(self) -> _Condition:
        if self._take("("):
            condition = self._any()
            if not self._take(")"):
                raise InvalidLogPattern(self._text)
            return condition
        kind, selector = self._next()
        if kind not in ("selector", "word"):
            raise InvalidLogPattern(self._text)
        if self._take("NOT"):
            self._expect("EXISTS")
            return lambda find: not find(selector)
        if self._take("EXISTS"):
            return lambda find: bool(find(selector))
        if self._take("IS"):
            state = _STATES.get(self._next()[1].upper())
            if state is None:
                raise InvalidLogPattern(self._text)
            return lambda find: any(map(state, find(selector)))
        kind, operator = self._next()
        if kind != "compared":
            raise InvalidLogPattern(self._text)
        holds = self._comparison(operator, *self._next())
        return lambda find: any(map(holds, find(selector)))

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise InvalidLogPattern(self._text)

    def _comparison(self, operator: str, kind: str, text: str) -> Callable[[JSON], bool]:
        number = _number(text) if kind == "word" else None
        if operator in _ORDERS:
            if number is None:
                raise InvalidLogPattern(self._text)
            order, limit = _ORDERS[operator], number
            return lambda value: (found := _number(value)) is not None and order(found, limit)
        if kind not in ("word", "quoted", "regex"):
            raise InvalidLogPattern(self._text)
        if kind == "regex":
            pattern = _regex(text)
        else:
            parts = (_unquoted(text) if kind == "quoted" else text).split("*")
            pattern = re.compile(f"(?s:{'.*'.join(map(re.escape, parts))})\\Z")
        search = pattern.search if kind == "regex" else pattern.match

        def equal(value: JSON) -> bool:
            if number is not None and (found := _number(value)) is not None:
                return found == number
            if isinstance(value, (dict, list)) or value is None:
                return False
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            return search(shown) is not None

        return equal if operator == "=" else lambda value: not equal(value)


_ORDERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _number(value: JSON) -> float | None:
    """The number that a value is, or that a text is of; None if neither."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


# JSON


def _of_json(text: str) -> Matches:
    if not text.endswith("}"):
        raise InvalidLogPattern(text)
    condition = _Parser(text[1:-1]).whole()

    def matches(message: str) -> bool:
        try:
            value = loads(message)
        except InvalidJSON:
            return False
        return condition(lambda selector: _selected(value, selector))

    return matches


_STEP: Final = re.compile(r"""\.?\[(?:(\d+)|(\*)|'([^']*)'|"([^"]*)")\]|\.([\w*-]+)""")


def _selected(value: JSON, selector: str) -> _Found:
    """What a selector such as ``$.a[0].b`` finds: nothing, a value, or all of ``[*]``."""
    found = [value]
    for index, every, *names in _STEP.findall(selector):
        name = next(filter(None, names), "")
        step = every or (name if name == "*" else "")
        after: _Found = []
        for each in found:
            if step and isinstance(each, (list, dict)):
                after += each if isinstance(each, list) else each.values()
            elif index and isinstance(each, list) and int(index) < len(each):
                after.append(each[int(index)])
            elif name and isinstance(each, dict) and name in each:
                after.append(each[name])
        found = after
    return found


def selected(pattern: str, message: str, selector: str) -> list[JSON]:
    """What a selector finds in a message that a pattern wants: ``$.size`` of JSON, ``$size`` of fields."""
    text = pattern.strip()
    if text.startswith("["):
        names = [match[1] if (match := _NAME.match(part)) else part.strip() for part in text[1:-1].split(",")]
        named = _named(names, _values(message)) or {}
        name = selector.removeprefix("$")
        return [named[name]] if name in named else []
    try:
        return _selected(loads(message), selector)
    except InvalidJSON:
        return []


# Fields

_FIELD: Final = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')
_NAME: Final = re.compile(r"\s*\(?\s*([\w.-]+)")
_REST: Final = "..."


def _of_fields(text: str) -> Matches:
    if not text.endswith("]"):
        raise InvalidLogPattern(text)
    names: list[str] = []
    conditions: list[_Condition] = []
    for part in text[1:-1].split(","):
        written = part.strip()
        match = _NAME.match(written)
        if written == _REST or match is None:
            if written not in (_REST, "") or (written == _REST and _REST in names):
                raise InvalidLogPattern(text)
            names.append(written)
            continue
        names.append(match[1])
        if match[0].strip() != written:
            conditions.append(_Parser(written).whole())

    def matches(message: str) -> bool:
        named = _named(names, _values(message))
        return named is not None and all(
            condition(lambda name: [named[name]] if name in named else []) for condition in conditions
        )

    return matches


def _values(message: str) -> list[str]:
    return [next(filter(None, groups), "") for groups in _FIELD.findall(message)]


def _named(names: list[str], values: list[str]) -> dict[str, str] | None:
    """The fields of a message by their names; None if it has more or fewer of them."""
    if _REST not in names:
        return dict(zip(names, values, strict=True)) if len(names) == len(values) else None
    before = names.index(_REST)
    behind = len(names) - before - 1
    if len(values) < before + behind:
        return None
    first = dict(zip(names[:before], values[:before], strict=True))
    return first | dict(zip(names[before + 1 :], values[len(values) - behind :], strict=True))

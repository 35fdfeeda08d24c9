"""JSONata's functions on strings, and JSON text as ``$string`` writes it.

Source: https://docs.jsonata.org/string-functions and the reference implementation; undefined in, undefined out.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator

from .errors import EvaluationError, InternalError
from .patterns import Found, Regex
from .runtime import Run, call
from .values import (
    SAFE_INTEGER,
    UNDEFINED,
    Function,
    Record,
    Sequence,
    Value,
    Wrapped,
    is_finite,
    is_number,
    number_text,
    whole,
)


class Pattern(Function):
    """A regular expression as a value: a function from a string to its first match, which leads to the next."""

    __slots__ = ("arity", "compiled")

    def __init__(self, compiled: Regex) -> None:
        self.arity = 1
        self.compiled = compiled

    def apply(self, run: Run, arguments: list[Value], context: Value) -> Value:  # noqa: ARG002 - it has no signature
        """Find the first match, as an object that holds the next one."""
        text = arguments[0] if arguments else UNDEFINED
        if not isinstance(text, str):
            return UNDEFINED
        match = self.compiled.search(run.spend, text)
        return UNDEFINED if match is None else _as_record(self.compiled, text, match)


class _NextMatch(Function):
    __slots__ = ("arity", "compiled", "previous", "text")

    def __init__(self, compiled: Regex, text: str, previous: Found) -> None:
        self.arity = 0
        self.compiled = compiled
        self.text = text
        self.previous = previous

    def apply(self, run: Run, arguments: list[Value], context: Value) -> Value:  # noqa: ARG002 - it takes none
        start = self.previous.end
        if start >= len(self.text):
            return UNDEFINED
        run.spend(len(self.text) >> 10)
        match = self.compiled.search(run.spend, self.text, start)
        if match is None:
            return UNDEFINED
        _check_progress(match)
        return _as_record(self.compiled, self.text, match)


def _check_progress(match: Found) -> None:
    """After the first, a match of nothing would be found for ever."""
    if not match.text:
        raise EvaluationError("D1004")


def _as_record(compiled: Regex, text: str, match: Found) -> Value:
    following = _NextMatch(compiled, text, match)
    return Record(match=match.text, start=match.start, end=match.end, groups=match.groups, next=following)


def _matches(run: Run, matcher: Value, text: str) -> Iterator[tuple[Found, Callable[[], Value]]]:
    """The matches of a regular expression, or of a function that behaves like one (suite: matchers).

    Each comes with what makes it the value that an expression sees.
    """
    if isinstance(matcher, Pattern):
        compiled = matcher.compiled
        previous: Found | None = None
        for match in compiled.matches(run.spend, text):
            if previous is not None:
                _check_progress(match if previous.text else previous)
            yield match, functools.partial(_as_record, compiled, text, match)
            if match.end >= len(text):
                return
            previous = match
        if previous is not None:
            _check_progress(previous)
        return
    result = call(run, matcher, [text])
    while result is not UNDEFINED:
        if not isinstance(result, dict) or any(
            not isinstance(result.get(name), kind) for name, kind in _MEMBERS_OF_A_MATCH.items()
        ):
            raise EvaluationError("T1010")
        found = Found(result["match"], result["start"], result["end"], result["groups"])
        yield found, functools.partial(dict, result)
        result = call(run, result["next"], [])


_MEMBERS_OF_A_MATCH = {"match": str, "start": int, "end": int, "groups": list, "next": Function}


def string(run: Run, value: Value, prettify: Value = UNDEFINED) -> Value:
    """``$string``: a string as it is, a function as "", anything else as JSON text."""
    if isinstance(value, str) or value is UNDEFINED:
        return value
    if type(value) is Wrapped:
        value = value[0]
    if isinstance(value, Function):
        return ""
    if isinstance(value, float) and not is_finite(value):
        raise EvaluationError("D3001")
    text = _json_text(run, value, "\n" if prettify is True else "")
    run.hold_text(len(text))
    return text


def _json_text(run: Run, value: Value, line: str) -> str:
    """JSON text, compact where ``line`` is empty, else each item on a line that starts with ``line``."""
    run.spend(1 + (len(value) >> 10) if isinstance(value, str) else 1)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return number_text(value) if is_number(value) else "null"
    inner = line and line + "  "
    if isinstance(value, list):
        return _enclosed("[]", [_json_text(run, item, inner) for item in value], line)
    if isinstance(value, dict):
        colon = ": " if line else ":"
        members = [
            json.dumps(key, ensure_ascii=False) + colon + _json_text(run, item, inner) for key, item in value.items()
        ]
        return _enclosed("{}", members, line)
    return '""'


def _enclosed(brackets: str, parts: list[str], line: str) -> str:
    if not parts:
        return brackets
    inner = line and line + "  "
    return f"{brackets[0]}{inner}{f',{inner}'.join(parts)}{line}{brackets[1]}"


def substring(_run: Run, text: Value, start: Value, length: Value) -> Value:
    """``$substring``: from a place, counted from the end where negative, so many characters or all."""
    if text is UNDEFINED:
        return UNDEFINED
    begin = 0 if start is UNDEFINED else whole(start)
    begin = max(begin + len(text), 0) if begin < 0 else begin
    if length is UNDEFINED:
        return text[begin:]
    return text[begin : begin + whole(length)] if length > 0 and start is not UNDEFINED else ""


def substring_before(_run: Run, text: Value, mark: Value) -> Value:
    """``$substringBefore``: all of it where the mark does not occur."""
    return text if text is UNDEFINED or mark is UNDEFINED else text.partition(mark)[0] if mark else ""


def substring_after(_run: Run, text: Value, mark: Value) -> Value:
    """``$substringAfter``: all of it where the mark does not occur."""
    if text is UNDEFINED or mark is UNDEFINED or not mark or mark not in text:
        return text
    return text.partition(mark)[2]


def lowercase(_run: Run, text: Value) -> Value:
    """``$lowercase``."""
    return text if text is UNDEFINED else text.lower()


def uppercase(_run: Run, text: Value) -> Value:
    """``$uppercase``."""
    return text if text is UNDEFINED else text.upper()


def length(_run: Run, text: Value) -> Value:
    """``$length``, in characters, not in UTF-16 units."""
    return text if text is UNDEFINED else len(text)


def trim(_run: Run, text: Value) -> Value:
    """``$trim``: runs of white space are one space, and none at the ends."""
    return text if text is UNDEFINED else re.sub(r"[ \t\n\r]+", " ", text).strip(" ")


def pad(run: Run, text: Value, width: Value, filler: Value) -> Value:
    """``$pad``: to the right, or to the left where the width is negative."""
    if text is UNDEFINED or width is UNDEFINED:
        return text
    missing = abs(whole(width)) - len(text)
    if missing <= 0:
        return text
    run.hold_text(missing)
    filler = " " if filler is UNDEFINED or not filler else filler
    padding = (filler * (missing // len(filler) + 1))[:missing]
    return text + padding if width > 0 else padding + text


def contains(run: Run, text: Value, token: Value) -> Value:
    """``$contains``: a string or a match."""
    if text is UNDEFINED or token is UNDEFINED:
        return UNDEFINED
    if isinstance(token, str):
        return token in text
    return next(_matches(run, token, text), None) is not None


def match(run: Run, text: Value, matcher: Value, limit: Value) -> Value:
    """``$match``: the matches, at most ``limit``."""
    if text is UNDEFINED:
        return UNDEFINED
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationError("D3040", value=limit, index=3)
    found = Sequence()
    for one, _ in itertools.islice(_matches(run, matcher, text), _most(limit)):
        found.append(Record(match=one.text, index=one.start, groups=one.groups))
    return found


def _most(limit: Value) -> int | None:
    """How many a limit allows, which may be a fraction; None where nothing is limited."""
    if limit is UNDEFINED:
        return None
    count = whole(limit)
    return count + 1 if count < limit < SAFE_INTEGER else count


def replace(run: Run, text: Value, pattern: Value, replacement: Value, limit: Value) -> Value:
    """``$replace``: occurrences of a string, or matches by a text with ``$1`` in it or by what a function returns."""
    if text is UNDEFINED:
        return UNDEFINED
    if pattern == "":
        raise EvaluationError("D3010", value=pattern, index=2)
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationError("D3011", value=limit, index=4)
    most = _most(limit)
    if most == 0 or pattern is UNDEFINED:
        return text
    if isinstance(pattern, str):
        if not isinstance(replacement, str):
            raise EvaluationError("D3012", value=replacement)
        occurrences = text.count(pattern)
        count = occurrences if most is None else min(most, occurrences)
        run.hold_text(len(text) + count * len(replacement))
        return text.replace(pattern, replacement, count)
    parts: list[str] = []
    position = size = 0
    for one, record in itertools.islice(_matches(run, pattern, text), most):
        new = _substituted(replacement, one) if isinstance(replacement, str) else call(run, replacement, [record()])
        if not isinstance(new, str):
            raise EvaluationError("D3012", value=new)
        parts += [text[position : one.start], new]
        size += len(new)
        run.hold_text(size)
        position = one.start + len(one.text)
    return "".join([*parts, text[position:]])


def _substituted(replacement: str, match: Found) -> str:
    """A replacement with ``$0`` for the match, ``$n`` for a group (as many digits as name one), ``$$`` for ``$``."""

    def group(token: re.Match[str]) -> str:
        if token[0] == "$$":
            return "$"
        digits = token[1]
        if digits[0] == "0":
            return match.text + digits[1:]
        most = len(str(len(match.groups))) if match.groups else 1
        named = digits[:most]
        if most > 1 and int(named) > len(match.groups):
            named = digits[: most - 1]
        value = match.groups[int(named) - 1] if int(named) <= len(match.groups) else None
        return (value or "") + digits[len(named) :]

    return re.sub(r"\$(\d+)|\$\$", group, replacement)


def split(run: Run, text: Value, separator: Value, limit: Value) -> Value:
    """``$split``: the parts between a string or the matches, at most ``limit``."""
    if text is UNDEFINED:
        return UNDEFINED
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationError("D3020", value=limit, index=3)
    if separator is UNDEFINED:
        parts = [text]
    elif isinstance(separator, str):
        pieces = text.count(separator) if separator else len(text)
        run.hold(pieces, pieces)
        parts = text.split(separator) if separator else list(text)
        limit = limit if limit is UNDEFINED else whole(limit)
    else:
        parts = []
        start = 0
        for one, _ in _matches(run, separator, text):
            parts.append(text[start : one.start])
            start = one.end
        parts.append(text[start:])
    return parts[: _most(limit)]


def join(run: Run, strings: Value, separator: Value) -> Value:
    """``$join``."""
    if strings is UNDEFINED:
        return UNDEFINED
    separator = "" if separator is UNDEFINED else separator
    run.hold_text(sum(map(len, strings)) + len(separator) * len(strings))
    return separator.join(strings)


def base64_encode(_run: Run, text: Value) -> Value:
    """``$base64encode``, of the text's UTF-8; half of a surrogate pair is a question mark, as in Java."""
    return text if text is UNDEFINED else base64.b64encode(text.encode(errors="replace")).decode("ascii")


def base64_decode(_run: Run, text: Value) -> Value:
    """``$base64decode``. AWS answers what is no base64 with an internal error."""
    if text is UNDEFINED:
        return UNDEFINED
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except ValueError:
        raise InternalError("The argument of the base64decode function is not base64 of a text") from None


def encode_url(_run: Run, text: Value) -> Value:
    """``$encodeUrl``: what JavaScript's encodeURI leaves is left."""
    return _encoded("encodeUrl", text, "-_.!~*'();/?:@&=+$,#")


def encode_url_component(_run: Run, text: Value) -> Value:
    """``$encodeUrlComponent``: what JavaScript's encodeURIComponent leaves is left."""
    return _encoded("encodeUrlComponent", text, "-_.!~*'()")


def decode_url(_run: Run, text: Value) -> Value:
    """``$decodeUrl``: escapes of the characters that divide a URL stay."""
    return _decoded("decodeUrl", text, ";/?:@&=+$,#")


def decode_url_component(_run: Run, text: Value) -> Value:
    """``$decodeUrlComponent``."""
    return _decoded("decodeUrlComponent", text, "")


def _encoded(function: str, text: Value, safe: str) -> Value:
    if text is UNDEFINED:
        return UNDEFINED
    try:
        return urllib.parse.quote(text, safe=safe)
    except UnicodeError:  # half of a surrogate pair
        raise EvaluationError("D3140", value=text, function_name=function) from None


def _decoded(function: str, text: Value, kept: str) -> Value:
    if text is UNDEFINED:
        return UNDEFINED
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise EvaluationError("D3140", value=text, function_name=function)
    codes = "|".join(f"{ord(character):02X}" for character in kept)
    protected = re.sub(f"%(?=(?:{codes}))", "%25", text, flags=re.IGNORECASE) if kept else text
    try:
        return urllib.parse.unquote(protected, errors="strict")
    except UnicodeError:
        raise EvaluationError("D3140", value=text, function_name=function) from None

"""Match types: what an event pattern may say of the values of a field, each compiled to a closure.

Source: JsonRuleCompiler, CIDR and Range of aws/event-ruler, for what is taken and the words of what is refused;
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Final, TypeAlias

from asl_interpreter.jsontext import JSON, dumps
from emulator.events import wildcards

Test: TypeAlias = Callable[[JSON], bool]
"""Whether one value of a field, never a list or an object, is as wanted."""


class _End:
    """What stands after the last element of a list."""


END: Final = _End()

Step: TypeAlias = "str | int | _End"


class InvalidPattern(ValueError):
    """A pattern is none; the message is what AWS gives as the reason.

    Its place is the way to the value at which AWS notices: names, indices, and ``END`` for the end of what is there.
    AWS tells the place of nearly everything; ``place`` is None of what it tells none.
    """

    def __init__(self, message: str, *place: Step, is_read: bool = False, has_place: bool = True) -> None:
        super().__init__(message)
        self.place: tuple[Step, ...] | None = place if has_place else None
        self.is_read = is_read
        """Whether a text at this place was read to its end: AWS reads a text when somebody asks for it."""


@contextmanager
def within(step: Step) -> Iterator[None]:
    """Of what is raised here, the place begins with this step."""
    try:
        yield
    except InvalidPattern as error:
        if error.place is not None:
            error.place = (step, *error.place)
        raise


_ONE_KEY: Final = "Only one key allowed in match expression"
_TOO_MANY: Final = "Too many elements in numeric expression"


def compile_value(wanted: JSON) -> Test:
    """The test of a value that stands in a pattern as it is.

    Raises:
        InvalidPattern: it is a list.
    """
    match wanted:
        case list():
            raise InvalidPattern("Match value must be String, number, true, false, or null")
        case str():
            address = _address(wanted)
            if address is not None:
                return lambda value: isinstance(value, str) and _address(value) == address
            return lambda value: isinstance(value, str) and value == wanted
        case bool() | None:
            return lambda value: value is wanted
        case _:
            number = _comparable(wanted)
            if number is None:  # such as the id of an account: its text counts
                text = dumps(wanted)
                return lambda value: _is_number(value) and dumps(value) == text
            return lambda value: _is_number(value) and _comparable(value) == number


def compile_expression(expression: Mapping[str, JSON]) -> Test:
    """The test that a match expression such as ``{"prefix": "a"}`` makes of a value, but for ``exists``.

    Raises:
        InvalidPattern: there is no such match type, or not with this argument.
    """
    if not expression:
        raise InvalidPattern("Match expression name not found", END)
    name, argument = next(iter(expression.items()))
    if name not in _MATCH_TYPES:
        raise InvalidPattern(f"Unrecognized match type {name}", name)
    with within(name):
        test = _MATCH_TYPES[name](argument)
    _check_alone(expression, _TOO_MANY if name in ("numeric", "anything-but") else _ONE_KEY)
    return test


def exists(expression: Mapping[str, JSON]) -> bool:
    """Whether ``{"exists": ...}`` wants a field to be there.

    Raises:
        InvalidPattern: it says neither true nor false.
    """
    wanted = expression["exists"]
    if not isinstance(wanted, bool):
        raise InvalidPattern("exists match pattern must be either true or false.", "exists")
    _check_alone(expression, _ONE_KEY)
    return wanted


def _check_alone(expression: Mapping[str, JSON], words: str) -> None:
    if len(expression) > 1:
        raise InvalidPattern(words, list(expression)[1])


def wildcards_of(wanted: JSON) -> list[str]:
    """The wildcards of a match expression that was compiled."""
    inner = wanted.get("anything-but") if isinstance(wanted, dict) else None
    found = (inner if isinstance(inner, dict) else wanted) if isinstance(wanted, dict) else {}
    texts = found.get("wildcard", [])
    return texts if isinstance(texts, list) else [texts]


# Text


def _text(words: str, argument: JSON) -> str:
    if not isinstance(argument, str):
        raise InvalidPattern(f"{words} match pattern must be a string")
    return argument


def _exactly(argument: JSON) -> Test:
    wanted = _text("exact", argument)
    return lambda value: isinstance(value, str) and value == wanted


def _affix(name: str, has: Callable[[str, str], bool]) -> Callable[[JSON], Test]:
    def compile_affix(argument: JSON) -> Test:
        if not isinstance(argument, dict):
            wanted = _text(name, argument)
            return lambda value: isinstance(value, str) and has(value, wanted)
        if not argument:
            raise InvalidPattern(f"{name.capitalize()} expression name not found", END)
        inner, text = next(iter(argument.items()))
        if inner != "equals-ignore-case":
            raise InvalidPattern(f"Unsupported {name} pattern: {inner}", inner)
        with within(inner):
            lowered = _text("equals-ignore-case", text).lower()
        _check_alone(argument, _ONE_KEY)
        return lambda value: isinstance(value, str) and has(value.lower(), lowered)

    return compile_affix


def _ignore_case(argument: JSON) -> Test:
    wanted = _text("equals-ignore-case", argument).lower()
    return lambda value: isinstance(value, str) and value.lower() == wanted


def _wildcard(argument: JSON) -> Test:
    try:
        matches = wildcards.expression(_text("wildcard", argument)).fullmatch
    except wildcards.InvalidWildcard as error:
        raise InvalidPattern(str(error), is_read=True) from None
    return lambda value: isinstance(value, str) and matches(value) is not None


# Numbers

LARGEST: Final = Decimal(5_000_000_000)
_MILLIONTH: Final = Decimal("0.000001")


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparable(value: JSON) -> Decimal | None:
    """A number as it is compared, to six digits after the point; None if it is too large to be compared."""
    number = Decimal(repr(value))
    return number.quantize(_MILLIONTH, "ROUND_DOWN") if abs(number) <= LARGEST else None


def _operand(value: JSON, operator: str) -> Decimal:
    if not _is_number(value):
        raise InvalidPattern(f"Value of {operator} must be numeric")
    number = _comparable(value)
    if number is None:
        raise InvalidPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return number


def _shown(token: JSON | _End) -> str:
    """A token as Jackson writes it."""
    match token:
        case _End():
            return "]"
        case list():
            return "["
        case dict():
            return "{"
        case str():
            return token
        case _:
            return dumps(token)


def _numeric(argument: JSON) -> Test:
    if not isinstance(argument, list):
        raise InvalidPattern("Value of numeric must be an array.")
    operator, first, *_ = [*argument, END, END]
    if not isinstance(operator, str):
        raise InvalidPattern(f"Invalid member in numeric match: {_shown(operator)}", 0)
    if operator not in ("=", "<", "<=", ">", ">="):
        raise InvalidPattern(f"Unrecognized numeric range operator: {operator}", 0, is_read=True)
    with within(1):
        number = _operand(first, "equals" if operator == "=" else operator)
    rest = argument[2:]
    if rest and operator in (">", ">="):
        return _range(number, *_top(rest), open_bottom=operator == ">")
    if rest:
        raise InvalidPattern(_TOO_MANY, 2)
    match operator:
        case "=":
            return lambda value: _is_number(value) and _comparable(value) == number
        case "<" | "<=":
            return _range(-LARGEST, number, operator == "<", open_bottom=False)
        case _:
            return _range(number, LARGEST, open_top=False, open_bottom=operator == ">")


def _top(rest: Sequence[JSON]) -> tuple[Decimal, bool]:
    """The upper end of a range, and whether it does not belong to the range; they stand at the third place and on."""
    operator, last, *more = [*rest, END]
    if not isinstance(operator, str):
        raise InvalidPattern(f"Bad value in numeric range: {_shown(operator)}", 2)
    if operator not in ("<", "<="):
        raise InvalidPattern(f"Bad numeric range operator: {operator}", 2, is_read=True)
    with within(3):
        top = _operand(last, operator)
    if more[:-1]:
        raise InvalidPattern("Too many terms in numeric range expression", 4)
    return top, operator == "<"


def _range(bottom: Decimal, top: Decimal, open_top: bool, *, open_bottom: bool) -> Test:  # noqa: FBT001 - unpacked
    if bottom >= top:
        raise InvalidPattern("Bottom must be less than top", END)

    def within(value: JSON) -> bool:
        number = _comparable(value) if _is_number(value) else None
        if number is None:
            return False
        above = bottom < number if open_bottom else bottom <= number
        return above and (number < top if open_top else number <= top)

    return within


# Addresses

_IPV4: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_IPV6: Final = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")

_Address: TypeAlias = tuple[int, int]
"""Bits of an address, and the address as a number."""


def _address(text: str) -> _Address | None:
    """An IP address, however it is written; None if the text is none."""
    try:
        if _IPV4.fullmatch(text):
            parts = [int(part) for part in text.split(".") if len(part) < len("0000")]
            return 32, int(ipaddress.IPv4Address(".".join(map(str, parts))))
        if _IPV6.fullmatch(text):
            return 128, int(ipaddress.IPv6Address(text))
    except ValueError:
        pass
    return None


def _cidr(argument: JSON) -> Test:
    if not isinstance(argument, str):
        raise InvalidPattern("prefix match pattern must be a string")
    text, *masks = argument.rstrip("/").split("/")  # as Java splits
    if len(masks) != 1:
        raise InvalidPattern("Malformed CIDR, one '/' required", has_place=False)
    if re.fullmatch(r"[+-]?[0-9]{1,9}", masks[0]) is None:
        raise InvalidPattern("Malformed CIDR, mask bits must be an integer", has_place=False)
    mask = int(masks[0])
    if mask < 0:
        raise InvalidPattern("Malformed CIDR, mask bits must not be negative", has_place=False)
    address = _address(text)
    if address is None:
        looks_like_one = _IPV4.fullmatch(text) or _IPV6.fullmatch(text)
        raise InvalidPattern(f"{'Invalid' if looks_like_one else 'Nonstandard'} IP address: {text}", has_place=False)
    bits, lowest = address
    if mask >= bits:
        raise InvalidPattern(f"IPv{4 if bits == 32 else 6} mask bits must be < {bits}", has_place=False)
    highest = lowest | ((1 << (bits - mask)) - 1)

    def within(value: JSON) -> bool:
        found = _address(value) if isinstance(value, str) else None
        return found is not None and found[0] == bits and lowest <= found[1] <= highest

    return within


# anything-but


def _nothing_of(tests: Sequence[Test]) -> Test:
    return lambda value: not any(test(value) for test in tests)


def _anything_but(argument: JSON) -> Test:
    if not isinstance(argument, dict):
        return _none_of(_operands(argument))
    if not argument:
        raise InvalidPattern("Anything-But expression name not found", END)
    name, operand = next(iter(argument.items()))
    if name not in _INSIDE_ANYTHING_BUT:
        raise InvalidPattern(f"Unsupported anything-but pattern: {name}", name)
    with within(name):
        test = _none_inside(name, _operands(operand))
    _check_alone(argument, _TOO_MANY)
    return test


def _operands(argument: JSON) -> Sequence[tuple[JSON, tuple[int, ...]]]:
    """What is not wanted: each value with its place."""
    if isinstance(argument, list):
        return [(each, (index,)) for index, each in enumerate(argument)]
    if not isinstance(argument, str) and not _is_number(argument):
        raise InvalidPattern("Value of anything-but must be an array or single string/number value.")
    return [(argument, ())]


def _none_of(operands: Sequence[tuple[JSON, tuple[int, ...]]]) -> Test:
    for each, place in operands:
        if not isinstance(each, str) and not _is_number(each):
            raise InvalidPattern("Inside anything but list, start|null|boolean is not supported.", *place)
    if len({isinstance(each, str) for each, _ in operands}) != 1:
        raise InvalidPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported", END
        )
    if not isinstance(operands[0][0], str):
        numbers = frozenset(_operand(each, "anything-but") for each, _ in operands)
        return lambda value: not (_is_number(value) and _comparable(value) in numbers)
    texts = frozenset(each for each, _ in operands)
    return lambda value: not (isinstance(value, str) and value in texts)


def _none_inside(name: str, operands: Sequence[tuple[JSON, tuple[int, ...]]]) -> Test:
    for each, place in operands:
        if not isinstance(each, str):
            raise InvalidPattern(_INSIDE_ANYTHING_BUT[name], *place)
        if not each and name in ("prefix", "suffix"):
            raise InvalidPattern("Null prefix/suffix not allowed", *place, is_read=True)
    return _nothing_of([_MATCH_TYPES[name](each) for each, _ in operands])


_INSIDE_ANYTHING_BUT: Final[Mapping[str, str]] = {
    "equals-ignore-case": ("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."),
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}
"""Match type -> what is said of an operand that is no text."""

_MATCH_TYPES: Final[Mapping[str, Callable[[JSON], Test]]] = {
    "exactly": _exactly,
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}

RESERVED_IN_OR: Final = frozenset(
    {
        *(*_MATCH_TYPES, "exists", "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
        *("ip-address-in-range", "ip-address-not-in-range"),
    }
)
"""Names that no field inside of ``$or`` may have."""

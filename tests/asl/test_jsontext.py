"""JSON text: how deep it may be nested, whatever the Python and the thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from asl_interpreter.jsontext import DEEPEST_READ, JSON, InvalidJSON, dumps, loads

TOO_DEEP = [
    # text
    "[" * 1_000_000,
    '{"a":' * 200_000,
    "[" * (DEEPEST_READ + 1) + "]" * (DEEPEST_READ + 1),
    '[{"}]": ' * 600 + "1" + "}]" * 600,
    '[{"\\\\": "]}", "\\"]": ' * 600 + "1" + "}]" * 600,
    '{"]": ' * (DEEPEST_READ + 1) + "1" + "}" * (DEEPEST_READ + 1),
]


@pytest.fixture
def small_stack() -> Iterator[None]:
    """Threads with the stack of a Rust thread's quarter: a decoder that nests without bound would end the process."""
    size = threading.stack_size(512 * 1024)
    yield
    threading.stack_size(size)


def refusal(text: str | bytes) -> str:
    try:
        loads(text)
    except InvalidJSON as error:
        return str(error)
    return "read"


@pytest.mark.usefixtures("small_stack")
@pytest.mark.parametrize("text", TOO_DEEP, ids=range(len(TOO_DEEP)))
def test_a_text_that_is_nested_too_deep_is_no_json(text: str) -> None:
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.extend(refusal(each) for each in (text, text.encode())))
    thread.start()
    thread.join()
    assert said == [f"more than {DEEPEST_READ} levels are nested"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",".join(["[]"] * 5_000) + "]",
        '["' + "[" * 5_000 + '"]',
        '["' + '\\"[' * 5_000 + '", {"[": "{"}]',
        '{"a": ' * 800 + "1" + "}" * 800,
    ],
    ids=["many lists", "a string of brackets", "escaped quotes", "800 levels"],
)
def test_many_brackets_are_not_deep(text: str) -> None:
    assert refusal(text) == refusal(text.encode()) == "read"


DOUBLES = [
    # value, text
    (9.223372036854776e18, "9.223372036854776E18"),
    (12345678.5, "1.23456785E7"),
    (-1e7, "-1.0E7"),
    (9999999.5, "9999999.5"),
    (0.001, "0.001"),
    (0.00012, "1.2E-4"),
    (-2.5e-300, "-2.5E-300"),
    (100.0, "100.0"),
    (-0.0, "-0.0"),
]


@pytest.mark.parametrize(("value", "text"), DOUBLES)
def test_doubles_are_written_as_java_writes_them(value: float, text: str) -> None:
    assert dumps(value) == text
    assert dumps([1, value, {"a": value, "b": [value]}]) == f'[1,{text},{{"a":{text},"b":[{text}]}}]'
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("value", [12345678901234567890123, "1e7", ":12345678.5,", {"1e7": "[0.0001]"}])
def test_what_is_no_double_is_written_as_it_is(value: JSON) -> None:
    assert loads(dumps(value)) == value
    assert dumps(["a", value, 1e7]) == f'["a",{dumps(value)},1.0E7]'

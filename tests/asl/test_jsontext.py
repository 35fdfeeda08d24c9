"""JSON text: how deep it may be nested, whatever the Python and the thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from asl_interpreter.jsontext import DEEPEST_READ, InvalidJSON, loads

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

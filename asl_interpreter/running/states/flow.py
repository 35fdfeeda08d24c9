"""The states that steer: Pass, Choice, Wait, Succeed, Fail.

Source: Amazon States Language specification, one section for each.
"""

from __future__ import annotations

from typing import Final, NoReturn

from ... import jsontext
from ...coverage import Point
from ...definition import Choice, Fail, Pass, Succeed, Wait
from ...errors import RUNTIME, QueryError, StateError
from ...jsontext import JSON
from ...language.choice import is_number
from ...language.dataflow import PLAIN, QueryFlow
from ...language.jsonata_fields import query_integer
from ...timestamps import parse_timestamp
from ..cursor import Cursor, Exit
from ..pace import TooLong

MAX_WAIT_SECONDS: Final = 99_999_999
"""https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html"""


def run_pass(state: Pass, cursor: Cursor) -> Exit:
    """Hand on the input, or the value of Result."""
    if state.flow is PLAIN and state.result is None:
        return state.next, cursor.input, None
    frame = cursor.frame(cursor.input)
    result = state.result[0] if state.result is not None else state.flow.read(frame)
    output = state.flow.write(frame, result)
    cursor.check_size(output, state.name)
    return state.next, output, cursor.assigned(state.flow, frame, result)


def run_choice(state: Choice, cursor: Cursor) -> Exit:
    """Go to the state that the first rule that holds names."""
    coverage = cursor.execution.outside.coverage
    if coverage is None:
        return _choose(state, cursor, None)
    points: list[Point] = []
    try:
        return _choose(state, cursor, points)
    except TooLong:
        points.clear()  # the rules are tried again
        raise
    finally:
        coverage.points.update(points)


def _choose(state: Choice, cursor: Cursor, points: list[Point] | None) -> Exit:
    frame = cursor.frame(cursor.input)
    document = state.flow.select_input(frame)
    if document is not cursor.input:
        frame = frame.reading(document)
    following, flow = state.default, state.flow
    for number, rule in enumerate(state.rules):
        holds = rule.condition(frame)
        if points is not None:
            points.append((state.name, "choice" if holds else "refused", number))
        if holds:
            following, flow = rule.next, rule.flow
            break
    else:
        if points is not None and following is not None:
            points.append((state.name, "default", 0))
    if following is None:
        # The specification calls it States.NoChoiceMatched; AWS reports States.Runtime.
        raise StateError(RUNTIME, "Failed to transition out of the state. The state does not point to a next state.")
    if flow is PLAIN:
        return following, document, None
    output = flow.select_output(frame, document)
    cursor.check_size(output, state.name)
    return following, output, cursor.assigned(flow, frame, document)


def run_succeed(state: Succeed, cursor: Cursor) -> Exit:
    """End the line of control."""
    frame = cursor.frame(cursor.input)
    output = state.flow.select_output(frame, state.flow.select_input(frame))
    cursor.check_size(output, state.name)
    return None, output, None


def run_fail(state: Fail, cursor: Cursor) -> NoReturn:
    """Fail with the state's error and cause; either may be missing."""
    frame = cursor.frame(cursor.input)
    frame = frame.reading(state.flow.select_input(frame))
    error = None if state.error is None else _text(state.error(frame))
    cause = None if state.cause is None else _text(state.cause(frame))
    raise StateError(error, cause)


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else jsontext.shown(value)


async def run_wait(state: Wait, cursor: Cursor) -> Exit:
    """Wait for some seconds, or until a time."""
    frame = cursor.frame(cursor.input)
    document = state.flow.select_input(frame)
    value = await cursor.do(state, lambda: state.value(frame.reading(document)))
    loop = cursor.execution.loop
    instant = loop.clock.now() + _seconds(state, value) if "Seconds" in state.unit else _timestamp(state, value)
    if instant - loop.clock.now() > MAX_WAIT_SECONDS:
        raise StateError(RUNTIME, "Wait state delay is too long.")
    await cursor.wait_until(instant, f"the end of {state.name!r}")

    def leave() -> Exit:
        output = state.flow.select_output(frame, document)
        cursor.check_size(output, state.name)
        return state.next, output, cursor.assigned(state.flow, frame, document)

    return await cursor.do(state, leave)


def _seconds(state: Wait, value: JSON) -> int:
    if isinstance(state.flow, QueryFlow):
        return query_integer(value, "Seconds", MAX_WAIT_SECONDS)
    shown = f"{state.reference} == {_text(value)}"
    if not is_number(value) or value != int(value):
        raise StateError(RUNTIME, f"The {state.unit} parameter cannot be parsed as a long value: {shown}")
    if value < 0:
        raise StateError(RUNTIME, f"The {state.unit} parameter references a negative value: {shown}")
    return int(value)


def _timestamp(state: Wait, value: JSON) -> float:
    try:
        seconds, nanoseconds = parse_timestamp(value if isinstance(value, str) else "")
    except ValueError:
        if isinstance(state.flow, QueryFlow):
            message = "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string"
            raise QueryError(f"{message}: {_text(value)}", "Timestamp") from None
        message = (
            f"The {state.unit} parameter does not reference a valid ISO-8601 extended offset date-time format string"
        )
        raise StateError(RUNTIME, f"{message}: {state.reference} == {_text(value)}") from None
    return seconds + nanoseconds / 1e9

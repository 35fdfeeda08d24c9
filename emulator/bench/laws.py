"""Laws: what should be so of every execution of a machine, whatever its input and whatever fails.

Each takes an execution and raises AssertionError, with the execution explained, where it is not so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from asl_interpreter.errors import OURS, RUNTIME
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.quotas import AWS
from emulator.bench.execution import Execution

Law: TypeAlias = Callable[[Execution], None]


def always_ends(execution: Execution) -> None:
    """It does not wait for something that never comes."""
    __tracebackhide__ = True
    if execution.status == "RUNNING":
        waits = "; ".join(f"{each.state!r} ({each.type}) waits for {each.what}" for each in execution.waiting)
        _break(execution, f"It does not end: {waits}.")


def never_runtime(execution: Execution) -> None:
    """It does not fail with States.Runtime, which nothing can catch: a path that is not there, a wrong type."""
    __tracebackhide__ = True
    if execution.error == RUNTIME or (execution.error or "").startswith(OURS):
        _break(execution, f"It fails with {execution.error}, which nothing can catch.")


def every_failure_is_caught(execution: Execution) -> None:
    """It fails on purpose only, in a Fail state."""
    __tracebackhide__ = True
    if execution.status in ("FAILED", "TIMED_OUT"):
        culprit = execution.visits.failed
        while culprit is not None and culprit.failed_inside is not None:
            culprit = culprit.failed_inside
        if culprit is None or culprit.type != "Fail":
            where = "" if culprit is None else f" of {culprit.path!r}"
            _break(execution, f"The failure{where} is not caught.")


def output_fits(schema: JSON) -> Law:
    """A law: where it succeeds, its output fits a JSON Schema.

    Raises:
        ImportError: the package jsonschema is not installed.
    """
    try:
        from jsonschema.validators import Draft202012Validator
    except ImportError:
        raise ImportError("output_fits needs the package jsonschema: pip install 'dynastep[properties]'") from None
    validator: Any = Draft202012Validator(schema)

    def law(execution: Execution) -> None:
        __tracebackhide__ = True
        error = next(iter(validator.iter_errors(execution.output)), None) if execution.succeeded else None
        if error is not None:
            _break(execution, f"Its output does not fit the schema at {error.json_path}: {error.message}.")

    return law


def under_quotas(execution: Execution, share: float = 0.8) -> None:
    """It stays under a share of AWS's quotas: events of a history, bytes of an input or output."""
    __tracebackhide__ = True
    events = len(execution.history)
    if events > share * AWS.history_events:
        _break(execution, f"Its history has {events} events, more than {share:.0%} of {AWS.history_events}.")
    for visit in execution.visits.every:
        for what, value in (("input", visit.input), ("output", visit.output)):
            size = len(dumps(value).encode())
            if size > share * AWS.payload_bytes:
                text = f"The {what} of {visit.path!r} has {size} bytes, more than {share:.0%} of {AWS.payload_bytes}."
                _break(execution, text)


LAWS: Final[tuple[Law, ...]] = (always_ends, never_runtime, every_failure_is_caught, under_quotas)
"""Those that need nothing else to be said."""


def _break(execution: Execution, text: str) -> None:
    __tracebackhide__ = True
    raise AssertionError(f"{text}\n{execution.explanation()}")

"""The official JSONata test suite, of the reference implementation's version 2.2.2.

Step Functions implements version 2.0.6 without ``$eval`` and sets limits of its own, so some cases fail there, and
here: ``refusals`` says which, why and how. Every other case passes.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from asl_interpreter.jsonata import UNDEFINED, EvaluationError, InvalidExpression, Limits, Unhurried, compile_expression

from .refusals import refusal_of

ROOT = Path(__file__).parents[3] / "shared" / "conformance" / "jsonata"
if not ROOT.exists():
    pytest.skip("the official JSONata suite is not beside the repository (../shared)", allow_module_level=True)

DEEPEST = 302
"""How deep the suite's deepest case is nested. AWS stops at 100, which fits into Python's own limit; this does not."""


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases by group and file; of a file with several, each with its number."""
    for file in sorted((ROOT / "groups").glob("*/*.json")):
        name = f"{file.parent.name}/{file.stem}"
        content = json.loads(file.read_text(encoding="utf-8"))
        for number, case in enumerate(content if isinstance(content, list) else [content]):
            if "expr-file" in case:
                case["expr"] = (file.parent / case["expr-file"]).read_text(encoding="utf-8")
            yield (f"{name}[{number}]" if isinstance(content, list) else name), case


@functools.cache
def dataset(name: str) -> str:
    """The text of one of the suite's inputs."""
    return (ROOT / "datasets" / f"{name}.json").read_text(encoding="utf-8")


@pytest.fixture
def deep_stack() -> Iterator[None]:
    """A stack for cases nested deeper than any on AWS."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 20 * DEEPEST)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("deep_stack")
@pytest.mark.parametrize(("name", "case"), [pytest.param(name, case, id=name) for name, case in cases()])
def test_the_official_suite(name: str, case: dict[str, Any]) -> None:
    refused = refusal_of(name)
    if refused is not None:
        code, reason = refused
        with pytest.raises((EvaluationError, InvalidExpression)) as caught:
            outcome(case)
        assert caught.value.code == code, reason
        return
    expected = case.get("error") or {"code": case.get("code")}
    if expected["code"] is not None:
        with pytest.raises((EvaluationError, InvalidExpression)) as caught:
            outcome(case)
        # the suite's code for an exceeded limit, which on AWS has none
        assert (caught.value.code or "U1001") == expected["code"]
        assert expected.get("message") in (None, caught.value.message)
    elif case.get("undefinedResult"):
        assert outcome(case) is UNDEFINED
    elif case.get("unordered"):
        assert sorted(map(json.dumps, outcome(case))) == sorted(map(json.dumps, case["result"]))
    else:
        assert exact(outcome(case)) == exact(case["result"])


def outcome(case: dict[str, Any]) -> Any:
    """What the expression of a case evaluates to."""
    context: Any = UNDEFINED
    if "data" in case:
        context = case["data"]
    elif case.get("dataset") is not None:
        context = json.loads(dataset(case["dataset"]))
    expression = compile_expression(case["expr"])
    limits = Limits(depth=case.get("depth", DEEPEST))
    return expression(
        case.get("bindings") or {}, pace=Unhurried(Random(1)), now=1_700_000_000, context=context, limits=limits
    )


def exact(value: Any) -> Any:
    """A value that equals only its like: in Python 1 is True, in JSON 1 is 1.0."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return (type(value) is bool, value)

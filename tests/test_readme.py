"""The Python of the README and of the pages in docs, executed as it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import boto3
import pytest

from emulator.faults import Fault
from emulator.testing import Dynastep, emulator

README = Path(__file__).parents[1] / "README.md"
SERVER = "http://127.0.0.1:4566"
"""Where the README says that ``dynastep start`` listens."""


def snippets(text: str) -> list[str]:
    """The fenced blocks that are marked python, those inside a tab or a list item too."""
    blocks = re.findall(r"^( *)```python\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [dedent(block) for _, block in blocks]


def execute(snippet: str, dynastep: Dynastep) -> dict[str, Any]:
    """Run a snippet against the fixture's server, and each test in it with an emulator of its own; what it defines."""
    defined: dict[str, Any] = {"__name__": "snippet"}
    exec(compile(snippet.replace(SERVER, dynastep.url), str(README), "exec"), defined)
    for name, test in list(defined.items()):
        if hasattr(test, "hypothesis"):
            test()
        elif name.startswith("test_"):
            options = {name: value for mark in getattr(test, "pytestmark", ()) for name, value in mark.kwargs.items()}
            with emulator(**options) as own:
                test(own)
    return defined


SNIPPETS = snippets(README.read_text(encoding="utf-8"))
DOCS = sorted((README.parent / "docs").glob("*.md"))
EVERY = [*SNIPPETS, *(snippet for page in DOCS for snippet in snippets(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("snippet", EVERY, ids=[snippet.strip().splitlines()[0][:40] for snippet in EVERY])
def test_a_snippet_runs(dynastep, snippet):
    execute(snippet, dynastep)


def test_the_readme_shows_the_endpoint_and_the_fixture_in_five_lines_each():
    endpoint, fixture, *_ = SNIPPETS
    assert SERVER in endpoint
    assert "def test_" in fixture
    for snippet in (endpoint, fixture):
        assert len([line for line in snippet.splitlines() if line.strip()]) <= 6, "five lines and an import"


def test_the_endpoint_example_starts_an_execution(dynastep):
    defined = execute(SNIPPETS[0], dynastep)
    states = boto3.client("stepfunctions", aws_access_key_id="test", aws_secret_access_key="test")
    arn = defined["execution"]["executionArn"]
    assert states.describe_execution(executionArn=arn)["stateMachineArn"] == defined["machine"]["stateMachineArn"]


def test_no_python_of_the_readme_is_left_out():
    """A block of another language, or of none, holds no Python."""
    for language, block in re.findall(
        r"^```(\w*)\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        if language != "python":
            with pytest.raises(SyntaxError):
                ast.parse(block)


@pytest.mark.parametrize(
    "snippet",
    ["assert False", "def test_it(dynastep): assert dynastep.run({}) is None", "import boto3, nothing_at_all"],
)
def test_a_snippet_that_is_wrong_is_noticed(dynastep, snippet):
    text = f"Some words.\n\n```python\n{snippet}\n```\n\n```console\n$ true\n```\n"
    (found,) = snippets(text)
    with pytest.raises((AssertionError, ImportError, Fault)):
        execute(found, dynastep)

"""What the pages of docs say of the code, held to the code. Their Python is executed by ``tests/test_readme.py``."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import dynastep
from asl_interpreter.errors import OURS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
SOURCES = "\n".join(
    re.sub(r'"\n\s*f?"', "", file.read_text(encoding="utf-8"))  # texts that go on in the next line
    for package in ("asl_interpreter", "emulator")
    for file in sorted((ROOT / package).rglob("*.py"))
)


def texts_in_trouble() -> list[str]:
    """The first column of the table in troubleshooting.md."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)


@pytest.mark.parametrize("text", texts_in_trouble())
def test_the_code_says_what_troubleshooting_explains(text: str) -> None:
    assert text in SOURCES


def test_every_error_of_ours_is_explained() -> None:
    explained = runpy.run_path(str(ROOT / "docs" / "site" / "errors.py"))
    named = {each.name for table in ("IN_EXECUTIONS", "IN_ANSWERS", "IN_TESTS") for each in explained[table]}
    of_executions = set(re.findall(r"\{OURS\}(\w+)|\"Dynastep\.(\w+)\"", SOURCES))
    assert {f"{OURS}{first or second}" for first, second in of_executions} == {
        each.name for each in explained["IN_EXECUTIONS"]
    }
    public = {name: getattr(dynastep, name) for name in dynastep.__all__}
    raised = {name for name, value in public.items() if isinstance(value, type) and issubclass(value, BaseException)}
    assert raised == {each.name for each in explained["IN_TESTS"]}
    assert set(re.findall(r'"(NotImplementedException|InsufficientStorage)"', SOURCES)) <= named


MADE = frozenset(
    {
        *("settings.md", "control-routes.md", "command-line.md", "fixture.md", "errors.md", "fidelity.md"),
        *("fidelity-operations.md", "fidelity-language.md", "fidelity-integrations.md"),
    }
)
"""Pages that are made from code when the site is built."""


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_links_to_what_is_there(page: Path) -> None:
    """Pages that are made from code are there when the site is built: ``make docs`` checks the links to them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("http") or target in MADE or (page.parent / target).exists(), target


def test_every_route_of_control_says_what_it_does(dynastep: Any) -> None:
    from emulator.app import create_app

    app = create_app(dynastep._control)
    undocumented = [rule for rule in app.url_map.iter_rules() if not app.view_functions[rule.endpoint].__doc__]
    assert undocumented == []

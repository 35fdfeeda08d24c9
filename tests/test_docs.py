"""What the pages of docs say of the code, held to the code. Their Python is executed by ``tests/test_readme.py``."""

from __future__ import annotations

import re
import runpy
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import dynastep
from asl_interpreter.errors import OURS
from emulator.settings import Settings, flag_of, variables_of

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


# What MkDocs makes


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The pages that are made from code, by name."""
    pytest.importorskip("mkdocs")
    site = ROOT / "docs" / "site"
    sys.path.insert(0, str(site))
    try:
        pages = runpy.run_path(str(site / "pages.py"))["PAGES"]
        return {name: write() for name, write in pages.items()}
    finally:
        sys.path.remove(str(site))


def test_the_pages_that_are_made_are_those_that_pages_link_to(made: dict[str, str]) -> None:
    assert set(made) == MADE
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [name for name in made if not re.search(rf"- (.*: )?{name}$", navigation, re.MULTILINE)] == []


def test_every_setting_is_in_the_reference(made: dict[str, str]) -> None:
    for setting in fields(Settings):
        [row] = re.findall(rf"^\| `{flag_of(setting.name)}[` ].*", made["settings.md"], re.MULTILINE)
        assert [name for name in variables_of(setting) if f"`{name}`" not in row] == []


def test_every_route_of_control_is_in_the_reference(made: dict[str, str], dynastep: Any) -> None:
    from emulator.app import create_app

    rules = {
        (rule.rule, method)
        for rule in create_app(dynastep._control).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = set(re.findall(r"^\| `(/\S*)` \| (\w+) \|", made["control-routes.md"], re.MULTILINE))
    assert listed == rules


def test_every_route_that_the_code_names_is_in_the_reference_or_elsewhere(made: dict[str, str]) -> None:
    """The console is pages for people, and the addresses of APIs are those of API Gateway: docs/api-gateway.md."""
    named = set(re.findall(r'@\w+\.(?:get|post|put|delete|route)\(\s*"(/_[^"]+)"', SOURCES))
    assert named
    assert [route for route in named if f"`{route}`" not in made["control-routes.md"]] == []


def test_every_public_name_fixture_and_option_is_in_the_reference(made: dict[str, str]) -> None:
    from emulator import pytest_plugin
    from emulator.bench.option_names import HELP

    page = made["fixture.md"]
    assert sorted(re.findall(r"^::: [\w.]+\.(\w+)$", page, re.MULTILINE)) == sorted(dynastep.__all__)
    fixtures = {name for name in vars(pytest_plugin) if name.startswith("dynastep")}
    assert {"dynastep", "dynastep_session"} <= fixtures
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    alone = {name for name in parser._inidict if name.removeprefix("dynastep_") not in HELP}
    flags = {option.names()[0] for group in parser._groups for option in group.options}
    assert "--asl-cov" in flags
    for name in {*fixtures, *HELP, *alone, *flags}:
        assert re.search(rf"^\| `{name}[` ]", page, re.MULTILINE), name


def test_every_command_is_in_the_reference_and_has_an_example(made: dict[str, str]) -> None:
    import click

    from emulator.cli import main

    assert ":module: emulator.cli" in made["command-line.md"], "click's own list"
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    names = main.list_commands(click.Context(main))
    assert [name for name in names if f"dynastep {name}" not in pages] == []


def test_every_error_of_ours_is_in_the_reference(made: dict[str, str]) -> None:
    explained = runpy.run_path(str(ROOT / "docs" / "site" / "errors.py"))
    for table in ("IN_EXECUTIONS", "IN_ANSWERS", "IN_TESTS"):
        for each in explained[table]:
            assert f"| `{each.name}` | {each.cause} | {each.remedy} |" in made["errors.md"]

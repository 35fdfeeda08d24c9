"""Pages that MkDocs makes from the code, so that they cannot differ from the code: a hook of ``mkdocs.yml``.

``settings.md`` comes from the fields of ``Settings``, ``control-routes.md`` from the routes of the application,
``command-line.md`` from the commands, ``fixture.md`` from docstrings, ``errors.md`` from ``errors.py`` beside this
file, and the pages on fidelity, by ``fidelity.py`` beside this file, from what the tests have shown (``make fidelity``
writes ``fidelity.json``).
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from inspect import getdoc
from pathlib import Path
from typing import Any

import fidelity  # beside this file: MkDocs looks there for what a hook imports
import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = Path(__file__).parents[1]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from code; called by MkDocs."""
    for name, write in PAGES.items():
        files.append(File.generated(config, name, content=write()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs's
    """Show the title of a page where a link shows its file: ``[mocks.md](mocks.md)``; called by MkDocs."""

    def titled(link: re.Match[str]) -> str:
        file = files.get_file_from_path(link[1])
        heading = None if file is None else re.search(r"^# (.*)", file.content_string, re.MULTILINE)
        return link[0] if heading is None else f"[{heading[1]}]({link[2]})"

    return re.sub(r"\[([\w-]+\.md)\]\((\1[^)]*)\)", titled, markdown)


def settings() -> str:
    """Every setting of the server: its flag, its variables, its default and what it is."""
    from emulator.settings import Settings, flag_of, variables_of

    rows = [
        (
            f"`{flag_of(setting.name)} {setting.metadata.get('metavar', '').replace('|', ' or ')}`".replace(" `", "`"),
            ", ".join(f"`{name}`" for name in variables_of(setting)),
            f"`{setting.metadata.get('shown') or ('none' if setting.default is None else setting.default)}`",
            setting.metadata["help"],
        )
        for setting in fields(Settings)
    ]
    return _page(
        "Settings of the server",
        "A flag of `dynastep start` goes before its environment variable. Example: `dynastep start --port 4567` and "
        "`DYNASTEP_PORT=4567 dynastep start` do the same. The fixture has options instead: "
        "[testing.md](testing.md#options).",
        _table(("Flag", "Variable", "Default", "Meaning"), rows),
    )


def control_routes() -> str:
    """Every route below ``/_dynastep`` that a client may use, from the application itself."""
    from emulator.app import create_app
    from emulator.control import Control
    from emulator.settings import Settings
    from emulator.wiring import Lasting

    control = Control(Lasting.of(Settings(), lambda: "http://127.0.0.1:4566"))
    try:
        app = create_app(control)
        rows = sorted(
            (rule.rule, method, " ".join((getdoc(app.view_functions[rule.endpoint]) or "").split()))
            for rule in app.url_map.iter_rules()
            for method in sorted(rule.methods or ())
            if method not in {"HEAD", "OPTIONS"}
        )
    finally:
        control.close()
    return _page(
        "Control routes",
        "What a client does to an emulator as a whole. The routes are those of the server and of the fixture's `url`. "
        "Example: `curl -X POST http://127.0.0.1:4566/_dynastep/reset` empties the server. A body is a JSON object, so "
        "is the answer; a mistake in the body is a 400 with a member `error` that says what is wrong.",
        _table(("Route", "Method", "What it does"), [(f"`{path}`", method, said) for path, method, said in rows]),
    )


def command_line() -> str:
    """The commands and their options, from click."""
    return _page(
        "Command line",
        "The same as `dynastep COMMAND --help` prints. [commands.md](commands.md) has examples.",
        "::: mkdocs-click\n    :module: emulator.cli\n    :command: main\n    :prog_name: dynastep\n    :depth: 1",
    )


def fixture() -> str:
    """The public names of the package ``dynastep``, from their docstrings; options and fixtures of pytest."""
    import dynastep

    homes = {name: home for home, names in dynastep._HOMES.items() for name in names}  # noqa: SLF001 - where they are
    homes |= {"Later": "asl_interpreter.tasks", "StateError": "asl_interpreter.errors"}
    return _page(
        "The package dynastep",
        "`from dynastep import Later, StateError, emulator`: these names stay the same from version to version. "
        "[testing.md](testing.md) shows how they are used.",
        "## Fixtures",
        _table(("Fixture", "What it is"), list(_fixtures())),
        "## Options of the marker and of emulator()",
        'Example: `@pytest.mark.dynastep(region="eu-west-1")`, `emulator(region="eu-west-1")`, or the line '
        "`dynastep_region = eu-west-1` in the configuration of pytest. [testing.md](testing.md#options) has more.",
        _table(("Option", "Meaning"), list(_options())),
        "## Options of pytest",
        "Example: `pytest --asl-cov --asl-cov-report=term-missing`.",
        _table(("Option", "Meaning"), list(_flags())),
        "\n\n".join(f"::: {homes[name]}.{name}" for name in sorted(dynastep.__all__, key=str.lower)),
    )


def _fixtures() -> Iterator[tuple[str, str]]:
    from emulator import pytest_plugin

    for name, value in vars(pytest_plugin).items():
        if isinstance(value, type(pytest_plugin.dynastep)):
            yield f"`{name}`", " ".join((getdoc(value) or "").split())


def _options() -> Iterator[tuple[str, str]]:
    from emulator.bench.option_names import HELP

    yield from ((f"`{name}`", meaning) for name, meaning in HELP.items())
    parser = _parser()
    for name, (meaning, *_) in parser._inidict.items():  # noqa: SLF001 - pytest offers no other way to read them
        if name.removeprefix("dynastep_") not in HELP:
            yield f"`{name}`, in the configuration of pytest alone", meaning


def _flags() -> Iterator[tuple[str, str]]:
    for group in _parser()._groups:  # noqa: SLF001 - as above
        for option in group.options:
            shown = " ".join(filter(None, (option.names()[0], option.attrs().get("metavar"))))
            yield f"`{shown}`", str(option.attrs().get("help"))


def _parser() -> pytest.Parser:
    from emulator import pytest_plugin

    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    return parser


def errors() -> str:
    """The errors that AWS does not have."""
    explained = runpy.run_path(str(Path(__file__).with_name("errors.py")))
    heads = ("Error", "Cause", "Remedy")
    tables = {
        title: _table(heads, [(f"`{each.name}`", each.cause, each.remedy) for each in explained[name]])
        for title, name in (
            ("In executions", "IN_EXECUTIONS"),
            ("In answers of operations", "IN_ANSWERS"),
            ("In tests, as exceptions of the package dynastep", "IN_TESTS"),
        )
    }
    return _page(
        "Errors of Dynastep's own",
        "Every other error that an execution or an operation shows is an error of AWS, in AWS's words. The errors of "
        "this page say that something is wrong with the test or with the emulator. "
        "[troubleshooting.md](troubleshooting.md) explains messages.",
        *(f"## {title}\n\n{table}" for title, table in tables.items()),
    )


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *(tuple(str(cell).replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings,
    "control-routes.md": control_routes,
    "command-line.md": command_line,
    "fixture.md": fixture,
    "errors.md": errors,
    **fidelity.PAGES,
}
"""The name of each page, and what writes it."""

"""Every fenced block of the documentation is executed, or read by what would read it, or has a reason why not.

``test_readme.py`` executes Python, and ``test_tutorial.py`` the files and commands of the tutorial. What is here reads
JSON, YAML and configuration, and holds commands to the programs that they call.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import click
import pytest
import yaml
from test_readme import EVERY

from emulator import initial, pytest_plugin
from emulator.cli import main
from emulator.integrations.mock_config import MockConfig, read_mocks
from emulator.settings import Settings, variables_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


class Block(NamedTuple):
    """A fenced block: the name of its page, what stands after the fence, and its text."""

    page: str
    kind: str
    text: str

    @property
    def language(self) -> str:
        return self.kind.partition(" ")[0]

    @property
    def begins(self) -> str:
        return self.text.splitlines()[0]


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fences = re.findall(r"^( *)```([^\n]*)\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
        yield from (Block(page.name, kind, dedent(block)) for _, kind, block in fences)


BLOCKS = list(blocks())
COMMANDS = [block for block in BLOCKS if block.language in ("", "console") and block.begins.startswith("$ ")]
FILES_OF_THE_TUTORIAL = [block for block in BLOCKS if "title=" in block.kind]
EXEMPT = {
    ("architecture.md", "dynastep/  "): "a map of the folders, which test_house.py holds to the folders",
    ("cloudformation.md", "Orders  CREATE_FAILED"): "what a stack shows",
    ("commands.md", "2026-01-01 12:00"): "lines of the server's log",
    ("commands.md", "Reading items"): "a bar of progress",
    ("docker.md", "FROM dynastep"): "an image upon the image, which needs an engine for containers",
    ("docker.md", "const dynastep"): "needs Testcontainers and an engine for containers",
    ("docker.md", "from testcontainers"): "needs Testcontainers and an engine for containers",
    ("docker.md", "with DynastepContainer"): "needs Testcontainers and an engine for containers",
    ("faults.md", "Failing test case"): "what hypothesis prints",
    ("faults.md", "======================= chaos"): "what pytest prints",
    ("migrating-from-localstack.md", "FROM dynastep"): "an image upon the image, which needs an engine for containers",
    ("migrating-from-moto.md", "@pytest.fixture"): "before and after, each with an ellipsis",
    ("migrating-from-step-functions-local.md", "FROM dynastep"): "an image upon the image",
    ("snapshots.md", "def test_an_order"): "tests/plugin/test_snapshots.py has such a test, with the machine",
    ("snapshots.md", "ExecutionStarted  input"): "the file of a snapshot",
    ("terraform.md", 'provider "aws"'): "for Terraform, which tests/clients runs with a provider of its own",
    ("testing.md", "E   AssertionError"): "what pytest prints; test_tutorial.py has such a report in full",
    ("testing.md", "Deadlock:"): "what a test that fails prints",
}
"""Page and beginning of a block that nothing executes or reads -> why."""


def of(language: str, page: str = "") -> list[Any]:
    """The blocks of a language, of one page or of all, but for files of the tutorial."""
    found = [block for block in BLOCKS if block.language == language and page in block.page]
    return [
        pytest.param(each, id=f"{each.page}: {each.begins[:40]}") for each in found if each not in FILES_OF_THE_TUTORIAL
    ]


def exemption(block: Block) -> tuple[str, str] | None:
    return next((key for key in EXEMPT if key[0] == block.page and block.begins.startswith(key[1])), None)


def test_no_block_is_left_out() -> None:
    executed = {*EVERY}
    handled = [
        block
        for block in BLOCKS
        if block in COMMANDS
        or block in FILES_OF_THE_TUTORIAL
        or block.language in ("json", "yaml", "ini")
        or (block.kind == "python" and block.text in executed)
        or (block.language, block.page) == ("py", "testing.md")
    ]
    exempt = [exemption(block) for block in BLOCKS if block not in handled]
    assert [
        block for block, why in zip([each for each in BLOCKS if each not in handled], exempt, strict=True) if not why
    ] == []
    assert set(EXEMPT) == set(exempt), "an exemption of a block that is gone"


# Commands


def commands(block: Block) -> Iterator[str]:
    """Each command of a block, on one line, without its comment."""
    text = re.sub(r"\\\n\s*", "", block.text)
    for line in text.splitlines():
        if line.startswith("$ "):
            yield from re.split(r"\s&&\s", re.sub(r"\s+#.*$", "", line[2:]).rstrip("& "))


CALLED = [
    pytest.param(words, id=" ".join(words)[:70])
    for words in sorted({tuple(shlex.split(command)) for block in COMMANDS for command in commands(block)})
]
FOREIGN = frozenset({".", "apt-get", "aws", "cd", "cdk", "curl", "dask", "docker", "mkdir", "npx", "sam", "terraform"})
"""Programs of others, and of the shell. ``tests/clients`` runs the command line of AWS, CDK, SAM, Terraform, Serverless."""


@pytest.mark.parametrize("words", CALLED)
def test_a_command_is_one_that_there_is(words: tuple[str, ...]) -> None:
    match words:
        case ("dynastep", *rest):
            parse(main, click.Context(main), list(rest))
        case ("make", *targets):
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []
        case ("pytest", *rest):
            assert [each.partition("=")[0] for each in rest if each.startswith("-")] == known_to_pytest(rest)
        case ("python" | "python3", "-m", module, *_):
            assert importlib.util.find_spec(module) is not None
        case ("python", file):
            assert any(f'title="{file}"' in block.kind for block in FILES_OF_THE_TUTORIAL)
        case ("pip", "install", *what):
            extras = re.findall(r"\[([\w,]+)\]", " ".join(what))
            assert [each for each in ",".join(extras).split(",") if each and each not in extras_of_the_package()] == []
        case ("export", *pairs):
            assert [pair for pair in pairs if not re.fullmatch(r"AWS_[A-Z_]+=\S+", pair)] == []
        case (".venv/bin/nox", "-s", session, *_):
            assert re.fullmatch(r"tests-3\.1\d\((lowest|newest)\)", session)
        case (program, *_):
            assert program in FOREIGN


def parse(command: click.Command, context: click.Context, words: list[str]) -> None:
    """Have click read the words of a command, without what the values must be.

    Raises:
        click.UsageError: there is no such command or option, or an option lacks its value.
    """
    _, rest, _ = command.make_parser(context).parse_args(args=words)
    if isinstance(command, click.Group):
        name, inner, rest = command.resolve_command(context, rest)
        assert inner is not None
        parse(inner, click.Context(inner, parent=context, info_name=name), rest)
    else:
        places = [each.nargs for each in command.params if isinstance(each, click.Argument)]
        assert len(rest) <= sum(places) or -1 in places, f"{command.name} takes no {rest}"


def known_to_pytest(words: list[str]) -> list[str]:
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    names = {name for group in parser._groups for option in group.options for name in option.names()}
    return [each.partition("=")[0] for each in words if each.partition("=")[0] in names]


def extras_of_the_package() -> set[str]:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return set(re.findall(r"^(\w+) = \[", project.partition("[project.optional-dependencies]")[2], re.MULTILINE))


@pytest.mark.parametrize(
    "words",
    [["strat"], ["start", "--prot", "1"], ["clock", "--advance"], ["data", "chekc", "d"], ["reset", "all", "of"]],
)
def test_a_command_that_there_is_not_is_noticed(words: list[str]) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(main, click.Context(main), words)


def test_every_route_that_a_command_calls_is_one_of_control(dynastep: Any) -> None:
    from emulator.app import create_app

    rules = {rule.rule for rule in create_app(dynastep._control).url_map.iter_rules()}
    called = {path for block in COMMANDS for path in re.findall(r"http://[\w.:]+(/_[\w/]+)", block.text)}
    assert called
    assert called <= rules


def test_every_variable_that_a_page_names_is_read_somewhere() -> None:
    settings = {name for field in fields(Settings) for name in variables_of(field)}
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for package in ("asl_interpreter", "emulator", "tests")
        for file in sorted((ROOT / package).rglob("*.py"))
    )
    for page in PAGES:
        if page.name not in ("architecture.md", "benchmarks.md"):
            for name in re.findall(r"\bDYNASTEP_[A-Z_]+\b", page.read_text(encoding="utf-8")):
                assert name in settings or f'"{name}"' in code or name in MADE_UP, f"{page.name}: {name}"


MADE_UP = frozenset({"DYNASTEP_CLOCKS"})
"""A misspelt name as an example."""

# Files


@pytest.mark.parametrize("block", of("json", "mocks.md"))
def test_mocks_can_be_read(tmp_path: Path, block: Block) -> None:
    document = json.loads(block.text)
    if "StateMachines" not in document:
        assert len(read_mocks(document)) == len(document["Mocks"])
        return
    file = tmp_path / "MockConfigFile.json"
    file.write_text(block.text)
    config = MockConfig(file)
    assert {name: config.cases(name) for name in config.machines()} == {
        name: list(machine["TestCases"]) for name, machine in document["StateMachines"].items()
    }


@pytest.mark.parametrize("block", of("json", "migrating-from-localstack.md"))
def test_what_a_file_describes_is_made(dynastep: Any, tmp_path: Path, block: Block) -> None:
    (tmp_path / "10-orders.json").write_text(block.text)
    preparation = initial.found(tmp_path)
    preparation.run(dynastep.url, dynastep.account, dynastep.client)
    described = json.loads(block.text)
    made = dynastep.client("dynamodb").list_tables()["TableNames"]
    assert made == [table["TableName"] for table in described["tables"]]


def test_every_json_is_read_by_a_test_of_its_own() -> None:
    assert {block.values[0].page for block in of("json")} == {"mocks.md", "migrating-from-localstack.md"}


class Loader(yaml.SafeLoader):
    """Reads the short forms of CloudFormation too."""


Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_can_be_read(block: Block) -> None:
    document = yaml.load(block.text, Loader)
    assert isinstance(document, dict)
    settings = {name for field in fields(Settings) for name in variables_of(field)}
    assert set(re.findall(r"\bDYNASTEP_\w+", block.text)) <= settings


ASYNCIO = "asyncio_default_fixture_loop_scope = function\n"
"""What another plugin wants to be told."""


@pytest.mark.parametrize("block", of("ini", "testing.md"))
def test_a_configuration_is_taken(pytester: pytest.Pytester, block: Block) -> None:
    pytester.makeini(f"{block.text}{ASYNCIO}")
    pytester.makepyfile(
        'def test_it(dynastep): assert dynastep.client("sqs").meta.region_name == "eu-west-1"',
    )
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.parametrize("block", of("ini", "snapshots.md"))
def test_the_extension_that_a_configuration_names_is_there(block: Block) -> None:
    module, _, name = re.findall(r"[\w]+\.\w+$", block.text.strip())[0].rpartition(".")
    assert getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("block", of("py", "testing.md"))
def test_a_file_of_tests_passes(pytester: pytest.Pytester, block: Block) -> None:
    pytester.makeini(f"[pytest]\n{ASYNCIO}")
    pytester.makepyfile(block.text)
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=2)

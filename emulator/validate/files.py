"""Definitions in files: everything that AWS would say of them, with line and column, and the name that may be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from asl_interpreter.errors import InvalidDefinition, Problem
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.language.choice import OPERATORS, PATH_OPERATORS
from asl_interpreter.reading import fields
from asl_interpreter.reading.parsing import read
from asl_interpreter.tasks import Integration, Resolve
from emulator.stepfunctions.validation import problems
from emulator.suggestions import nearest
from emulator.validate import positions
from emulator.validate.documents import YAML_SUFFIXES, InvalidYAML, flaw, read_yaml, with_numbers
from emulator.validate.positions import Position
from emulator.validate.projects import NAMES, NoSuchMachine, read_project
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION

MOST_GUESSES: Final = 100
"""Problems of a file for which the name that may be meant is looked for; each looks at all names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a definition in a file."""

    file: str
    line: int
    column: int
    problem: Problem
    meant: str | None = None
    """The name that is nearest to the wrong one."""

    @property
    def message(self) -> str:
        """AWS's words, and our guess."""
        return self.problem.message + (f" (did you mean '{self.meant}'?)" if self.meant else "")


STANDARD_INPUT: Final = "-"
_DEFINITIONS: Final = ("*.asl.json", "*.asl.yaml", "*.asl.yml")
_NOT_OURS: Final = frozenset({"node_modules", ".aws-sam", ".serverless", ".git", ".venv"})
"""Folders that hold what others have made, or copies."""


def find_files(name: str) -> list[str]:
    """The files that a name stands for: itself, those that match it as a pattern, or those in a folder.

    Of a folder these are definitions (``*.asl.json``, ``*.asl.yaml``) and files of projects that have state machines.
    """
    if name == STANDARD_INPUT:
        return [name]
    path = Path(name)
    if path.is_dir():
        projects = [file for pattern in NAMES for file in path.rglob(pattern) if _has_machines(file)]
        inside = [file for pattern in _DEFINITIONS for file in path.rglob(pattern)] + projects
        return sorted({str(file) for file in inside if not _NOT_OURS & set(file.relative_to(path).parts)})
    if path.exists():
        return [name]
    return sorted(str(file) for file in Path(path.anchor).glob(str(path.relative_to(path.anchor))) if file.is_file())


def _has_machines(file: Path) -> bool:
    try:
        return bool(read_project(file, file.read_text(encoding="utf-8-sig"), DEFAULT_ACCOUNT, DEFAULT_REGION))
    except NoSuchMachine:
        return True
    except (OSError, UnicodeDecodeError):
        return False


def check_file(file: str, text: str, resolve: Resolve, *, express: bool = False) -> list[Finding]:
    """Everything wrong with the definitions in a file: one in JSON, or YAML if its name says so, or those of a project.

    Of a project each state machine says itself whether it is EXPRESS.
    """
    try:
        machines = read_project(Path(file), text, DEFAULT_ACCOUNT, DEFAULT_REGION)
    except NoSuchMachine as error:
        return [Finding(file, 1, 1, Problem("DEFINITION_NOT_FOUND", str(error), None))]
    if machines is None:
        return _check_definition(file, text, resolve, express=express)
    found: list[Finding] = []
    for machine in machines:
        if machine.file != Path(file):
            inside = _check_definition(
                str(machine.file), machine.file.read_text(), resolve, express=machine.kind == "EXPRESS"
            )
        else:
            inside = _findings(file, machine.text, machine.places, resolve, express=machine.kind == "EXPRESS")
        found += inside
    return found


def _check_definition(file: str, text: str, resolve: Resolve, *, express: bool) -> list[Finding]:
    if Path(file).suffix.lower() in YAML_SUFFIXES:
        try:
            document, places = read_yaml(text)
            text = dumps(document)
        except InvalidYAML as error:
            problem = Problem("INVALID_YAML", error.message, None)
            return [Finding(file, *error.position, problem)]
        except RecursionError:
            return [Finding(file, 1, 1, Problem("INVALID_YAML", "nested too deeply", None))]
        except ValueError as error:  # a number of thousands of digits, half a character
            return [Finding(file, 1, 1, Problem("INVALID_YAML", str(error), None))]
    else:
        text = with_numbers(text)
        try:
            document = read(text)
        except InvalidDefinition as error:
            return [_broken(file, problem) for problem in error.problems]
        places = positions.in_json(text)
    return _findings(file, text, places, resolve, express=express)


def _findings(
    file: str, text: str, places: Mapping[str, Position], resolve: Resolve, *, express: bool
) -> list[Finding]:
    """What is to be said of a definition in JSON, whose values stand at ``places`` of a file."""
    found = problems(text, _with_placeholders(resolve), express=express)
    try:
        document = read(text)
    except InvalidDefinition:
        document = None
    meant = [_meant(document, problem) for problem in found[:MOST_GUESSES]]
    return [
        Finding(file, *positions.nearest(places, _subject(problem)), problem, guess)
        for problem, guess in zip_longest(found, meant)
    ]


def _broken(file: str, problem: Problem) -> Finding:
    (line, column), said = flaw(problem)
    return Finding(file, line, column, Problem(problem.code, said, None))


def _subject(problem: Problem) -> str | None:
    """What a problem is about: AWS places a field that must not be there at its object."""
    field = _FIELD.fullmatch(problem.message)
    return problem.location if field is None else f"{(problem.location or '').rstrip('/')}/{field['name']}"


_PLACEHOLDER: Final = re.compile(r"\$\{[^}]+\}")
"""What CloudFormation, SAM and Terraform put in: ``${FunctionArn}``."""


def _with_placeholders(resolve: Resolve) -> Resolve:
    """A Resource that is put in later is taken for a function."""

    def resolved(resource: str, _state: str = "") -> Integration:
        if _PLACEHOLDER.search(resource):
            resource = "arn:aws:lambda:us-east-1:000000000000:function:placeholder"
        return resolve(resource)

    return resolved


_TARGET: Final = re.compile(r"Missing 'Next' target: (?P<name>.*)", re.DOTALL)
_FIELD: Final = re.compile(r"Field '(?P<name>.*)' is not supported", re.DOTALL)
_CHOICES: Final = re.compile(r"(?:should have one of these values|should be one of the following): \[(?P<names>.*)\]$")


def _meant(document: JSON, problem: Problem) -> str | None:
    """The name nearest to the wrong one, if one is near."""
    location = problem.location or ""
    if match := _TARGET.fullmatch(problem.message):
        owner = re.sub(r"/StartAt$|/States/(?:(?!/States/|/StartAt$).)*$", "", location)
        return nearest(match["name"], list(_at(document, f"{owner}/States") or ()))
    if match := _FIELD.fullmatch(problem.message):
        return nearest(match["name"], _allowed(document, location))
    if match := _CHOICES.search(problem.message):
        value = _at(document, location)
        return nearest(value, match["names"].split(", ")) if isinstance(value, str) else None
    return None


def _at(value: JSON, location: str) -> JSON:
    """The value at a location; None if there is none. Names may hold slashes, so the longest that fit are tried."""
    if location in ("", "/"):
        return value
    return next(_children_at(value, location), None)


def _children_at(value: JSON, location: str) -> Iterator[JSON]:
    steps: list[tuple[str, JSON]] = []
    if isinstance(value, dict):
        steps = [(f"/{name}", content) for name, content in value.items()]
    elif isinstance(value, list):
        steps = [(f"[{index}]", content) for index, content in enumerate(value)]
    for step, content in steps:
        if location == step:
            yield content
        elif location.startswith(step) and location[len(step)] in "/[":
            yield from _children_at(content, location[len(step) :])


_RULES: Final[Mapping[str, fields.Rules]] = {
    "Retry": fields.RETRIER,
    "Catch": fields.CATCHER,
    "Branches": fields.BRANCH,
}


def _allowed(document: JSON, location: str) -> list[str]:
    """The fields that the object at a location may have."""
    if location == "/":
        return list(fields.MACHINE.fields)
    if re.search(r"/Choices\[\d+\][^/]*(?:/(?:And|Or|Not)\b[^/]*)*$", location):
        return ["And", "Or", "Not", "Variable", "Next", "Assign", "Comment", "Condition", *OPERATORS, *PATH_OPERATORS]
    for field, rules in _RULES.items():
        if re.search(rf"/{field}\[\d+\]$", location):
            return list(rules.fields)
    if re.search(r"/(?:ItemProcessor|Iterator)$", location):
        return list(fields.PROCESSOR.fields)
    state = _at(document, location)
    kind = state.get("Type") if isinstance(state, dict) else None
    return list(fields.STATES[kind].fields) if isinstance(kind, str) and kind in fields.STATES else []

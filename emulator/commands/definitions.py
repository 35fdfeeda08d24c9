"""Definitions that commands are given: files, and standard input."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from emulator.integrations.resources import Resources


def read_file(file: str) -> str:
    """The text of a file, or of standard input for "-".

    Raises:
        click.ClickException: the file cannot be read as UTF-8.
    """
    try:
        with click.open_file(file, encoding="utf-8-sig") as opened:
            text: str = opened.read()
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None
    return text


class CannotRun(click.ClickException):
    """What was asked for cannot begin, or cannot end; the message says why. The exit status is 2."""

    exit_code = 2


def machine_name(file: str) -> str:
    """The name of the state machine that a file defines: ``order`` for ``machines/order.asl.json``."""
    return "machine" if file == "-" else re.sub(r"[^\w-]", "-", Path(file).name.partition(".")[0]) or "machine"


def read_bytes(file: Path) -> bytes:
    """What a file holds.

    Raises:
        CannotRun: the file cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise CannotRun(f"{file} cannot be read: {error.strerror}") from None


def write_bytes(file: Path, content: bytes) -> None:
    """Write a file, in place of what the file held.

    Raises:
        CannotRun: the file cannot be written.
    """
    try:
        file.write_bytes(content)
    except OSError as error:
        raise CannotRun(f"{file} cannot be written: {error.strerror}") from None


class Definition(NamedTuple):
    """A definition that a command was given."""

    text: str
    """As JSON."""
    kind: str
    """STANDARD or EXPRESS."""


with_machine = click.option(
    "--machine", metavar="NAME", help="The logical name of the state machine, where FILE is a template of several."
)


def definition_in(file: str, text: str, machine: str | None, kind: str = "STANDARD") -> Definition:
    """The definition that a file holds, or that of one state machine of a template; ``kind`` is of the former.

    Raises:
        CannotRun: the file is neither JSON nor YAML, or has no such state machine.
    """
    from asl_interpreter.jsontext import dumps
    from emulator.validate.documents import YAML_SUFFIXES, CannotRead, read_definition
    from emulator.validate.projects import NoSuchMachine, find, read_project
    from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION

    try:
        machines = read_project(Path(file), text, DEFAULT_ACCOUNT, DEFAULT_REGION)
        if machines is not None:
            found = find(machines, machine)
            return Definition(found.substituted, found.kind)
        document = read_definition(file, text)[0]
    except (NoSuchMachine, CannotRead) as error:
        raise CannotRun(str(error)) from None
    return Definition(dumps(document) if Path(file).suffix.lower() in YAML_SUFFIXES else text, kind)


def checked_definition(file: str, machine: str | None = None, kind: str = "STANDARD") -> Definition:
    """The definition in a file, which AWS would accept; the parameters are those of ``definition_in``.

    Raises:
        CannotRun: the file cannot be read, has no such machine, or AWS would refuse the definition.
    """
    from emulator.validate.files import check_file
    from emulator.validate.formats import FORMATS

    try:
        text = read_file(file)
    except click.ClickException as error:
        raise CannotRun(error.message) from None
    found = check_file(file, text, resources(), express=kind == "EXPRESS")
    wrong = [finding for finding in found if finding.problem.severity == "ERROR"]
    if wrong:
        raise CannotRun(FORMATS["text"](wrong))
    return definition_in(file, text, machine, kind)


def resources() -> Resources:
    """What Resources of definitions stand for, where nothing is called."""
    from emulator.integrations.resources import Resources
    from emulator.settings import Settings
    from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
    from emulator.wiring import Lasting, put_together

    return Resources(put_together(Lasting.of(Settings())), DEFAULT_ACCOUNT, DEFAULT_REGION)


def json_text(given: str) -> str:
    """JSON from the command line: itself, or the content of the file that ``@`` names.

    Raises:
        CannotRun: it is no JSON, or there is no such file.
    """
    from asl_interpreter.jsontext import InvalidJSON, loads

    try:
        text = read_file(given[1:]) if given.startswith("@") else given
        loads(text)
    except click.ClickException as error:
        raise CannotRun(error.message) from None
    except InvalidJSON as error:
        raise CannotRun(f"{given if given.startswith('@') else 'The input'} is not JSON: {error}") from None
    return text

"""``dynastep data``: a data folder, while no server has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.commands.bars import shown
from emulator.commands.definitions import CannotRun, read_bytes, write_bytes

if TYPE_CHECKING:
    from emulator.control import Control
    from emulator.keeping.folder import Folder

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def data() -> None:
    """Check, compact, export or import a data folder.

    A data folder is what "dynastep start --data-dir" writes. No server may use it meanwhile.
    """


@data.command()
@_FOLDER
def check(folder: Path) -> None:
    """Check that FOLDER can be read, and say what is in it.

    The exit status is 2 if a part of it cannot be read.
    """
    from emulator.keeping.loading import EVERY, load_state
    from emulator.keeping.pickling import Unreadable

    with _opened(folder) as opened, shown():
        problems = opened.problems()
        try:
            loaded = None if problems else load_state(opened, EVERY)
            if loaded is not None:
                with _control() as control:
                    control.try_out(loaded[0])
        except Unreadable as error:
            problems.append(str(error))
        if problems:
            raise CannotRun("\n".join([f"{opened.file} is damaged:", *problems]))
        items = executions = 0
        if loaded is not None:
            items = sum(map(len, loaded[0].items.values()))
            executions = sum(map(len, loaded[0].executions.values()))
        click.echo(f"{opened.file} is sound: {items:,} items, {executions:,} executions, {opened.size:,} bytes.")


@data.command()
@_FOLDER
def compact(folder: Path) -> None:
    """Make FOLDER smaller: drop what was deleted or overwritten."""
    with _opened(folder) as opened, shown():
        before = opened.size
        opened.compact()
        click.echo(f"{opened.file} has {opened.size:,} bytes; it had {before:,}.")


@data.command("export")
@_FOLDER
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file to be written.")
def export_data(folder: Path, output: Path) -> None:
    """Write everything in FOLDER to one file.

    The file is a snapshot: "dynastep data import" and "dynastep snapshots import" read it.
    """
    from emulator.keeping.loading import EVERY, load_state
    from emulator.keeping.pickling import Unreadable
    from emulator.keeping.snapshots import written

    with _opened(folder) as opened, shown():
        try:
            loaded = load_state(opened, EVERY)
        except Unreadable as error:
            raise CannotRun(str(error)) from None
        if loaded is None:
            raise CannotRun(f"{opened.file} holds nothing yet.")
        file = written(loaded[0])
    write_bytes(output, file)
    click.echo(f"{output} holds what {folder} holds, {len(file):,} bytes.")


@data.command("import")
@_FOLDER
@click.argument("file", type=click.Path(path_type=Path))
def import_data(folder: Path, file: Path) -> None:
    """Make a new FOLDER from an exported FILE.

    FILE was written by "dynastep data export" or "dynastep snapshots export".
    """
    from emulator.keeping.folder import CannotWrite
    from emulator.keeping.pickling import CannotKeep, Unreadable

    given = read_bytes(file)
    with _opened(folder) as opened, shown():
        if opened.has_parts(""):
            raise CannotRun(f"{opened.file} holds something already: name a folder that is new.")
        try:
            with _control(opened) as control:
                control.begin()
                control.take_in_snapshot("imported", given)
                control.restore_snapshot("imported")
        except Unreadable as error:
            raise CannotRun(f"{file}: {error}") from None
        except (CannotWrite, CannotKeep) as error:
            raise CannotRun(str(error)) from None
    click.echo(f"{folder} holds what {file} says.")


@contextmanager
def _control(folder: Folder | None = None) -> Iterator[Control]:
    """An emulator that nobody calls."""
    from emulator.app import create_app
    from emulator.control import Control
    from emulator.settings import Settings

    control = Control(Settings(clock="manual"), folder=folder)
    create_app(control)
    try:
        yield control
    finally:
        control.close()


@contextmanager
def _opened(folder: Path) -> Iterator[Folder]:
    from emulator.keeping.folder import CannotOpen, Folder

    try:
        opened = Folder(folder)
    except CannotOpen as error:
        raise CannotRun(str(error)) from None
    try:
        yield opened
    finally:
        opened.close()

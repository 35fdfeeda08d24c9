"""Definitions that commands are given: files, and standard input."""

from __future__ import annotations

import click


def read_file(file: str) -> str:
    """The text of a file, or of standard input for "-".

    Raises:
        click.ClickException: the file cannot be read as UTF-8.
    """
    try:
        with click.open_file(file, encoding="utf-8-sig") as opened:
            text: str = opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None
    return text

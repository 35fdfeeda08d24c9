"""The command line, ``dynastep``. Each command is a module of ``commands``, imported when the command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = (
    "policy",
    *("clock", "coverage", "data", "doctor", "executions", "faults", "graph", "history", "logs", "reset"),
    *("record", "replay", "run", "snapshots", "start", "test_from", "test_state", "validate"),
)
"""Every command: the name of its module in ``commands`` and, with hyphens, of the function there."""


class _Commands(click.Group):
    """Commands that are imported when they are needed: ``dynastep start`` must start fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name.replace("_", "-") for name in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        name = cmd_name.replace("-", "_")
        if name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"emulator.commands.{name}"), name)
        return found


@click.group(cls=_Commands)
@click.version_option(package_name="dynastep", prog_name="dynastep")
def main() -> None:
    """Dynastep: AWS Step Functions and DynamoDB on this machine, for tests."""

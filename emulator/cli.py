"""The command line, ``dynastep``. Each command is a module of ``commands``, imported when the command is called."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

GROUPS: Final = {
    "Definitions": ("run", "test_state", "validate", "graph", "policy", "coverage"),
    "A server": ("start", "clock", "executions", "history", "logs", "faults", "snapshots", "reset", "data"),
    "Recorded executions": ("record", "replay", "test_from"),
    "This machine": ("doctor",),
}
"""Every command, as the help lists them: the name of its module in ``commands`` and, with hyphens, of the function."""

COMMANDS: Final = tuple(command for commands in GROUPS.values() for command in commands)


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from difflib import get_close_matches

            near = [f" Did you mean '{each}'?" for each in get_close_matches(name, self.list_commands(ctx), n=1)]
            ctx.fail(f"No such command '{name}'.{''.join(near)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = formatter.width - max(len(command) for command in COMMANDS) - 6
        for title, commands in GROUPS.items():
            found = [(name.replace("_", "-"), self.get_command(ctx, name)) for name in commands]
            with formatter.section(title):
                formatter.write_dl([(name, each.get_short_help_str(width)) for name, each in found if each])


@click.group(cls=_Commands)
@click.version_option(package_name="dynastep", prog_name="dynastep")
def main() -> None:
    """Dynastep: AWS Step Functions and DynamoDB on this machine, for tests.

    "dynastep start" starts the server; "dynastep run FILE" runs a definition without a server.
    "dynastep COMMAND --help" explains a command.
    """

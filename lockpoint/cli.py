"""The command `lockpoint`; sub-commands load when called.

Exit codes: 0 done, 1 refused or failed (reason on stderr), 2 wrong usage.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

import click

from lockpoint import __version__

COMMANDS: Final = {
    "dev": "devstack.dev:dev",
    "web": "lockpoint.commands.web:web",
    "worker": "lockpoint.commands.processes:worker",
    "clock": "lockpoint.commands.processes:clock",
    "migrate": "lockpoint.commands.migrate:migrate",
    "site": "lockpoint.commands.sites:site",
    "lock": "lockpoint.commands.locks:lock",
    "jobs": "lockpoint.commands.jobs:jobs",
    "keys": "lockpoint.commands.keys:keys",
    "privacy": "lockpoint.commands.privacy:privacy",
    "backup": "lockpoint.commands.backup:backup",
    "doctor": "lockpoint.doctor:doctor",
    "purge": "lockpoint.commands.purge:purge",
    "report": "lockpoint.report:report",
}
"""Sub-command to `module:attribute`."""

OF_A_CHECKOUT: Final = {"dev": "bin/run"}
"""Sub-commands that need what is not installed, and how a checkout runs them."""


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        if cmd_name in OF_A_CHECKOUT and find_spec("devstack") is None:
            there = OF_A_CHECKOUT[cmd_name]
            raise click.ClickException(
                f"`lockpoint {cmd_name}` runs in a checkout of the project only; use `{there}` there."
            )
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="lockpoint")
def main() -> None:
    """Exclusive locks for attachments in Confluence Cloud."""

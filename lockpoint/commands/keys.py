"""`lockpoint keys`: the keys that seal what is stored."""

import click

from lockpoint.commands.working import operator


@click.group()
def keys() -> None:
    """Change from old keys to new ones."""


@keys.command()
def rotate() -> None:
    """Encrypt every stored secret again under the newest key of LOCKPOINT_SECRET_KEYS."""
    with operator() as working:
        count = working.installations.reseal()
    click.echo(f"{count} sites are sealed with the newest key.")

"""`lockpoint backup`: copies of the registrations, encrypted in the process."""

import os
import sys
from pathlib import Path
from typing import Final

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import as_json, print_fields, print_rows

STANDARD: Final = "-"
"""Standard output or input."""


@click.group()
def backup() -> None:
    """Back up registrations; locks are in Confluence."""


@backup.command()
@click.option("--to", "target", required=True, metavar="DIR|-", help="A folder, or - for standard output.")
@as_json
def create(target: str, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Make a backup, encrypted under the newest key."""
    if target == STANDARD and sys.stdout.isatty():
        raise click.UsageError("a backup is not text: redirect standard output to a file or a program")
    with operator() as working:
        if target == STANDARD:
            made, name = working.backups.create(), STANDARD
            _send(made.data)
        else:
            made, path = working.backups.store(Path(target))
            name = str(path)
    header = made.header
    fields = {
        "file": name,
        "createdAt": header.created_at,
        "keyId": header.key_id,
        "schemaRevision": header.schema_revision,
        "installations": header.rows["installation"],
        "events": header.rows["installation_event"],
        "bytes": len(made.data),
    }
    print_fields(fields, json_wanted=json_wanted, err=target == STANDARD)


@backup.command()
@click.option("--in", "folder", required=True, metavar="DIR", help="The folder of the backups.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@as_json
def prune(folder: str, dry_run: bool, json_wanted: bool) -> None:  # noqa: FBT001 - click passes flags
    """Keep the newest backup of each of the last 7 days, 8 weeks and 12 months; remove the others.

    Counted back from the newest backup. An incomplete file is kept and named, and the exit code is 1.
    """
    with operator() as working:
        pruned = working.backups.prune(Path(folder), dry_run=dry_run)
    fate = "would be removed" if dry_run else "removed"
    fates = {"kept": pruned.kept, fate: pruned.removed, "no whole backup": pruned.spoilt}
    rows = [{"file": name, "is": word} for word, names in fates.items() for name in names]
    print_rows(rows, json_wanted=json_wanted, none="There are no backups.")
    if pruned.spoilt:
        raise click.ClickException(f"not a whole backup, kept: {', '.join(pruned.spoilt)}")


@backup.command()
@click.option("--from", "source", required=True, metavar="FILE|-", help="A backup, or - for standard input.")
@click.option("--replace", is_flag=True, help="Replace the registrations that the database has.")
@as_json
def restore(source: str, replace: bool, json_wanted: bool) -> None:  # noqa: FBT001 - click passes flags
    """Restore the registrations into an empty database (after `lockpoint migrate`), all or nothing."""
    data = _read(source)
    with operator() as working:
        restored = working.backups.restore(data, replace=replace)
    fields = {
        "createdAt": restored.created_at,
        "installations": restored.rows["installation"],
        "activeSites": restored.active_sites,
        "events": restored.rows["installation_event"],
    }
    print_fields(fields, json_wanted=json_wanted)


def _send(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        # At exit Python would retry the rest, fail, and set its own exit code.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"cannot write the backup: {_why(error)}") from None


def _read(source: str) -> bytes:
    if source == STANDARD:
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise click.ClickException(f"cannot read {source}: {_why(error)}") from None


def _why(error: OSError) -> str:
    return error.strerror or os.strerror(error.errno or 0)

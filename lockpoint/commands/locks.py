"""`lockpoint lock`: one lock, by an operator."""

from functools import partial

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import as_json, print_fields
from lockpoint.commands.sites import find_site
from lockpoint.domain import rules
from lockpoint.domain.lock import Absent, EndReason, FoundRecord, Free, Held, Newer, Unreadable
from lockpoint.services.context import Priority
from lockpoint.services.lock_record.file_state import Written, read_state
from lockpoint.services.locks.end_lock import end

for_site = click.option(
    "--site", "site_name", required=True, metavar="SITE", help="Number, address or host of the site."
)


@click.group()
def lock() -> None:
    """Show or end a lock."""


@lock.command()
@click.argument("attachment_id", metavar="ATTACHMENT")
@for_site
@as_json
def show(attachment_id: str, site_name: str, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Show an attachment: its name, its page, its lock record and how the lock protects it."""
    with operator() as working:
        services = working.services
        state = read_state(services, find_site(services, site_name), bare(attachment_id), priority=Priority.MAINTENANCE)
    file, witness = state.attachment, state.witness
    about = {
        "file": file.title,
        "page": f"{file.container.kind.value} {file.container.id}" if file.container else None,
        "protection": witness.protection.value if witness and isinstance(state.found, Held) else None,
    }
    print_fields({**about, **described(state.found)}, json_wanted=json_wanted)


@lock.command("end")
@click.argument("attachment_id", metavar="ATTACHMENT")
@for_site
@click.option("--reason", required=True, help="Told to the holder.")
def end_lock(attachment_id: str, site_name: str, reason: str) -> None:
    """End the lock of an attachment and notify its holder."""
    with operator() as working:
        services = working.services
        tenant = find_site(services, site_name)
        state = read_state(services, tenant, bare(attachment_id), priority=Priority.INTERACTIVE)
        held = state.standing
        if not isinstance(held, Held):
            raise click.ClickException("this file is not locked")
        rule = partial(rules.end, lock_id=held.lock_id, reason=EndReason.BROKEN, by=None, why=reason)
        outcome = end(services, tenant, state, rule, priority=Priority.INTERACTIVE)
    if not isinstance(outcome, Written):
        raise click.ClickException(f"not ended: {type(outcome.decision).__name__}")
    click.echo("Ended.")


def bare(attachment_id: str) -> str:
    """Accept digits, with or without `att`; BadParameter otherwise."""
    digits = attachment_id.removeprefix("att")
    if not digits.isdecimal():
        raise click.BadParameter("an attachment's id is a number, with or without `att`", param_hint="ATTACHMENT")
    return digits


def described(found: FoundRecord) -> dict[str, object]:
    """Without people's words."""
    match found:
        case Absent():
            return {"state": "never locked"}
        case Unreadable():
            return {"state": "unreadable", "why": found.reason, "seq": found.seq}
        case Newer():
            return {"state": "of a newer version of the app", "schema": found.schema, "seq": found.seq}
        case Free():
            ended = found.ended
            last = {"ended": ended.reason.value, "by": ended.by, "at": ended.at, "lastHolder": ended.holder}
            return {"state": "free", "seq": found.seq, **last}
        case Held():
            return {
                "state": "held",
                "seq": found.seq,
                "lockId": found.lock_id,
                "holder": found.holder,
                "since": found.acquired_at,
                "expires": found.expires_at,
                "protectedVersion": found.base.number,
                "unlockOnUpload": found.unlock_on_upload,
            }

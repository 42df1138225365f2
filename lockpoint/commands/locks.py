"""`lockpoint lock`: one lock, by an operator."""

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import as_json, print_fields
from lockpoint.commands.sites import find_site
from lockpoint.domain import rules
from lockpoint.domain.lock import Absent, EndReason, Free, Held, Newer, Reading, Snapshot, Unreadable
from lockpoint.services.context import Lane
from lockpoint.services.enforcement.pending_overwrite import Moments
from lockpoint.services.lock_record.file_state import Written, look
from lockpoint.services.locks.end_lock import Ending, end

for_site = click.option(
    "--site", "site_name", required=True, metavar="SITE", help="Number, address or host of the site."
)


@click.group()
def lock() -> None:
    """Look at a lock, or end one."""


@lock.command()
@click.argument("attachment_id", metavar="ATTACHMENT")
@for_site
@as_json
def show(attachment_id: str, site_name: str, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Show what the lock record of an attachment says."""
    with operator() as working:
        services = working.services
        seen = look(services, find_site(services, site_name), bare(attachment_id), lane=Lane.REPORTS)
    print_fields(described(seen.reading), json_wanted=json_wanted)


@lock.command("end")
@click.argument("attachment_id", metavar="ATTACHMENT")
@for_site
@click.option("--reason", required=True, help="Told to the person whose lock it was.")
def end_lock(attachment_id: str, site_name: str, reason: str) -> None:
    """End the lock of an attachment; its holder is told."""
    with operator() as working:
        services = working.services
        tenant = find_site(services, site_name)
        seen = look(services, tenant, bare(attachment_id), lane=Lane.PEOPLE)
        held = seen.standing
        if not isinstance(held, Held):
            raise click.ClickException("nobody holds this file")
        op_id = services.ids.new()

        def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
            return rules.end(
                snapshot,
                lock_id=held.lock_id,
                op_id=op_id,
                reason=EndReason.BROKEN,
                by=None,
                why=reason,
                unsettled=unsettled,
            )

        outcome = end(services, tenant, seen, Ending(rule=rule, op_id=op_id, by=None, lane=Lane.PEOPLE))
    if not isinstance(outcome, Written):
        raise click.ClickException(f"not ended: {type(outcome.decision).__name__}")
    click.echo("Ended.")


def bare(attachment_id: str) -> str:
    """The digits of an attachment's id, which may begin with `att`; BadParameter for anything else."""
    digits = attachment_id.removeprefix("att")
    if not digits.isdecimal():
        raise click.BadParameter("an attachment's id is a number, with or without `att`", param_hint="ATTACHMENT")
    return digits


def described(reading: Reading) -> dict[str, object]:
    """What a record says, without the words of people."""
    match reading:
        case Absent():
            return {"state": "never locked"}
        case Unreadable():
            return {"state": "unreadable", "why": reading.reason, "seq": reading.seq}
        case Newer():
            return {"state": "of a newer version of the app", "schema": reading.schema, "seq": reading.seq}
        case Free():
            ended = reading.ended
            last = {"ended": ended.reason.value, "by": ended.by, "at": ended.at, "lastHolder": ended.holder}
            return {"state": "free", "seq": reading.seq, **last}
        case Held():
            return {
                "state": "held",
                "seq": reading.seq,
                "lockId": reading.lock_id,
                "holder": reading.holder,
                "since": reading.acquired_at,
                "expires": reading.expires_at,
                "protectedVersion": reading.base.number,
                "unlockOnUpload": reading.unlock_on_upload,
            }

"""Erasing one person on one site: in Confluence's properties first, in Postgres last, so that a crash forgets nothing.

Every step can be repeated. The account and its pseudonym stand beside each other only until the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from lockpoint.locking import rules
from lockpoint.locking.events import MailKind
from lockpoint.locking.lock import Ended, EndReason, Free, Held, Snapshot
from lockpoint.locking.pseudonyms import pseudonym_from
from lockpoint.services import preferences, watching
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Actor, Lane, Tenant
from lockpoint.services.endings import Ending, end
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected, Unauthorised
from lockpoint.services.looking import Seen, Written, look
from lockpoint.services.people_ports import Erasure, ErasureOrder, Origin
from lockpoint.services.ports import Effects, Job, JobKind, MailIntent
from lockpoint.services.reconcile import catch_up
from lockpoint.services.recording import record_write
from lockpoint.services.services import Services
from lockpoint.services.settling import Moments
from lockpoint.services.writing import write

GRACE: Final = timedelta(hours=24)
"""How long the live locks of a person who is gone stand before they end."""

BATCH: Final = 100


def order(
    services: Services, account: str, origin: Origin, *, at_once: bool = False, digest: str | None = None
) -> ErasureOrder:
    """The wish to erase an account; its live locks end after the grace period, or `at_once`."""
    return ErasureOrder(
        account=account,
        pseudonym=pseudonym_from(services.ids.new()),
        origin=origin,
        release_at=services.clock.now() + (timedelta() if at_once else GRACE),
        digest=digest,
    )


def begin(services: Services, tenant: Tenant, account: str, origin: Origin, *, at_once: bool = False) -> Erasure:
    """Note the request; a job does the work, also after a crash of whoever goes on now."""
    wanted = order(services, account, origin, at_once=at_once)
    return services.erasures.begin(tenant, (wanted,), services.clock.now())[0]


def erase(services: Services, tenant: Tenant, request_id: int) -> datetime | None:
    """Do what can be done now; None when it is all done, else when the live locks of the person will end.

    Raises the host's passing errors and StorageUnavailable: the job goes on where it was. On a site where the app is
    not at work nothing in Confluence is touched.
    """
    erasure = services.erasures.get(request_id)
    if erasure is None:
        return None
    with spending_on("erase"):
        if tenant.active:
            _in_confluence(services, tenant, erasure)
    now = services.clock.now()
    waiting = now < erasure.release_at and services.witnesses.count_held(tenant, erasure.account) > 0
    services.people_data.erase(tenant, erasure.account, erasure.pseudonym, keep_holds=waiting)
    if not waiting:
        services.erasures.finish(erasure, now)
        return None
    services.erasures.advance(request_id, None)
    services.jobs.defer((Job(JobKind.ERASE, tenant.id, str(request_id), erasure.release_at - now),))
    return erasure.release_at


def _in_confluence(services: Services, tenant: Tenant, erasure: Erasure) -> None:
    """Go through the files that could name the person, from where the last attempt stopped."""
    after = erasure.cursor
    while batch := services.people_data.listed(tenant, erasure.account, after=after, limit=BATCH):
        for attachment_id in batch:
            try:
                _in_file(services, tenant, erasure, attachment_id)
            except (GoneOrInvisible, Forbidden):
                continue  # closed to the app: nothing of ours can be changed there
        after = batch[-1]
        services.erasures.advance(erasure.request_id, after)
    try:
        services.user_properties.delete(tenant, erasure.account, preferences.KEY, lane=Lane.REPORTS)
    except (Forbidden, Rejected, Unauthorised):
        return  # Confluence lets nobody at the properties of a closed account any more


def _in_file(services: Services, tenant: Tenant, erasure: Erasure, attachment_id: str) -> None:
    """Take the person out of the line and out of the record; end their hold when its time has come."""
    seen = look(services, tenant, attachment_id, lane=Lane.REPORTS)
    if isinstance(seen.reading, Held | Free):
        catch_up(services, tenant, seen, seen.reading)
    watching.drop_out(services, Actor(tenant, erasure.account), seen, lane=Lane.REPORTS)
    held = seen.standing
    if isinstance(held, Held) and held.holder == erasure.account:
        if services.clock.now() < erasure.release_at:
            return
        _end_hold(services, tenant, seen, held)
        seen = look(services, tenant, attachment_id, lane=Lane.REPORTS)
    _tell_administrators(services, tenant, erasure, seen)
    _rename(services, tenant, erasure, seen)


def _end_hold(services: Services, tenant: Tenant, seen: Seen, held: Held) -> None:
    op_id = services.ids.new()

    def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
        return rules.end(
            snapshot,
            lock_id=held.lock_id,
            op_id=op_id,
            reason=EndReason.HOLDER_GONE,
            by=None,
            unsettled=unsettled,
        )

    end(services, tenant, seen, Ending(rule=rule, op_id=op_id, by=None, lane=Lane.REPORTS))


def _tell_administrators(services: Services, tenant: Tenant, erasure: Erasure, seen: Seen) -> None:
    """That the lock of a person who is gone has ended; before its record is rewritten, so that no crash leaves it out.

    Each administrator is told once, however often we come by here.
    """
    reading, space = seen.reading, seen.witness.space_id if seen.witness else None
    if not isinstance(reading, Free) or not _left_by(erasure.account, reading.ended) or space is None:
        return
    nobody = {erasure.account, services.people.own_account(tenant, lane=Lane.REPORTS)}
    mails = tuple(
        MailIntent(
            kind=MailKind.LOCK_ENDED,
            recipient=administrator,
            attachment_id=seen.attachment.id,
            event_key=reading.ended.lock_id,
            lock_id=reading.ended.lock_id,
            detail=EndReason.HOLDER_GONE.value,
        )
        for administrator in services.people.space_administrators(tenant, space, lane=Lane.REPORTS)
        if administrator not in nobody
    )
    services.ledger.record(tenant, Effects(intents=mails))


def _left_by(account: str, ended: Ended) -> bool:
    return ended.reason is EndReason.HOLDER_GONE and ended.holder == account


def _rename(services: Services, tenant: Tenant, erasure: Erasure, seen: Seen) -> None:
    """Put the pseudonym into the record, by the same conditional write as any other change of it."""
    op_id = services.ids.new()

    def rule(snapshot: Snapshot) -> rules.Decision:
        return rules.forget(snapshot, account=erasure.account, pseudonym=erasure.pseudonym, op_id=op_id)

    outcome = write(services, tenant, seen.attachment.id, rule, op_id=op_id, lane=Lane.REPORTS, seen=seen)
    if isinstance(outcome, Written):
        record_write(services, tenant, outcome, account=None)

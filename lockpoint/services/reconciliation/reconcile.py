"""Making one file right again, whatever woke us: everything is read afresh, nothing of the message is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lockpoint.domain import rules
from lockpoint.domain.judge import FileStatus
from lockpoint.domain.lock import Free, Held, Newer, Phase, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.enforcement.check_after_end import catch_up_on_end
from lockpoint.services.enforcement.held_file import LEFT
from lockpoint.services.enforcement.protect import protect
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.compare_and_set import heal
from lockpoint.services.lock_record.end_notices import owed
from lockpoint.services.lock_record.file_state import Seen, look
from lockpoint.services.lock_record.rebase import rebase
from lockpoint.services.lock_record.record_effects import (
    hint_jobs,
    newer_than,
    recovered_row,
    unreadable_row,
    witness_of,
)
from lockpoint.services.locks import end_lock, notify_me
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.unreachable_file import not_visible
from lockpoint.services.tenancy import licence
from lockpoint.services.tenancy.absence import return_under

MUTEX_SECONDS = 60.0
ANOTHER_IS_AT_IT = timedelta(seconds=5)  # until the look that a busy file gets afterwards
STILL_SEEN = timedelta(days=1)  # how often the witness is told that its record still stands in Confluence


def reconcile(services: Services, tenant: Tenant, attachment_id: str, *, lane: Lane = Lane.HINTS) -> None:
    """Bring one file and our knowledge of it in line with its record: heal, protect, expire, note what is gone.

    Costs 2 points when nothing happened, and nothing without a licence: then nothing is done. Errors of the host pass
    through: the job comes back later.
    """
    present = services.tenants.by_id(tenant.id)
    if present is None or not present.active:
        return
    with (
        spending_on("sweep" if lane is Lane.SWEEP else "reconcile"),
        services.mutexes.hold(f"reconcile:{tenant.id}:{attachment_id}", MUTEX_SECONDS) as alone,
    ):
        if alone:
            _reconcile(services, present, attachment_id, lane)
        else:
            # Whoever is at it may have read before the change that woke us.
            services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, attachment_id, ANOTHER_IS_AT_IT),))


def confirm(services: Services, tenant: Tenant, attachment_id: str) -> None:
    """Look whether a hold began that nobody wrote down; costs nothing when it was, since then the sweep sees to it."""
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is None or not isinstance(witness.record, Held):
        reconcile(services, tenant, attachment_id)


def trashed_by(services: Services, tenant: Tenant, attachment_id: str, account: str) -> None:
    """A hint that `account` trashed the file: a holder who throws their own file away gives the lock back.

    The hint is believed only where the file is really in the trash and this account really holds it; the worst that
    a wrong hint can do is to end a lock on a file that is in the trash. Nothing is undone: nothing shall come back.
    """
    present = services.tenants.by_id(tenant.id)
    if present is None or not present.active:
        return
    if not licence.licensed(services, tenant, lane=Lane.HINTS):
        return
    with spending_on("reconcile"):
        seen = _look(services, tenant, attachment_id, Lane.HINTS)
        held = seen.reading if seen else None
        in_trash = seen is not None and seen.attachment.status is FileStatus.TRASHED
        if seen is not None and in_trash and isinstance(held, Held) and held.holder == account:
            end_lock.give_back(services, tenant, seen, held, lane=Lane.HINTS)
            return
    reconcile(services, tenant, attachment_id)


def catch_up(services: Services, tenant: Tenant, seen: Seen, record: Record) -> None:
    """Write down a record that Postgres does not know: a crash of ours came between the two, or a row was lost.

    An ending found this way still owes its announcements. A record that is known is noted as seen, at most daily,
    since what Confluence does not confirm is forgotten; and which key signed it, once.
    """
    witness, now = seen.witness, services.clock.now()
    known = witness_of(record, seen, None, now, newest_key=services.mac_keys.newest)
    moved = witness is not None and witness.container != seen.attachment.container
    if witness is not None and not moved and not newer_than(record, witness.record):
        if witness.signed_by != known.signed_by:
            services.ledger.record(tenant, Effects(witness=known))
        elif now - witness.seen_at >= STILL_SEEN:
            services.witnesses.still_there(tenant, seen.attachment.id, now)
        return
    if witness is None and isinstance(record, Held) and return_under(tenant, record):
        known = replace(known, protection=LEFT)
    effects = Effects(
        witness=known,
        audit=recovered_row(record, seen),
        intents=owed(services, tenant, seen.attachment, record, seen.known),
        jobs=hint_jobs(tenant, seen.attachment.container, witness.container if witness else None),
    )
    services.ledger.record(tenant, effects)


def _reconcile(services: Services, tenant: Tenant, attachment_id: str, lane: Lane) -> None:
    if not licence.licensed(services, tenant, lane=lane):
        return
    seen = _look(services, tenant, attachment_id, lane)
    if seen is None:
        not_visible(services, tenant, attachment_id, lane)
        return
    if not isinstance(seen.reading, Held | Free | Newer):
        seen = _mended(services, tenant, seen, lane)
    if isinstance(seen.reading, Held | Free):
        catch_up_on_end(services, tenant, seen, lane=lane)
        catch_up(services, tenant, seen, seen.reading)
    if isinstance(seen.reading, Held):
        _tend(services, tenant, seen, seen.reading, lane)
    notify_me.serve_line(services, tenant, seen, lane=lane)


def _tend(services: Services, tenant: Tenant, seen: Seen, held: Held, lane: Lane) -> None:
    """Protect a held file; end a hold whose time is over; follow the holder's own uploads.

    A hold until the next upload ends without moving its base first: so a crash in between costs no ending.
    """
    if rules.phase(held, services.clock.now()) is Phase.EXPIRED:
        end_lock.expire(services, tenant, seen, held, lane=lane)
        return
    settled = protect(services, tenant, seen, held, lane=lane)
    if settled.uploaded is None:
        return
    if held.unlock_on_upload and settled.by_holder:
        end_lock.give_back(services, tenant, settled.seen, held, lane=lane)
    else:
        rebase(services, tenant, settled.seen, held, settled.uploaded, lane=lane)


def _look(services: Services, tenant: Tenant, attachment_id: str, lane: Lane) -> Seen | None:
    try:
        return look(services, tenant, attachment_id, lane=lane)
    except (GoneOrInvisible, Forbidden):
        return None


def _mended(services: Services, tenant: Tenant, seen: Seen, lane: Lane) -> Seen:
    """The file after its missing or garbled record was dealt with.

    A live hold is written again; one that has run out meanwhile gets its tombstone; any other damage is nobody's loss.
    """
    services.ledger.record(tenant, Effects(audit=unreadable_row(seen, services.clock.now())))
    held = seen.known
    if not isinstance(held, Held):
        return seen
    if rules.phase(held, services.clock.now()) is Phase.EXPIRED:
        end_lock.expire(services, tenant, seen, held, lane=lane)
        return seen
    heal(services, tenant, seen.attachment.id, held, lane=lane)
    return look(services, tenant, seen.attachment.id, lane=lane)

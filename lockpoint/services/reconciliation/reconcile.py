"""Making one file right again: everything is read afresh, whatever the message said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lockpoint.domain import rules
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Free, Held, Newer, Phase, Record
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.enforcement.check_after_end import catch_up_on_end
from lockpoint.services.enforcement.late_restores import bring_back_buried
from lockpoint.services.enforcement.protect import protect
from lockpoint.services.enforcement.unlocked_file import protect_unlocked
from lockpoint.services.lock_record.compare_and_set import heal
from lockpoint.services.lock_record.end_notices import owed_end_notices
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.rebase import rebase
from lockpoint.services.lock_record.record_effects import (
    decided_on,
    end_unwritten,
    newer_than,
    on_what_is_known,
    recovered_rows,
    unreadable_row,
    witness_of,
)
from lockpoint.services.locks import end_lock, notify_me
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Protection, Witness
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.reconciliation.look import look
from lockpoint.services.reconciliation.returned_lock import with_time_left
from lockpoint.services.reconciliation.running_lock import keep_time
from lockpoint.services.reconciliation.unreachable_file import not_visible
from lockpoint.services.tenancy.absence import return_under
from lockpoint.services.tenancy.activity import active_now, is_active, is_on
from lockpoint.services.tenancy.whereabouts import follow, hint_jobs, is_on_for, space_of

MUTEX_SECONDS = 60.0
ANOTHER_IS_AT_IT = timedelta(seconds=5)  # until the look that a busy file gets afterwards
STILL_SEEN = timedelta(days=1)  # how often the witness is told that its record still stands in Confluence


def reconcile(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    *,
    priority: Priority = Priority.EVENT,
    moved: bool = False,
) -> None:
    """Bring one file and our knowledge of it in line with its record: heal, protect, expire, note or store an end.

    Costs 2 points when nothing happened. In a strict space a file without a lock is protected, too. Where the app may
    not edit, the holder's own right is used. Does nothing on an inactive or unlicensed site, nor in an inactive space.
    `moved`: its page may be in another space now. The host's errors pass through: the job comes back.
    """
    present = active_now(services, tenant.id, licensed=False)
    if present is None:
        return
    with (
        spending_on("sweep" if priority is Priority.SWEEP else "reconcile"),
        services.mutexes.hold(f"reconcile:{tenant.id}:{attachment_id}", MUTEX_SECONDS) as alone,
    ):
        if alone:
            _reconcile(services, present, attachment_id, priority, moved=moved)
        else:
            # Whoever is at it may have read before the change that woke us.
            kind = JobKind.MOVED if moved else JobKind.RECONCILE
            services.jobs.defer((Job(kind, tenant.id, attachment_id, ANOTHER_IS_AT_IT),))


def confirm(services: Services, tenant: Tenant, attachment_id: str) -> None:
    """Look for a lock that began without being recorded, and for restores that came after the end of one.

    Costs nothing where a lock is known, since the sweep looks after it.
    """
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is not None and isinstance(witness.record, Held):
        return
    if is_on_for(services, tenant, witness, priority=Priority.EVENT):
        reconcile(services, tenant, attachment_id)
        with spending_on("reconcile"):
            bring_back_buried(services, tenant, attachment_id, priority=Priority.EVENT)


def trashed_by(services: Services, tenant: Tenant, attachment_id: str, account: str) -> None:
    """Release the lock of a holder who trashed their own file, as a hint says.

    Believed only where the file is in the trash and this account holds it: the worst that a wrong hint can do is to end
    a lock on a trashed file. Nothing is undone.
    """
    if active_now(services, tenant.id) is None:
        return
    witness = services.witnesses.get(tenant, attachment_id)
    if not is_on_for(services, tenant, witness, priority=Priority.EVENT):
        return
    with spending_on("reconcile"):
        state, _ = look(services, tenant, attachment_id, witness, priority=Priority.EVENT)
        held = state.found if state else None
        in_trash = state is not None and state.attachment.status is FileStatus.TRASHED
        if state is not None and in_trash and isinstance(held, Held) and held.holder == account:
            end_lock.release_for_holder(services, tenant, state, held, priority=Priority.EVENT)
            return
    reconcile(services, tenant, attachment_id)


def catch_up(
    services: Services,
    tenant: Tenant,
    state: FileState,
    record: Record,
    *,
    priority: Priority,
    space_id: str | None = None,
) -> None:
    """Record what Postgres does not know of a record: a crash came between the two, or a row was lost.

    A lock that ended this way is looked back at, unless Lockpoint is off in `space_id`; its end still causes its end
    notices.
    """
    on = space_id is None or is_on(services, tenant, space_id, priority=priority)

    def work(state: FileState) -> None:
        if on:
            catch_up_on_end(services, tenant, state, priority=priority)
        _learn(services, tenant, state, record, space_id)

    on_what_is_known(services, tenant, state, work)


def _learn(services: Services, tenant: Tenant, state: FileState, record: Record, space_id: str | None) -> None:
    """A known record is noted as seen at most daily, since unconfirmed ones are forgotten; and who signed it, once."""
    witness, now = state.witness, services.clock.now()
    known = witness_of(record, state, space_id, now, newest_key=services.mac_keys.newest)
    moved = witness is not None and witness.container != state.attachment.container
    if witness is not None and not moved and not newer_than(record, witness.record):
        if (witness.signed_by, witness.space_id) != (known.signed_by, known.space_id):
            services.effects.record(tenant, Effects(witness=known))
        elif now - witness.seen_at >= STILL_SEEN:
            services.witnesses.still_there(tenant, state.attachment.id, now)
        return
    if witness is None and isinstance(record, Held) and return_under(services, tenant, record, known):
        known = replace(known, protection=Protection.UNCHECKED)
    effects = Effects(
        witness=known,
        decided_on=decided_on(record, state.known),
        audit=recovered_rows(record, state),
        intents=owed_end_notices(services, tenant, state.attachment, record, state.known),
        jobs=hint_jobs(tenant, state.attachment.container, witness.container if witness else None),
    )
    services.effects.record(tenant, effects)


def _reconcile(services: Services, tenant: Tenant, attachment_id: str, priority: Priority, *, moved: bool) -> None:
    if not is_active(services, tenant, priority=priority):
        return
    witness = services.witnesses.get(tenant, attachment_id)
    if witness is not None and not _is_on_here(services, tenant, witness, priority, moved=moved):
        return
    state, by_app = look(services, tenant, attachment_id, witness, priority=priority)
    if state is None:
        if by_app:
            not_visible(services, tenant, attachment_id, priority)
        return
    if state.writable and not isinstance(state.found, Held | Free | Newer):
        state = _mended(services, tenant, state, priority)
    here = _caught_up(services, tenant, state, priority)
    if here is None:
        return
    state = here
    held = state.found if state.writable else state.standing
    if isinstance(held, Held):
        _tend(services, tenant, state, held, priority)
    notify_me.update_waitlist(services, tenant, state, priority=priority)
    if not isinstance(held, Held):
        protect_unlocked(services, tenant, state, priority=priority)


def _caught_up(services: Services, tenant: Tenant, state: FileState, priority: Priority) -> FileState | None:
    """Catch up on a sound record; return the file with its place known, None where Lockpoint is switched off."""
    if not isinstance(state.found, Held | Free):
        return state
    space = _space_of(services, tenant, state, priority)
    catch_up(services, tenant, state, state.found, priority=priority, space_id=space)
    if not is_on(services, tenant, space, priority=priority):
        return None
    if state.witness is not None and state.witness.space_id == space:
        return state
    return replace(state, witness=services.witnesses.get(tenant, state.attachment.id))


def _is_on_here(services: Services, tenant: Tenant, witness: Witness, priority: Priority, *, moved: bool) -> bool:
    if moved and isinstance(witness.record, Held):
        return follow(services, tenant, witness, priority=priority)
    return is_on_for(services, tenant, witness, priority=priority)


def _space_of(services: Services, tenant: Tenant, state: FileState, priority: Priority) -> str | None:
    """Return the space of the file; asked for where a lock was not known, or was known on another page."""
    witness, container = state.witness, state.attachment.container
    if witness is not None and witness.container == container and witness.space_id is not None:
        return witness.space_id
    known = witness.space_id if witness else None
    if not isinstance(state.found, Held) and (
        known is not None or not services.site_states.switches(tenant, None).spaces_decide
    ):
        return known
    return space_of(services, tenant, container, priority=priority, person=state.person)


def _tend(services: Services, tenant: Tenant, state: FileState, held: Held, priority: Priority) -> None:
    """Protect a locked file, end a lock whose time is over, or follow the holder's uploads.

    A lock until the next upload ends without moving its base first, so that a crash between loses no end. Where nobody
    may write, the base moves when the page opens.
    """
    if rules.phase(held, services.clock.now()) is Phase.EXPIRED:
        end_lock.expire(services, tenant, state, held, priority=priority)
        return
    state, held = with_time_left(services, tenant, state, held, priority=priority)
    result = protect(services, tenant, state, held, priority=priority)
    if result.uploaded is not None and held.unlock_on_upload and result.by_holder:
        standing = result.pending
        end_lock.release_for_holder(
            services, tenant, result.state, held, priority=priority, standing=standing, by_upload=True
        )
        return
    if result.uploaded is not None and not result.name_waits and result.state.writable:
        rebase(services, tenant, result.state, held, result.uploaded, priority=priority)
    keep_time(services, tenant, result.state, held, priority=priority)


def _mended(services: Services, tenant: Tenant, state: FileState, priority: Priority) -> FileState:
    """Return the file after its missing or garbled record was dealt with.

    A live lock is written again; one that has run out, or whose end could not be stored, gets its tombstone; other
    damage needs nothing.
    """
    services.effects.record(tenant, Effects(audit=unreadable_row(state, services.clock.now())))
    held = state.known
    if end_unwritten(state):
        end_lock.write_known_end(services, tenant, state, priority=priority)
    if not isinstance(held, Held):
        return state
    if rules.phase(held, services.clock.now()) is Phase.EXPIRED:
        end_lock.expire(services, tenant, state, held, priority=priority)
        return state
    heal(services, tenant, state.attachment.id, held, priority=priority, person=state.person)
    return read_state(services, tenant, state.attachment.id, priority=priority, person=state.person)

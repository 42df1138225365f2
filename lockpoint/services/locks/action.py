"""What is common to the calls about a lock: conditions before the write, and the answer after it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import FileStatus
from lockpoint.domain.lock import Held, Phase
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.enforcement.pending_overwrite import undo_pending
from lockpoint.services.errors import HostError, Invalid, TooMany
from lockpoint.services.idempotency import Names, RequestKey
from lockpoint.services.lock_record.file_state import FileState, Outcome, Unwritten, Written, read_state
from lockpoint.services.lock_record.rebase import rebase
from lockpoint.services.lock_record.record_effects import RequestOutcome, record_write
from lockpoint.services.locks import end_lock, notify_me
from lockpoint.services.locks.authorization import app_may_act
from lockpoint.services.locks.result import HeadMoved, LockResult, lock_view, notice, refused, view_after
from lockpoint.services.ports.confluence import ContainerView
from lockpoint.services.ports.locks import Effects

OK, CREATED = 200, 201


@dataclass(frozen=True, slots=True)
class LockAction:
    """One person's call: who asks, what they may do on this page, and the status of a success (201: may begin one)."""

    services: Services
    actor: Actor
    view: ContainerView | None
    known: Facts
    key: RequestKey
    status: int = OK

    @property
    def space_id(self) -> str | None:
        """The space, where the person sees the page."""
        return self.view.space_id if self.view else None

    def done(self, status: int) -> RequestOutcome:
        """What is stored under the request id."""
        return (self.actor.account_id, self.key.id, status, None)


def must_be_lockable(state: FileState) -> None:
    """Refuse files that are not current, and pages where the app could not protect anything."""
    if state.attachment.status is not FileStatus.CURRENT:
        raise Invalid(f"This file is {state.attachment.status.value}; only current files can be locked.")
    app_may_act(state)


def must_have_room(services: Services, actor: Actor, state: FileState) -> None:
    """Refuse a hold beyond the caps; a hold that the person has already counts as none."""
    if isinstance(state.found, Held) and state.found.holder == actor.account_id:
        return
    if services.witnesses.count_held(actor.tenant, actor.account_id) >= services.locks_per_person:
        raise TooMany(f"You already hold {services.locks_per_person} locks; release some first.")
    if services.witnesses.count_held(actor.tenant) >= services.locks_per_site:
        raise TooMany("This site holds as many locks as it may; ask an admin to end some.")


def settled_first(services: Services, actor: Actor, state: FileState) -> FileState:
    """Give the hold before its proper end first, so that nothing pending on it is forgotten, nor anybody who asked.

    The person's own hold that is just running out is renewed, not ended: of it only overwrites are settled.
    """
    tenant, held = actor.tenant, state.standing
    phase = rules.phase(held, services.clock.now()) if isinstance(held, Held) else Phase.FREE
    if isinstance(held, Held) and phase is Phase.EXPIRED:
        end_lock.expire(services, tenant, state, held, priority=Priority.INTERACTIVE)
        return read_state(services, tenant, state.attachment.id, priority=Priority.INTERACTIVE)
    if isinstance(held, Held) and phase is Phase.ENDING and held.holder == actor.account_id:
        undo_pending(services, tenant, state, held, priority=Priority.INTERACTIVE)
        return read_state(services, tenant, state.attachment.id, priority=Priority.INTERACTIVE)
    notify_me.notify_waitlist(services, tenant, state, priority=Priority.INTERACTIVE)
    return state


def granted(action: LockAction, outcome: Outcome) -> LockResult:
    """Write a yes down, protect what was uploaded meanwhile, and answer."""
    services, actor = action.services, action.actor
    if isinstance(outcome, Unwritten):
        raise refused(services, actor, outcome, action.view)
    held = outcome.record
    new = action.status == CREATED and _begun_by(outcome)
    status = CREATED if new else OK
    record_write(
        services,
        actor.tenant,
        outcome,
        account=actor.account_id,
        space_id=action.space_id,
        request=action.done(status),
    )
    state, warning = outcome.state, None
    if new and isinstance(held, Held):
        state, warning = _protect_newest(services, actor, outcome, held)
    return LockResult(status, view_after(services, actor, state, held, action.known), warning)


def ended(action: LockAction, state: FileState, names: Names, rule: end_lock.Rule) -> LockResult:
    """End a hold as the rule says, and answer; ending what has ended already is a success, too."""
    services, actor = action.services, action.actor
    ending = end_lock.Ending(
        rule=rule,
        op_id=names.op_id,
        by=actor.account_id,
        priority=Priority.INTERACTIVE,
        request=action.done(action.status),
        space_id=action.space_id,
    )
    outcome = end_lock.end(services, actor.tenant, state, ending)
    if isinstance(outcome, Written):
        lock = view_after(services, actor, outcome.state, outcome.record, action.known)
        return LockResult(action.status, lock)
    if not isinstance(outcome.decision, rules.Already):
        raise refused(services, actor, outcome, action.view)
    notice(services, actor.tenant, outcome.state)
    services.effects.record(actor.tenant, Effects(request=action.done(OK)))
    return LockResult(OK, lock_view(services, actor, outcome.state, action.known))


def _begun_by(written: Written) -> bool:
    """Whether this write began the hold; of a write that only a re-read showed, its own times tell."""
    if written.write:
        return written.write.kind is AuditKind.ACQUIRED
    return isinstance(written.record, Held) and written.record.at == written.record.acquired_at


def _protect_newest(
    services: Services, actor: Actor, written: Written, held: Held
) -> tuple[FileState, HeadMoved | None]:
    """Look once more after the lock is there: an upload that slipped in counts as before it, and is said so.

    When the host does not answer this look, the lock stands all the same; the next sweep looks again.
    """
    state = written.state
    try:
        after = services.attachments.get(
            actor.tenant, state.attachment.id, priority=Priority.INTERACTIVE, properties=False, operations=False
        )
        if after.head.created <= held.base.created or after.head.author == actor.account_id:
            return state, None
        if after.head.author == services.people.own_account(actor.tenant, priority=Priority.INTERACTIVE):
            return state, None  # our own undoing of an upload that came after the lock
        now_seen = read_state(services, actor.tenant, state.attachment.id, priority=Priority.INTERACTIVE)
        rebase(services, actor.tenant, now_seen, held, after.head, priority=Priority.INTERACTIVE)
    except HostError:
        return state, None
    # The lock shows as it was granted; the head is the one that is protected now.
    return replace(now_seen, witness=state.witness), HeadMoved(after.head.author, after.head.number)

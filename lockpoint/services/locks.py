"""The lock itself: acquire, extend, release, break, take over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from lockpoint.locking import rules
from lockpoint.locking.enforcement import FileStatus
from lockpoint.locking.lock import EndReason, Held, Phase, Snapshot
from lockpoint.locking.permissions import Facts
from lockpoint.services import endings
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Actor, Lane
from lockpoint.services.endings import Ending, Moments
from lockpoint.services.errors import AppBlocked, HostError, Invalid, TooMany
from lockpoint.services.idempotency import Names, RequestKey, once
from lockpoint.services.looking import Outcome, Seen, Unwritten, look
from lockpoint.services.ports import ContainerView
from lockpoint.services.rebasing import rebase
from lockpoint.services.recording import RequestOutcome, record_write
from lockpoint.services.refusals import error_for, reading_in
from lockpoint.services.rights import facts, look_for, must_edit, must_manage
from lockpoint.services.services import Services
from lockpoint.services.viewing import LockView, Scene, view_all
from lockpoint.services.writing import write


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a hold is wanted; None where the person did not say."""

    life: timedelta | None = None
    note: str | None = None
    unlock_on_upload: bool = False
    seen_version: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A warning: the file changed while it was being locked; the lock protects the newest version."""

    author: str | None
    version: int


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """What came of a call: HTTP's word for it (201 a new hold, 200 otherwise) and the lock from the caller's side."""

    status: int
    lock: LockView
    warning: Moved | None = None


def show(services: Services, actor: Actor, attachment_id: str) -> LockView:
    """The state of one file's lock from the person's side."""
    with spending_on("show"):
        seen, view = look_for(services, actor, attachment_id)
        return _view(services, actor, seen, _facts_for(services, actor, seen, view))


def acquire(services: Services, actor: Actor, attachment_id: str, key: RequestKey, wish: Wish) -> LockAnswer:
    """Lock the file for the person, or extend the hold they have.

    Raises `AlreadyLockedError` with the winner, `EndingError`, `OutOfDateError`, `AppBlocked`, `NotAllowed`,
    `NotFound`, `TooMany`, `Invalid`, `Busy`, and what `once` raises.
    """

    def work(names: Names) -> LockAnswer:
        seen, view = look_for(services, actor, attachment_id)
        must_edit(view)
        _must_be_lockable(seen)
        seen = _expired_first(services, actor, seen)
        _must_have_room(services, actor, seen)
        outcome = write(
            services, actor.tenant, attachment_id, _acquiring(services, actor, names, wish),
            op_id=names.op_id, lane=Lane.PEOPLE, seen=seen,
        )  # fmt: skip
        return _granted(services, actor, outcome, view, key)

    return _once(services, actor, attachment_id, key, "acquire", work)


def extend(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, life: timedelta | None
) -> LockAnswer:
    """Count the life of the person's hold from now; it takes the right to edit, as taking the lock did."""

    def work(names: Names) -> LockAnswer:
        seen, view = look_for(services, actor, attachment_id)
        must_edit(view)

        def rule(snapshot: Snapshot) -> rules.Decision:
            return rules.extend(
                snapshot,
                holder=actor.account_id,
                lock_id=lock_id,
                op_id=names.op_id,
                limits=services.limits,
                life=life,
            )

        outcome = write(services, actor.tenant, attachment_id, rule, op_id=names.op_id, lane=Lane.PEOPLE, seen=seen)
        return _granted(services, actor, outcome, view, key)

    return _once(services, actor, attachment_id, key, "extend", work)


def release(services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str) -> LockAnswer:
    """End the person's own hold; it needs no right but having the lock."""

    def work(names: Names) -> LockAnswer:
        seen, view = look_for(services, actor, attachment_id)

        def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
            return rules.release(
                snapshot,
                holder=actor.account_id,
                lock_id=lock_id,
                op_id=names.op_id,
                unsettled=unsettled,
            )

        return _end(services, actor, seen, view, key, names, rule, Facts(may_view=True, may_edit=view.may_update))

    return _once(services, actor, attachment_id, key, "release", work)


def break_(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, reason: str
) -> LockAnswer:
    """End another person's hold; the holder and everybody who asked are told."""

    def work(names: Names) -> LockAnswer:
        seen, view = look_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=True)
        must_manage(known)

        def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
            return rules.end(
                snapshot,
                lock_id=lock_id,
                op_id=names.op_id,
                reason=EndReason.BROKEN,
                by=actor.account_id,
                why=reason,
                unsettled=unsettled,
            )

        return _end(services, actor, seen, view, key, names, rule, known)

    return _once(services, actor, attachment_id, key, "break", work)


def take_over(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, reason: str, wish: Wish
) -> LockAnswer:
    """End the named hold and begin one's own in a single write; the old holder is told."""

    def work(names: Names) -> LockAnswer:
        seen, view = look_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=True)
        must_manage(known)
        must_edit(view)

        def rule(snapshot: Snapshot, unsettled: Moments) -> rules.Decision:
            return rules.take_over(
                snapshot,
                by=actor.account_id,
                old_lock_id=lock_id,
                lock_id=names.lock_id,
                op_id=names.op_id,
                limits=services.limits,
                why=reason,
                life=wish.life,
                note=wish.note,
                unlock_on_upload=wish.unlock_on_upload,
                unsettled=unsettled,
            )

        answer = _end(services, actor, seen, view, key, names, rule, known)
        return replace(answer, status=201)

    return _once(services, actor, attachment_id, key, "take_over", work)


def _once(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    use_case: str,
    work: Callable[[Names], LockAnswer],
) -> LockAnswer:
    def replay(_: Names, status: int) -> LockAnswer:
        return LockAnswer(status, show(services, actor, attachment_id))

    with spending_on(use_case):
        return once(services, actor, key, work, replay)


def _acquiring(services: Services, actor: Actor, names: Names, wish: Wish) -> Callable[[Snapshot], rules.Decision]:
    def rule(snapshot: Snapshot) -> rules.Decision:
        return rules.acquire(
            snapshot,
            holder=actor.account_id,
            lock_id=names.lock_id,
            op_id=names.op_id,
            limits=services.limits,
            life=wish.life,
            note=wish.note,
            unlock_on_upload=wish.unlock_on_upload,
            seen_version=wish.seen_version,
        )

    return rule


def _granted(services: Services, actor: Actor, outcome: Outcome, view: ContainerView, key: RequestKey) -> LockAnswer:
    """Write a yes down, protect what was uploaded meanwhile, and answer."""
    known = Facts(may_view=True, may_edit=view.may_update)
    if isinstance(outcome, Unwritten):
        raise _refused(services, actor, outcome, view)
    held = outcome.record
    new = isinstance(held, Held) and held.at == held.acquired_at
    record_write(
        services,
        actor.tenant,
        outcome,
        account=actor.account_id,
        space_id=view.space_id,
        request=_done(actor, key, 201 if new else 200),
    )
    seen = Seen(outcome.attachment, held, None)
    warning = None
    if new and isinstance(held, Held):
        seen, warning = _protect_newest(services, actor, seen, held)
    return LockAnswer(201 if new else 200, _view(services, actor, seen, known), warning)


def _protect_newest(services: Services, actor: Actor, seen: Seen, held: Held) -> tuple[Seen, Moved | None]:
    """Look once more after the lock is there: an upload that slipped in counts as before it, and is said so.

    When the host does not answer this look, the lock stands all the same; the next sweep looks again.
    """
    try:
        after = services.attachments.get(
            actor.tenant, seen.attachment.id, lane=Lane.PEOPLE, properties=False, operations=False
        )
        head = after.head
        if head.created <= held.base.created or head.author == actor.account_id:
            return seen, None
        now_seen = look(services, actor.tenant, seen.attachment.id, lane=Lane.PEOPLE)
        rebase(services, actor.tenant, now_seen, held, head, lane=Lane.PEOPLE)
    except HostError:
        return seen, None
    return replace(seen, attachment=now_seen.attachment), Moved(head.author, head.number)


def _end(
    services: Services,
    actor: Actor,
    seen: Seen,
    view: ContainerView,
    key: RequestKey,
    names: Names,
    rule: endings.Rule,
    known: Facts,
) -> LockAnswer:
    ending = Ending(
        rule=rule,
        op_id=names.op_id,
        by=actor.account_id,
        lane=Lane.PEOPLE,
        request=_done(actor, key, 200),
        space_id=view.space_id,
    )
    outcome = endings.end(services, actor.tenant, seen, ending)
    if isinstance(outcome, Unwritten):
        if not isinstance(outcome.decision, rules.Already):
            raise _refused(services, actor, outcome, view)
        return LockAnswer(200, _view(services, actor, outcome.seen, known))
    return LockAnswer(200, _view(services, actor, Seen(outcome.attachment, outcome.record, None), known))


def _refused(services: Services, actor: Actor, outcome: Unwritten, view: ContainerView) -> Exception:
    """The error for a refusal, with the lock as it is now."""
    if isinstance(outcome.decision, rules.Already):
        return Invalid("There is nothing to do.")
    error = error_for(outcome.decision)
    seen = outcome.seen
    if reading_in(outcome.decision) is not None:
        lock = _view(services, actor, seen, _facts_for(services, actor, seen, view))
        error.details = {**error.details, "lock": lock}
    return error


def _facts_for(services: Services, actor: Actor, seen: Seen, view: ContainerView) -> Facts:
    """The person's rights; roles matter, and are asked for, only where somebody else holds the file."""
    held = seen.reading
    other = isinstance(held, Held) and held.holder != actor.account_id
    return facts(services, actor, view, roles=other)


def _view(services: Services, actor: Actor, seen: Seen, known: Facts) -> LockView:
    witness = services.witnesses.get(actor.tenant, seen.attachment.id)
    scene = Scene(seen.attachment, seen.reading, known, witness.protection if witness else "protected")
    return view_all(services, actor, (scene,))[0]


def _expired_first(services: Services, actor: Actor, seen: Seen) -> Seen:
    """Give a hold that has run out its proper end first, so that nothing pending on it is forgotten."""
    held = seen.reading
    if not isinstance(held, Held) or rules.phase(held, services.clock.now()) is not Phase.EXPIRED:
        return seen
    endings.expire(services, actor.tenant, seen, held, lane=Lane.PEOPLE)
    return look(services, actor.tenant, seen.attachment.id, lane=Lane.PEOPLE)


def _must_be_lockable(seen: Seen) -> None:
    if seen.attachment.status is not FileStatus.CURRENT:
        raise Invalid(f"This file is {seen.attachment.status.value}; only current files can be locked.")
    if not seen.attachment.may_update:
        raise AppBlocked(
            "Lockpoint may not edit this page, so it could not protect the file. "
            "Add the Lockpoint app to the page's restrictions."
        )


def _must_have_room(services: Services, actor: Actor, seen: Seen) -> None:
    if isinstance(seen.reading, Held) and seen.reading.holder == actor.account_id:
        return
    if services.witnesses.count_held(actor.tenant, actor.account_id) >= services.locks_per_person:
        raise TooMany(f"You already hold {services.locks_per_person} locks; release some first.")
    if services.witnesses.count_held(actor.tenant) >= services.locks_per_site:
        raise TooMany("This site holds as many locks as it may; ask an admin to end some.")


def _done(actor: Actor, key: RequestKey, status: int) -> RequestOutcome:
    return (actor.account_id, key.id, status, None)

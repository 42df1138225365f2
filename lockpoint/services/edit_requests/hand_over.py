"""Handing a locked file over to a person who asked for it: the lock moves in a single write."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import permissions, rules
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.edit_requests.ask import named_lock
from lockpoint.services.edit_requests.decline import NOT_ASKED
from lockpoint.services.errors import Invalid, NotFound, TooMany, Unauthorised
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.locks.action import OK, LockAction, end, perform
from lockpoint.services.locks.authorization import (
    container_of,
    facts,
    has_as_many,
    must_be_lockable,
    must_be_on,
    must_edit,
    must_manage,
    view_of,
)
from lockpoint.services.locks.result import LockResult
from lockpoint.services.tenancy.activity import require_active


def hand_over(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    lock_id: str,
    account: str,
    reason: str | None,
) -> LockResult:
    """Move the lock to a person who asks for it and may edit the page now; both sides are told.

    Its holder needs no reason; whoever may end others' locks can do it, too, with one.
    """
    work = partial(_hand_over, lock_id=lock_id, account=account, reason=reason)
    return perform("hand_over", services, actor, attachment_id, key, work, roles=True)


def _hand_over(action: LockAction, lock_id: str, account: str, reason: str | None) -> LockResult:
    services, actor = action.services, action.actor
    if not _moved_before(action, account):
        _must_be_able(action, named_lock(action, lock_id), account, reason)
    rule = partial(
        rules.hand_over,
        by=actor.account_id,
        to=account,
        old_lock_id=lock_id,
        lock_id=action.begun.lock_id,
        limits=action.limits,
        managed=permissions.may_break(action.facts),
        why=reason,
    )
    return end(action, rule, OK, check=partial(_must_ask, services, actor, lock_id, account))


def _moved_before(action: LockAction, account: str) -> bool:
    """Return whether an earlier try of this call, whose answer was lost, has moved the lock."""
    held = action.state.standing
    return isinstance(held, Held) and (held.lock_id, held.holder) == (action.begun.lock_id, account)


def _must_be_able(action: LockAction, held: Held, account: str, reason: str | None) -> None:
    services, actor = action.services, action.actor
    if held.holder != actor.account_id:
        must_manage(action.facts, action.state, actor.account_id, held.lock_id)
        if not reason:
            raise Invalid("Handing over another person's lock takes a reason.")
    if account == actor.account_id:
        raise Invalid("You cannot hand a file over to yourself.")
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    must_be_lockable(action.state, action.facts)
    if has_as_many(services, actor.tenant, services.locks_per_person, account):
        raise TooMany(f"This person already holds {services.locks_per_person} locks.")


def _must_ask(services: Services, actor: Actor, lock_id: str, account: str, state: FileState) -> None:
    """Refuse, before each try to write, whoever does not ask for this lock or may not edit the page any more."""
    held, file = state.standing, state.attachment
    if not isinstance(held, Held) or held.lock_id != lock_id:
        return  # the rule says what became of it
    asking = waitlist_of(services, actor.tenant, file.id, file.waitlist_row).asking(held)
    if account not in asking or not _may_edit(services, Actor(actor.tenant, account), state):
        raise Invalid(NOT_ASKED)


def _may_edit(services: Services, person: Actor, state: FileState) -> bool:
    try:
        view = view_of(services, person, container_of(state.attachment))
    except (NotFound, Unauthorised):
        return False
    return permissions.may_lock(facts(services, person, view, roles=False))

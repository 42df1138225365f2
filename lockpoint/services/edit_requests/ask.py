"""Asking the holder for a locked file, and cancelling that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.lock import Held, Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import Invalid, TooMany
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.edit_requests import EditRequest, request_mail
from lockpoint.services.lock_record.file_state import FileState, Unwritten
from lockpoint.services.lock_record.waitlist import Waitlist
from lockpoint.services.lock_record.waitlist_change import Change, change_waitlist
from lockpoint.services.locks.action import OK, LockAction, perform
from lockpoint.services.locks.authorization import app_may_act, must_be_on, must_edit
from lockpoint.services.locks.notify_me import catch_the_end
from lockpoint.services.locks.result import LockResult
from lockpoint.services.locks.show import facts_for, view_of_state
from lockpoint.services.ports.locks import Effects
from lockpoint.services.tenancy.activity import require_active

MOST = 8
"""Requests of a file, answered ones included: with eight of the longest messages its property is far below 32 KB."""


def ask(
    services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str, message: str | None
) -> LockResult:
    """Ask the holder of this lock for the file; a person has one request, and asking again replaces its message.

    It takes the right to edit, as holding the file would.
    """
    work = partial(_ask, lock_id=lock_id, message=message)
    return perform("request", services, actor, attachment_id, key, work)


def cancel(services: Services, actor: Actor, attachment_id: str, key: RequestKey, lock_id: str) -> LockResult:
    """Withdraw one's own request; one that is not there, or ended with its lock, is fine."""
    return perform("cancel_request", services, actor, attachment_id, key, partial(_cancel, lock_id=lock_id))


def _ask(action: LockAction, lock_id: str, message: str | None) -> LockResult:
    services, actor = action.services, action.actor
    must_edit(action.page, action.facts)
    require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    must_be_on(action.facts)
    app_may_act(action.state, action.facts)
    held = named_lock(action, lock_id)
    if held.holder == actor.account_id:
        raise Invalid("This is your own lock. There is nobody to ask for the file.")
    request = EditRequest(
        # The same in each try of this call, so that its mail is one mail.
        id=action.begun.op_id,
        lock_id=lock_id,
        account=actor.account_id,
        at=services.clock.now(),
        message=message,
    )
    after = changed(action, partial(_with, request, held))
    mail = request_mail(action.state.attachment.id, held, request)
    services.effects.record(actor.tenant, Effects(intents=(mail,), request=action.done(OK)))
    catch_the_end(services, actor.tenant, action.state, priority=Priority.INTERACTIVE)
    return answer(action, after)


def _cancel(action: LockAction, lock_id: str) -> LockResult:
    after = changed(action, partial(_without, action.actor.account_id, lock_id))
    action.services.effects.record(action.actor.tenant, Effects(request=action.done(OK)))
    return answer(action, after)


def named_lock(action: LockAction, lock_id: str) -> Held:
    """Return the live lock of this name; `LockLostError` with what is there otherwise."""
    state = action.state
    held = state.standing
    named = isinstance(held, Held) and held.lock_id == lock_id
    if isinstance(held, Held) and named and phase(held, action.services.clock.now()) is Phase.HELD:
        return held
    raise action.refused(Unwritten(rules.LockLost(held), state))


def changed(action: LockAction, change: Change) -> FileState:
    """Store the change of the waitlist; return the file with it."""
    services, tenant = action.services, action.actor.tenant
    return change_waitlist(services, tenant, action.state, change, priority=Priority.INTERACTIVE)


def answer(action: LockAction, after: FileState) -> LockResult:
    """Return the lock with the waitlist as it was just stored."""
    known = facts_for(action.services, action.actor, after, action.page)
    return LockResult(OK, view_of_state(action.services, action.actor, after, known))


def _with(request: EditRequest, held: Held, found: Waitlist) -> Waitlist:
    """Put the request in the place of the person's earlier one, or at the end, where the oldest answered one leaves."""
    waitlist = found.under(held)
    earlier = [one for one in waitlist.requests if one.account == request.account]
    if any(one.id == request.id for one in earlier):
        return waitlist
    others = tuple(one for one in waitlist.requests if one not in earlier)
    if len(others) >= MOST:
        others = _without_oldest_answered(others)
    return replace(waitlist, requests=(*others, request))


def _without_oldest_answered(requests: tuple[EditRequest, ...]) -> tuple[EditRequest, ...]:
    answered = next((one for one in requests if not one.open), None)
    if answered is None:
        raise TooMany(f"Already {MOST} people ask for this file. Have Lockpoint tell you when it is free.")
    return tuple(one for one in requests if one is not answered)


def _without(account: str, lock_id: str, found: Waitlist) -> Waitlist:
    left = tuple(one for one in found.requests if (one.account, one.lock_id) != (account, lock_id))
    return replace(found, requests=left)

"""Declining a request for a locked file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.edit_requests.ask import answer, changed, named_lock
from lockpoint.services.errors import Invalid, NotAllowed
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.lock_record.edit_requests import EditRequest, decline_mail
from lockpoint.services.lock_record.waitlist import Waitlist, waitlist_of
from lockpoint.services.locks.action import OK, LockAction, perform
from lockpoint.services.locks.authorization import app_may_act, must_be_on
from lockpoint.services.locks.result import LockResult
from lockpoint.services.ports.locks import Effects

NOT_ASKED = "This person does not ask for this file, or may not edit it any more."


def decline(
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    lock_id: str,
    account: str,
    note: str | None,
) -> LockResult:
    """Keep the lock, and tell the person who asked; they can ask again."""
    work = partial(_decline, lock_id=lock_id, account=account, note=note)
    return perform("decline", services, actor, attachment_id, key, work)


def _decline(action: LockAction, lock_id: str, account: str, note: str | None) -> LockResult:
    services, tenant = action.services, action.actor.tenant
    held = named_lock(action, lock_id)
    if held.holder != action.actor.account_id:
        raise NotAllowed("Only the owner of this lock can decline a request for the file.")
    must_be_on(action.facts)
    app_may_act(action.state, action.facts)
    after = changed(action, partial(_with_answer, held, account, services.clock.now(), note))
    file = after.attachment
    request = _request_in(waitlist_of(services, tenant, file.id, file.waitlist_row), held, account)
    mails = (decline_mail(file.id, held, request),) if request else ()
    services.effects.record(tenant, Effects(intents=mails, request=action.done(OK)))
    return answer(action, after)


def _with_answer(held: Held, account: str, now: datetime, note: str | None, found: Waitlist) -> Waitlist:
    """An answer is not given twice: after a crash its mail is still due."""
    request = _request_in(found, held, account)
    if request is None:
        raise Invalid(NOT_ASKED)
    if not request.open:
        return found
    answered = tuple(one.declined(now, note) if one == request else one for one in found.requests)
    return replace(found, requests=answered)


def _request_in(waitlist: Waitlist, held: Held, account: str) -> EditRequest | None:
    named = (one for one in waitlist.requests if (one.account, one.lock_id) == (account, held.lock_id))
    return next(named, None)

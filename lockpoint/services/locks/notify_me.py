"""Notify me: people ask to be told when a file is free, and are told once, however the lock ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from lockpoint.domain import permissions
from lockpoint.domain.lock import Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import HostError, Invalid, LostRace, TooMany
from lockpoint.services.lock_record.edit_requests import open_requests, request_mail
from lockpoint.services.lock_record.end_notices import end_notices
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.waitlist import (
    MOST,
    Waitlist,
    WaitlistPlace,
    foreign,
    place_of,
    read_waitlist,
    store_waitlist,
    waitlist_of,
)
from lockpoint.services.lock_record.waitlist_change import change_waitlist
from lockpoint.services.locks.authorization import app_blocked, app_may_act, facts, must_be_on, read_for
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import UsageEvent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import usage_counts

TOLD_WITHIN = timedelta(days=1)  # of a request: the look that makes up for a crash comes long before


def ask(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Put the person on the waitlist (once); whoever may see a file that another person holds may ask."""
    with spending_on("notify_me"):
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=False)
        must_be_on(known)
        app_may_act(state, known)
        if not permissions.can(known, state.standing, actor.account_id, services.clock.now()).notify_me:
            raise Invalid("Nobody else has locked this file, so there is nothing to wait for.")
        change = partial(_with, actor.account_id)
        after = change_waitlist(services, actor.tenant, state, change, priority=Priority.INTERACTIVE)
        catch_the_end(services, actor.tenant, state, priority=Priority.INTERACTIVE)
    usage_counts.count(services, actor, UsageEvent.ASKED_TO_BE_TOLD)
    return place(services, actor, after)


def cancel(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Take the person off the waitlist; not being on it is fine."""
    with spending_on("notify_me"):
        state, view = read_for(services, actor, attachment_id)
        if not state.writable and place(services, actor, state).asked:
            raise app_blocked(state.attachment.container, facts(services, actor, view, roles=False))
        change = partial(_without, actor.account_id)
        after = change_waitlist(services, actor.tenant, state, change, priority=Priority.INTERACTIVE)
        return place(services, actor, after)


def leave_waitlist(services: Services, actor: Actor, state: FileState, *, priority: Priority) -> None:
    """Take a person off the waitlist who waits no longer, whatever they may see."""
    change_waitlist(services, actor.tenant, state, lambda found: found.without(actor.account_id), priority=priority)


def present(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Return the person's place now."""
    with spending_on("notify_me"):
        state, _ = read_for(services, actor, attachment_id)
        return place(services, actor, state)


def place(services: Services, actor: Actor, state: FileState) -> WaitlistPlace:
    """Return the person's place as it was read."""
    waitlist = waitlist_of(services, actor.tenant, state.attachment.id, state.attachment.waitlist_row)
    return place_of(waitlist.askers, actor.account_id)


def update_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Bring the waitlist in line with the lock: whoever holds the file waits no longer, and of a free file nobody.

    A holder hears of a request that a crash left untold. `Waitlist.under` says what becomes of requests.
    """
    held = state.standing
    if not isinstance(held, Held):
        notify_waitlist(services, tenant, state, priority=priority)
        return
    row, file_id = state.attachment.waitlist_row, state.attachment.id
    waitlist = waitlist_of(services, tenant, file_id, row)
    left = waitlist.under(held)
    if (
        row is not None
        and state.attachment.may_update
        and (left != waitlist or foreign(services, tenant, file_id, row))
    ):
        with suppress(LostRace):  # what others wrote since belongs to what this look has not seen
            store_waitlist(services, tenant, file_id, row, left, priority=priority, person=state.person)
    since = services.clock.now() - TOLD_WITHIN
    asked = (one for one in open_requests(waitlist.requests, held.lock_id, held.holder) if one.at > since)
    if mails := tuple(request_mail(file_id, held, one) for one in asked):
        services.effects.record(tenant, Effects(intents=mails))


def notify_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """An unlocked file keeps no waitlist: notify everybody left on it and empty it.

    An end notice is unique by lock and person, so this repeats nothing. Those who ask meanwhile stay.
    """
    if not isinstance(state.standing, Free):
        return
    if waitlist_of(services, tenant, state.attachment.id, state.attachment.waitlist_row) == Waitlist():
        try_to_empty_waitlist(services, tenant, state, priority=priority)
        return
    mails = end_notices(services, tenant, state.attachment, state.standing.ended)
    services.effects.record(tenant, Effects(intents=mails))
    empty_waitlist(services, tenant, state, priority=priority)


def empty_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Empty the waitlist after its mails are recorded, and what others put there; those who asked since stay.

    Where nobody may write it, it is emptied when the page opens.
    """
    row, file_id, person = state.attachment.waitlist_row, state.attachment.id, state.person
    told = waitlist_of(services, tenant, file_id, row)
    if row is None or not state.writable or not (told != Waitlist() or foreign(services, tenant, file_id, row)):
        return
    try:
        store_waitlist(services, tenant, file_id, row, Waitlist(), priority=priority, person=person)
    except LostRace:
        row = read_waitlist(services, tenant, file_id, priority=priority, person=person)
        left = _since(told, waitlist_of(services, tenant, file_id, row))
        if row is not None:
            store_waitlist(services, tenant, file_id, row, left, priority=priority, person=person)


def try_to_empty_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Empty the waitlist if the host answers; a job looks again anyway."""
    try:
        empty_waitlist(services, tenant, state, priority=priority)
    except HostError:
        return


def catch_the_end(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Queue a look for somebody who asked while the lock ended: its end may have been announced without them."""
    before = state.standing
    try:
        after = read_state(services, tenant, state.attachment.id, priority=priority, person=state.person).standing
    except HostError:
        ended = True  # nobody knows, so the job looks
    else:
        ended = not isinstance(after, Held) or not isinstance(before, Held) or after.lock_id != before.lock_id
    if ended:
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, state.attachment.id),))


def _since(told: Waitlist, found: Waitlist) -> Waitlist:
    """Return who came after these had been told; requests count by their ids."""
    known = {one.id for one in told.requests}
    askers = tuple(one for one in found.askers if one not in told.askers)
    return Waitlist(askers, tuple(one for one in found.requests if one.id not in known))


def _with(account: str, waitlist: Waitlist) -> Waitlist:
    if account in waitlist.askers:
        return waitlist
    if len(waitlist.askers) >= MOST:
        raise TooMany(f"Already {MOST} people are waiting for this file.")
    return replace(waitlist, askers=(*waitlist.askers, account))


def _without(account: str, waitlist: Waitlist) -> Waitlist:
    return replace(waitlist, askers=tuple(one for one in waitlist.askers if one != account))

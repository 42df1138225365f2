"""Notify me: people ask to be told when a file is free, and are told once, however the lock ended."""

from __future__ import annotations

from lockpoint.domain import permissions
from lockpoint.domain.lock import Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import Busy, Forbidden, HostError, Invalid, LostRace, TooMany
from lockpoint.services.lock_record.compare_and_set import FIRST_PAUSE, ROUNDS
from lockpoint.services.lock_record.end_notices import end_notices
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.waitlist import (
    WaitlistPlace,
    foreign,
    place_of,
    read_waitlist,
    store_waitlist,
    waitlist_of,
)
from lockpoint.services.locks.authorization import app_blocked, app_may_act, facts, must_be_on, read_for
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import UsageEvent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import usage_counts

MOST = 200  # askers per file; keeps the property far below 32 KB


def ask(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Put the person on the waitlist (once); whoever may see a file that another person holds may ask."""
    with spending_on("notify_me"):
        state, view = read_for(services, actor, attachment_id)
        known = facts(services, actor, view, roles=False)
        must_be_on(known)
        app_may_act(state, known)
        if not permissions.can(known, state.standing, actor.account_id, services.clock.now()).notify_me:
            raise Invalid("Nobody else has locked this file, so there is nothing to wait for.")
        answer = _change(services, actor, state, add=True)
        _catch_the_end(services, actor.tenant, state, priority=Priority.INTERACTIVE)
    usage_counts.count(services, actor, UsageEvent.ASKED_TO_BE_TOLD)
    return answer


def cancel(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Take the person off the waitlist; not being on it is fine."""
    with spending_on("notify_me"):
        state, view = read_for(services, actor, attachment_id)
        if not state.writable and place(services, actor, state).asked:
            raise app_blocked(state.attachment.container, facts(services, actor, view, roles=False))
        return _change(services, actor, state, add=False)


def leave_waitlist(services: Services, actor: Actor, state: FileState, *, priority: Priority) -> None:
    """Take a person off the waitlist who waits no longer, whatever they may see."""
    _change(services, actor, state, add=False, priority=priority)


def present(services: Services, actor: Actor, attachment_id: str) -> WaitlistPlace:
    """Return the person's place now."""
    with spending_on("notify_me"):
        state, _ = read_for(services, actor, attachment_id)
        return place(services, actor, state)


def place(services: Services, actor: Actor, state: FileState) -> WaitlistPlace:
    """Return the person's place as it was read."""
    waitlist = waitlist_of(services, actor.tenant, state.attachment.id, state.attachment.waitlist_row)
    return place_of(waitlist, actor.account_id)


def update_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Bring the waitlist in line with the lock: whoever holds the file waits no longer, and of a free file nobody."""
    held = state.standing
    if not isinstance(held, Held):
        notify_waitlist(services, tenant, state, priority=priority)
    elif state.attachment.may_update:
        leave_waitlist(services, Actor(tenant, held.holder), state, priority=priority)


def notify_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """An unlocked file keeps no waitlist: notify everybody left on it and empty it.

    An end notice is unique by lock and person, so this repeats nothing. Those who ask meanwhile stay.
    """
    if not isinstance(state.standing, Free):
        return
    if not waitlist_of(services, tenant, state.attachment.id, state.attachment.waitlist_row):
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
    if row is None or not state.writable or not (told or foreign(services, tenant, file_id, row)):
        return
    try:
        store_waitlist(services, tenant, file_id, row, (), priority=priority, person=person)
    except LostRace:
        row = read_waitlist(services, tenant, file_id, priority=priority, person=person)
        left = tuple(a for a in waitlist_of(services, tenant, file_id, row) if a not in told)
        if row is not None:
            store_waitlist(services, tenant, file_id, row, left, priority=priority, person=person)


def try_to_empty_waitlist(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Empty the waitlist if the host answers; a job looks again anyway."""
    try:
        empty_waitlist(services, tenant, state, priority=priority)
    except HostError:
        return


def _catch_the_end(services: Services, tenant: Tenant, state: FileState, *, priority: Priority) -> None:
    """Queue a look for somebody who asked while the lock ended: its end may have been announced without them."""
    try:
        after = read_state(services, tenant, state.attachment.id, priority=priority)
    except HostError:
        ended = True  # nobody knows, so the job looks
    else:
        ended = isinstance(after.standing, Free)
    if ended:
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, state.attachment.id),))


def _change(
    services: Services, actor: Actor, state: FileState, *, add: bool, priority: Priority = Priority.INTERACTIVE
) -> WaitlistPlace:
    tenant, file_id, row = actor.tenant, state.attachment.id, state.attachment.waitlist_row
    for round_ in range(ROUNDS):
        waitlist = waitlist_of(services, tenant, file_id, row)
        wanted = _with(waitlist, actor.account_id) if add else tuple(a for a in waitlist if a != actor.account_id)
        if wanted == waitlist and not foreign(services, tenant, file_id, row):
            return place_of(waitlist, actor.account_id)
        if not state.writable:
            raise Forbidden("the waitlist may not be written")
        try:
            store_waitlist(services, tenant, file_id, row, wanted, priority=priority, person=state.person)
        except LostRace:
            services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
            row = read_waitlist(services, tenant, file_id, priority=priority, person=state.person)
        else:
            services.witnesses.still_there(tenant, file_id, services.clock.now())  # lists read the file again
            return place_of(wanted, actor.account_id)
    raise Busy("Many people ask for this file at the same time. Try again.", details={"retryAfter": 1})


def _with(waitlist: tuple[str, ...], account: str) -> tuple[str, ...]:
    if account in waitlist:
        return waitlist
    if len(waitlist) >= MOST:
        raise TooMany(f"Already {MOST} people are waiting for this file.")
    return (*waitlist, account)

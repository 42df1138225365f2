"""Notify me: people ask to be told when a file is free, and are told once, whatever ended the hold."""

from __future__ import annotations

from lockpoint.domain import permissions
from lockpoint.domain.lock import Free
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Lane, Tenant
from lockpoint.services.errors import Busy, HostError, Invalid, LostRace, TooMany
from lockpoint.services.lock_record.compare_and_set import FIRST_PAUSE, ROUNDS
from lockpoint.services.lock_record.end_notices import announcements
from lockpoint.services.lock_record.file_state import Seen, look
from lockpoint.services.lock_record.waitlist import Asking, askers_of, asking, read_line, store_line
from lockpoint.services.locks.authorization import app_may_act, facts, look_for
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import UsageEvent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import usage_counts

MOST = 200  # askers per file; keeps the property far below 32 KB


def ask(services: Services, actor: Actor, attachment_id: str) -> Asking:
    """Put the person into the line (once); anyone who may see a file that another person holds may ask."""
    with spending_on("notify_me"):
        seen, view = look_for(services, actor, attachment_id)
        app_may_act(seen)
        rights = facts(services, actor, view, roles=False)
        if not permissions.can(rights, seen.standing, actor.account_id, services.clock.now()).notify_me:
            raise Invalid("Nobody else holds this file, so there is nothing to wait for.")
        answer = _change(services, actor, seen, add=True)
        _catch_the_end(services, actor.tenant, seen, lane=Lane.PEOPLE)
    usage_counts.count(services, actor, UsageEvent.ASKED_TO_BE_TOLD)
    return answer


def cancel(services: Services, actor: Actor, attachment_id: str) -> Asking:
    """Take the person out of the line; being out of it already is fine."""
    with spending_on("notify_me"):
        seen, _ = look_for(services, actor, attachment_id)
        return _change(services, actor, seen, add=False)


def drop_out(services: Services, actor: Actor, seen: Seen, *, lane: Lane) -> None:
    """Take a person out of the line who is gone, whatever they may see."""
    _change(services, actor, seen, add=False, lane=lane)


def present(services: Services, actor: Actor, attachment_id: str) -> Asking:
    """How the person stands in the line now."""
    with spending_on("notify_me"):
        seen, _ = look_for(services, actor, attachment_id)
        askers = askers_of(services, actor.tenant, seen.attachment.id, seen.attachment.watch)
        return asking(askers, actor.account_id)


def serve_line(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> None:
    """A free file has no line: whoever still stands in it is owed the news of the last ending.

    An announcement is unique by hold and person, so this repeats nothing. Newcomers in between stay in the line.
    """
    told = askers_of(services, tenant, seen.attachment.id, seen.attachment.watch)
    if not told or not isinstance(seen.standing, Free):
        return
    mails = announcements(services, tenant, seen.attachment, seen.standing.ended)
    services.ledger.record(tenant, Effects(intents=mails))
    leave(services, tenant, seen, lane=lane)


def leave(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> None:
    """Empty the line after its mails are safely written down; those who came after this read stay."""
    told = askers_of(services, tenant, seen.attachment.id, seen.attachment.watch)
    if not told or seen.attachment.watch is None:
        return
    try:
        store_line(services, tenant, seen.attachment.id, seen.attachment.watch, (), lane=lane)
    except LostRace:
        row = read_line(services, tenant, seen.attachment.id, lane=lane)
        left = tuple(a for a in askers_of(services, tenant, seen.attachment.id, row) if a not in told)
        if row is not None:
            store_line(services, tenant, seen.attachment.id, row, left, lane=lane)


def try_to_leave(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> None:
    """Empty the line now if the host lets us; a job looks again anyway."""
    try:
        leave(services, tenant, seen, lane=lane)
    except HostError:
        return


def _catch_the_end(services: Services, tenant: Tenant, seen: Seen, *, lane: Lane) -> None:
    """Have the line served that somebody joined while the hold ended: its end may have been announced without them."""
    try:
        after = look(services, tenant, seen.attachment.id, lane=lane)
    except HostError:
        ended = True  # nobody knows, so the job looks
    else:
        ended = isinstance(after.standing, Free)
    if ended:
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, seen.attachment.id),))


def _change(services: Services, actor: Actor, seen: Seen, *, add: bool, lane: Lane = Lane.PEOPLE) -> Asking:
    tenant, file_id, row = actor.tenant, seen.attachment.id, seen.attachment.watch
    for round_ in range(ROUNDS):
        askers = askers_of(services, tenant, file_id, row)
        wanted = _with(askers, actor.account_id) if add else tuple(a for a in askers if a != actor.account_id)
        if wanted == askers:
            return asking(askers, actor.account_id)
        try:
            store_line(services, tenant, file_id, row, wanted, lane=lane)
        except LostRace:
            services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
            row = read_line(services, tenant, file_id, lane=lane)
        else:
            return asking(wanted, actor.account_id)
    raise Busy("Many people are asking at once; please try again.", details={"retryAfter": 1})


def _with(askers: tuple[str, ...], account: str) -> tuple[str, ...]:
    if account in askers:
        return askers
    if len(askers) >= MOST:
        raise TooMany(f"Already {MOST} people are waiting for this file.")
    return (*askers, account)

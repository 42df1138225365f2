"""What time brings to a lock that still runs: an earlier end by shorter settings, a warning, a weekly reminder."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import MailKind
from lockpoint.domain.expiry import lock_times
from lockpoint.domain.lock import Held
from lockpoint.domain.settings import InForce
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.lock_record.compare_and_set import compare_and_set
from lockpoint.services.lock_record.file_state import FileState, Written
from lockpoint.services.lock_record.record_effects import record_write
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.settings_in_force import in_force


def keep_time(services: Services, tenant: Tenant, state: FileState, held: Held, *, priority: Priority) -> None:
    """Shorten the lock where settings want that, and record the mails that its holder is owed by now.

    Costs nothing while the space is known and there is nothing to shorten. The ledger has each mail once, however often
    this is asked.
    """
    known = state.witness.space_id if state.witness else None
    space_id = known or _noted_space(services, tenant, state, priority)
    settings, now = in_force(services, tenant, space_id, priority=priority), services.clock.now()
    if state.writable and lock_times.shortened_end(held, settings.limits, now) is not None:
        held, settings = _shortened(services, tenant, state, held, priority)
    mails = (*_warning(state, held, settings, services), *_reminder(state, held, services))
    if mails:
        services.effects.record(tenant, Effects(intents=mails))


def _noted_space(services: Services, tenant: Tenant, state: FileState, priority: Priority) -> str | None:
    """Ask for the space of a lock that was found again or has moved, and note it (2 points, once)."""
    space_id = _space_of(services, tenant, state, priority)
    witness = services.witnesses.get(tenant, state.attachment.id)
    if space_id is not None and witness is not None:
        services.effects.record(tenant, Effects(witness=replace(witness, space_id=space_id)))
    return space_id


def _space_of(services: Services, tenant: Tenant, state: FileState, priority: Priority) -> str | None:
    """Return None where the page is not shown, as in the trash."""
    container = state.attachment.container
    if container is None:
        return None
    try:
        return services.people.container(tenant, state.person, container, priority=priority).space_id
    except (GoneOrInvisible, Forbidden):
        return None


def _shortened(
    services: Services, tenant: Tenant, state: FileState, held: Held, priority: Priority
) -> tuple[Held, InForce]:
    """Return the lock as it is afterwards, and the settings that decided.

    The space is asked for first: a page can have moved, and another space's settings must not end its locks.
    """
    space_id = _space_of(services, tenant, state, priority)
    settings = in_force(services, tenant, space_id, priority=priority)
    if space_id is None:
        return held, settings
    rule = partial(rules.shorten, lock_id=held.lock_id, limits=settings.limits)
    outcome = compare_and_set(services, tenant, state.attachment.id, rule, priority=priority, state=state)
    if not isinstance(outcome, Written):
        return held, settings
    record_write(services, tenant, outcome, account=None, space_id=space_id)
    return outcome.record if isinstance(outcome.record, Held) else held, settings


def _warning(state: FileState, held: Held, settings: InForce, services: Services) -> tuple[MailIntent, ...]:
    if not lock_times.warning_due(held, settings.rules, services.clock.now()):
        return ()
    return (_mail(MailKind.LOCK_WILL_END, state, held, lock_times.warning_key(held)),)


def _reminder(state: FileState, held: Held, services: Services) -> tuple[MailIntent, ...]:
    """Each lock without an end asks for it; the ledger has one for the person and week."""
    week = lock_times.reminder_week(held, services.clock.now())
    return () if week is None else (_mail(MailKind.ENDLESS_LOCKS, state, held, f"week {week}"),)


def _mail(kind: MailKind, state: FileState, held: Held, event_key: str) -> MailIntent:
    return MailIntent(
        kind=kind,
        recipient=held.holder,
        attachment_id=state.attachment.id,
        event_key=event_key,
        lock_id=held.lock_id,
    )

"""Mails about locks that still run: whether what they tell is true when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lockpoint.domain.events import MailKind
from lockpoint.domain.expiry.lock_times import warning_key
from lockpoint.domain.lock import FoundRecord, Held, Phase
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.file_state import read_state
from lockpoint.services.ports.locks import Witness
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.tenancy.whereabouts import is_on_for


class Overtaken(Exception):
    """The lock was extended, taken over or ended since, so the mail would tell what is not so any more."""


def still_true(services: Services, tenant: Tenant, events: Sequence[StoredIntent]) -> list[StoredIntent]:
    """Return the events that are still so, as far as we know; `Overtaken` when none is.

    One mail alone reads the record afresh before it leaves; this spares a summary a call for each of its events.
    """
    warned = {event.intent.attachment_id for event in events if event.intent.kind is MailKind.LOCK_WILL_END}
    known = {file_id: services.witnesses.get(tenant, file_id) for file_id in warned}
    left = [
        event for event in events if not is_overtaken(services, known.get(event.intent.attachment_id), event.intent)
    ]
    if not left:
        raise Overtaken
    return left


def running_lock(services: Services, tenant: Tenant, intent: MailIntent) -> Held:
    """Return the lock that a warning is about, read as its holder; `Overtaken` when it has not that end any more."""
    state = read_state(services, tenant, intent.attachment_id, priority=Priority.EVENT, person=intent.recipient)
    held = _running(services, state.standing, intent)
    if held is None:
        raise Overtaken
    return held


def endless_locks(services: Services, tenant: Tenant, account: str) -> dict[str, datetime]:
    """Return the files that a person has locked without an end, and since when; `Overtaken` when there is none.

    Of those in a space where Lockpoint is switched off nothing is told.
    """
    mine = [one for one in services.witnesses.held_by(tenant, account) if _has_no_end(one)]
    told = [one for one in mine if is_on_for(services, tenant, one, priority=Priority.EVENT)]
    since = {one.attachment_id: one.record.acquired_at for one in told if isinstance(one.record, Held)}
    if not since:
        raise Overtaken
    return dict(sorted(since.items(), key=lambda one: one[1]))


def is_overtaken(services: Services, known: Witness | None, intent: MailIntent) -> bool:
    """Return whether a warning is about an end that has changed, as far as is known of the file."""
    if intent.kind is not MailKind.LOCK_WILL_END:
        return False
    return known is not None and _running(services, known.record, intent) is None


def _has_no_end(witness: Witness) -> bool:
    return isinstance(witness.record, Held) and witness.record.expires_at is None


def _running(services: Services, found: FoundRecord, intent: MailIntent) -> Held | None:
    """Return the lock while it is the recipient's, and still ends as the warning says."""
    if not isinstance(found, Held) or phase(found, services.clock.now()) is not Phase.HELD:
        return None
    return found if found.holder == intent.recipient and warning_key(found) == intent.event_key else None

"""Sending one mail: when it may leave, to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from lockpoint.domain.signed_json import MacKeys, digest
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.comments import instead_of_mail
from lockpoint.services.notifications.lock_mails import Overtaken, still_true
from lockpoint.services.notifications.mail_facts import HIDDEN, Asleep, looked_up
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.notifications import MailRefused, NotBefore, StoredIntent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.whereabouts import is_on_for

PAUSE = timedelta(hours=1)  # until a mail asks again whether site and space are active


def send(services: Services, intent_id: int) -> None:
    """Send the mail of an intent, once, with all that waits to be told with it; or have it sent when there is room.

    A person who may not see the file gets no mail, nor is one sent whose news is over; a mail that can never be sent is
    logged and dropped. On an inactive site, or about a file in an inactive space, it waits as long as intents are kept.
    `MailUnavailable` and the host's passing errors pass through: the job comes back.
    """
    stored = services.intents.get(intent_id)
    if stored is None or stored.done:
        return
    with spending_on("mail"):
        tenant = _site_of(services, stored)
        events = () if tenant is None else services.intents.claim(stored)
        if tenant is None:
            return
        if isinstance(events, NotBefore):
            delay = events.at - services.clock.now()
            services.jobs.defer((Job(JobKind.SEND_MAIL, tenant.id, str(events.intent_id), delay),))
        elif events:
            _send(services, tenant, stored, _awake(services, tenant, stored, events))


def _site_of(services: Services, stored: StoredIntent) -> Tenant | None:
    """Return the site when its mails may leave now.

    After an uninstall never; on another inactive site a new job tries in an hour, which costs no attempt.
    """
    tenant = services.tenants.by_id(stored.tenant_id)
    if tenant is None or not tenant.installed:
        services.intents.finish(stored, result="site_inactive", address=None)
        return None
    known = services.witnesses.get(tenant, stored.intent.attachment_id)
    if not (is_active(services, tenant) and is_on_for(services, tenant, known, priority=Priority.EVENT)):
        _wait(services, tenant, stored)
        return None
    return tenant


def _awake(
    services: Services, tenant: Tenant, stored: StoredIntent, events: Sequence[StoredIntent]
) -> Sequence[StoredIntent]:
    """Return what a summary may tell; about files in an inactive space it tells nothing, and their mails wait."""
    files = {event.intent.attachment_id for event in events} - {stored.intent.attachment_id}
    known = {file_id: services.witnesses.get(tenant, file_id) for file_id in sorted(files)}
    off = {name for name, one in known.items() if not is_on_for(services, tenant, one, priority=Priority.EVENT)}
    asleep = [event for event in events if event.intent.attachment_id in off]
    for event in asleep:
        _wait(services, tenant, event)
    if asleep:
        services.intents.let_go(asleep)
    return [event for event in events if event not in asleep]


def _wait(services: Services, tenant: Tenant, stored: StoredIntent) -> None:
    services.jobs.defer((Job(JobKind.SEND_MAIL, tenant.id, str(stored.id), PAUSE),))


def _send(services: Services, tenant: Tenant, stored: StoredIntent, events: Sequence[StoredIntent]) -> None:
    try:
        _tell(services, tenant, stored, events)
    except Overtaken:
        services.intents.finish(stored, result="overtaken", address=None)
    except Asleep:
        _wait(services, tenant, stored)
    except HIDDEN:
        if _site_of(services, stored) is not None:
            services.intents.finish(stored, result="not_visible", address=None)


def _tell(services: Services, tenant: Tenant, stored: StoredIntent, events: Sequence[StoredIntent]) -> None:
    chosen = preferences.read(services, tenant, stored.intent.recipient, priority=Priority.EVENT)
    wanted = [event for event in events if chosen.wants(event.intent.kind)]
    if not wanted:
        services.intents.finish(stored, result="switched_off_by_recipient", address=None)
        return
    wanted = still_true(services, tenant, wanted)
    found = looked_up(services, tenant, wanted, chosen)
    if _site_of(services, stored) is None:  # the look-up took a while
        return
    if found.address is None:
        result = instead_of_mail(services, tenant, stored, wanted, found, chosen)
        services.intents.finish(stored, result=result, address=None)
        return
    try:
        services.mailer.send(found.address, found.facts, message_id=message_id(services.tag_keys, tenant.id, stored.id))
    except MailRefused:
        services.intents.finish(stored, result="refused", address=found.address)
        return
    services.intents.finish(stored, result="sent", address=found.address)


def message_id(keys: MacKeys, tenant_id: int, intent_id: int) -> str:
    """Return a name that tells neither site nor number; a copy has the same, unless the keys changed meanwhile."""
    return digest(keys.keys[keys.newest], f"mail/{tenant_id}/{intent_id}".encode())[:32]

"""Sending one mail: all that it says is looked up now, as its recipient, and stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Ended, EndReason, FoundRecord
from lockpoint.domain.snapshots import ended_of
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, NoAddress, Unauthorised
from lockpoint.services.lock_record.file_state import read_state, second_look
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.unsubscribe import unsubscribe_url
from lockpoint.services.ports.confluence import Container, Person
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.notifications import MailFacts, MailIntent, MailRefused, StoredIntent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active

DEFAULT_LOCALE, DEFAULT_ZONE = "en", "UTC"
_HIDDEN = (GoneOrInvisible, Forbidden, Unauthorised)
PAUSE = timedelta(hours=1)  # until a mail asks again whether the site is active
# Mails whose reason is stored in the signed property only.
_WITH_REASON = (MailKind.LOCK_ENDED_BY_OTHER,)


def send(services: Services, intent_id: int) -> None:
    """Send the mail of an intent, once.

    A person who may not see the file gets no mail; a mail that can never be sent is logged and dropped. On an inactive
    site the mail waits as long as intents are kept. `MailUnavailable` and the host's passing errors pass through: the
    job comes back.
    """
    stored = services.intents.get(intent_id)
    if stored is None or stored.done:
        return
    with spending_on("mail"):
        tenant = _site_of(services, stored)
        if tenant is not None:
            _send(services, tenant, stored)


def _site_of(services: Services, stored: StoredIntent) -> Tenant | None:
    """Return the site when its mails may leave now.

    After an uninstall never; on another inactive site a new job tries in an hour, which costs no attempt.
    """
    tenant = services.tenants.by_id(stored.tenant_id)
    if tenant is None or not tenant.installed:
        services.intents.finish(stored, result="site_inactive", address=None)
        return None
    if not is_active(services, tenant):
        services.jobs.defer((Job(JobKind.SEND_MAIL, tenant.id, str(stored.id), PAUSE),))
        return None
    return tenant


def _send(services: Services, tenant: Tenant, stored: StoredIntent) -> None:
    try:
        chosen = preferences.read(services, tenant, stored.intent.recipient, priority=Priority.EVENT)
        if stored.intent.kind in chosen.off:
            services.intents.finish(stored, result="switched_off_by_recipient", address=None)
            return
        facts, address = _looked_up(services, tenant, stored, chosen)
    except NoAddress as none:
        services.intents.finish(stored, result=none.reason, address=None)
        return
    except _HIDDEN:
        if _site_of(services, stored) is not None:
            services.intents.finish(stored, result="not_visible", address=None)
        return
    if _site_of(services, stored) is None:  # the look-up took a while
        return
    try:
        services.mailer.send(address, facts, message_id=f"{tenant.id}.{stored.id}")
    except MailRefused:
        services.intents.finish(stored, result="refused", address=address)
        return
    services.intents.finish(stored, result="sent", address=address)


def _looked_up(services: Services, tenant: Tenant, stored: StoredIntent, chosen: Preferences) -> tuple[MailFacts, str]:
    """Return what the mail says and where it goes; a single "not there" can be false, two are believed."""
    try:
        return _look_up(services, tenant, stored, chosen)
    except _HIDDEN:
        second_look(services)
        return _look_up(services, tenant, stored, chosen)


def _look_up(services: Services, tenant: Tenant, stored: StoredIntent, chosen: Preferences) -> tuple[MailFacts, str]:
    facts = _facts(services, tenant, stored, chosen)
    return facts, services.people.address(tenant, stored.intent.recipient, priority=Priority.EVENT)


@dataclass(frozen=True, slots=True)
class _Place:
    """The file and its page as the recipient sees them; a purged file has no name."""

    file_name: str
    file_url: str
    page_title: str
    page_url: str


def _facts(services: Services, tenant: Tenant, stored: StoredIntent, chosen: Preferences) -> MailFacts:
    intent = stored.intent
    place = _place(services, tenant, intent)
    people = _people(services, tenant, intent.recipient, intent.actor)
    me = people.get(intent.recipient)
    actor = people.get(intent.actor) if intent.actor else None
    ended = _ended(services, tenant, intent.attachment_id, intent.lock_id) if intent.kind in _WITH_REASON else None
    locale, time_zone = _tastes(services, tenant, intent.recipient, me, chosen)
    return MailFacts(
        kind=intent.kind,
        detail=intent.detail,
        recipient_name=me.display_name if me else "",
        file_name=place.file_name,
        page_title=place.page_title,
        page_url=place.page_url,
        file_url=place.file_url,
        actor_name=actor.display_name if actor else None,
        reason=ended.why if ended else None,
        at=ended.at if ended else None,
        locale=locale,
        time_zone=time_zone,
        version=intent.version,
        unsubscribe_url=unsubscribe_url(services, tenant, intent.recipient, intent.kind),
    )


def _tastes(
    services: Services, tenant: Tenant, account: str, me: Person | None, chosen: Preferences
) -> tuple[str, str]:
    """Return language and time zone: as chosen, else from the profile."""
    profile = services.profiles.get(tenant, account)
    known = [source for source in (chosen, profile, me) if source is not None]
    locale = next((source.locale for source in known if source.locale), DEFAULT_LOCALE)
    return locale, next((source.time_zone for source in known if source.time_zone), DEFAULT_ZONE)


def _place(services: Services, tenant: Tenant, intent: MailIntent) -> _Place:
    """Return what the mail is about; `GoneOrInvisible` for a recipient who may not see it."""
    if intent.detail == EndReason.FILE_GONE:
        witness = services.witnesses.get(tenant, intent.attachment_id)
        container = witness.container if witness else None
        return _on_page(services, tenant, intent.recipient, container, "", "")
    file = services.attachments.get(
        tenant,
        intent.attachment_id,
        priority=Priority.EVENT,
        person=intent.recipient,
        properties=False,
        operations=False,
    )
    return _on_page(services, tenant, intent.recipient, file.container, file.title, file.open_url)


def _on_page(
    services: Services, tenant: Tenant, recipient: str, container: Container | None, file_name: str, file_url: str
) -> _Place:
    site = tenant.display_url or tenant.base_url
    if container is None:
        return _Place(file_name, file_url, "", site)
    view = services.people.container(tenant, recipient, container, priority=Priority.EVENT)
    # Confluence resolves this link by content id; the address is the one people know.
    return _Place(file_name, file_url, view.title, f"{site}/pages/viewpage.action?pageId={container.id}")


def _people(services: Services, tenant: Tenant, *accounts: str | None) -> dict[str, Person]:
    wanted = [account for account in accounts if account is not None]
    return dict(services.people.describe(tenant, wanted, priority=Priority.EVENT))


def _ended(services: Services, tenant: Tenant, attachment_id: str, lock_id: str | None) -> Ended | None:
    """Return how that lock ended, while the record says so."""
    try:
        found: FoundRecord = read_state(services, tenant, attachment_id, priority=Priority.EVENT).found
    except HostError:
        return None
    ended = ended_of(found)
    return ended if ended is not None and ended.lock_id == lock_id else None

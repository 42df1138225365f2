"""Sending one mail: everything it says is looked up now, as its recipient, and kept nowhere."""

from __future__ import annotations

from lockpoint.locking.events import MailKind
from lockpoint.locking.lock import Ended, Free, Held, Reading
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, NoAddress, Unauthorised
from lockpoint.services.looking import look
from lockpoint.services.ports import Attachment, ContainerView, MailFacts, MailRefused, Person, StoredIntent
from lockpoint.services.services import Services

DEFAULT_LOCALE, DEFAULT_ZONE = "en", "UTC"
# Mails whose reason lies in the signed property: told to the recipient, and stored nowhere else.
_WITH_REASON = (MailKind.LOCK_ENDED_BY_OTHER,)


def send(services: Services, intent_id: int) -> None:
    """Send the mail of an intent, once.

    Whoever may not see the file any more gets no mail. `MailUnavailable` and the host's passing errors go through:
    the job comes back. A mail that cannot be sent for good is logged as such and forgotten.
    """
    stored = services.intents.get(intent_id)
    tenant = services.tenants.by_id(stored.tenant_id) if stored else None
    if stored is None or stored.done or tenant is None:
        return
    if not tenant.active:
        services.intents.finish(stored, result="site_inactive", address=None)
        return
    with spending_on("mail"):
        _send(services, tenant, stored)


def _send(services: Services, tenant: Tenant, stored: StoredIntent) -> None:
    recipient = stored.intent.recipient
    try:
        address = services.people.address(tenant, recipient, lane=Lane.HINTS)
        facts = _facts(services, tenant, stored)
    except NoAddress as none:
        services.intents.finish(stored, result=none.reason, address=None)
        return
    except (GoneOrInvisible, Forbidden, Unauthorised):
        services.intents.finish(stored, result="not_visible", address=None)
        return
    try:
        services.mailer.send(address, facts, message_id=f"{tenant.id}.{stored.id}")
    except MailRefused:
        services.intents.finish(stored, result="refused", address=address)
        return
    services.intents.finish(stored, result="sent", address=address)


def _facts(services: Services, tenant: Tenant, stored: StoredIntent) -> MailFacts:
    intent = stored.intent
    attachment = services.attachments.get(
        tenant, intent.attachment_id, lane=Lane.HINTS, person=intent.recipient, properties=False, operations=False
    )
    people = _people(services, tenant, intent.recipient, intent.actor)
    me = people.get(intent.recipient)
    actor = people.get(intent.actor) if intent.actor else None
    view = _page(services, tenant, intent.recipient, attachment)
    ended = _ended(services, tenant, intent.attachment_id, intent.lock_id) if intent.kind in _WITH_REASON else None
    return MailFacts(
        kind=intent.kind,
        detail=intent.detail,
        recipient_name=me.display_name if me else "",
        file_name=attachment.title,
        page_title=view.title if view else "",
        page_url=_page_url(tenant, attachment),
        file_url=attachment.open_url,
        actor_name=actor.display_name if actor else None,
        reason=ended.why if ended else None,
        at=ended.at if ended else None,
        locale=(me and me.locale) or DEFAULT_LOCALE,
        time_zone=(me and me.time_zone) or DEFAULT_ZONE,
        version=intent.version,
    )


def _people(services: Services, tenant: Tenant, *accounts: str | None) -> dict[str, Person]:
    wanted = [account for account in accounts if account is not None]
    return dict(services.people.describe(tenant, wanted, lane=Lane.HINTS))


def _page(services: Services, tenant: Tenant, recipient: str, attachment: Attachment) -> ContainerView | None:
    if attachment.container is None:
        return None
    return services.people.container(tenant, recipient, attachment.container, lane=Lane.HINTS)


def _page_url(tenant: Tenant, attachment: Attachment) -> str:
    """A link that Confluence resolves by content id, on the address people know the site by."""
    site = tenant.display_url or tenant.base_url
    return f"{site}/pages/viewpage.action?pageId={attachment.container.id}" if attachment.container else site


def _ended(services: Services, tenant: Tenant, attachment_id: str, lock_id: str | None) -> Ended | None:
    """How that hold ended, while the record still says so."""
    try:
        reading: Reading = look(services, tenant, attachment_id, lane=Lane.HINTS).reading
    except HostError:
        return None
    ended = reading.ended if isinstance(reading, Held | Free) else None
    return ended if ended is not None and ended.lock_id == lock_id else None

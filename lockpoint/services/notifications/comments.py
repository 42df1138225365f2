"""News in a comment at the foot of the page, for a person whose address Confluence does not give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lockpoint.domain.signed_json import digest
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected, Unauthorised
from lockpoint.services.notifications.mail_facts import LookedUp, about_one
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.confluence import Container, Mention
from lockpoint.services.ports.notifications import COMMENTED, MailFacts, StoredIntent
from lockpoint.services.tenancy.settings_in_force import in_force

_NOT_THERE = (GoneOrInvisible, Forbidden, Rejected, Unauthorised)


def instead_of_mail(
    services: Services,
    tenant: Tenant,
    stored: StoredIntent,
    events: Sequence[StoredIntent],
    found: LookedUp,
    chosen: Preferences,
) -> str:
    """Tell the person on the page where the site wants that; return the result.

    The person sees the page: that was looked up. `HostUnavailable` passes through, and the next attempt looks whether
    the comment was made.
    """
    if not in_force(services, tenant, None, priority=Priority.EVENT).site.comments:
        return found.no_address
    facts, container = _of_one_page(services, tenant, events, found, chosen)
    if container is None:
        return found.no_address
    link = f"{facts.page_url}#lockpoint-{_name(services, tenant, stored)}"
    begun = services.intents.begin_comment(stored)
    try:
        if not (begun and services.comments.has(tenant, container, link, priority=Priority.EVENT)):
            services.comments.add(tenant, container, _mention(services, stored, facts, link), priority=Priority.EVENT)
    except _NOT_THERE:
        return found.no_address
    return COMMENTED


def _of_one_page(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], found: LookedUp, chosen: Preferences
) -> tuple[MailFacts, Container | None]:
    """Return what may stand on a page: of a summary the first file, and how many news there are besides."""
    if found.container is not None:
        return found.facts, found.container
    first = events[0]
    alike = [one for one in events if one is first or one.intent.topic == first.intent.topic is not None]
    facts, container = about_one(services, tenant, alike, chosen)
    return replace(facts, more=len(events) - len(alike)), container


def _mention(services: Services, stored: StoredIntent, facts: MailFacts, link: str) -> Mention:
    notice = services.mailer.shorten(facts)
    return Mention(account=stored.intent.recipient, sentences=notice.sentences, link_text=notice.link_text, link=link)


def _name(services: Services, tenant: Tenant, stored: StoredIntent) -> str:
    """Return a name that nobody can guess, so that nobody can make us believe in a comment; the same each time."""
    keys = services.tag_keys
    return digest(keys.keys[keys.newest], f"comment/{tenant.id}/{stored.id}".encode())[:20]

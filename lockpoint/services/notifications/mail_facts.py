"""What a mail says: everything is looked up now, as its recipient, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Ended, EndReason, FoundRecord
from lockpoint.domain.snapshots import ended_of
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, Unauthorised
from lockpoint.services.lock_record.file_state import read_state, second_look
from lockpoint.services.lock_record.pauses import pause_end
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.unsubscribe import unsubscribe_url
from lockpoint.services.ports.confluence import Container, Person
from lockpoint.services.ports.notifications import (
    DIGEST,
    STRICT_DIGEST,
    MailFacts,
    MailIntent,
    StoredIntent,
    SummaryLine,
)
from lockpoint.services.tenancy.activity import is_on


class Asleep(Exception):
    """The file is where Lockpoint is switched off."""


DEFAULT_LOCALE, DEFAULT_ZONE = "en", "UTC"
HIDDEN = (GoneOrInvisible, Forbidden, Unauthorised)
FILES_NAMED = 10  # in a summary; each costs a call
# Mails whose reason lies in the signed property: told to the recipient, and stored nowhere else.
_WITH_REASON = (MailKind.LOCK_ENDED_BY_OTHER,)


def looked_up(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences
) -> tuple[MailFacts, str]:
    """Return what a mail about these events says and where it goes.

    A single "not there" can be false, two are believed.
    """
    try:
        return _look_up(services, tenant, events, chosen)
    except HIDDEN:
        second_look(services)
        return _look_up(services, tenant, events, chosen)


def _look_up(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences
) -> tuple[MailFacts, str]:
    topics = {event.intent.topic for event in events}
    about_one = len(events) == 1 or (len(topics) == 1 and None not in topics)
    facts = (_facts if about_one else _summary)(services, tenant, events, chosen)
    return facts, services.people.address(tenant, events[0].intent.recipient, priority=Priority.EVENT)


@dataclass(frozen=True, slots=True)
class _Place:
    """The file and its page as the recipient sees them; a purged file has no name."""

    file_name: str
    file_url: str
    page_title: str
    page_url: str
    history_url: str


def _facts(services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences) -> MailFacts:
    """Return what a mail says of one event, or of several on one topic."""
    intent, count = events[-1].intent, len(events)
    place = _place(services, tenant, intent)
    people = _people(services, tenant, intent.recipient, intent.actor)
    me = people.get(intent.recipient)
    actor = people.get(intent.actor) if intent.actor else None
    ended = _ended(services, tenant, intent.attachment_id, intent.lock_id) if intent.kind in _WITH_REASON else None
    locale, time_zone = _tastes(services, tenant, intent.recipient, me, chosen)
    return MailFacts(
        kind=intent.kind,
        detail=intent.detail if count == 1 else _digest_of(intent),
        recipient_name=me.display_name if me else "",
        file_name=place.file_name,
        page_title=place.page_title,
        page_url=place.page_url,
        file_url=place.file_url,
        actor_name=actor.display_name if actor else None,
        reason=ended.why if ended else None,
        at=ended.at if ended else _end_of_pause(services, tenant, intent),
        locale=locale,
        time_zone=time_zone,
        version=intent.version,
        count=count,
        since=events[0].created_at,
        history_url=place.history_url,
        unsubscribe_url=unsubscribe_url(services, tenant, intent.recipient, intent.kind),
    )


def _digest_of(intent: MailIntent) -> str:
    return STRICT_DIGEST if (intent.detail or "").startswith("strict") else DIGEST


def _summary(services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences) -> MailFacts:
    """Return what a mail says of many events: how many of which kind, by file, and how many more there were."""
    recipient = events[0].intent.recipient
    files = {event.intent.attachment_id: event.intent for event in events}
    names = _visible_names(services, tenant, list(files.values())[:FILES_NAMED])
    me = _people(services, tenant, recipient).get(recipient)
    locale, time_zone = _tastes(services, tenant, recipient, me, chosen)
    counts = Counter((event.intent.attachment_id, event.intent.kind) for event in events)
    return MailFacts(
        kind=MailKind.SUMMARY,
        recipient_name=me.display_name if me else "",
        file_name="",
        page_title="",
        page_url=tenant.display_url or tenant.base_url,
        file_url="",
        actor_name=None,
        reason=None,
        at=None,
        locale=locale,
        time_zone=time_zone,
        count=len(events),
        since=events[0].created_at,
        lines=tuple(SummaryLine(kind, names[file], count) for (file, kind), count in counts.items() if file in names),
        more=sum(count for (file, _), count in counts.items() if file not in names),
    )


def _visible_names(services: Services, tenant: Tenant, intents: Sequence[MailIntent]) -> dict[str, str]:
    """Return the names of the files that the recipient may see; `GoneOrInvisible` or `Asleep` where there is none."""
    names: dict[str, str] = {}
    asleep = False
    hidden: HostError = GoneOrInvisible("no file of the summary is visible")
    for intent in intents:
        try:
            names[intent.attachment_id] = _place(services, tenant, intent).file_name
        except HIDDEN as error:
            hidden = error
        except Asleep:
            asleep = True
    if not names and asleep:
        raise Asleep
    if not names:
        raise hidden
    return names


def _end_of_pause(services: Services, tenant: Tenant, intent: MailIntent) -> datetime | None:
    if intent.kind is not MailKind.PAUSED or intent.lock_id is None:
        return None
    return pause_end(services, tenant, intent.lock_id, (intent.actor,))


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
        return _Place(file_name, file_url, "", site, site)
    view = services.people.container(tenant, recipient, container, priority=Priority.EVENT)
    if not is_on(services, tenant, view.space_id, priority=Priority.EVENT):
        raise Asleep
    # Links that Confluence resolves by content id, on the address people know the site by.
    page_url, history_url = (
        f"{site}/pages/{action}.action?pageId={container.id}" for action in ("viewpage", "viewpageattachments")
    )
    return _Place(file_name, file_url, view.title, page_url, history_url)


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

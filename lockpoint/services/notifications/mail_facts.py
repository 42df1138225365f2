"""What a mail says: everything is looked up now, as its recipient, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Ended, EndReason, FoundRecord, Held
from lockpoint.domain.snapshots import ended_of
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, HostError, NoAddress, Unauthorised
from lockpoint.services.lock_record.edit_requests import HANDED_OVER
from lockpoint.services.lock_record.file_state import read_state, second_look
from lockpoint.services.lock_record.pauses import pause_end
from lockpoint.services.lock_record.waitlist import waitlist_of
from lockpoint.services.notifications.lock_mails import Overtaken, endless_locks, running_lock
from lockpoint.services.notifications.mail_links import extend_url, unsubscribe_url
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.site_texts import with_site_text
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
_ABOUT_REQUESTS = (MailKind.EDIT_REQUEST, MailKind.EDIT_ANSWER)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a mail says and where it goes. `container` has the file, None for a summary.

    Where Confluence gives no address, `address` is None and `no_address` its reason.
    """

    facts: MailFacts
    container: Container | None
    address: str | None
    no_address: str = ""


def looked_up(services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences) -> LookedUp:
    """Return all about a mail on these events; `Overtaken` when they are not so any more.

    A single "not there" can be false, two are believed.
    """
    try:
        return _look_up(services, tenant, events, chosen)
    except HIDDEN:
        second_look(services)
        return _look_up(services, tenant, events, chosen)


def _look_up(services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences) -> LookedUp:
    facts, container = _facts_of(services, tenant, events, chosen)
    facts = with_site_text(services, tenant, events[-1].intent, facts)
    try:
        address = services.people.address(tenant, events[0].intent.recipient, priority=Priority.EVENT)
    except NoAddress as none:
        return LookedUp(facts, container, None, none.reason)
    return LookedUp(facts, container, address)


def _facts_of(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences
) -> tuple[MailFacts, Container | None]:
    if not on_one_topic(events):
        return _summary(services, tenant, events, chosen)
    if events[0].intent.kind is MailKind.ENDLESS_LOCKS:
        return _reminder(services, tenant, events[0].intent, chosen), None
    return about_one(services, tenant, events, chosen)


def on_one_topic(events: Sequence[StoredIntent]) -> bool:
    topics = {event.intent.topic for event in events}
    return len(events) == 1 or (len(topics) == 1 and None not in topics)


@dataclass(frozen=True, slots=True)
class _Place:
    """The file and its page as the recipient sees them; a purged file has no name."""

    container: Container | None
    file_name: str
    file_url: str
    page_title: str
    page_url: str
    history_url: str


def about_one(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences
) -> tuple[MailFacts, Container | None]:
    """Return what a mail says of one event, or of several on one topic, and the page of the file."""
    intent, count = events[-1].intent, len(events)
    held = running_lock(services, tenant, intent) if intent.kind is MailKind.LOCK_WILL_END else None
    place = _place(services, tenant, intent)
    people = _people(services, tenant, intent.recipient, intent.actor)
    me = people.get(intent.recipient)
    actor = people.get(intent.actor) if intent.actor else None
    ended = _ended(services, tenant, intent.attachment_id, intent.lock_id) if intent.kind in _WITH_REASON else None
    message = _message(services, tenant, intent) if intent.kind in _ABOUT_REQUESTS else None
    locale, time_zone = _tastes(services, tenant, intent.recipient, me, chosen)
    facts = MailFacts(
        kind=intent.kind,
        detail=intent.detail if count == 1 else _digest_of(intent),
        recipient_name=me.display_name if me else "",
        file_name=place.file_name,
        page_title=place.page_title,
        page_url=place.page_url,
        file_url=place.file_url,
        actor_name=actor.display_name if actor else None,
        reason=ended.why if ended else message,
        at=ended.at if ended else held.expires_at if held else _end_of_pause(services, tenant, intent),
        locale=locale,
        time_zone=time_zone,
        version=intent.version,
        count=count,
        since=events[0].created_at,
        history_url=place.history_url,
        privacy_url=f"{services.app_url}/privacy",
        unsubscribe_url=unsubscribe_url(services, tenant, intent.recipient, intent.kind, locale, time_zone),
        extend_url=extend_url(services, tenant, intent.attachment_id, held, locale, time_zone) if held else "",
    )
    return facts, place.container


def _reminder(services: Services, tenant: Tenant, intent: MailIntent, chosen: Preferences) -> MailFacts:
    """Return which locks without an end the person has now, the oldest first."""
    locks = endless_locks(services, tenant, intent.recipient)
    named = [replace(intent, attachment_id=file) for file in list(locks)[:FILES_NAMED]]
    names = _visible_names(services, tenant, named)
    me = _people(services, tenant, intent.recipient).get(intent.recipient)
    locale, time_zone = _tastes(services, tenant, intent.recipient, me, chosen)
    shown = [(file, since) for file, since in locks.items() if file in names]
    return MailFacts(
        kind=intent.kind,
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
        count=len(locks),
        lines=tuple(SummaryLine(intent.kind, names[file], 1, since) for file, since in shown),
        more=len(locks) - len(shown),
        privacy_url=f"{services.app_url}/privacy",
        unsubscribe_url=unsubscribe_url(services, tenant, intent.recipient, intent.kind, locale, time_zone),
    )


def _digest_of(intent: MailIntent) -> str:
    return STRICT_DIGEST if (intent.detail or "").startswith("strict") else DIGEST


def _summary(
    services: Services, tenant: Tenant, events: Sequence[StoredIntent], chosen: Preferences
) -> tuple[MailFacts, None]:
    """Return what a mail says of many events: how many of which kind, by file, and how many more there were."""
    recipient = events[0].intent.recipient
    files = {event.intent.attachment_id: event.intent for event in events}
    names = _visible_names(services, tenant, list(files.values())[:FILES_NAMED])
    me = _people(services, tenant, recipient).get(recipient)
    locale, time_zone = _tastes(services, tenant, recipient, me, chosen)
    counts = Counter((event.intent.attachment_id, event.intent.kind) for event in events)
    facts = MailFacts(
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
        privacy_url=f"{services.app_url}/privacy",
        time_zone=time_zone,
        count=len(events),
        since=events[0].created_at,
        lines=tuple(SummaryLine(kind, names[file], count) for (file, kind), count in counts.items() if file in names),
        more=sum(count for (file, _), count in counts.items() if file not in names),
    )
    return facts, None


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
    profile = None if chosen.restricted else services.profiles.get(tenant, account)
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
        return _Place(None, file_name, file_url, "", site, site)
    view = services.people.container(tenant, recipient, container, priority=Priority.EVENT)
    if not is_on(services, tenant, view.space_id, priority=Priority.EVENT):
        raise Asleep
    # Links that Confluence resolves by content id, on the address people know the site by.
    page_url, history_url = (
        f"{site}/pages/{action}.action?pageId={container.id}" for action in ("viewpage", "viewpageattachments")
    )
    return _Place(container, file_name, file_url, view.title, page_url, history_url)


def _people(services: Services, tenant: Tenant, *accounts: str | None) -> dict[str, Person]:
    wanted = [account for account in accounts if account is not None]
    return dict(services.people.describe(tenant, wanted, priority=Priority.EVENT))


def _message(services: Services, tenant: Tenant, intent: MailIntent) -> str | None:
    """Return the words of a request or its answer, read as the recipient; `Overtaken` where it is over.

    A request is over when it was cancelled or answered, or when its lock ended; a new holder's mail with their lock.
    """
    person = intent.recipient
    state = read_state(services, tenant, intent.attachment_id, priority=Priority.EVENT, person=person)
    held, file = state.standing, state.attachment
    if not isinstance(held, Held) or held.lock_id != intent.lock_id:
        raise Overtaken
    if intent.detail == HANDED_OVER:
        return None
    asks = intent.actor if intent.kind is MailKind.EDIT_REQUEST else person
    for one in waitlist_of(services, tenant, file.id, file.waitlist_row).requests:
        asked = (one.account, one.lock_id) == (asks, held.lock_id)
        if asked and one.open is (intent.kind is MailKind.EDIT_REQUEST):
            return one.message if one.open else one.note
    raise Overtaken


def _ended(services: Services, tenant: Tenant, attachment_id: str, lock_id: str | None) -> Ended | None:
    """Return how that lock ended, while the record says so."""
    try:
        found: FoundRecord = read_state(services, tenant, attachment_id, priority=Priority.EVENT).found
    except HostError:
        return None
    ended = ended_of(found)
    return ended if ended is not None and ended.lock_id == lock_id else None

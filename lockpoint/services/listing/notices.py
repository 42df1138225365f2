"""What an open surface should tell a person now: what mails tell them, from the last minutes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.listing.seen_files import Hidden, file_seen
from lockpoint.services.locks.lock_view import PersonRef, names_of
from lockpoint.services.notifications.lock_mails import is_overtaken
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import Witness
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.whereabouts import is_on_for

SHOWN: Final = timedelta(minutes=10)
MOST: Final = 20
_ONLY_BY_MAIL: Final = frozenset({MailKind.ENDLESS_LOCKS, MailKind.SUMMARY})


@dataclass(frozen=True, slots=True)
class Notice:
    """`title` and `open_url` are None where the file is gone, or could not be asked for."""

    id: str
    at: datetime
    intent: MailIntent
    title: str | None
    open_url: str | None
    by: PersonRef | None


@dataclass(frozen=True, slots=True)
class Notices:
    """`whole`: every title could be asked for."""

    items: tuple[Notice, ...]
    whole: bool


def owed(services: Services, actor: Actor) -> tuple[StoredIntent, ...]:
    """Return what the person was owed to be told in the last minutes, newest first; asks Confluence nothing.

    As with mails, nothing about files where Lockpoint is switched off, and no warning of an end that has changed.
    """
    since = services.clock.now() - SHOWN
    found = services.recent_intents.of(actor.tenant, actor.account_id, since, limit=MOST)
    wanted = [one for one in found if one.intent.kind not in _ONLY_BY_MAIL]
    files = {one.intent.attachment_id for one in wanted}
    known = {file_id: services.witnesses.get(actor.tenant, file_id) for file_id in files}
    return tuple(one for one in wanted if _is_told(services, actor, known[one.intent.attachment_id], one.intent))


def _is_told(services: Services, actor: Actor, known: Witness | None, intent: MailIntent) -> bool:
    on = is_on_for(services, actor.tenant, known, priority=Priority.INTERACTIVE)
    return on and not is_overtaken(services, known, intent)


def tag_of(actor: Actor, known: Sequence[StoredIntent]) -> str:
    """The same while there is nothing new, and nothing has become old."""
    text = repr((actor.tenant.site_key, actor.account_id, [id_of(one) for one in known]))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def id_of(stored: StoredIntent) -> str:
    """The same whenever it is shown; tells nothing of how many there are."""
    intent = stored.intent
    text = f"{stored.tenant_id}/{intent.kind}/{intent.event_key}/{intent.recipient}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(services: Services, actor: Actor, known: Sequence[StoredIntent]) -> Notices:
    """Return the notices with names as the person sees them; as with mails, none about a file that they do not see."""
    with spending_on("notices"):
        files = {
            file_id: file_seen(services, actor, file_id) for file_id in {one.intent.attachment_id for one in known}
        }
        shown = [one for one in known if files[one.intent.attachment_id] is not Hidden or _tells_of_loss(one)]
        names = names_of(services, actor, {one.intent.actor for one in shown if one.intent.actor})
        items = tuple(_notice(one, files[one.intent.attachment_id], names.get(one.intent.actor or "")) for one in shown)
        return Notices(items, all(file is not None for file in files.values()))


def _notice(stored: StoredIntent, found: Attachment | type[Hidden] | None, name: str | None) -> Notice:
    by = stored.intent.actor
    file = found if isinstance(found, Attachment) else None
    return Notice(
        id=id_of(stored),
        at=stored.created_at,
        intent=stored.intent,
        title=file.title if file else None,
        open_url=(file.open_url or None) if file else None,
        by=PersonRef(by, name) if by else None,
    )


def _tells_of_loss(stored: StoredIntent) -> bool:
    """A file that was purged has no name, and its last holder hears of it all the same."""
    return stored.intent.detail == EndReason.FILE_GONE

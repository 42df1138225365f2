"""Mails: intents, profiles, log, sending, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from lockpoint.domain.events import MailKind
from lockpoint.domain.mails.mail_budget import IN_DIGESTS, Topic
from lockpoint.domain.mails.mail_templates import MailTemplate
from lockpoint.services.context import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class MailIntent:
    """One mail to one person: unique by (tenant, kind, event_key, recipient).

    Ids only: names, address and reasons are read at sending. `actor` is the other person concerned.
    """

    kind: MailKind
    recipient: str
    attachment_id: str
    event_key: str
    actor: str | None = None
    lock_id: str | None = None
    version: int | None = None
    detail: str | None = None

    @property
    def topic(self) -> Topic | None:
        """What its digest is about; None for a mail that stands for itself."""
        return Topic(self.kind, self.lock_id, self.actor) if self.kind in IN_DIGESTS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIntent:
    id: int
    tenant_id: int
    intent: MailIntent
    created_at: datetime
    done: bool


@dataclass(frozen=True, slots=True)
class NotBefore:
    """Too many mails went out: the job of `intent_id` tells it, not before `at`."""

    intent_id: int
    at: datetime


class Intents(Protocol):
    def get(self, intent_id: int) -> StoredIntent | None: ...

    def claim(self, stored: StoredIntent) -> Sequence[StoredIntent] | NotBefore:
        """Return what the mail of this intent tells, oldest first, and have no other mail tell it.

        As `domain.mails.mail_budget` says; again after a crash the same. Nothing when another mail tells it.
        """
        ...

    def let_go(self, events: Sequence[StoredIntent]) -> None:
        """Have other mails tell these, which a mail had claimed."""
        ...

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        """Mark all that its mail tells as done; log the mail with the hashed address, never the address itself.

        Where neither a mail nor a comment told the person, none is counted.
        """
        ...

    def begin_comment(self, stored: StoredIntent) -> bool:
        """Note that a comment is about to be made; return whether that was noted before, so that one may be there."""
        ...

    def note_test(self, tenant: Tenant, *, result: str, address: str) -> None:
        """Log a test mail that an admin asked for."""
        ...


TEST_MAIL: Final = "test"
"""The log's word for a mail that an admin asked for."""

COMMENTED: Final = "commented"
COMMENT_BEGUN: Final = "comment_begun"
UNREACHABLE: Final = ("not_approved", "unknown", "switched_off", "hidden")
"""Why Confluence gives no address (`NoAddress.reason`): results of mails that told nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHealth:
    """How the mails of a site fare: now, and since some day.

    `waiting` mails have not left; `parked` ones were tried for a day; the mail server `refused` others for good.
    Confluence gives no address of `unreachable` people, who were not told their newest news, and of `commented` ones.
    """

    waiting: int
    parked: int
    refused: int
    unreachable: int
    commented: int


class MailFigures(Protocol):
    def read(self, tenant: Tenant, since: datetime) -> MailHealth:
        """Return counts without people; `StorageUnavailable`."""
        ...


DIGEST = "digest"
TO_MANAGER: Final = "manager:"
"""Before the word of a mail that a lock manager gets about another person's lock."""
STRICT_DIGEST = "strict_digest"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """So many events of one kind about one file, which has no name once purged; `since` of a lock without end."""

    kind: MailKind
    file_name: str
    count: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFacts:
    """A text of the site's, and of the lock what it may name; None where nothing is known. `tried` by an admin."""

    template: MailTemplate
    language: str
    owner_name: str | None = None
    locked_at: datetime | None = None
    ends_at: datetime | None = None
    tried: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail says, read at sending and stored nowhere.

    `detail` is the intent's word: `undone` or `not_undone` for an overwrite; `renamed`, `trashed`, `trashed_renamed`,
    `strict` or `strict_renamed` (nobody held the file) for what was undone; the reason of an ending or flag, after
    `TO_MANAGER` for a lock manager; `handed_over` or `declined`; `DIGEST` for `count` events since `since`. `at` is
    when a lock ended or will end, or when a pause ends. A summary has `lines` for files and leaves out `more` events;
    so has a reminder of `count` locks without end. `unsubscribe_url` is None for mails that cannot be switched off;
    without `extend_url` the warning leads to the page. `told` is what only a text of the site's needs.
    """

    kind: MailKind
    detail: str | None = None
    recipient_name: str
    file_name: str
    page_title: str
    page_url: str
    file_url: str
    actor_name: str | None
    reason: str | None
    at: datetime | None
    locale: str
    time_zone: str
    version: int | None = None
    count: int = 1
    since: datetime | None = None
    history_url: str = ""
    lines: tuple[SummaryLine, ...] = ()
    more: int = 0
    unsubscribe_url: str | None = None
    extend_url: str = ""
    privacy_url: str = ""
    told: TemplateFacts | None = None


@dataclass(frozen=True, slots=True)
class ShortNotice:
    """What a mail would say, in a few words that everybody on the page may read."""

    sentences: tuple[str, ...]
    link_text: str


@dataclass(frozen=True, slots=True)
class ShownMail:
    subject: str
    html: str
    text: str


class Mailer(Protocol):
    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        """Compose and hand over one mail; `MailRefused` (for good) or `MailUnavailable` (retry)."""
        ...

    def show(self, facts: MailFacts) -> ShownMail:
        """Return the mail that `send` would send."""
        ...

    def words(self, language: str) -> Mapping[str, MailTemplate]:
        """Return the words of the app for each mail, as if an admin had written them."""
        ...

    def shorten(self, facts: MailFacts) -> ShortNotice:
        """Return the text of a comment, in the language of its person."""
        ...


class PageKind(StrEnum):
    """What a page behind a link in a mail says; the first two ask before they act, `UNSUBSCRIBED` offers to undo."""

    UNSUBSCRIBE = "unsubscribe"
    EXTEND = "extend"
    UNSUBSCRIBED = "unsubscribed"
    SUBSCRIBED_AGAIN = "subscribed_again"
    ONLY_KEPT = "only_kept"
    EXTENDED = "extended"
    ENDED = "ended"
    LONGEST_LIFE = "longest_life"
    NOT_ALLOWED = "not_allowed"
    NOT_THERE = "not_there"
    BLOCKED = "blocked"
    INACTIVE = "inactive"
    UNLICENSED = "unlicensed"
    LATER = "later"
    BAD_LINK = "bad_link"


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """`at` is when the lock ends or ended; `mail` is the kind that a person unsubscribes from."""

    kind: PageKind
    file_name: str = ""
    at: datetime | None = None
    mail: MailKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage:
    """The words of a page, in its reader's language."""

    language: str
    direction: str
    title: str
    lines: tuple[str, ...]
    button: str | None


class LinkPages(Protocol):
    def words(self, answer: LinkAnswer, locale: str, time_zone: str = "UTC") -> LinkPage: ...


class MailRefused(Exception):
    """The mail server refuses this mail for good."""


class MailUnavailable(Exception):
    """The mail server is away, or asks to retry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """None where Confluence does not tell."""

    time_zone: str | None
    locale: str | None
    used_at: datetime


class Profiles(Protocol):
    """Of people who used locking, for 30 days since their last use."""

    def get(self, tenant: Tenant, account: str) -> Profile | None: ...

    def put(self, tenant: Tenant, account: str, profile: Profile) -> None: ...


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """Without the hash of the address."""

    tenant_id: int
    at: datetime
    kind: str
    result: str


class Tokens(Protocol):
    """Sealed texts for links in mails."""

    def seal_link(self, text: str, purpose: str) -> str:
        """Return a URL-safe token, valid for this purpose only."""
        ...

    def unseal_link(self, token: str, purpose: str) -> str | None:
        """None for anything not sealed for this purpose."""
        ...

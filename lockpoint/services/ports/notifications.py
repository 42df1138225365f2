"""Mails: intents, profiles, log, sending, links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lockpoint.domain.events import MailKind
from lockpoint.domain.mail_budget import IN_DIGESTS, Topic
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

        As `domain.mail_budget` says; again after a crash the same. Nothing when another mail tells it.
        """
        ...

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        """Mark all that its mail tells as done; log the mail with the hashed address, never the address itself.

        Without an address no mail left, so none is counted.
        """
        ...


DIGEST = "digest"
STRICT_DIGEST = "strict_digest"


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """So many events of one kind about one file, which has no name once purged; `since` of a lock without end."""

    kind: MailKind
    file_name: str
    count: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail says, read at sending and stored nowhere.

    `detail` is the intent's word: `undone` or `not_undone` for an overwrite; `renamed`, `trashed`, `trashed_renamed`,
    `strict` or `strict_renamed` (nobody held the file) for what was undone; the reason of an ending or flag;
    `handed_over` or `declined`; `DIGEST` for `count` events since `since`. `at` is when a lock ended or will end, or
    when a pause ends. A summary has `lines` for files and leaves out `more` events; so has a reminder of `count` locks
    without end. `unsubscribe_url` is None for mails that cannot be switched off; without `extend_url` the warning leads
    to the page.
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


class Mailer(Protocol):
    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        """Compose and hand over one mail; `MailRefused` (for good) or `MailUnavailable` (retry)."""
        ...


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

"""Mails: intents, profiles, log, sending, links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lockpoint.domain.events import MailKind
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIntent:
    id: int
    tenant_id: int
    intent: MailIntent
    done: bool


class Intents(Protocol):
    def get(self, intent_id: int) -> StoredIntent | None: ...

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        """Mark it done and log the hashed address, never the address itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail says, read at sending and stored nowhere.

    `detail` is the intent's word: `undone` or `not_undone` for an overwrite; `renamed`, `trashed`, `trashed_renamed`
    for what was undone; the reason of an ending or flag. `unsubscribe_url` is None for mails that cannot be switched
    off.
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
    unsubscribe_url: str | None = None


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

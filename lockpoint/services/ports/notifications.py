"""Mails: intents, profiles, the log, sending, and the sealed texts of links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lockpoint.domain.events import MailKind
from lockpoint.services.context import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class MailIntent:
    """That one person is to be told one thing, once: unique by (tenant, kind, event_key, recipient).

    Carries ids only; names and the address are looked up when the mail is sent. `actor` is the other person in the
    story, `created` the offending version's host time. Reasons stay in the signed property.
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
    """A mail intent as it waits."""

    id: int
    tenant_id: int
    intent: MailIntent
    done: bool


class Intents(Protocol):
    """Mail intents and the log of what was sent."""

    def get(self, intent_id: int) -> StoredIntent | None:
        """One intent, or None when it is gone."""
        ...

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        """Mark it done and log time, kind, result and the hashed address (never the address itself)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail says: filled at the moment of sending, kept nowhere.

    `detail` is the intent's word: `undone` or `not_undone` for an overwrite; `renamed`, `trashed` or, under another
    name, `trashed_renamed` for what was undone of that kind; the reason code of an ending or a flag. `unsubscribe_url`
    switches mails of this kind off for the recipient; None for mails that cannot be switched off.
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
    """Composes and sends one mail."""

    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        """Hand it to the mail server; `MailRefused` (never try again) or `MailUnavailable` (later)."""
        ...


class MailRefused(Exception):
    """The mail server refuses this mail for good."""


class MailUnavailable(Exception):
    """The mail server is away or says: later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Language and time zone of a person who used locking; None where Confluence does not tell."""

    time_zone: str | None
    locale: str | None
    used_at: datetime


class Profiles(Protocol):
    """Time zone and locale of people who used locking themselves, for 30 days since their last use."""

    def get(self, tenant: Tenant, account: str) -> Profile | None:
        """The stored profile."""
        ...

    def put(self, tenant: Tenant, account: str, profile: Profile) -> None:
        """Store it over an older one."""
        ...


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """What the e-mail log keeps of a mail, but for the hash of its address."""

    tenant_id: int
    at: datetime
    kind: str
    result: str


class Tokens(Protocol):
    """Sealed texts that only we can read, for links in mails."""

    def seal_link(self, text: str, purpose: str) -> str:
        """A token for addresses, good for this purpose only."""
        ...

    def unseal_link(self, token: str, purpose: str) -> str | None:
        """The text, or None for anything that was not sealed for this purpose."""
        ...

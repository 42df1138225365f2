"""Links in mails that act without a sign-in: each is sealed for one person of one site and one purpose.

The page behind a link speaks as its mail did, so the link carries language and time zone. Nobody can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant

EXPLAINED: Final = timedelta(days=30)
"""How long after the end of its lock a link still says what became of it; then it is too old."""

ENDS: Final = timedelta(days=90)
"""Links stand in logs of routers and in old mailboxes; after so long they do nothing."""

UNDATED_UNTIL: Final = datetime(2027, 3, 1, tzinfo=UTC)
"""Links of mails that an earlier version sent have no date."""

_UNSUBSCRIBE: Final = "unsubscribe"
_EXTEND: Final = "extend"
_PERSON: Final = 3
"""Account, language and time zone; the date follows."""

_WORDS: Final = {kind.value: kind for kind in OPTIONAL}


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more mails of this kind."""

    kind: MailKind


@dataclass(frozen=True, slots=True)
class Extend:
    """The lock that ends at `ends_at` shall live on."""

    attachment_id: str
    lock_id: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class MailLink:
    """What a person wants who follows it."""

    actor: Actor
    locale: str
    time_zone: str
    wish: Unsubscribe | Extend


def unsubscribe_url(
    services: Services, tenant: Tenant, account: str, kind: MailKind, locale: str, time_zone: str
) -> str | None:
    """Return the address that switches these mails off; None where that is impossible."""
    if kind not in OPTIONAL:
        return None
    return _url(services, _UNSUBSCRIBE, tenant, kind.value, account, locale, time_zone)


def extend_url(services: Services, tenant: Tenant, attachment_id: str, held: Held, locale: str, time_zone: str) -> str:
    """Return the address that extends the lock; "" where it has no end."""
    if held.expires_at is None:
        return ""
    lock = (attachment_id, held.lock_id, held.expires_at.isoformat())
    return _url(services, _EXTEND, tenant, *lock, held.holder, locale, time_zone)


def read_link(services: Services, token: str) -> MailLink | None:
    """Return what a link means; None for one that we did not seal, that is too old, or of a site that is gone."""
    unsubscribe = services.tokens.unseal_link(token, _UNSUBSCRIBE)
    if unsubscribe is not None:
        tenant_id, kind, *person = unsubscribe.split("\n")
        known = kind in _WORDS and not _is_old(services, person)
        return _link(services, tenant_id, person, Unsubscribe(_WORDS[kind])) if known else None
    extend = services.tokens.unseal_link(token, _EXTEND)
    if extend is None:
        return None
    tenant_id, attachment_id, lock_id, end, *person = extend.split("\n")
    ends_at = datetime.fromisoformat(end)
    if services.clock.now() >= ends_at + EXPLAINED or _is_old(services, person):
        return None
    return _link(services, tenant_id, person, Extend(attachment_id, lock_id, ends_at))


def _url(services: Services, purpose: str, tenant: Tenant, *words: str) -> str:
    dated = (str(tenant.id), *words, services.clock.now().isoformat())
    token = services.tokens.seal_link("\n".join(dated), purpose)
    return f"{services.app_url}/mail/{token}"


def _is_old(services: Services, person: list[str]) -> bool:
    now = services.clock.now()
    if len(person) <= _PERSON:
        return now >= UNDATED_UNTIL
    return now >= datetime.fromisoformat(person[_PERSON]) + ENDS


def _link(services: Services, tenant_id: str, person: list[str], wish: Unsubscribe | Extend) -> MailLink | None:
    tenant = services.tenants.by_id(int(tenant_id))
    if tenant is None:
        return None
    account, locale, time_zone = (*person, "", "")[:3]  # mails of an earlier version say no more than the account
    return MailLink(Actor(tenant, account), locale, time_zone, wish)

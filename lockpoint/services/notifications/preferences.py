"""A person's preferences: optional mails, language, time zone; a signed property on their account.

Other apps and the person can write there, so what we did not sign there and then counts as none. Account properties
have no versions, so a lock of ours keeps two changes apart.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from lockpoint.domain import signed_json
from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import HostError, Invalid, StorageUnavailable

KEY: Final = "lockpointprefs"
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """`off` are the optional mails that are not wanted; None: Confluence's profile decides.

    `restricted`: data about the person are only kept, not used: no optional mail, and nothing of a profile.
    """

    off: frozenset[MailKind] = frozenset()
    locale: str | None = None
    time_zone: str | None = None
    restricted: bool = False

    def wants(self, kind: MailKind) -> bool:
        return kind not in OPTIONAL if self.restricted else kind not in self.off


def read(services: Services, tenant: Tenant, account: str, *, priority: Priority) -> Preferences:
    """Return what the person chose, or the default; the host's errors pass through.

    Costs 1 point; 3 once where the signature is of an old key or has no date: then it is signed again.
    """
    stored = _stored(services, tenant, account, priority)
    if stored.outdated:
        with suppress(HostError, StorageUnavailable):  # the next read tries again
            sign_again(services, tenant, account, priority=priority)
    return stored.preferences


@dataclass(frozen=True, slots=True)
class Changed:
    before: Preferences
    after: Preferences


def change(services: Services, actor: Actor, wanted: Preferences, *, restricted: bool | None = None) -> Changed:
    """`Invalid` for an unknown language or time zone; `restricted` None leaves a restriction as it is."""
    if wanted.locale is not None and not _LOCALE.fullmatch(wanted.locale):
        raise Invalid("locale must be a language tag such as de or pt-BR.")
    if wanted.time_zone is not None and wanted.time_zone not in _zones():
        raise Invalid("timeZone must be a name such as Europe/Berlin.")
    with services.site_states.exclusive(actor.tenant):
        before = _stored(services, actor.tenant, actor.account_id, Priority.INTERACTIVE).preferences
        after = replace(wanted, restricted=before.restricted if restricted is None else restricted)
        _store(services, actor.tenant, actor.account_id, after, Priority.INTERACTIVE)
    return Changed(before, after)


def restrict(services: Services, tenant: Tenant, account: str, *, on: bool, priority: Priority) -> bool:
    """Set whether data are only kept; return whether that is a change. The host's errors pass through."""
    with services.site_states.exclusive(tenant):
        present = _stored(services, tenant, account, priority).preferences
        if present.restricted != on:
            _store(services, tenant, account, replace(present, restricted=on), priority)
        return present.restricted != on


def switch_off(services: Services, tenant: Tenant, account: str, kind: MailKind) -> None:
    """Send this person no more mails of an optional kind; can be repeated."""
    with services.site_states.exclusive(tenant):
        present = _stored(services, tenant, account, Priority.INTERACTIVE).preferences
        if kind in OPTIONAL and kind not in present.off:
            _store(services, tenant, account, replace(present, off=present.off | {kind}), Priority.INTERACTIVE)


def switch_on(services: Services, tenant: Tenant, account: str, kind: MailKind) -> bool:
    """Send mails of this kind again; can be repeated. False where a restriction holds them back all the same."""
    with services.site_states.exclusive(tenant):
        present = _stored(services, tenant, account, Priority.INTERACTIVE).preferences
        after = replace(present, off=present.off - {kind})
        if after != present:
            _store(services, tenant, account, after, Priority.INTERACTIVE)
        return after.wants(kind)


def sign_again(services: Services, tenant: Tenant, account: str, *, priority: Priority) -> bool:
    """Store the preferences dated, under the newest key; return whether that was needed.

    The host's errors pass through.
    """
    with services.site_states.exclusive(tenant):
        stored = _stored(services, tenant, account, priority)
        if stored.outdated:
            _store(services, tenant, account, stored.preferences, priority)
        return stored.outdated


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored on the account and counts; `outdated` has the signature of an old key or of an old version."""

    preferences: Preferences
    outdated: bool


def _stored(services: Services, tenant: Tenant, account: str, priority: Priority) -> _Stored:
    row, keys = services.user_properties.read(tenant, account, KEY, priority=priority), services.mac_keys
    places = (_place(name, account) for name in tenant.signed_names)
    fields = signed_json.verify_dated_anywhere(row.value, places, row.version, row.created, keys) if row else None
    if row is None or fields is None:
        return _Stored(Preferences(), outdated=False)
    return _Stored(_parse(fields), outdated="at" not in fields or signed_json.key_id_of(row.value) != keys.newest)


def _store(services: Services, tenant: Tenant, account: str, wanted: Preferences, priority: Priority) -> None:
    fields: dict[str, object] = {
        "schema": 1,
        "off": sorted(kind.value for kind in wanted.off),
        "locale": wanted.locale,
        "time_zone": wanted.time_zone,
        "restricted": wanted.restricted,
    }
    place, now = _place(tenant.site_key, account), services.clock.now()
    value = signed_json.sign_dated(fields, place, 0, now, services.mac_keys)
    services.user_properties.write(tenant, account, KEY, value, priority=priority)


def _parse(fields: dict[str, object]) -> Preferences:
    off, locale, zone = fields.get("off"), fields.get("locale"), fields.get("time_zone")
    words = {str(word) for word in off} if isinstance(off, list) else set()
    return Preferences(
        off=frozenset(kind for kind in OPTIONAL if kind.value in words),
        locale=locale if isinstance(locale, str) else None,
        time_zone=zone if isinstance(zone, str) else None,
        restricted=fields.get("restricted") is True,
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _place(name: str, account: str) -> str:
    return f"{KEY}/{name}/{account}"

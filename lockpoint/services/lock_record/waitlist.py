"""The waitlist of a file: a signed, dated property with who waits for it, first come first, and who asks for it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lockpoint.domain import signed_json
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.edit_requests import EditRequests, open_requests, read_requests, written
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty

KEY = "lockpointwatch"
MOST = 200  # askers per file
LARGEST = 30_000  # bytes of all members together; Confluence takes 32 KB


@dataclass(frozen=True, slots=True)
class WaitlistPlace:
    """`position` counts from 1, None when they did not ask."""

    asked: bool
    count: int
    position: int | None


NOT_WAITING = WaitlistPlace(asked=False, count=0, position=None)


@dataclass(frozen=True, slots=True)
class Waitlist:
    """The whole property: accounts that wait, first come first, and requests to the holder, oldest first."""

    askers: tuple[str, ...] = ()
    requests: EditRequests = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """Who is told that the file is free: whoever waits or asks for it; who was declined only if they wait."""
        return tuple(dict.fromkeys((*self.askers, *(one.account for one in self.requests if one.open))))

    @property
    def too_large(self) -> bool:
        return len(json.dumps(_members(self), ensure_ascii=False).encode()) > LARGEST

    def under(self, held: Held) -> Waitlist:
        """Return what is left of it under a lock.

        Its holder waits no longer. A request ended with its lock: whoever made it waits until the file is free.
        """
        ended = [one for one in self.requests if one.lock_id != held.lock_id and one.at <= held.acquired_at]
        waiting = (one.account for one in ended if one.open)
        askers = tuple(one for one in dict.fromkeys((*self.askers, *waiting)) if one != held.holder)
        return Waitlist(
            askers[: max(MOST, len(self.askers))],
            tuple(one for one in self.requests if one not in ended and one.account != held.holder),
        )

    def without(self, account: str) -> Waitlist:
        return Waitlist(
            tuple(one for one in self.askers if one != account),
            tuple(one for one in self.requests if one.account != account),
        )

    def asking(self, held: Held) -> tuple[str, ...]:
        """Return who asks the holder of this lock for the file."""
        return tuple(one.account for one in open_requests(self.requests, held.lock_id, held.holder))


def place_of(waitlist: tuple[str, ...], account: str) -> WaitlistPlace:
    position = waitlist.index(account) + 1 if account in waitlist else None
    return WaitlistPlace(position is not None, len(waitlist), position)


def waitlist_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> Waitlist:
    """Return what lies there; anything that we did not write there and then counts as empty."""
    fields = _fields(services, tenant, attachment_id, row)
    askers = fields.get("askers") if fields else None
    return Waitlist(
        tuple(str(account) for account in askers) if isinstance(askers, list) else (),
        read_requests(fields.get("requests")) if fields else (),
    )


def foreign(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> bool:
    """Return whether something lies there that is not obeyed; it may name people all the same."""
    return row is not None and _fields(services, tenant, attachment_id, row) is None


def read_waitlist(
    services: Services, tenant: Tenant, attachment_id: str, *, priority: Priority, person: str | None = None
) -> StoredProperty | None:
    host = PropertyHost.ATTACHMENT
    return services.properties.read(tenant, host, attachment_id, KEY, priority=priority, person=person)


def store_waitlist(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    row: StoredProperty | None,
    waitlist: Waitlist,
    *,
    priority: Priority,
    person: str | None = None,
) -> StoredProperty:
    """Store the waitlist on condition that it is still `row`, and return the new row; `LostRace` otherwise."""
    place, version = _place(tenant.site_key, attachment_id), row.version + 1 if row else 1
    fields = {"schema": 1, **_members(waitlist)}
    value = signed_json.sign_dated(fields, place, version, services.clock.now(), services.mac_keys)
    host = PropertyHost.ATTACHMENT
    if row is None:
        return services.properties.create(tenant, host, attachment_id, KEY, value, priority=priority, person=person)
    return services.properties.replace(tenant, host, attachment_id, row, value, priority=priority, person=person)


def _members(waitlist: Waitlist) -> dict[str, object]:
    return {"askers": list(waitlist.askers), "requests": [written(one) for one in waitlist.requests]}


def _fields(
    services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None
) -> dict[str, object] | None:
    if row is None:
        return None
    places = (_place(name, attachment_id) for name in tenant.signed_names)
    return signed_json.verify_dated_anywhere(row.value, places, row.version, row.created, services.mac_keys)


def _place(name: str, attachment_id: str) -> str:
    return f"{KEY}/{name}/{attachment_id}"

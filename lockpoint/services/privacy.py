"""What we hold about one person, handed out: their own data and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lockpoint.locking.events import OPTIONAL
from lockpoint.locking.lock import Held
from lockpoint.services import preferences
from lockpoint.services.accounting import spending_on
from lockpoint.services.context import Lane, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible
from lockpoint.services.looking import Seen, look
from lockpoint.services.people_ports import Origin, Right, Row
from lockpoint.services.services import Services
from lockpoint.services.waiting import askers_of, asking

MOST_FILES: Final = 100
"""How many files are read while a person waits; an operator's export has no such limit."""

NOTES: Final = (
    "Names and e-mail addresses are not stored: they are fetched from Confluence when they are shown or sent.",
    (
        "The log of e-mails keeps time, kind, result and a keyed hash of the address. Without the address a hash does "
        "not tell whose it is, so its rows cannot be listed here; they are deleted after 30 days at most."
    ),
    "Rows of the database leave after 30 days at most; locks and lists of waiting people lie in Confluence itself.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """Everything about one account of one site. `complete` is False when not every file could be looked at."""

    site: str
    account_id: str
    collected_at: datetime
    database: Mapping[str, Sequence[Row]]
    locks: tuple[Row, ...]
    waiting: tuple[Row, ...]
    preferences: Row
    complete: bool
    notes: tuple[str, ...] = NOTES


def export(
    services: Services, tenant: Tenant, account: str, origin: Origin, *, most_files: int | None = None
) -> PersonalData:
    """Collect everything that is held about the account, and note that somebody asked.

    Costs 2 points for each locked file of the site, up to `most_files` of them, and 1 for the preferences.
    """
    request = services.privacy_requests.asked(tenant, Right.COPY, origin, services.clock.now())
    with spending_on("export"):
        stored = services.people_data.export(tenant, account)
        nothing = _Found((), (), {}, complete=False)
        found = _in_confluence(services, tenant, account, most_files) if tenant.active else nothing
    services.privacy_requests.done(request, services.clock.now())
    return PersonalData(
        site=tenant.base_url,
        account_id=account,
        collected_at=services.clock.now(),
        database=stored,
        locks=found.locks,
        waiting=found.waiting,
        preferences=found.preferences,
        complete=found.complete,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    locks: tuple[Row, ...]
    waiting: tuple[Row, ...]
    preferences: Row
    complete: bool


def _in_confluence(services: Services, tenant: Tenant, account: str, most_files: int | None) -> _Found:
    lane = Lane.REPORTS if most_files is None else Lane.PEOPLE
    locks: list[Row] = []
    waiting: list[Row] = []
    looked, complete, after = 0, True, None
    while batch := services.people_data.listed(tenant, account, after=after, limit=MOST_FILES):
        after = batch[-1]
        for attachment_id in batch:
            if most_files is not None and looked >= most_files:
                return _Found(tuple(locks), tuple(waiting), _chosen(services, tenant, account, lane), complete=False)
            looked += 1
            try:
                seen = look(services, tenant, attachment_id, lane=lane)
            except (GoneOrInvisible, Forbidden):
                complete = False  # closed to the app: the database's copy is what there is
                continue
            locks.extend(_lock(seen, account))
            waiting.extend(_place_in_line(services, tenant, seen, account))
    return _Found(tuple(locks), tuple(waiting), _chosen(services, tenant, account, lane), complete=complete)


def _lock(seen: Seen, account: str) -> Sequence[Row]:
    held = seen.reading
    if not isinstance(held, Held) or held.holder != account:
        return ()
    until = None if held.expires_at is None else held.expires_at.isoformat()
    return (
        {
            "attachment": seen.attachment.id,
            "lock": held.lock_id,
            "since": held.acquired_at.isoformat(),
            "until": until,
            "note": held.note,
            "unlock_on_upload": held.unlock_on_upload,
            "protected_version": held.base.number,
        },
    )


def _place_in_line(services: Services, tenant: Tenant, seen: Seen, account: str) -> Sequence[Row]:
    place = asking(askers_of(services, tenant, seen.attachment.id, seen.attachment.watch), account)
    return ({"attachment": seen.attachment.id, "position": place.position},) if place.asked else ()


def _chosen(services: Services, tenant: Tenant, account: str, lane: Lane) -> Row:
    chosen = preferences.read(services, tenant, account, lane=lane)
    mails = {kind.value: kind not in chosen.off for kind in OPTIONAL}
    return {"mails": mails, "locale": chosen.locale, "time_zone": chosen.time_zone}

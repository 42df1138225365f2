"""What is stored about one person, and nothing about anybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from lockpoint.domain.events import OPTIONAL
from lockpoint.domain.lock import Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Forbidden, GoneOrInvisible, Rejected
from lockpoint.services.lock_record.file_state import FileState, read_state
from lockpoint.services.lock_record.waitlist import place_of, waitlist_of
from lockpoint.services.notifications import preferences
from lockpoint.services.ports.privacy import Origin, PrivacyRight, Row
from lockpoint.services.privacy.purposes import PURPOSES, StatedPurpose
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_active

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
    """`complete` is False when not every file could be read."""

    site: str
    account_id: str
    collected_at: datetime
    database: Mapping[str, Sequence[Row]]
    locks: tuple[Row, ...]
    ended: tuple[Row, ...]
    waiting: tuple[Row, ...]
    requests: tuple[Row, ...]
    preferences: Row
    complete: bool
    purposes: Mapping[str, StatedPurpose] = field(default_factory=lambda: PURPOSES)
    notes: tuple[str, ...] = NOTES


def export(
    services: Services, tenant: Tenant, account: str, origin: Origin, *, most_files: int | None = None
) -> PersonalData:
    """Collect everything stored about the account, and record the request.

    Costs 1 point for the preferences, and 2 for each locked file of the site and each other one that names the account,
    up to `most_files`, those that name it first.
    """
    request = services.person_store.note_request(tenant, PrivacyRight.COPY, origin, services.clock.now())
    with spending_on("export"):
        stored = services.person_store.export(tenant, account)
        found = _Found(complete=False)
        chosen: Row = {}
        if is_active(services, tenant, licensed=False):
            found = _in_confluence(services, tenant, account, most_files)
            try:
                chosen = _chosen(services, tenant, account, _lane(most_files))
            except (Forbidden, Rejected):
                found.complete = False  # as for an account that is closed
    services.person_store.note_fulfilled(request, services.clock.now())
    return PersonalData(
        site=tenant.base_url,
        account_id=account,
        collected_at=services.clock.now(),
        database=stored,
        locks=tuple(found.locks),
        ended=tuple(found.ended),
        waiting=tuple(found.waiting),
        requests=tuple(found.requests),
        preferences=chosen,
        complete=found.complete,
    )


@dataclass(slots=True)
class _Found:
    locks: list[Row] = field(default_factory=list)
    ended: list[Row] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)
    complete: bool = True


def _in_confluence(services: Services, tenant: Tenant, account: str, most_files: int | None) -> _Found:
    priority, found = _lane(most_files), _Found()
    for looked, attachment_id in enumerate(_files(services, tenant, account)):
        if looked == most_files:
            found.complete = False
            break
        try:
            state = read_state(services, tenant, attachment_id, priority=priority)
        except (GoneOrInvisible, Forbidden):
            found.complete = False  # closed to the app: only the database's copy is shown
            continue
        found.locks.extend(_lock(state, account))
        found.ended.extend(_ended(state, account))
        found.waiting.extend(_place_in_line(services, tenant, state, account))
        found.requests.extend(_requests(services, tenant, state, account))
    return found


def _lane(most_files: int | None) -> Priority:
    return Priority.MAINTENANCE if most_files is None else Priority.INTERACTIVE


def _files(services: Services, tenant: Tenant, account: str) -> Iterator[str]:
    """The files that name the person, then those where they may only wait."""
    for own in (True, False):
        after = None
        while batch := services.person_store.files_of(tenant, account, after=after, limit=MOST_FILES, own=own):
            yield from batch
            after = batch[-1]


def _lock(state: FileState, account: str) -> Sequence[Row]:
    held = state.found
    if not isinstance(held, Held) or held.holder != account:
        return ()
    until = None if held.expires_at is None else held.expires_at.isoformat()
    return (
        {
            "attachment": state.attachment.id,
            "lock": held.lock_id,
            "since": held.acquired_at.isoformat(),
            "until": until,
            "note": held.note,
            "unlock_on_upload": held.unlock_on_upload,
            "protected_version": held.base.number,
        },
    )


def _ended(state: FileState, account: str) -> Sequence[Row]:
    """How the last lock ended, where it was the person's or they ended it; with their own words only."""
    ended = state.found.ended if isinstance(state.found, Held | Free) else None
    if ended is None or account not in {ended.holder, ended.by}:
        return ()
    return (
        {
            "attachment": state.attachment.id,
            "lock": ended.lock_id,
            "reason": ended.reason.value,
            "at": ended.at.isoformat(),
            "was_owner": ended.holder == account,
            "ended_it": ended.by == account,
            "words": ended.why if ended.by == account else None,
        },
    )


def _place_in_line(services: Services, tenant: Tenant, state: FileState, account: str) -> Sequence[Row]:
    waitlist = waitlist_of(services, tenant, state.attachment.id, state.attachment.waitlist_row)
    place = place_of(waitlist.askers, account)
    return ({"attachment": state.attachment.id, "position": place.position},) if place.asked else ()


def _requests(services: Services, tenant: Tenant, state: FileState, account: str) -> Sequence[Row]:
    """What the person asks of an owner and was answered, and what they answered others: of those not even who."""
    file, held = state.attachment, state.standing
    rows: list[Row] = []
    for one in waitlist_of(services, tenant, file.id, file.waitlist_row).requests:
        answers = isinstance(held, Held) and (held.holder, held.lock_id) == (account, one.lock_id)
        if one.account != account and not (answers and one.note):
            continue
        asked = one.account == account
        rows.append(
            {
                "attachment": file.id,
                "lock": one.lock_id,
                "at": one.at.isoformat(),
                "asked": asked,
                "message": one.message if asked else None,
                "declined_at": one.declined_at.isoformat() if one.declined_at else None,
                "note": one.note,
            }
        )
    return rows


def _chosen(services: Services, tenant: Tenant, account: str, priority: Priority) -> Row:
    chosen = preferences.read(services, tenant, account, priority=priority)
    mails = {kind.value: kind not in chosen.off for kind in OPTIONAL}
    return {"mails": mails, "locale": chosen.locale, "time_zone": chosen.time_zone, "restricted": chosen.restricted}

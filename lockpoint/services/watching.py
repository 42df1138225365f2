"""Who asked to be told when a file is free: kept in a signed property on the file, in the order of asking."""

from __future__ import annotations

from dataclasses import dataclass

from lockpoint.locking import signed
from lockpoint.locking.events import MailKind
from lockpoint.services.context import Actor, Lane, Tenant
from lockpoint.services.errors import Busy, LostRace, TooMany
from lockpoint.services.ports import Attachment, MailIntent, PropertyHost, StoredProperty
from lockpoint.services.rights import look_for
from lockpoint.services.services import Services
from lockpoint.services.writing import ROUNDS

KEY = "lockpointwatch"
MOST = 200  # askers per file; keeps the property far below 32 KB


@dataclass(frozen=True, slots=True)
class Asking:
    """How one person stands in the line: position counts from 1, None when they did not ask."""

    asked: bool
    count: int
    position: int | None


def asking(askers: tuple[str, ...], account: str) -> Asking:
    """Where `account` stands among those who asked."""
    position = askers.index(account) + 1 if account in askers else None
    return Asking(position is not None, len(askers), position)


def askers_of(services: Services, tenant: Tenant, attachment_id: str, row: StoredProperty | None) -> tuple[str, ...]:
    """The accounts that asked, first come first; anything not signed by us for this file counts as nobody."""
    fields = signed.verified(row.value, _place(tenant, attachment_id), services.mac_keys) if row else None
    askers = fields.get("askers") if fields else None
    return tuple(str(account) for account in askers) if isinstance(askers, list) else ()


def ask(services: Services, actor: Actor, attachment_id: str) -> Asking:
    """Put the person into the line (once); anyone who may see the file may ask."""
    return _change(services, actor, attachment_id, add=True)


def cancel(services: Services, actor: Actor, attachment_id: str) -> Asking:
    """Take the person out of the line."""
    return _change(services, actor, attachment_id, add=False)


def announcements(
    services: Services, tenant: Tenant, attachment: Attachment, lock_id: str, but: str | None
) -> tuple[MailIntent, ...]:
    """The mails that the end of this hold owes to those who asked; whoever ended it needs none."""
    askers = askers_of(services, tenant, attachment.id, attachment.watch)
    return tuple(
        MailIntent(
            kind=MailKind.FILE_AVAILABLE,
            recipient=account,
            attachment_id=attachment.id,
            event_key=lock_id,
            actor=but,
            lock_id=lock_id,
        )
        for account in askers
        if account != but
    )


def served(services: Services, tenant: Tenant, attachment: Attachment, lane: Lane) -> None:
    """Empty the line after the announcements are safely written down; newcomers in between stay.

    Losing here costs nothing: an announcement is unique per hold and person.
    """
    told = askers_of(services, tenant, attachment.id, attachment.watch)
    if not told or attachment.watch is None:
        return
    try:
        _store(services, tenant, attachment.id, attachment.watch, (), lane)
    except LostRace:
        row = services.properties.read(tenant, PropertyHost.ATTACHMENT, attachment.id, KEY, lane=lane)
        left = tuple(a for a in askers_of(services, tenant, attachment.id, row) if a not in told)
        if row is not None:
            _store(services, tenant, attachment.id, row, left, lane)


def _change(services: Services, actor: Actor, attachment_id: str, *, add: bool) -> Asking:
    seen, _ = look_for(services, actor, attachment_id)
    row = seen.attachment.watch
    for round_ in range(ROUNDS):
        askers = askers_of(services, actor.tenant, attachment_id, row)
        wanted = _with(askers, actor.account_id) if add else tuple(a for a in askers if a != actor.account_id)
        if wanted == askers:
            return asking(askers, actor.account_id)
        try:
            _store(services, actor.tenant, attachment_id, row, wanted, Lane.PEOPLE)
        except LostRace:
            services.clock.sleep(0.05 * 2**round_ * services.ids.fraction())
            row = services.properties.read(actor.tenant, PropertyHost.ATTACHMENT, attachment_id, KEY, lane=Lane.PEOPLE)
        else:
            return asking(wanted, actor.account_id)
    raise Busy("Many people are asking at once; please try again.", details={"retryAfter": 1})


def _with(askers: tuple[str, ...], account: str) -> tuple[str, ...]:
    if account in askers:
        return askers
    if len(askers) >= MOST:
        raise TooMany(f"Already {MOST} people are waiting for this file.")
    return (*askers, account)


def _store(
    services: Services,
    tenant: Tenant,
    attachment_id: str,
    row: StoredProperty | None,
    askers: tuple[str, ...],
    lane: Lane,
) -> None:
    fields: dict[str, object] = {"schema": 1, "askers": list(askers)}
    value = signed.sign(fields, _place(tenant, attachment_id), services.mac_keys)
    if row is None:
        services.properties.create(tenant, PropertyHost.ATTACHMENT, attachment_id, KEY, value, lane=lane)
    else:
        services.properties.replace(tenant, PropertyHost.ATTACHMENT, attachment_id, row, value, lane=lane)


def _place(tenant: Tenant, attachment_id: str) -> str:
    return f"{KEY}/{tenant.client_key}/{attachment_id}"

"""A lock as one person sees it: the same words for the interface and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lockpoint.locking import permissions
from lockpoint.locking.enforcement import FileStatus
from lockpoint.locking.lock import Ended, Free, Held, Newer, Phase, Reading, Unreadable
from lockpoint.locking.permissions import Can, Facts
from lockpoint.locking.rules import phase
from lockpoint.services.context import Actor, Lane, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.ports import Attachment
from lockpoint.services.services import Services
from lockpoint.services.watching import Asking, askers_of, asking


class ViewState(StrEnum):
    """The status words, from the viewer's side."""

    FREE = "free"
    MINE = "mine"
    OTHER = "other"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person for display; the name is None where Confluence does not show it."""

    account_id: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class LastEnded:
    """How the last hold on the file ended."""

    reason: str
    by: PersonRef | None
    at: datetime
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockView:
    """Everything that a surface shows of a lock; `protection` is `protected`, `restoring` or `unprotected`."""

    state: ViewState
    lock_id: str | None = None
    holder: PersonRef | None = None
    since: datetime | None = None
    expires_at: datetime | None = None
    seconds_left: int | None = None
    note: str | None = None
    unlock_on_upload: bool = False
    protection: str = "protected"
    unprotected_reason: str | None = None
    notify_me: Asking
    can: Can
    last_ended: LastEnded | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One file with what is known of its lock and of the viewer's rights."""

    attachment: Attachment
    reading: Reading
    facts: Facts
    protection: str = "protected"


def view_all(services: Services, actor: Actor, scenes: Iterable[Scene]) -> tuple[LockView, ...]:
    """The views of several files; names are asked for together, once."""
    listed = tuple(scenes)
    names = names_of(services, actor, [person for scene in listed for person in _people_in(scene.reading)])
    return tuple(_view(services, actor, scene, names) for scene in listed)


def names_of(services: Services, actor: Actor, accounts: Iterable[str]) -> Mapping[str, str]:
    """Display names; the viewer's own is not asked for, and a failing look-up hides names rather than locks."""
    wanted = sorted({account for account in accounts if account != actor.account_id})
    if not wanted:
        return {}
    try:
        people = services.people.describe(actor.tenant, wanted, lane=Lane.PEOPLE)
    except HostError:
        return {}
    return {account: person.display_name for account, person in people.items()}


def _people_in(reading: Reading) -> tuple[str, ...]:
    ended = reading.ended if isinstance(reading, Held | Free) else None
    holder = (reading.holder,) if isinstance(reading, Held) else ()
    return (*holder, *((ended.by,) if ended and ended.by else ()))


def _view(services: Services, actor: Actor, scene: Scene, names: Mapping[str, str]) -> LockView:
    now = services.clock.now()
    reading = scene.reading
    held = reading if isinstance(reading, Held) and phase(reading, now) in (Phase.HELD, Phase.ENDING) else None
    ended = reading.ended if isinstance(reading, Held | Free) else None
    return LockView(
        state=_state(reading, held, actor.account_id, now),
        lock_id=held.lock_id if held else None,
        holder=PersonRef(held.holder, names.get(held.holder)) if held else None,
        since=held.acquired_at if held else None,
        expires_at=held.expires_at if held else None,
        seconds_left=_seconds_left(held, now),
        note=held.note if held else None,
        unlock_on_upload=held.unlock_on_upload if held else False,
        protection=_protection(scene, held),
        unprotected_reason=_why_unprotected(scene, held),
        notify_me=_asking(services, actor.tenant, scene.attachment, actor.account_id),
        can=permissions.can(scene.facts, reading, actor.account_id, now),
        last_ended=_last_ended(ended, names),
    )


def _state(reading: Reading, held: Held | None, account: str, now: datetime) -> ViewState:
    if isinstance(reading, Newer):
        return ViewState.OTHER
    if held is None:
        return ViewState.FREE
    if phase(held, now) is Phase.ENDING:
        return ViewState.ENDING
    return ViewState.MINE if held.holder == account else ViewState.OTHER


def _seconds_left(held: Held | None, now: datetime) -> int | None:
    if held is None or held.expires_at is None:
        return None
    return max(0, int((held.expires_at - now).total_seconds()))


def _protection(scene: Scene, held: Held | None) -> str:
    if _why_unprotected(scene, held):
        return "unprotected"
    return "restoring" if held and (scene.protection == "restoring" or _overwritten(scene, held)) else "protected"


def _why_unprotected(scene: Scene, held: Held | None) -> str | None:
    if isinstance(scene.reading, Unreadable):
        return "unreadable"
    if held is None or scene.protection in ("protected", "restoring"):
        return None
    return scene.protection


def _overwritten(scene: Scene, held: Held) -> bool:
    """Whether the newest version is one that somebody else made and nobody has looked at yet."""
    head = scene.attachment.head
    newer = head.created > held.base.created and head.author != held.holder
    return (newer and not head.message.startswith("Lockpoint ")) or scene.attachment.status is FileStatus.TRASHED


def _asking(services: Services, tenant: Tenant, attachment: Attachment, account: str) -> Asking:
    return asking(askers_of(services, tenant, attachment.id, attachment.watch), account)


def _last_ended(ended: Ended | None, names: Mapping[str, str]) -> LastEnded | None:
    if ended is None:
        return None
    by = PersonRef(ended.by, names.get(ended.by)) if ended.by else None
    return LastEnded(ended.reason.value, by, ended.at, ended.why)

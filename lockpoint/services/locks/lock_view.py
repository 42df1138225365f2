"""A lock as one person sees it: the same words for the interface and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lockpoint.domain import permissions
from lockpoint.domain.judge import FileStatus, FlagReason
from lockpoint.domain.lock import Ended, FoundRecord, Held, Newer, Phase
from lockpoint.domain.permissions import Can, Facts
from lockpoint.domain.snapshots import ended_of, phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.lock_record.waitlist import NOT_WAITING, WaitlistPlace, place_of, waitlist_of
from lockpoint.services.ports.confluence import Attachment
from lockpoint.services.ports.locks import Protection
from lockpoint.services.tenancy.activity import is_active

UNREADABLE = "unreadable"
UNLICENSED = "unlicensed"
UNPROTECTED = "unprotected"
_LEFT_ALONE = (Protection.UNCHECKED, Protection.SUSPENDED)  # in the trash; elsewhere the file is protected
_PROTECTING = (Protection.PROTECTED, Protection.RESTORING)


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
    """Everything a surface shows of a lock; `protection`: `protected`, `restoring`, `unprotected` or `suspended`."""

    state: ViewState
    lock_id: str | None = None
    holder: PersonRef | None = None
    since: datetime | None = None
    expires_at: datetime | None = None
    seconds_left: int | None = None
    note: str | None = None
    unlock_on_upload: bool = False
    protection: str = Protection.PROTECTED.value
    unprotected_reason: str | None = None
    notify_me: WaitlistPlace
    can: Can
    last_ended: LastEnded | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """One file with what is known of its lock and of the viewer's rights.

    `reading` is what counts, `damaged` says that the record in Confluence is not it. `in_reach` says whether the app
    may edit the file: where it may not, nobody can do anything with its lock. `licensed`: where the site is not, locks
    can only be ended.
    """

    attachment: Attachment
    found: FoundRecord
    facts: Facts
    protection: Protection = Protection.PROTECTED
    damaged: bool = False
    in_reach: bool = True
    licensed: bool = True


def scene_of(state: FileState, facts: Facts, *, in_reach: bool | None = None) -> Scene:
    """The scene of one read; whether the app may act is taken from the read unless it is said."""
    standing = state.standing
    live = isinstance(standing, Held) and isinstance(state.known, Held)
    return Scene(
        attachment=state.attachment,
        found=standing,
        facts=facts,
        protection=state.witness.protection if state.witness and live else Protection.PROTECTED,
        damaged=standing is not state.found,
        in_reach=state.attachment.may_update if in_reach is None else in_reach,
    )


def view_all(services: Services, actor: Actor, scenes: Iterable[Scene], *, own_name: bool = False) -> list[LockView]:
    """The views of several files; names are asked for together, once. The viewer's own only where it is needed."""
    licensed = is_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    listed = tuple(replace(scene, licensed=licensed) for scene in scenes)
    people = {person for scene in listed for person in _people_in(scene.found)}
    names = names_of(services, actor, people if own_name else people - {actor.account_id})
    app = _own_account(services, actor.tenant) if any(_newer_head(scene) for scene in listed) else None
    return [_view(services, actor, scene, names, app) for scene in listed]


def names_of(services: Services, actor: Actor, accounts: Iterable[str]) -> Mapping[str, str]:
    """Display names; a failing look-up hides names rather than locks."""
    wanted = sorted(accounts)
    if not wanted:
        return {}
    try:
        people = services.people.describe(actor.tenant, wanted, priority=Priority.INTERACTIVE)
    except HostError:
        return {}
    return {account: person.display_name for account, person in people.items()}


def can_of(scene: Scene, account: str, now: datetime) -> Can:
    """What the viewer may do: the table of roles, where the app can do its part and the file is there to be locked."""
    if not scene.in_reach:
        return Can()
    can = permissions.can(scene.facts, scene.found, account, now)
    if not scene.licensed:
        can = replace(can, lock=False, extend=False, take_over=False)
    return can if scene.attachment.status is FileStatus.CURRENT else replace(can, lock=False, take_over=False)


def _own_account(services: Services, tenant: Tenant) -> str | None:
    try:
        return services.people.own_account(tenant, priority=Priority.INTERACTIVE)
    except HostError:
        return None


def _people_in(found: FoundRecord) -> set[str]:
    ended = ended_of(found)
    holder = {found.holder} if isinstance(found, Held) else set()
    return holder | ({ended.by} if ended and ended.by else set())


def _view(services: Services, actor: Actor, scene: Scene, names: Mapping[str, str], app: str | None) -> LockView:
    now = services.clock.now()
    found = scene.found
    held = found if isinstance(found, Held) and phase(found, now) in (Phase.HELD, Phase.ENDING) else None
    why = _why_unprotected(scene, held)
    return LockView(
        state=_state(found, held, actor.account_id, now),
        lock_id=held.lock_id if held else None,
        holder=PersonRef(held.holder, names.get(held.holder)) if held else None,
        since=held.acquired_at if held else None,
        expires_at=held.expires_at if held else None,
        seconds_left=_seconds_left(held, now),
        note=held.note if held else None,
        unlock_on_upload=held.unlock_on_upload if held else False,
        protection=UNPROTECTED if why else _protection(scene, held, app).value,
        unprotected_reason=why,
        notify_me=_asking(services, actor.tenant, scene.attachment, actor.account_id) if held else NOT_WAITING,
        can=can_of(scene, actor.account_id, now),
        last_ended=_last_ended(ended_of(found), names),
    )


def _state(found: FoundRecord, held: Held | None, account: str, now: datetime) -> ViewState:
    if isinstance(found, Newer):
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


def _why_unprotected(scene: Scene, held: Held | None) -> str | None:
    """Why the lock does not protect; said of a free file, too, where the viewer cannot lock it for the app's sake."""
    if not scene.in_reach and (held or scene.facts.may_edit):
        return FlagReason.APP_BLOCKED.value
    if held is None:
        return None
    if not scene.licensed:
        return UNLICENSED
    if scene.damaged:
        return UNREADABLE
    if scene.protection in _LEFT_ALONE:
        return None
    blocked_before = scene.protection is Protection.APP_BLOCKED  # and the app is let in again
    return None if scene.protection in _PROTECTING or blocked_before else scene.protection.value


def _protection(scene: Scene, held: Held | None, app: str | None) -> Protection:
    """As the newest version shows it: our own undoing is over as soon as its version is there."""
    if held is None:
        return Protection.PROTECTED
    trashed = scene.attachment.status is FileStatus.TRASHED
    if trashed and scene.protection in _LEFT_ALONE:
        return Protection.SUSPENDED
    author = scene.attachment.head.author
    overwritten = _newer_head(scene) and (author is None or author not in {held.holder, app})
    return Protection.RESTORING if trashed or overwritten else Protection.PROTECTED


def _newer_head(scene: Scene) -> bool:
    """Whether the newest version is younger than the one that is protected."""
    return isinstance(scene.found, Held) and scene.attachment.head.created > scene.found.base.created


def _asking(services: Services, tenant: Tenant, attachment: Attachment, account: str) -> WaitlistPlace:
    return place_of(waitlist_of(services, tenant, attachment.id, attachment.waitlist_row), account)


def _last_ended(ended: Ended | None, names: Mapping[str, str]) -> LastEnded | None:
    if ended is None:
        return None
    by = PersonRef(ended.by, names.get(ended.by)) if ended.by else None
    return LastEnded(ended.reason.value, by, ended.at, ended.why)

"""A lock as one person sees it, in the same words for the interface and the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lockpoint.domain import permissions
from lockpoint.domain.history.judge import FileStatus, FlagReason
from lockpoint.domain.lock import Ended, FoundRecord, Held, Newer, Phase
from lockpoint.domain.permissions import Can, Facts
from lockpoint.domain.snapshots import ended_of, phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.lock_record.edit_requests import EditRequests
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.lock_record.pauses import pause_end
from lockpoint.services.lock_record.waitlist import NOT_WAITING, Waitlist, WaitlistPlace, place_of, waitlist_of
from lockpoint.services.ports.confluence import Person
from lockpoint.services.ports.locks import Protection
from lockpoint.services.shared_answers import shared
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.site_facts import app_accounts

UNREADABLE = "unreadable"
UNLICENSED = "unlicensed"
UNPROTECTED = "unprotected"
INACTIVE = "inactive"
_LEFT_ALONE = (Protection.UNCHECKED, Protection.SUSPENDED)  # in the trash; elsewhere the file is protected
_PROTECTING = (Protection.PROTECTED, Protection.RESTORING)


class ViewState(StrEnum):
    """The status words, from the viewer's side."""

    FREE = "free"
    MINE = "mine"
    OTHER = "other"
    ENDING = "ending"
    UNREADABLE = "unreadable"
    """Confluence describes the file in a form that we do not know."""


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person for display; the name is None where Confluence does not show it."""

    account_id: str
    display_name: str | None


@dataclass(frozen=True, slots=True)
class LastEnded:
    """How the last lock on the file ended."""

    reason: str
    by: PersonRef | None
    at: datetime
    why: str | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request for the file; its words are shown to the holder and to its author."""

    person: PersonRef
    at: datetime
    message: str | None
    declined_at: datetime | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockView:
    """Everything a surface shows of a lock; `protection`: `protected`, `restoring`, `unprotected` or `suspended`.

    Suspended is a file in the trash with its page, and for the reason `inactive` one where Lockpoint is switched off.
    """

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
    paused_until: datetime | None = None
    notify_me: WaitlistPlace
    requests: tuple[RequestView, ...] = ()
    can: Can
    last_ended: LastEnded | None = None


UNREADABLE_FILE = LockView(state=ViewState.UNREADABLE, notify_me=NOT_WAITING, can=Can())


def view_all(
    services: Services, actor: Actor, states: Sequence[FileState], known: Facts, *, own_name: bool = False
) -> list[LockView]:
    """Return the views of several files of one page."""
    return views_of(services, actor, [(state, known) for state in states], own_name=own_name)


def views_of(
    services: Services, actor: Actor, states: Sequence[tuple[FileState, Facts]], *, own_name: bool = False
) -> list[LockView]:
    """Return the views of files with what the person may do there.

    Names are asked for together, the viewer's own only if needed.
    """
    found = [(state, _waitlist_in(services, actor.tenant, state), known) for state, known in states]
    people = {p for state, waitlist, known in found for p in _people_in(state.standing, waitlist, actor, known)}
    viewer = _Viewer(
        services=services,
        actor=actor,
        facts=Facts(),
        licensed=is_active(services, actor.tenant, priority=Priority.INTERACTIVE),
        names=names_of(services, actor, people if own_name else people - {actor.account_id}),
        app=_own_accounts(services, actor.tenant) if any(_newer_head(state) for state, _ in states) else frozenset(),
        now=services.clock.now(),
    )
    return [replace(viewer, facts=known).view(state, waitlist) for state, waitlist, known in found]


def names_of(services: Services, actor: Actor, accounts: Iterable[str]) -> Mapping[str, str]:
    """Return display names; a failing look-up hides names rather than locks."""
    wanted = sorted(accounts)
    if not wanted:
        return {}

    def ask() -> Mapping[str, Person]:
        return services.people.describe(actor.tenant, wanted, priority=Priority.INTERACTIVE)

    try:
        people = shared(("names", actor, *wanted), ask)
    except HostError:
        return {}
    return {account: person.display_name for account, person in people.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Viewer:
    """One person at one moment: what they may do on the page, and the names they may see.

    Where the app may not edit a file, or without a licence, locks can only be ended.
    """

    services: Services
    actor: Actor
    facts: Facts
    licensed: bool
    names: Mapping[str, str]
    app: frozenset[str]
    now: datetime

    def view(self, state: FileState, waitlist: Waitlist) -> LockView:
        standing = state.standing
        held = self._live(standing)
        why = self._why_unprotected(state, held)
        return LockView(
            state=self._word_for(standing, held),
            lock_id=held.lock_id if held else None,
            holder=self._person(held.holder) if held else None,
            since=held.acquired_at if held else None,
            expires_at=held.expires_at if held else None,
            seconds_left=self._seconds_left(held),
            note=held.note if held else None,
            unlock_on_upload=held.unlock_on_upload if held else False,
            protection=UNPROTECTED if why not in {None, INACTIVE} else self._protection(state, held).value,
            unprotected_reason=why,
            paused_until=self._paused_until(state, held) if why == FlagReason.PAUSED else None,
            notify_me=self._place(waitlist, held.holder) if held else NOT_WAITING,
            requests=self._requests(waitlist, held) if held else (),
            can=self._can(state, waitlist),
            last_ended=self._last_ended(ended_of(standing)),
        )

    def _live(self, standing: FoundRecord) -> Held | None:
        live = isinstance(standing, Held) and phase(standing, self.now) in {Phase.HELD, Phase.ENDING}
        return standing if isinstance(standing, Held) and live else None

    def _word_for(self, standing: FoundRecord, held: Held | None) -> ViewState:
        if isinstance(standing, Newer):
            return ViewState.OTHER
        if held is None:
            return ViewState.FREE
        if phase(held, self.now) is Phase.ENDING:
            return ViewState.ENDING
        return ViewState.MINE if held.holder == self.actor.account_id else ViewState.OTHER

    def _seconds_left(self, held: Held | None) -> int | None:
        if held is None or held.expires_at is None:
            return None
        return max(0, int((held.expires_at - self.now).total_seconds()))

    def _why_unprotected(self, state: FileState, held: Held | None) -> str | None:
        """Why the lock does not protect; said of an unlocked file, too, that only the app's rights keep free."""
        if self.facts.switched_off or (held is None and not (state.blocked and self.facts.may_edit)):
            return INACTIVE if held else None
        if state.blocked:
            return FlagReason.APP_BLOCKED.value
        if not self.licensed:
            return UNLICENSED
        if state.standing is not state.found:
            return UNREADABLE
        marked = _marked(state)
        if marked in _LEFT_ALONE:
            return None
        blocked_before = marked is Protection.APP_BLOCKED  # and the app is let in again
        return None if marked in _PROTECTING or blocked_before else marked.value

    def _paused_until(self, state: FileState, held: Held | None) -> datetime | None:
        """Return when undoing goes on; None once it is due."""
        if held is None:
            return None
        trashed = state.attachment.status is FileStatus.TRASHED
        offender = None if trashed else state.attachment.head.author
        return pause_end(self.services, self.actor.tenant, held.lock_id, (offender,))

    def _protection(self, state: FileState, held: Held | None) -> Protection:
        """As the newest version shows it: our own undoing is over as soon as its version is there."""
        if held is None:
            return Protection.PROTECTED
        if self.facts.switched_off:
            return Protection.SUSPENDED
        trashed = state.attachment.status is FileStatus.TRASHED
        if trashed and _marked(state) in _LEFT_ALONE:
            return Protection.SUSPENDED
        author = state.attachment.head.author
        overwritten = _newer_head(state) and (author is None or author not in {held.holder} | self.app)
        return Protection.RESTORING if trashed or overwritten else Protection.PROTECTED

    def _can(self, state: FileState, waitlist: Waitlist) -> Can:
        """The table of roles, where the app can do its part and the file is there to be locked."""
        standing = state.standing
        asking = waitlist.asking(standing) if isinstance(standing, Held) else ()
        can = permissions.can(self.facts, standing, self.actor.account_id, self.now, asking)
        if self.facts.switched_off:
            return can
        if state.blocked:
            return permissions.without_app(can, self.facts)
        if not self.licensed:
            can = replace(can, lock=False, extend=False, take_over=False, request=False, hand_over=False)
        current = state.attachment.status is FileStatus.CURRENT
        return can if current else replace(can, lock=False, take_over=False, hand_over=False)

    def _place(self, waitlist: Waitlist, holder: str) -> WaitlistPlace:
        """Leave out a holder who waited before and was not taken off the waitlist yet."""
        return place_of(tuple(one for one in waitlist.askers if one != holder), self.actor.account_id)

    def _requests(self, waitlist: Waitlist, held: Held) -> tuple[RequestView, ...]:
        mine = self.actor.account_id
        return tuple(
            RequestView(
                person=self._person(one.account),
                at=one.at,
                message=one.message if mine in {held.holder, one.account} else None,
                declined_at=one.declined_at,
                note=one.note,
            )
            for one in _shown_requests(waitlist, held, self.actor, self.facts)
        )

    def _person(self, account: str) -> PersonRef:
        return PersonRef(account, self.names.get(account))

    def _last_ended(self, ended: Ended | None) -> LastEnded | None:
        if ended is None:
            return None
        return LastEnded(ended.reason.value, self._person(ended.by) if ended.by else None, ended.at, ended.why)


def _waitlist_in(services: Services, tenant: Tenant, state: FileState) -> Waitlist:
    """Return who waits and asks; of a file that is not locked nobody."""
    if not isinstance(state.standing, Held):
        return Waitlist()
    return waitlist_of(services, tenant, state.attachment.id, state.attachment.waitlist_row)


def _shown_requests(waitlist: Waitlist, held: Held, actor: Actor, known: Facts) -> EditRequests:
    """Return one's own requests, answered or not, and, to the holder and managers, the open ones of others."""
    sees_all = held.holder == actor.account_id or permissions.may_break(known)
    return tuple(
        one
        for one in waitlist.requests
        if one.lock_id == held.lock_id and one.account != held.holder
        if one.account == actor.account_id or (one.open and sees_all)
    )


def _marked(state: FileState) -> Protection:
    """How the lock that counts was said to be protected when it was looked at last."""
    live = isinstance(state.standing, Held) and isinstance(state.known, Held)
    return state.witness.protection if state.witness and live else Protection.PROTECTED


def _newer_head(state: FileState) -> bool:
    """Whether the newest version is younger than the one that is protected."""
    return isinstance(state.standing, Held) and state.attachment.head.created > state.standing.base.created


def _own_accounts(services: Services, tenant: Tenant) -> frozenset[str]:
    try:
        return app_accounts(services.people, tenant, priority=Priority.INTERACTIVE)
    except HostError:
        return frozenset()


def _people_in(found: FoundRecord, waitlist: Waitlist, actor: Actor, known: Facts) -> set[str]:
    ended = ended_of(found)
    asking = _shown_requests(waitlist, found, actor, known) if isinstance(found, Held) else ()
    holder = {found.holder} if isinstance(found, Held) else set()
    return holder | ({ended.by} if ended and ended.by else set()) | {one.account for one in asking}

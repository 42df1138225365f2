"""The attachments of a page with their locks, as one person may see them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from lockpoint.domain import permissions, words
from lockpoint.domain.lock import Absent, Free, Held
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, Invalid, NotFound
from lockpoint.services.known_pages import KEPT, KnownPage, KnownProperties, LockedFile, Viewer, stamp_of
from lockpoint.services.listing.etag import FRESH, etag_for, settings_version, still_true
from lockpoint.services.lock_record.file_state import FileState, state_of
from lockpoint.services.locks.authorization import NOT_THERE, facts, read_through, view_of
from lockpoint.services.locks.lock_view import UNREADABLE_FILE, LockView, ViewState, view_all
from lockpoint.services.ports.confluence import Attachment, Container, ContainerKind, FileProperties, UnreadableFile
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import is_on

logger = logging.getLogger(__name__)

READ_AT_ONCE = 250
KNOWN_FOR_EACH = timedelta(seconds=2.4)
LONGEST_CURSOR = 6
MOST_ASKED = 3  # files that are asked whether the app may edit here, where the first ones are odd
ENDED_SHOWN = timedelta(hours=24)  # how long an ended lock is worth a read for who ended it and why


class Sort(StrEnum):
    TITLE = "title"
    TITLE_DOWN = "-title"
    SIZE = "size"
    SIZE_DOWN = "-size"
    STATE = "state"
    STATE_DOWN = "-state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """`text` matches file names and holders' names, `cursor` is ours."""

    text: str = ""
    state: ViewState | None = None
    sort: Sort = Sort.TITLE
    cursor: str | None = None
    limit: int = 100

    @property
    def offset(self) -> int:
        """Raises `Invalid` for a foreign cursor."""
        if self.cursor is None:
            return 0
        if not (self.cursor.isascii() and self.cursor.isdigit() and len(self.cursor) <= LONGEST_CURSOR):
            raise Invalid("This cursor is invalid.")
        return int(self.cursor)


@dataclass(frozen=True, slots=True)
class FileRow:
    attachment: Attachment | UnreadableFile
    lock: LockView


@dataclass(frozen=True, slots=True)
class Listing:
    """`etag` lets the same viewer ask cheaply whether a lock changed. `switched_off`: nothing is shown.

    `total` counts what fits the query, `title` is the page's.
    """

    rows: tuple[FileRow, ...]
    total: int
    title: str
    next_cursor: str | None
    may_edit: bool
    may_break: bool
    etag: str
    switched_off: bool = False


def unchanged(services: Services, actor: Actor, container: Container, etag: str) -> bool:
    """Asks Confluence nothing but, once an hour, for settings."""
    return still_true(services, actor, container, etag)


def of_content(services: Services, actor: Actor, content_id: str, query: Query) -> Listing:
    """As `of_container`: frames get one kind of id for pages and blog posts, so both are tried."""
    try:
        return of_container(services, actor, Container(ContainerKind.PAGE, content_id), query)
    except NotFound:
        return of_container(services, actor, Container(ContainerKind.BLOGPOST, content_id), query)


def of_container(services: Services, actor: Actor, container: Container, query: Query) -> Listing:
    """Return the files that the person may see; `NotFound` when they may not see the page.

    Names and sizes are read as the person; only files with a live or lately ended lock cost another read, and one file
    shows whether the app may edit here. What did not change since is not read again, but on pages closed to us.
    """
    with spending_on("list", page=container.id):
        viewer = _viewer(services, actor, container)
        known = services.witnesses.of_container(actor.tenant, container.id)
        _follow_moved(services, actor, viewer, known)
        tag = etag_for(services, actor, container, viewer.view.space_id, known)
        if viewer.facts.switched_off:
            return Listing((), 0, viewer.view.title, None, may_edit=False, may_break=False, etag=tag, switched_off=True)
        try:
            page = _page(services, actor, container)
        except (GoneOrInvisible, Forbidden) as hidden:
            raise NotFound(NOT_THERE) from hidden
        page.viewer = viewer
        if any(one.protection is Protection.APP_BLOCKED for one in known):
            page.forget_rights_of_app()
        states, unread = _states(services, actor, page, known)
        files, odd = list(page.files), page.odd
        files = [file for file in files if file not in unread]
        rights = _rights(services, actor, page, viewer, roles=_held_by_others(actor, states))
        read = _rows(services, actor, page, files, states, rights, own_name=bool(query.text))
        strange: list[Attachment | UnreadableFile] = [*odd, *unread]
        rows = _ordered([*read, *(FileRow(file, UNREADABLE_FILE) for file in strange)], query)
        part = rows[query.offset : query.offset + query.limit]
        end = query.offset + len(part)
        return Listing(
            rows=part,
            total=len(rows),
            title=viewer.view.title,
            next_cursor=str(end) if end < len(rows) else None,
            may_edit=permissions.may_lock(rights),
            may_break=permissions.may_break(rights),
            etag=tag,
        )


def _viewer(services: Services, actor: Actor, container: Container) -> Viewer:
    """Return what the person may do, asked within the last minute; reading the files proves that they see the page."""
    now, page = services.clock.now(), services.known_pages.get(actor, container.id)
    before = page.viewer if page else None
    if before is not None and now - before.at <= FRESH and _same_settings(services, actor, before):
        on = is_on(services, actor.tenant, before.view.space_id, priority=Priority.INTERACTIVE)
        return replace(before, facts=replace(before.facts, switched_off=not on))
    view = view_of(services, actor, container)
    version = settings_version(services, actor.tenant, view.space_id)
    return Viewer(now, view, facts(services, actor, view, roles=False), roles=False, settings=version)


def _same_settings(services: Services, actor: Actor, viewer: Viewer) -> bool:
    return viewer.settings == settings_version(services, actor.tenant, viewer.view.space_id)


def _follow_moved(services: Services, actor: Actor, viewer: Viewer, known: Sequence[Witness]) -> None:
    """Queue a look at locks that are known in another space than the person sees the page in."""
    space, tenant = viewer.view.space_id, actor.tenant
    moved = [one for one in known if isinstance(one.record, Held) and one.space_id not in {None, space}]
    if moved:
        services.jobs.defer([Job(JobKind.MOVED, tenant.id, one.attachment_id) for one in moved])


def _rights(services: Services, actor: Actor, page: KnownPage, viewer: Viewer, *, roles: bool) -> Facts:
    if roles and not viewer.roles:
        viewer = page.viewer = replace(viewer, facts=facts(services, actor, viewer.view, roles=True), roles=True)
    return viewer.facts


def _page(services: Services, actor: Actor, container: Container) -> KnownPage:
    """Return the files of the page, as they are known while the one that was changed last is the same.

    What was trashed or moved away shows when the list is old: sooner for short ones.
    """
    now, page = services.clock.now(), services.known_pages.get(actor, container.id)
    if page is not None and now - page.read_at <= _lasts(page) and _same_newest(services, actor, container, page):
        return page
    files, odd = _files(services, actor, container)
    page = KnownPage(tuple(files), tuple(odd), now, dict(page.locked) if page else {})
    services.known_pages.put(actor, container.id, page)
    return page


def _lasts(page: KnownPage) -> timedelta:
    return min(KEPT, max(FRESH, KNOWN_FOR_EACH * len(page.files)))


def _same_newest(services: Services, actor: Actor, container: Container, page: KnownPage) -> bool:
    newest = services.attachments.newest(
        actor.tenant, container, priority=Priority.INTERACTIVE, person=actor.account_id
    )
    if page.odd or not newest.items:
        return page.odd == () and not page.files and not newest.ids
    changed = newest.items[0]
    return any((file.id, file.head) == (changed.id, changed.head) for file in page.files)


def _files(services: Services, actor: Actor, container: Container) -> tuple[list[Attachment], list[UnreadableFile]]:
    """Return the files of the page, and those that cannot be read."""
    files: list[Attachment] = []
    odd: list[UnreadableFile] = []
    cursor: str | None = None
    while True:
        page = services.attachments.of_container(
            actor.tenant,
            container,
            priority=Priority.INTERACTIVE,
            person=actor.account_id,
            cursor=cursor,
            limit=READ_AT_ONCE,
        )
        files.extend(page.items)
        odd.extend(page.unreadable)
        if page.next_cursor is None:
            return files, odd
        if page.next_cursor == cursor:
            raise BadAnswer("the next page of the list is the same page")
        cursor = page.next_cursor


def _states(
    services: Services, actor: Actor, page: KnownPage, known: Sequence[Witness]
) -> tuple[dict[str, FileState], list[Attachment]]:
    """Return the state of each file that has something to tell, as the witnesses say, and the files without any."""
    now = services.clock.now()
    telling = {w.attachment_id: w for w in known if isinstance(w.record, Held) or now - w.record.ended.at < ENDED_SHOWN}
    states = {
        file.id: _state(services, actor, page, file, telling[file.id]) for file in page.files if file.id in telling
    }
    unread = [file for file in page.files if states.get(file.id, file) is None]
    return {file_id: state for file_id, state in states.items() if state is not None}, unread


def _state(services: Services, actor: Actor, page: KnownPage, file: Attachment, witness: Witness) -> FileState | None:
    """Return the file as it is now, one that is shown to nobody any more as last known; None for an odd answer.

    A file with the record and version of the last read is not read again: who acts on it reads it anyway.
    """
    stamp = stamp_of(witness, file.head)
    now = services.clock.now()
    for before in (page.locked.get(file.id), _seen_by_others(services, actor, page, file)):
        if before is not None and before.stamp == stamp and now - before.at <= KEPT:
            page.locked[file.id] = before
            return state_of(services, actor.tenant, before.file, witness)
    try:
        state = _properties_only(services, actor, page, file, witness)
        state = state or read_through(services, actor, file.id) or FileState.from_outside(file, witness)
    except BadAnswer as odd:
        logger.warning("a file of a list cannot be read", extra={"site": actor.tenant.id, "cause": str(odd)})
        return None
    page.app_may_edit = not state.blocked
    same = _is_known(state)
    if same and not state.blocked and state.attachment.head.created == file.head.created:
        page.locked[file.id] = LockedFile(now, stamp, state.attachment)
        ours = FileProperties(state.attachment.properties or (), state.attachment.waitlist_row)
        services.known_pages.note_properties(actor.tenant, file.id, KnownProperties(now, stamp, ours))
    return state


def _is_known(state: FileState) -> bool:
    found, known = state.found, state.known
    return isinstance(found, Held | Free) and known is not None and (found.epoch, found.seq) == (known.epoch, known.seq)


def _properties_only(
    services: Services, actor: Actor, page: KnownPage, file: Attachment, witness: Witness
) -> FileState | None:
    """Return a listed file with its properties; None where the file itself must be read.

    That is for the first one, which shows whether the app may edit here, and for a record other than the known one.
    """
    if not page.app_may_edit:
        return None
    try:
        ours = services.lock_properties.read(actor.tenant, file.id, priority=Priority.INTERACTIVE)
    except (GoneOrInvisible, Forbidden):
        return None
    state = state_of(services, actor.tenant, _with(file, ours), witness)
    return state if len(ours.locks) == 1 and _is_known(state) else None


def _seen_by_others(services: Services, actor: Actor, page: KnownPage, file: Attachment) -> LockedFile | None:
    """Return this file with the properties that another read showed, or a write of ours.

    Whoever sees the file may see those. That the app may edit here must have shown in a read for this person.
    """
    known = services.known_pages.properties(actor.tenant, file.id) if page.app_may_edit else None
    return LockedFile(known.at, known.stamp, _with(file, known.ours)) if known else None


def _with(file: Attachment, ours: FileProperties) -> Attachment:
    return replace(file, properties=ours.locks, waitlist_row=ours.waitlist, may_update=True)


def _held_by_others(actor: Actor, states: Mapping[str, FileState]) -> bool:
    standing = (state.standing for state in states.values())
    return any(isinstance(record, Held) and record.holder != actor.account_id for record in standing)


def _rows(
    services: Services,
    actor: Actor,
    page: KnownPage,
    files: list[Attachment],
    states: Mapping[str, FileState],
    rights: Facts,
    *,
    own_name: bool,
) -> list[FileRow]:
    reach = page.app_may_edit or _reach(services, actor, files, states, rights)
    page.app_may_edit = reach and bool(files)
    whole = [states.get(file.id) or FileState(replace(file, may_update=reach), Absent(), None) for file in files]
    views = view_all(services, actor, whole, rights, own_name=own_name)
    return [FileRow(file, lock) for file, lock in zip(files, views, strict=True)]


def _reach(
    services: Services, actor: Actor, files: list[Attachment], states: Mapping[str, FileState], rights: Facts
) -> bool:
    """Return whether the app may edit the page's files: one of them shows it, since they share its permissions.

    Asked only where it changes what the person may do.
    """
    shown = [not state.blocked for state in states.values()]
    if shown or not files or not permissions.may_lock(rights):
        return all(shown)
    for file in files[:MOST_ASKED]:
        try:
            asked = services.attachments.get(actor.tenant, file.id, priority=Priority.INTERACTIVE, properties=False)
        except (GoneOrInvisible, Forbidden):
            return False
        except BadAnswer:
            continue
        return asked.may_update
    return False


def _ordered(rows: list[FileRow], query: Query) -> tuple[FileRow, ...]:
    wanted = [row for row in rows if _matches(row, query)]
    by_title = sorted(wanted, key=lambda row: (words.rank(_title(row)), row.attachment.id))
    return tuple(sorted(by_title, key=_KEYS[query.sort.lstrip("-")], reverse=query.sort.startswith("-")))


def _matches(row: FileRow, query: Query) -> bool:
    holder = (row.lock.holder.display_name if row.lock.holder else None) or ""
    named = words.has_words(f"{_title(row)} {holder}", query.text)
    return named and (query.state is None or row.lock.state is query.state)


def _title(row: FileRow) -> str:
    return row.attachment.title or ""


_RANK: Mapping[ViewState, int] = {
    ViewState.MINE: 0,
    ViewState.OTHER: 1,
    ViewState.ENDING: 2,
    ViewState.FREE: 3,
    ViewState.UNREADABLE: 4,
}
_KEYS: Mapping[str, Callable[[FileRow], words.Rank | int]] = {
    "title": lambda row: words.rank(_title(row)),
    "size": lambda row: row.attachment.size if isinstance(row.attachment, Attachment) else 0,
    "state": lambda row: _RANK[row.lock.state],
}

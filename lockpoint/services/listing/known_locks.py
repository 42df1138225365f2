"""Locked files anywhere on a site, with their pages, read as one person and remembered for minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lockpoint.domain.lock import Free, Held
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import BadAnswer, NotFound
from lockpoint.services.known_pages import KEPT, KnownPage, LockedFile, Viewer
from lockpoint.services.listing.etag import FRESH
from lockpoint.services.lock_record.file_state import FileState, state_of
from lockpoint.services.locks.authorization import facts, read_through, view_of
from lockpoint.services.ports.confluence import Container, ContainerView
from lockpoint.services.ports.locks import Witness
from lockpoint.services.tenancy.activity import is_on


@dataclass(frozen=True, slots=True)
class LockOnPage:
    """`view` is None where the person does not see the page: then only its holder is shown the lock."""

    state: FileState
    view: ContainerView | None
    facts: Facts


def read_all(services: Services, actor: Actor, known: Sequence[Witness]) -> list[LockOnPage]:
    """Read each page once and each file that is not remembered, some at a time; files in the order of `known`.

    A file on a page that the person does not see is not read. Raises the host's errors.
    """
    viewers: dict[Container | None, Viewer | None] = {None: None}
    found: dict[str, LockOnPage] = {}

    def see(container: Container) -> None:
        viewers[container] = _viewer(services, actor, container)

    def look(witness: Witness) -> None:
        found[witness.attachment_id] = _look(services, actor, witness, viewers)

    services.parallel.each(see, dict.fromkeys(one.container for one in known if one.container is not None))
    services.parallel.each(look, known)
    return [found[one.attachment_id] for one in known]


def _look(
    services: Services, actor: Actor, witness: Witness, viewers: Mapping[Container | None, Viewer | None]
) -> LockOnPage:
    """A file that was moved meanwhile is shown to who sees the page where it is now."""
    viewer = viewers[witness.container]
    if viewer is None:
        return LockOnPage(FileState.unseen(witness), None, Facts())
    state = _state(services, actor, witness)
    place = state.attachment.container if state else None
    if place != witness.container:
        viewer = _viewer(services, actor, place) if place else None
    if state is None or viewer is None:
        return LockOnPage(FileState.unseen(witness), None, Facts())
    return LockOnPage(state, viewer.view, viewer.facts)


def _viewer(services: Services, actor: Actor, container: Container) -> Viewer | None:
    """Return what the person may do on the page, asked within the last minute; None when they do not see it."""
    now, page = services.clock.now(), _page(services, actor, container)
    if page.viewer is None or now - page.viewer.at > FRESH:
        try:
            view = view_of(services, actor, container)
        except NotFound:
            return None
        page.viewer = Viewer(now, view, facts(services, actor, view, roles=False), roles=False)
    on = is_on(services, actor.tenant, page.viewer.view.space_id, priority=Priority.INTERACTIVE)
    return replace(page.viewer, facts=replace(page.viewer.facts, switched_off=not on))


def _state(services: Services, actor: Actor, witness: Witness) -> FileState | None:
    """Return the file as it is now, or as it was read within minutes if the witness says the same as then.

    None for one that is not there any more; an odd answer leaves what is known of it.
    """
    record, now = witness.record, services.clock.now()
    stamp = (record.epoch, record.seq, witness.protection, witness.version, witness.seen_at)
    page = _page(services, actor, witness.container)
    before = page.locked.get(witness.attachment_id)
    if before is not None and before.stamp == stamp and now - before.at <= KEPT:
        return state_of(services, actor.tenant, before.file, witness)
    try:
        state = read_through(services, actor, witness.attachment_id)
    except BadAnswer:
        return FileState.unseen(witness)
    if state is None:
        return None
    same = isinstance(state.found, Held | Free) and (state.found.epoch, state.found.seq) == stamp[:2]
    if same and not state.blocked:
        page.locked[witness.attachment_id] = LockedFile(now, stamp, state.attachment)
    return state


def _page(services: Services, actor: Actor, container: Container | None) -> KnownPage:
    name = f"locks/{container.id if container else ''}"
    page = services.known_pages.get(actor, name)
    if page is None:
        page = KnownPage((), (), services.clock.now())
        services.known_pages.put(actor, name, page)
    return page

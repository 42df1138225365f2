"""What a person may do, asked of Confluence as that person, on every call."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain import permissions
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Absent, FoundRecord, Free, Held, Phase
from lockpoint.domain.permissions import Facts
from lockpoint.domain.settings import Accounts
from lockpoint.domain.snapshots import phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import (
    AppBlocked,
    Forbidden,
    GoneOrInvisible,
    Inactive,
    Invalid,
    NotAllowed,
    NotFound,
    TooMany,
)
from lockpoint.services.lock_record.file_state import FileState, read_attachment, read_state, state_of
from lockpoint.services.ports.confluence import Attachment, Container, ContainerView
from lockpoint.services.ports.locks import Protection, Witness
from lockpoint.services.shared_answers import shared
from lockpoint.services.tenancy.activity import is_on
from lockpoint.services.tenancy.settings_in_force import in_force

NOT_THERE = "This file is not there, or you may not see it."
NEEDS_ACCESS = "Lockpoint needs access to this page."


def read_for(services: Services, actor: Actor, attachment_id: str) -> tuple[FileState, ContainerView]:
    """Read the file, and its page as the person; `NotFound` when they may not see it."""
    state = read_through(services, actor, attachment_id)
    if state is None:
        raise NotFound(NOT_THERE)
    return state, view_of(services, actor, container_of(state.attachment))


def read_to_write(services: Services, actor: Actor, attachment_id: str) -> tuple[FileState, ContainerView] | None:
    """Read the file once, as the person; None where that does not tell enough to lock it.

    It shows the record, the newest version, and whether they see and may edit the file. That the app may edit it is
    taken for granted: the conditional write needs that right. So nothing but a write may follow from this read.
    """
    tenant, witness = actor.tenant, services.witnesses.get(actor.tenant, attachment_id)
    if not _nothing_in_the_way(services, actor, witness):
        return None
    try:
        file = read_attachment(services, tenant, attachment_id, Priority.INTERACTIVE, actor.account_id)
    except (GoneOrInvisible, Forbidden):
        return None
    state = state_of(services, tenant, file, witness)
    if file.container is None or file.status is not FileStatus.CURRENT or not _as_known(services, actor, state):
        return None
    return state, _view_by_file(services, actor, file, file.container)


def _nothing_in_the_way(services: Services, actor: Actor, witness: Witness | None) -> bool:
    """Return whether the file is free or the person's, for all we know, and not closed to the app."""
    if witness is None:
        return True
    mine = isinstance(witness.record, Held) and witness.record.holder == actor.account_id
    held = mine and phase(witness.record, services.clock.now()) is Phase.HELD
    closed = witness.protection in {Protection.APP_BLOCKED, Protection.END_UNWRITTEN}
    return (held or isinstance(witness.record, Free)) and not closed


def _as_known(services: Services, actor: Actor, state: FileState) -> bool:
    """Return whether the record is the one that is known: undamaged, single, and recorded with all that it owes."""
    found, known = state.found, state.known
    if len(state.attachment.properties or ()) > 1:
        return False
    if known is not None:
        return isinstance(found, Held | Free) and (found.epoch, found.seq) == (known.epoch, known.seq)
    if isinstance(found, Absent):
        return services.witnesses.get(actor.tenant, state.attachment.id) is None
    return isinstance(found, Free)


def _view_by_file(services: Services, actor: Actor, file: Attachment, container: Container) -> ContainerView:
    """Return the page as its file shows it to the person, where its space is remembered and makes no difference.

    A page may have moved since to a space with other settings: then, and where nothing is remembered, it is read.
    """
    space = services.known_pages.space_of(actor.tenant, container)
    if space is None or services.site_states.switches(actor.tenant, None).spaces_differ:
        return view_of(services, actor, container)
    return ContainerView(container, space, title="", status=file.status, may_update=file.may_update)


def read_as_holder(services: Services, actor: Actor, attachment_id: str) -> tuple[FileState, ContainerView | None]:
    """As `read_for`, but the holder (or last holder) may have lost the right to see the page: then it is None."""
    state = read_through(services, actor, attachment_id) or _last_known(services, actor, attachment_id)
    try:
        return state, view_of(services, actor, container_of(state.attachment))
    except NotFound:
        if not _is_or_was_holder(state.standing, actor.account_id):
            raise
        return state, None


def read_through(services: Services, actor: Actor, attachment_id: str) -> FileState | None:
    """Read the file as the app, or, where the app may not edit it, as the person; None when neither sees it."""
    state = _seen(services, actor, attachment_id, None)
    if state is not None and not state.blocked:
        return state
    return _seen(services, actor, attachment_id, actor.account_id) or state


def _seen(services: Services, actor: Actor, attachment_id: str, person: str | None) -> FileState | None:
    try:
        return read_state(services, actor.tenant, attachment_id, priority=Priority.INTERACTIVE, person=person)
    except (GoneOrInvisible, Forbidden):
        return None


def _last_known(services: Services, actor: Actor, attachment_id: str) -> FileState:
    """Return a file that nobody shows us any more, for its holder only."""
    witness = services.witnesses.get(actor.tenant, attachment_id)
    if witness is None or not _is_or_was_holder(witness.record, actor.account_id):
        raise NotFound(NOT_THERE)
    return FileState.unseen(witness)


def view_of(services: Services, actor: Actor, container: Container) -> ContainerView:
    """Return the page or blog post as the person sees it; `NotFound` when they do not."""

    def ask() -> ContainerView:
        return services.people.container(actor.tenant, actor.account_id, container, priority=Priority.INTERACTIVE)

    try:
        view = shared(("page", actor, container), ask)
    except (GoneOrInvisible, Forbidden) as hidden:
        raise NotFound(NOT_THERE) from hidden
    services.known_pages.note_space(actor.tenant, view)
    return view


def container_of(attachment: Attachment) -> Container:
    """Return what the file hangs on; `Invalid` where locks make no sense."""
    if attachment.container is None:
        raise Invalid("Only files on pages and blog posts can be locked.")
    return attachment.container


def facts(services: Services, actor: Actor, view: ContainerView | None, *, roles: bool) -> Facts:
    """Return the person's rights on this page; roles are asked for only when `roles` says that they matter.

    Drafts, archived and trashed pages cannot be edited, whatever Confluence permits there.
    """
    if view is None:
        return Facts()
    may_edit = view.may_update and view.status is FileStatus.CURRENT
    on = is_on(services, actor.tenant, view.space_id, priority=Priority.INTERACTIVE)
    seen = Facts(may_view=True, may_edit=may_edit, switched_off=not on)
    return _with_role(services, actor, view.space_id, seen) if roles else seen


def roles_in(services: Services, actor: Actor, space_id: str) -> Facts:
    """Return the first role that lets the person end others' locks in a space, and nothing else."""
    return _with_role(services, actor, space_id, Facts())


def _with_role(services: Services, actor: Actor, space_id: str, seen: Facts) -> Facts:
    """Add the first role that lets the person end others' locks, the cheapest to ask for first."""
    space = in_force(services, actor.tenant, space_id, priority=Priority.INTERACTIVE).space
    if actor.account_id in space.managers:
        return replace(seen, lock_manager=True)
    if _administers_space(services, actor, space_id):
        return replace(seen, space_admin=True)
    if _administers_site(services, actor):
        return replace(seen, site_admin=True)
    return replace(seen, lock_manager=_in_group(services, actor, space.manager_groups))


def _in_group(services: Services, actor: Actor, groups: Accounts) -> bool:
    """Asked as the person; one whose groups cannot be read manages nothing."""
    if not groups:
        return False

    def ask() -> frozenset[str]:
        return services.directory.groups_of(actor.tenant, actor.account_id, priority=Priority.INTERACTIVE)

    try:
        mine = shared(("groups", actor), ask)
    except (GoneOrInvisible, Forbidden):
        return False
    return not mine.isdisjoint(groups)


def must_be_on(known: Facts) -> None:
    if known.switched_off:
        text = (
            "Lockpoint is switched off in this space: it locks and protects nothing there. Space admins can change it."
        )
        raise Inactive(text)


def must_edit(view: ContainerView | None, known: Facts) -> None:
    """Refuse people who may only look, and pages that cannot be edited."""
    if view is not None and view.status is not FileStatus.CURRENT:
        raise Invalid(f"This page is {view.status.value}; only files of current pages can be locked.")
    if not permissions.may_lock(known):
        raise NotAllowed("You may view this page but not edit it, so you cannot lock its files.")


def must_manage(known: Facts, state: FileState, account: str, lock_id: str) -> None:
    """Refuse people who may not end others' locks; one's own lock is released, not broken."""
    if not permissions.may_break(known):
        raise NotAllowed("Only lock managers, space admins and site admins may end another person's lock.")
    held = state.found
    if isinstance(held, Held) and held.lock_id == lock_id and held.holder == account:
        raise Invalid("This is your own lock. Release it instead.")


def must_be_lockable(state: FileState, known: Facts) -> None:
    """Refuse files that are not current, and pages where the app could not protect anything."""
    if state.attachment.status is not FileStatus.CURRENT:
        raise Invalid(f"This file is {state.attachment.status.value}; only current files can be locked.")
    app_may_act(state, known)


def must_have_room(services: Services, actor: Actor, state: FileState) -> None:
    """Refuse a lock beyond the caps; a lock that the person has already does not count."""
    if isinstance(state.found, Held) and state.found.holder == actor.account_id:
        return
    if has_as_many(services, actor.tenant, services.locks_per_person, actor.account_id):
        raise TooMany(f"You already hold {services.locks_per_person} locks. Unlock some files first.")
    if has_as_many(services, actor.tenant, services.locks_per_site):
        raise TooMany("This site has as many locks as it may have. Ask an admin to end some.")


def has_as_many(services: Services, tenant: Tenant, most: int, holder: str | None = None) -> bool:
    """Return whether the site or a person holds so many locks; those that are over do not count, swept or not."""
    count, now = services.witnesses.count_held, services.clock.now()
    return count(tenant, holder) >= most and count(tenant, holder, running_at=now) >= most


def app_may_act(state: FileState, known: Facts) -> None:
    """Refuse where the app itself can neither write the record nor undo anything: such a lock would not protect."""
    if state.blocked:
        raise app_blocked(state.attachment.container, known)


def app_blocked(container: Container | None, known: Facts) -> AppBlocked:
    """Return the refusal with its remedy: what this person can do, and for which page."""
    page = container.id if container else None
    if permissions.may_lock(known):
        return AppBlocked(f"{NEEDS_ACCESS} You can give it.", details={"remedy": "give_access", "pageId": page})
    text = f"{NEEDS_ACCESS} Ask a person who may edit the page to give it."
    return AppBlocked(text, details={"remedy": "ask_editor", "pageId": page})


def _administers_site(services: Services, actor: Actor) -> bool:
    def ask() -> bool:
        return services.people.administers_site(actor.tenant, actor.account_id, priority=Priority.INTERACTIVE)

    return shared(("administers site", actor), ask)


def _administers_space(services: Services, actor: Actor, space_id: str) -> bool:
    def ask() -> bool:
        people, account = services.people, actor.account_id
        return people.administers_space(actor.tenant, account, space_id, priority=Priority.INTERACTIVE)

    return shared(("administers space", actor, space_id), ask)


def _is_or_was_holder(record: FoundRecord, account: str) -> bool:
    if isinstance(record, Held):
        return record.holder == account
    return isinstance(record, Free) and record.ended.holder == account

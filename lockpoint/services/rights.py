"""What a person may do, asked of Confluence as that person, on every call."""

from __future__ import annotations

from lockpoint.locking import permissions
from lockpoint.locking.permissions import Facts
from lockpoint.services.context import Actor, Lane
from lockpoint.services.errors import AppBlocked, Forbidden, GoneOrInvisible, Invalid, NotAllowed, NotFound
from lockpoint.services.ports import Attachment, Container, ContainerView
from lockpoint.services.services import Services
from lockpoint.services.looking import Seen, look

NOT_THERE = "This file is not there, or you may not see it."


def look_for(services: Services, actor: Actor, attachment_id: str) -> tuple[Seen, ContainerView]:
    """The file as the app reads it, and its page as the person sees it.

    Raises `NotFound` for whoever may not see it, and `AppBlocked` when only the app may not.
    """
    try:
        seen = look(services, actor.tenant, attachment_id, lane=Lane.PEOPLE)
    except (GoneOrInvisible, Forbidden) as blocked:
        _as_person(services, actor, attachment_id)
        raise AppBlocked(
            "Lockpoint may not see this page, so it could not protect the file. "
            "Add the Lockpoint app to the page's restrictions.",
        ) from blocked
    return seen, view_of(services, actor, container_of(seen.attachment))


def view_of(services: Services, actor: Actor, container: Container) -> ContainerView:
    """The page or blog post as the person sees it; `NotFound` when they do not."""
    try:
        return services.people.container(actor.tenant, actor.account_id, container, lane=Lane.PEOPLE)
    except (GoneOrInvisible, Forbidden) as hidden:
        raise NotFound(NOT_THERE) from hidden


def container_of(attachment: Attachment) -> Container:
    """What the file hangs on; `Invalid` where locks make no sense."""
    if attachment.container is None:
        raise Invalid("Only files on pages and blog posts can be locked.")
    return attachment.container


def facts(services: Services, actor: Actor, view: ContainerView, *, roles: bool) -> Facts:
    """The person's standing on this page; the roles are asked for only when `roles` says they matter."""
    space_admin = roles and _administers_space(services, actor, view.space_id)
    site_admin = roles and not space_admin and administers_site(services, actor)
    return Facts(may_view=True, may_edit=view.may_update, space_admin=space_admin, site_admin=site_admin)


def must_edit(view: ContainerView) -> None:
    """Refuse people who may only look."""
    if not view.may_update:
        raise NotAllowed("You may look at this page but not edit it, so you cannot lock its files.")


def must_manage(known: Facts) -> None:
    """Refuse people who may not end others' locks."""
    if not permissions.may_break(known):
        raise NotAllowed("Only lock managers, space admins and site admins may end another person's lock.")


def administers_site(services: Services, actor: Actor) -> bool:
    """Whether the person administers Confluence."""
    return services.people.administers_site(actor.tenant, actor.account_id, lane=Lane.PEOPLE)


def _administers_space(services: Services, actor: Actor, space_id: str) -> bool:
    return services.people.administers_space(actor.tenant, actor.account_id, space_id, lane=Lane.PEOPLE)


def _as_person(services: Services, actor: Actor, attachment_id: str) -> None:
    try:
        services.attachments.get(
            actor.tenant,
            attachment_id,
            lane=Lane.PEOPLE,
            person=actor.account_id,
            properties=False,
            operations=False,
        )
    except (GoneOrInvisible, Forbidden) as hidden:
        raise NotFound(NOT_THERE) from hidden

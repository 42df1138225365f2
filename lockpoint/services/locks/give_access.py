"""Giving the app access to a page that is restricted without it, as a person who may edit the page."""

from __future__ import annotations

from lockpoint.domain import permissions
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import (
    AppBlocked,
    Forbidden,
    GoneOrInvisible,
    NotAllowed,
    NotFound,
    Rejected,
    Unauthorised,
)
from lockpoint.services.locks.authorization import facts, must_be_on, view_of
from lockpoint.services.ports.confluence import Container, ContainerKind, ContainerView
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.whereabouts import hint_jobs

BY_HAND = {"remedy": "by_hand"}
_HOW = "Open the page's restrictions in Confluence and add the Lockpoint app to those who may view and edit."


def give_access(services: Services, actor: Actor, page_id: str) -> int:
    """Add the app to the restrictions of the page and have its locks looked at; return how many there are.

    Done as the person, with the right that they have now. Raises `NotFound`, `Inactive`, `NotAllowed`, and `AppBlocked`
    where something else keeps the app out; the last two say what to do by hand where that helps.
    """
    with spending_on("give_access"):
        try:
            page = _page(services, actor, page_id)
        except Unauthorised as refused:
            text = f"Lockpoint cannot act for you on this site. {_HOW}"
            raise NotAllowed(text, details=BY_HAND) from refused
        known = facts(services, actor, page, roles=False)
        if not permissions.may_lock(known):
            raise NotAllowed("You may not edit this page, so you cannot give Lockpoint access to it.")
        must_be_on(known)
        _admit(services, actor, page.container)
        return _look_at_once(services, actor, page.container)


def _page(services: Services, actor: Actor, page_id: str) -> ContainerView:
    """Frames get one kind of id for pages and blog posts: try both."""
    try:
        return view_of(services, actor, Container(ContainerKind.PAGE, page_id))
    except NotFound:
        return view_of(services, actor, Container(ContainerKind.BLOGPOST, page_id))


def _admit(services: Services, actor: Actor, container: Container) -> None:
    tenant = actor.tenant
    if _app_may_edit(services, actor, container):
        return
    app = services.people.own_account(tenant, priority=Priority.INTERACTIVE)
    try:
        services.people.admit(tenant, actor.account_id, container, app, priority=Priority.INTERACTIVE)
    except (GoneOrInvisible, Forbidden, Rejected) as refused:
        text = f"Confluence does not let you change the restrictions of this page. Ask a space admin. {_HOW}"
        raise AppBlocked(text, details=BY_HAND) from refused
    if not _app_may_edit(services, actor, container):
        text = (
            "Lockpoint is in the restrictions of this page, but still may not edit it. Ask a space admin to look at "
            "the restrictions of the pages above it, the permissions of the space, and the site's app access rules."
        )
        raise AppBlocked(text, details=BY_HAND)


def _app_may_edit(services: Services, actor: Actor, container: Container) -> bool:
    try:
        return services.people.container(actor.tenant, None, container, priority=Priority.INTERACTIVE).may_update
    except (GoneOrInvisible, Forbidden):
        return False


def _look_at_once(services: Services, actor: Actor, container: Container) -> int:
    """Queue a look at each lock of the page, at each end that could not be stored, and at the page's hint."""
    known = services.witnesses.of_container(actor.tenant, container.id)
    waiting = [w for w in known if isinstance(w.record, Held) or w.protection is Protection.END_UNWRITTEN]
    looks = tuple(Job(JobKind.RECONCILE, actor.tenant.id, witness.attachment_id) for witness in waiting)
    services.jobs.defer((*looks, *hint_jobs(actor.tenant, container)))
    return len(looks)

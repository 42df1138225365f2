"""The state of one file's lock from one person's side."""

from __future__ import annotations

from lockpoint.domain.lock import Held
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.lock_record.record_effects import newer_than
from lockpoint.services.locks.authorization import facts, read_for
from lockpoint.services.locks.lock_view import LockView, view_all
from lockpoint.services.ports.confluence import ContainerView
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.quota_accounting import spending_on


def show(services: Services, actor: Actor, attachment_id: str) -> LockView:
    """Return the lock as the person sees it; `NotFound` for a file that they may not see."""
    with spending_on("show"):
        state, page = read_for(services, actor, attachment_id)
        look_into_unknown(services, actor.tenant, state)
        return view_of_state(services, actor, state, facts_for(services, actor, state, page))


def view_of_state(services: Services, actor: Actor, state: FileState, known: Facts) -> LockView:
    """Return one read from the person's side."""
    return view_all(services, actor, (state,), known)[0]


def facts_for(services: Services, actor: Actor, state: FileState, page: ContainerView | None) -> Facts:
    """Return the person's rights; roles matter, and are asked for, only where another person holds the file."""
    held = state.standing
    other = isinstance(held, Held) and held.holder != actor.account_id
    return facts(services, actor, page, roles=other)


def look_into_unknown(services: Services, tenant: Tenant, state: FileState) -> None:
    """Queue a look at a record that is newer than what we know, or that was found without any knowledge of it."""
    unknown = isinstance(state.found, Held) if state.known is None else newer_than(state.found, state.known)
    if unknown:
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, state.attachment.id),))

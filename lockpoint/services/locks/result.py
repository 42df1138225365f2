"""What the caller of a use case about a lock gets: the lock from their side, or a refusal with the lock in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lockpoint.domain import rules
from lockpoint.domain.lock import Held, Record
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Tenant
from lockpoint.services.errors import AppBlocked, Invalid, UseCaseError
from lockpoint.services.lock_record.file_state import FileState, Unwritten
from lockpoint.services.lock_record.record_effects import newer_than, without_words
from lockpoint.services.locks.authorization import as_person, container_of, facts, read_for, view_of
from lockpoint.services.locks.lock_view import LockView, scene_of, view_all
from lockpoint.services.locks.refusals import error_for, shows_lock
from lockpoint.services.ports.confluence import ContainerView
from lockpoint.services.ports.jobs import Job, JobKind


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """A warning: the file changed while it was being locked; the lock protects the newest version."""

    author: str | None
    version: int


@dataclass(frozen=True, slots=True)
class LockResult:
    """What came of a call: HTTP's word for it (201 a new hold, 200 otherwise) and the lock from the caller's side."""

    status: int
    lock: LockView
    warning: HeadMoved | None = None


def shown(services: Services, actor: Actor, attachment_id: str) -> LockView:
    """The state of one file's lock from the person's side.

    Where the app is shut out, it is the last that is known, and says so. A record that nobody wrote down is noticed.
    """
    try:
        state, view = read_for(services, actor, attachment_id)
    except AppBlocked:
        return _shown_from_outside(services, actor, attachment_id)
    notice(services, actor.tenant, state)
    return lock_view(services, actor, state, facts_for(services, actor, state, view))


def lock_view(services: Services, actor: Actor, state: FileState, known: Facts) -> LockView:
    """One read from the person's side."""
    return view_all(services, actor, (scene_of(state, known),))[0]


def view_after(services: Services, actor: Actor, state: FileState, record: Record, known: Facts) -> LockView:
    """The lock as this call has just left it."""
    witness = replace(state.witness, record=without_words(record)) if state.witness else None
    return lock_view(services, actor, replace(state, found=record, witness=witness), known)


def facts_for(services: Services, actor: Actor, state: FileState, view: ContainerView | None) -> Facts:
    """The person's rights; roles matter, and are asked for, only where somebody else holds the file."""
    held = state.standing
    other = isinstance(held, Held) and held.holder != actor.account_id
    return facts(services, actor, view, roles=other)


def refused(services: Services, actor: Actor, outcome: Unwritten, view: ContainerView | None) -> UseCaseError:
    """The error for a refusal, with the lock as it is now."""
    if isinstance(outcome.decision, rules.Already):
        return Invalid("There is nothing to do.")
    notice(services, actor.tenant, outcome.state)
    error = error_for(outcome.decision)
    if shows_lock(outcome.decision):
        lock = lock_view(services, actor, outcome.state, facts_for(services, actor, outcome.state, view))
        error.details = {**error.details, "lock": lock}
    return error


def notice(services: Services, tenant: Tenant, state: FileState) -> None:
    """A record that is newer than what we know, or was found without any knowledge of it, gets a look of its own."""
    unknown = isinstance(state.found, Held) if state.known is None else newer_than(state.found, state.known)
    if unknown:
        services.jobs.defer((Job(JobKind.RECONCILE, tenant.id, state.attachment.id),))


def _shown_from_outside(services: Services, actor: Actor, attachment_id: str) -> LockView:
    attachment = as_person(services, actor, attachment_id)
    view = view_of(services, actor, container_of(attachment))
    state = FileState.from_outside(attachment, services.witnesses.get(actor.tenant, attachment_id))
    scene = scene_of(state, facts(services, actor, view, roles=False), in_reach=False)
    return view_all(services, actor, (scene,))[0]

"""One person's call about one lock, from the check of their rights to the answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lockpoint.domain import rules
from lockpoint.domain.lock import Limits, Record
from lockpoint.domain.permissions import Facts
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.enforcement.check_after_end import catch_up_on_end
from lockpoint.services.errors import (
    AlreadyLockedError,
    EndingError,
    Forbidden,
    GoneOrInvisible,
    LockLostError,
    OutOfDateError,
    UseCaseError,
)
from lockpoint.services.idempotency import RequestKey, once
from lockpoint.services.lock_record.compare_and_set import Rule
from lockpoint.services.lock_record.file_state import FileState, Unwritten, Written
from lockpoint.services.lock_record.record_effects import RequestOutcome, without_words
from lockpoint.services.locks import end_lock
from lockpoint.services.locks.authorization import app_blocked, facts, read_for, read_to_write
from lockpoint.services.locks.lock_view import LockView
from lockpoint.services.locks.result import LockResult, error_for, shows_lock
from lockpoint.services.locks.show import facts_for, look_into_unknown, show, view_of_state
from lockpoint.services.notifications.profiles import note_use
from lockpoint.services.ports.confluence import ContainerView
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.runtime import BegunRequest
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.settings_in_force import in_force
from lockpoint.services.tenancy.usage_counts import count_call

OK, CREATED = 200, 201

_READ_ALL = (GoneOrInvisible, Forbidden, AlreadyLockedError, EndingError, LockLostError)
"""After these what the app may do is read as well: the write was refused to it, or a lock is to be shown."""

Read = Callable[[Services, Actor, str], tuple[FileState, ContainerView | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOptions:
    """How a lock is wanted; None where the person did not say."""

    life: timedelta | None = None
    note: str | None = None
    unlock_on_upload: bool = False
    seen_version: int | None = None
    seen_created: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAction:
    """One attempt at a call: who asks, what was read of the file and its page, and what the person may do there.

    `begun` carries the ids that the attempt writes under; `page` is None for a holder who may not see it any more.
    """

    services: Services
    actor: Actor
    key: RequestKey
    begun: BegunRequest
    state: FileState
    page: ContainerView | None
    facts: Facts

    @property
    def space_id(self) -> str | None:
        """The space, where the person sees the page."""
        return self.page.space_id if self.page else None

    @property
    def limits(self) -> Limits:
        """How long locks may live here; raises the host's errors."""
        return in_force(self.services, self.actor.tenant, self.space_id, priority=Priority.INTERACTIVE).limits

    def done(self, status: int) -> RequestOutcome:
        """What is stored under the request id."""
        return (self.actor.account_id, self.key.id, status, None)

    def view_after(self, state: FileState, record: Record) -> LockView:
        """The lock as this call has just left it."""
        witness = replace(state.witness, record=without_words(record)) if state.witness else None
        return view_of_state(self.services, self.actor, replace(state, found=record, witness=witness), self.facts)

    def refused(self, outcome: Unwritten) -> UseCaseError:
        """The error for a refusal, with the lock as it is now."""
        look_into_unknown(self.services, self.actor.tenant, outcome.state)
        error = error_for(outcome.decision)
        if shows_lock(outcome.decision):
            known = facts_for(self.services, self.actor, outcome.state, self.page)
            lock = view_of_state(self.services, self.actor, outcome.state, known)
            error.details = {**error.details, "lock": lock}
        return error


def perform(
    use_case: str,
    services: Services,
    actor: Actor,
    attachment_id: str,
    key: RequestKey,
    work: Callable[[LockAction], LockResult],
    *,
    read: Read = read_for,
    roles: bool = False,
    writes_only: bool = False,
) -> LockResult:
    """Read the file, establish the person's rights and do `work`, once for each request id.

    `writes_only`: on a sound record `work` makes one conditional write as the app, so that one read as the person may
    be enough. What is not stored of an earlier answer (the lock in it) is read again. Raises what `once`, `read` and
    `work` raise.
    """

    def worked(begun: BegunRequest, state: FileState, page: ContainerView | None, known: Facts) -> LockResult:
        action = LockAction(services=services, actor=actor, key=key, begun=begun, state=state, page=page, facts=known)
        catch_up_on_end(services, actor.tenant, state, priority=Priority.INTERACTIVE)
        result = work(action)
        note_use(services, actor)
        count_call(services, actor, use_case, result.status)
        return result

    def attempt(begun: BegunRequest) -> LockResult:
        seen = read_to_write(services, actor, attachment_id) if writes_only else None
        if seen is not None:
            with suppress(*_READ_ALL):
                return worked(begun, *seen, facts(services, actor, seen[1], roles=roles))
        state, page = read(services, actor, attachment_id)
        known = facts(services, actor, page, roles=roles)
        try:
            return worked(begun, state, page, known)
        except Forbidden as blocked:
            raise app_blocked(page.container if page else None, known) from blocked

    with spending_on(use_case):
        try:
            return once(
                services,
                actor,
                key,
                attempt,
                lambda status: LockResult(status, show(services, actor, attachment_id)),
            )
        except UseCaseError as refusal:
            _add_details(services, actor, attachment_id, refusal)
            raise


def end(
    action: LockAction, rule: Rule, status: int = OK, *, check: Callable[[FileState], None] | None = None
) -> LockResult:
    """End a lock as the rule says, and answer; ending what has ended already is a success, too.

    `check` refuses what each round finds.
    """
    services, actor = action.services, action.actor
    outcome = end_lock.end(
        services,
        actor.tenant,
        action.state,
        rule,
        op_id=action.begun.op_id,
        by=actor.account_id,
        priority=Priority.INTERACTIVE,
        request=action.done(status),
        space_id=action.space_id,
        check=check,
    )
    if isinstance(outcome, Written):
        return LockResult(status, action.view_after(outcome.state, outcome.record))
    if not isinstance(outcome.decision, rules.Already):
        raise action.refused(outcome)
    look_into_unknown(services, actor.tenant, outcome.state)
    services.effects.record(actor.tenant, Effects(request=action.done(OK)))
    return LockResult(OK, view_of_state(services, actor, outcome.state, action.facts))


def _add_details(services: Services, actor: Actor, attachment_id: str, refusal: UseCaseError) -> None:
    """A stored refusal has lost its details: read them again."""
    if isinstance(refusal, AlreadyLockedError | LockLostError) and "lock" not in refusal.details:
        refusal.details = {**refusal.details, "lock": show(services, actor, attachment_id)}
    if isinstance(refusal, OutOfDateError) and not refusal.details:
        state, _ = read_for(services, actor, attachment_id)
        refusal.details = error_for(rules.OutOfDate(state.attachment.base())).details

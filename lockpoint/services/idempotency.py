"""One effect per request id: a repeated call gets the same outcome, also after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from lockpoint.services import errors
from lockpoint.services.container import Services
from lockpoint.services.context import Actor
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.runtime import BegunRequest, RequestState

T = TypeVar("T")
OK = 200

# Outcomes that nobody knows, or that pass by themselves: never stored, so that asking again works.
PASSING = (errors.HostError, errors.StorageUnavailable, errors.Busy, errors.EndingError)

BY_CODE: dict[str, type[errors.UseCaseError]] = {
    kind.code: kind
    for kind in (
        errors.NotFound,
        errors.NotAllowed,
        errors.Unlicensed,
        errors.Inactive,
        errors.AlreadyLockedError,
        errors.OutOfDateError,
        errors.SettingsChanged,
        errors.AppBlocked,
        errors.TooMany,
        errors.LockLostError,
        errors.Invalid,
    )
}


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The request id of a writing call, and all it asks for, with what people wrote: only keyed hashes are stored."""

    id: str
    asks: str


def once(
    services: Services, actor: Actor, key: RequestKey, work: Callable[[BegunRequest], T], replay: Callable[[int], T]
) -> T:
    """Do `work` once; a repeated call gets `replay` of the stored status, or the stored refusal.

    `work` gets the ids of this attempt, and stores its own success together with its effects. Raises `InProgress` while
    a twin is at work, and `RequestReused` when the same id came with another body.
    """
    begun = _begin(services, actor, key)
    if begun.state is RequestState.DONE:
        return _repeat(begun.status or OK, begun.error, replay)
    return _attempt(services, actor, key, work, begun)


def once_set(services: Services, actor: Actor, key: RequestKey, work: Callable[[], T], present: Callable[[], T]) -> T:
    """As `once`, for calls that bring about a state and write under no id of their own.

    A repeated call gets `present`. The success is stored after its effect; after a crash between the two a repeated
    call brings about the same state again.
    """

    def stored(_: BegunRequest) -> T:
        answer = work()
        services.effects.record(actor.tenant, Effects(request=(actor.account_id, key.id, OK, None)))
        return answer

    return once(services, actor, key, stored, lambda _status: present())


def once_in_parts(
    services: Services, actor: Actor, key: RequestKey, work: Callable[[], T], *, finished: Callable[[T], bool]
) -> T:
    """As `once`, for work whose parts go by request ids of their own: a repeated call does all of it again.

    Parts that are done repeat their outcome. Until the answer is `finished`, a repeated call may come at once.
    """
    begun = _begin(services, actor, key)
    if begun.state is RequestState.DONE:
        return work()
    try:
        answer = work()
    except PASSING:
        services.requests.abandon(actor.tenant, actor.account_id, key.id)
        raise
    if finished(answer):
        services.effects.record(actor.tenant, Effects(request=(actor.account_id, key.id, OK, None)))
    else:
        services.requests.abandon(actor.tenant, actor.account_id, key.id)
    return answer


def _begin(services: Services, actor: Actor, key: RequestKey) -> BegunRequest:
    digests = _digests(services, actor, key)
    begun = services.requests.begin(
        actor.tenant,
        actor.account_id,
        key.id,
        digest=digests[0],
        lock_id=services.ids.new(),
        op_id=services.ids.new(),
    )
    if begun.digest not in digests:
        raise errors.RequestReused("This request id was used for another request.")
    if begun.state is RequestState.RUNNING:
        raise errors.InProgress("The same request is still running. Try again in a moment.")
    return begun


def _digests(services: Services, actor: Actor, key: RequestKey) -> tuple[str, ...]:
    """Under every key, newest first: after a change of keys a repeated call is known."""
    text = f"request/{actor.tenant.site_key}/{actor.account_id}/{key.id}/{key.asks}"
    return tuple(services.tag_keys.digests(text.encode()).values())


def _repeat(status: int, error: str | None, replay: Callable[[int], T]) -> T:
    if error is not None:
        kind = BY_CODE.get(error, errors.Invalid)
        raise kind("This request was already answered with a refusal; send a new request to try again.")
    return replay(status)


def _attempt(
    services: Services, actor: Actor, key: RequestKey, work: Callable[[BegunRequest], T], begun: BegunRequest
) -> T:
    try:
        return work(begun)
    except errors.UseCaseError as refusal:
        if isinstance(refusal, PASSING):
            services.requests.abandon(actor.tenant, actor.account_id, key.id)
        else:
            outcome = (actor.account_id, key.id, 409, refusal.code)
            services.effects.record(actor.tenant, Effects(request=outcome))
        raise
    except PASSING:
        services.requests.abandon(actor.tenant, actor.account_id, key.id)
        raise

"""Extending a lock by the link in the mail that warned of its end, with the rights that its holder has now."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lockpoint.domain import next_record, permissions
from lockpoint.domain.lock import FoundRecord, Held, Phase
from lockpoint.domain.snapshots import ended_of, phase
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority
from lockpoint.services.errors import AppBlocked, Inactive, Invalid, NotAllowed, NotFound, Unlicensed, UseCaseError
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.authorization import facts, must_be_on, read_for
from lockpoint.services.locks.extend import extend
from lockpoint.services.notifications.mail_links import Extend
from lockpoint.services.ports.notifications import LinkAnswer, PageKind
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy.activity import require_active
from lockpoint.services.tenancy.settings_in_force import in_force

_REFUSED: Final[dict[type[UseCaseError], PageKind]] = {
    NotAllowed: PageKind.NOT_ALLOWED,
    NotFound: PageKind.NOT_THERE,
    AppBlocked: PageKind.BLOCKED,
    Unlicensed: PageKind.UNLICENSED,
    Inactive: PageKind.INACTIVE,
    Invalid: PageKind.LONGEST_LIFE,
}


def offer(services: Services, actor: Actor, wish: Extend) -> LinkAnswer:
    """Return what the link would do now, or what became of the lock; changes nothing. Raises the host's errors."""
    try:
        require_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    except Unlicensed:
        return LinkAnswer(PageKind.UNLICENSED)
    except NotAllowed:
        return LinkAnswer(PageKind.INACTIVE)
    with spending_on("mail_link"):
        try:
            return _offer(services, actor, wish)
        except UseCaseError as refusal:
            return LinkAnswer(_REFUSED.get(type(refusal), PageKind.LATER))


def extend_by_mail(services: Services, actor: Actor, wish: Extend) -> LinkAnswer:
    """Extend the lock unless it ends later by now: so each link works once, also when it is followed twice."""
    found = offer(services, actor, wish)
    if found.kind is not PageKind.EXTEND:
        return found
    key = RequestKey(services.ids.new(), "mail")
    try:
        lock = extend(services, actor, wish.attachment_id, key, wish.lock_id, None, unless_later_than=wish.ends_at).lock
    except UseCaseError as refusal:
        now = offer(services, actor, wish)
        return now if now.kind is not PageKind.EXTEND else _refused(refusal, now)
    return LinkAnswer(PageKind.EXTENDED, file_name=found.file_name, at=lock.expires_at)


def _refused(refusal: UseCaseError, now: LinkAnswer) -> LinkAnswer:
    return LinkAnswer(_REFUSED.get(type(refusal), PageKind.LATER), file_name=now.file_name, at=now.at)


def _offer(services: Services, actor: Actor, wish: Extend) -> LinkAnswer:
    state, page = read_for(services, actor, wish.attachment_id)
    held, now, name = state.standing, services.clock.now(), state.attachment.title
    if not isinstance(held, Held) or held.lock_id != wish.lock_id or phase(held, now) is not Phase.HELD:
        return LinkAnswer(PageKind.ENDED, file_name=name, at=_end_of(held, wish.lock_id))
    if held.expires_at is None or held.expires_at > wish.ends_at:
        return LinkAnswer(PageKind.EXTENDED, file_name=name, at=held.expires_at)
    known = facts(services, actor, page, roles=False)
    must_be_on(known)
    if held.holder != actor.account_id or not permissions.may_lock(known):
        return LinkAnswer(PageKind.NOT_ALLOWED, file_name=name, at=held.expires_at)
    limits = in_force(services, actor.tenant, page.space_id, priority=Priority.INTERACTIVE).limits
    if next_record.kept_expiry(held, now, limits, None) == held.expires_at:
        return LinkAnswer(PageKind.LONGEST_LIFE, file_name=name, at=held.expires_at)
    kind = PageKind.BLOCKED if state.blocked else PageKind.EXTEND
    return LinkAnswer(kind, file_name=name, at=held.expires_at)


def _end_of(found: FoundRecord, lock_id: str) -> datetime | None:
    """Return when this lock ended; None when later locks have taken the place of that news."""
    if isinstance(found, Held) and found.lock_id == lock_id:
        return found.expires_at
    ended = ended_of(found)
    return ended.at if ended is not None and ended.lock_id == lock_id else None

"""Who may do what: one table for the interface and the API."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.lock import FoundRecord, Held, Newer, Phase
from lockpoint.domain.snapshots import phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What Confluence just said about a person, asked as that person."""

    may_view: bool = False
    may_edit: bool = False
    lock_manager: bool = False
    space_admin: bool = False
    site_admin: bool = False
    switched_off: bool = False
    """Lockpoint is inactive in this space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Can:
    """What a person may do with one file now; a flag is true exactly when the call would be allowed.

    `lock` means beginning a lock; asking again for one's own is an `extend`. `break_` and `take_over` concern others'
    locks, `give_access` a page that the app may not edit. `decline` and `hand_over` concern somebody who asks; whether
    that person may still edit the page is seen at the call.
    """

    lock: bool = False
    release: bool = False
    extend: bool = False
    break_: bool = False
    take_over: bool = False
    notify_me: bool = False
    give_access: bool = False
    request: bool = False
    cancel_request: bool = False
    decline: bool = False
    hand_over: bool = False


def may_lock(facts: Facts) -> bool:
    """Only the right to edit counts, whatever else the person administers."""
    return facts.may_view and facts.may_edit


def may_break(facts: Facts) -> bool:
    return facts.lock_manager or facts.space_admin or facts.site_admin


def can(facts: Facts, found: FoundRecord, account: str, now: datetime, asking: Collection[str] = ()) -> Can:
    """Return what the table of roles allows; `asking` are the people whose request for this lock is open."""
    if isinstance(found, Newer):
        return Can()
    if not isinstance(found, Held) or phase(found, now) is Phase.EXPIRED:
        return Can(lock=may_lock(facts) and not facts.switched_off)
    live = phase(found, now) is Phase.HELD
    if facts.switched_off:
        return Can(release=found.holder == account, cancel_request=facts.may_view and account in asking)
    asked = live and facts.may_view and any(person != account for person in asking)
    if found.holder == account:
        begins, extends = may_lock(facts) and not live, may_lock(facts) and live
        return Can(lock=begins, release=True, extend=extends, decline=asked, hand_over=asked and may_lock(facts))
    breaks = may_break(facts)
    return Can(
        break_=breaks,
        take_over=breaks and may_lock(facts),
        notify_me=facts.may_view,
        request=may_lock(facts) and live,
        cancel_request=facts.may_view and account in asking,
        hand_over=breaks and asked and may_lock(facts),
    )


def without_app(allowed: Can, facts: Facts) -> Can:
    """Return what is left where the app may not edit the page: ending locks, and giving the app access."""
    return Can(release=allowed.release, break_=allowed.break_, give_access=may_lock(facts))

"""One table of roles: who may do what; the interface and the API both ask here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lockpoint.domain.lock import FoundRecord, Held, Newer, Phase
from lockpoint.domain.snapshots import phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was just established about a person, as that person; `False` wherever it could not be established."""

    may_view: bool = False
    may_edit: bool = False
    lock_manager: bool = False
    space_admin: bool = False
    site_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Can:
    """What a person may do with one file now; each flag is true exactly when the call would be allowed.

    `lock` means beginning a hold; asking again for a hold that is one's own already is an `extend`. `break_` and
    `take_over` are about other people's holds.
    """

    lock: bool = False
    release: bool = False
    extend: bool = False
    break_: bool = False
    take_over: bool = False
    notify_me: bool = False


def may_lock(facts: Facts) -> bool:
    """Whether these facts let a person hold a lock: the right to edit, here and now, whatever else they administer."""
    return facts.may_view and facts.may_edit


def may_break(facts: Facts) -> bool:
    """Whether these facts let a person end another's lock."""
    return facts.lock_manager or facts.space_admin or facts.site_admin


def may_configure_site(facts: Facts) -> bool:
    """Whether these facts let a person change the site's settings."""
    return facts.site_admin


def can(facts: Facts, found: FoundRecord, account: str, now: datetime) -> Can:
    """What `account` may do with a file whose record reads like this."""
    if isinstance(found, Newer):
        return Can()
    if not isinstance(found, Held) or phase(found, now) is Phase.EXPIRED:
        return Can(lock=may_lock(facts))
    live = phase(found, now) is Phase.HELD
    if found.holder == account:
        return Can(lock=may_lock(facts) and not live, release=True, extend=may_lock(facts) and live)
    breaks = may_break(facts)
    return Can(break_=breaks, take_over=breaks and may_lock(facts), notify_me=facts.may_view)

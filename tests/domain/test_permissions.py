"""The table of roles."""

from __future__ import annotations

import itertools
from dataclasses import fields
from typing import Any

import pytest

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, EndReason, Held, Newer, Phase, Unreadable
from lockpoint.domain.permissions import Can, Facts, can, may_break, may_lock, without_app
from lockpoint.domain.snapshots import phase
from tests.domain.build import ALICE, BOB, CHARLIE, L1, L2, LIMITS, at, free, held, snapshot

SITE_ADMIN = Facts(may_view=True, may_edit=True, site_admin=True)
SPACE_ADMIN = Facts(may_view=True, may_edit=True, space_admin=True)
LOCK_MANAGER = Facts(may_view=True, may_edit=True, lock_manager=True)
EDITOR = Facts(may_view=True, may_edit=True)
VIEWER = Facts(may_view=True)
ANONYMOUS = Facts()
RUNNING_OUT = held(expires_at=at(0))


@pytest.mark.parametrize(
    ("facts", "lock", "end"),
    [
        (SITE_ADMIN, True, True),
        (SPACE_ADMIN, True, True),
        (LOCK_MANAGER, True, True),
        (EDITOR, True, False),
        (VIEWER, False, False),
        (ANONYMOUS, False, False),
        (Facts(may_view=True, site_admin=True), False, True),
        (Facts(may_edit=True), False, False),
    ],
)
def test_roles(facts: Facts, *, lock: bool, end: bool) -> None:
    """product.md section 4: locking takes edit permission, for admins too."""
    assert (may_lock(facts), may_break(facts)) == (lock, end)


@pytest.mark.parametrize(
    ("facts", "found", "now", "expected"),
    [
        (EDITOR, Absent(), 0, Can(lock=True)),
        (EDITOR, Unreadable("x", 1), 0, Can(lock=True)),
        (EDITOR, free(), 0, Can(lock=True)),
        (VIEWER, free(), 0, Can()),
        (SITE_ADMIN, Newer(2, 1), 0, Can()),
        (EDITOR, held(), 0, Can(notify_me=True, request=True)),
        (VIEWER, held(), 0, Can(notify_me=True)),
        (ANONYMOUS, held(), 0, Can()),
        (LOCK_MANAGER, held(), 0, Can(break_=True, take_over=True, notify_me=True, request=True)),
        (Facts(may_view=True, space_admin=True), held(), 0, Can(break_=True, notify_me=True)),
        (EDITOR, RUNNING_OUT, 29, Can(notify_me=True)),
        (SPACE_ADMIN, RUNNING_OUT, 29, Can(break_=True, take_over=True, notify_me=True)),
        (EDITOR, RUNNING_OUT, 30, Can(lock=True)),
    ],
)
def test_other_peoples_files(facts: Facts, found: Any, now: float, expected: Can) -> None:
    """Bob's permissions on a file that he has not locked."""
    assert can(facts, found, BOB, at(now)) == expected


@pytest.mark.parametrize(
    ("facts", "now", "expected"),
    [
        (EDITOR, -1, Can(release=True, extend=True)),
        (VIEWER, -1, Can(release=True)),
        (SITE_ADMIN, -1, Can(release=True, extend=True)),
        (EDITOR, 0, Can(lock=True, release=True)),
        (VIEWER, 0, Can(release=True)),
        (EDITOR, 30, Can(lock=True)),
    ],
)
def test_own_file(facts: Facts, now: float, expected: Can) -> None:
    """E36: without edit permission the holder can still release."""
    assert can(facts, RUNNING_OUT, ALICE, at(now)) == expected


FACTS = [
    Facts(may_view=view, may_edit=edit, space_admin=admin)
    for view, edit, admin in itertools.product([False, True], repeat=3)
    if view or not edit
]
READINGS = [Absent(), Unreadable("x", 3), Newer(2, 3), free(), RUNNING_OUT, held(expires_at=None)]


@pytest.mark.parametrize("facts", FACTS, ids=repr)
@pytest.mark.parametrize("found", READINGS, ids=lambda found: type(found).__name__)
@pytest.mark.parametrize("account", [ALICE, BOB])
@pytest.mark.parametrize("second", [-1, 0, 29, 30])
@pytest.mark.parametrize("asking", [(), (BOB,), (CHARLIE,), (BOB, CHARLIE)], ids=["nobody", "bob", "charlie", "both"])
def test_flags_and_rules_agree(facts: Facts, found: Any, account: str, second: int, asking: tuple[str, ...]) -> None:
    """I23: a flag is true exactly when the rule would write."""
    state = snapshot(found, at(second))
    names = {"lock_id": L1, "op_id": "op"}
    held_by_other = isinstance(found, Held) and found.holder != account
    taken = rules.acquire(state, holder=account, lock_id=L2, op_id="op", limits=LIMITS)
    new = isinstance(taken, rules.Write) and isinstance(taken.record, Held) and taken.record.lock_id == L2
    expected = Can(
        lock=may_lock(facts) and new,
        release=_writes(rules.release(state, holder=account, **names), AuditKind.RELEASED),
        extend=may_lock(facts) and isinstance(rules.extend(state, holder=account, limits=LIMITS, **names), rules.Write),
        break_=may_break(facts)
        and held_by_other
        and _writes(rules.end(state, reason=EndReason.BROKEN, by=account, **names), AuditKind.BROKEN),
        take_over=may_break(facts)
        and may_lock(facts)
        and held_by_other
        and _writes(
            rules.take_over(state, by=account, old_lock_id=L1, lock_id=L2, op_id="op", limits=LIMITS, why="w"),
            AuditKind.TAKEN_OVER,
        ),
        notify_me=facts.may_view and held_by_other and not _over(found, second),
        request=may_lock(facts) and held_by_other and _lives(found, second),
        cancel_request=facts.may_view and held_by_other and not _over(found, second) and account in asking,
        decline=facts.may_view
        and isinstance(found, Held)
        and not held_by_other
        and _lives(found, second)
        and bool(asking),
        hand_over=may_lock(facts) and any(_hands_over(state, account, one, facts) for one in asking),
    )
    assert can(facts, found, account, at(second), asking) == expected


def _is_held_by(found: Any, account: str) -> bool:
    return isinstance(found, Held) and found.holder == account


def _hands_over(state: Any, account: str, to: str, facts: Facts) -> bool:
    decision = rules.hand_over(
        state, by=account, to=to, old_lock_id=L1, lock_id=L2, op_id="op", limits=LIMITS, managed=may_break(facts)
    )
    return to != account and _writes(decision, AuditKind.HANDED_OVER)


def _lives(found: Held, second: int) -> bool:
    return phase(found, at(second)) is Phase.HELD


def _over(found: Held, second: int) -> bool:
    return phase(found, at(second)) is Phase.EXPIRED


def _writes(decision: rules.Decision, kind: AuditKind) -> bool:
    return isinstance(decision, rules.Write) and decision.record.kind is kind


def test_without_the_app_locks_can_only_end() -> None:
    """Whoever may edit can give it access."""
    everything = Can(**dict.fromkeys((field.name for field in fields(Can)), True))
    editor, viewer = Facts(may_view=True, may_edit=True), Facts(may_view=True)
    assert without_app(everything, editor) == Can(release=True, break_=True, give_access=True)
    assert without_app(everything, viewer) == Can(release=True, break_=True)

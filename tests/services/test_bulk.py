"""One act on many files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.lock import Free, Held
from lockpoint.services import bulk, deadlines, errors
from lockpoint.services.bulk import BulkAction, BulkItem, ItemResult, act
from lockpoint.services.lock_record.waitlist import WaitlistPlace
from lockpoint.services.locks.action import LockOptions
from lockpoint.services.locks.release import release
from lockpoint.services.locks.result import LockResult
from lockpoint.services.ports.runtime import RequestState
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, make_stage
from tests.services.taps import ProcessDied

MANY = 100
NAME = "a-request-of-many-files"


@dataclass
class Desk:
    """A stage with many files on one page."""

    stage: Stage
    files: list[StoredFile] = field(default_factory=list)

    def add(self, number: int) -> Desk:
        self.files += [self.stage.world.add_file() for _ in range(number)]
        return self

    def act(self, action: BulkAction, who: str = ALICE, *, name: str = NAME, **values: Any) -> Sequence[ItemResult]:
        locks = values.pop("locks", {})
        items = [
            BulkItem(attachment_id=file.id, lock_id=locks.get(file.id, ""), options=LockOptions(**values))
            for file in self.files
        ]
        actor, key = self.stage.world.actor(who), self.stage.key(name, digest=str((action, locks, values)))
        return act(self.stage.world.services, actor, key, action, items, "on leave")

    def holders(self) -> list[str | None]:
        found = [self.stage.world.found(file.id) for file in self.files]
        return [record.holder if isinstance(record, Held) else None for record in found]

    def locks(self) -> dict[str, str]:
        found = {file.id: self.stage.world.found(file.id) for file in self.files}
        return {id_: record.lock_id for id_, record in found.items() if isinstance(record, Held)}

    def beginnings(self) -> Counter[str | None]:
        rows = self.stage.world.tables.audit_of(ACME)
        return Counter(row.attachment_id for row in rows if row.kind == "acquired")


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return Desk(stage).add(5)


def statuses(results: Sequence[ItemResult]) -> list[object]:
    return [one.outcome.status if isinstance(one.outcome, LockResult) else type(one.outcome) for one in results]


def _refuse(after: int, times: int, kind: Callable[[], Exception]) -> Callable[[], None]:
    """An action that raises from the call `after` on, so many times."""
    seen = 0

    def refuse() -> None:
        nonlocal seen
        seen += 1
        if after < seen <= after + times:
            raise kind()

    return refuse


def _quota() -> Exception:
    return errors.QuotaExceeded("the hour's points are used up", 60)


def test_each_file_has_its_own_result_in_order(desk: Desk) -> None:
    """L-16, P-13: locked, one's own, another's, unknown, seen at an older version."""
    mine, bobs, changed, unknown = (
        desk.files[1],
        desk.files[2],
        desk.files[3],
        StoredFile("999", desk.files[0].container, []),
    )
    desk.stage.lock(file=mine)
    desk.stage.lock(BOB, file=bobs)
    desk.stage.world.site().upload(changed.id, BOB, b"second")
    desk.files.insert(2, unknown)
    results = desk.act(BulkAction.LOCK, seen_version=1)
    assert [one.attachment_id for one in results] == [file.id for file in desk.files]
    refused = [errors.NotFound, errors.AlreadyLockedError, errors.OutOfDateError]
    assert statuses(results) == [201, 200, *refused, 201]
    assert all(one.final for one in results)


@pytest.mark.parametrize("action", [BulkAction.UNLOCK, BulkAction.EXTEND, BulkAction.BREAK])
def test_locks_end_and_go_on(desk: Desk, action: BulkAction) -> None:
    """P-13; a lock that was replaced meanwhile is not touched."""
    desk.act(BulkAction.LOCK)
    seen = {**desk.locks(), desk.files[0].id: "0" * 32}
    who = DANA if action is BulkAction.BREAK else ALICE
    results = desk.act(action, who, name="second-request-00", locks=seen, life=timedelta(hours=3))
    assert statuses(results) == [errors.LockLostError, 200, 200, 200, 200]
    ended = [isinstance(desk.stage.world.found(file.id), Free) for file in desk.files]
    assert ended == [False, *[action is not BulkAction.EXTEND] * 4]


def test_who_may_not_end_locks_ends_none(desk: Desk) -> None:
    desk.act(BulkAction.LOCK)
    results = desk.act(BulkAction.BREAK, BOB, name="second-request-00", locks=desk.locks())
    assert set(statuses(results)) == {errors.NotAllowed}
    assert desk.holders() == [ALICE] * 5


def test_people_ask_to_be_told_about_many(desk: Desk) -> None:
    desk.act(BulkAction.LOCK)
    for _ in range(2):
        results = desk.act(BulkAction.NOTIFY_ME, CHARLIE, name="second-request-00")
        assert [one.outcome for one in results] == [WaitlistPlace(True, 1, 1)] * 5


def test_what_files_of_a_page_share_is_asked_once(stage: Stage) -> None:
    """The page as the person, roles in the space, names: once, not for each of a hundred files."""
    desk = Desk(stage).add(MANY)
    assert set(statuses(desk.act(BulkAction.LOCK))) == {201}
    assert stage.taps.calls["people.container"] == 1
    stage.taps.clear()
    assert set(statuses(desk.act(BulkAction.BREAK, DANA, name="second-request-00", locks=desk.locks()))) == {200}
    assert [stage.taps.calls[name] for name in ("people.container", "people.administers_space")] == [1, 1]
    desk.act(BulkAction.LOCK, name="third-request-000")
    stage.taps.clear()
    refused = desk.act(BulkAction.LOCK, BOB, name="fourth-request-00")
    assert set(statuses(refused)) == {errors.AlreadyLockedError}
    assert stage.taps.calls["people.describe"] == 1


@pytest.mark.parametrize("call", ["attachments.get", "lock_properties.create", "people.container"])
@pytest.mark.parametrize("after", [0, 37, 80])
def test_a_refusal_in_the_middle_loses_and_doubles_nothing(call: str, after: int) -> None:
    """E38: the rest says `retry`; a repeated call goes on with it, and with nothing else."""
    desk = Desk(make_stage()).add(MANY)
    desk.stage.taps.before[call, 0] = _refuse(after, 1, _quota)
    first = desk.act(BulkAction.LOCK)
    refused = [isinstance(one.outcome, errors.QuotaExceeded) for one in first]
    assert [not one.final for one in first] == refused
    # The page is asked for once; the look after a lock may fail, and the lock stands.
    assert any(refused) or (call != "lock_properties.create" and set(statuses(first)) == {201})
    began = desk.beginnings()
    second = desk.act(BulkAction.LOCK)
    assert statuses(second) == [201] * MANY
    assert set(desk.holders()) == {ALICE}
    assert set(desk.beginnings().values()) == {1}
    assert began.keys() <= desk.beginnings().keys()
    written = Counter(desk.stage.taps.order)["lock_properties.create"]
    assert written <= MANY + 1


@pytest.mark.parametrize(
    ("outcome", "final"),
    [
        (WaitlistPlace(True, 1, 1), True),
        (errors.NotFound(""), True),
        (errors.TooMany(""), True),
        (errors.GoneOrInvisible(""), True),
        (errors.Forbidden(""), True),
        (errors.HostUnavailable(""), False),
        (errors.ShareUsedUp("", 1), False),
        (errors.Busy(""), False),
        (errors.EndingError(""), False),
        (errors.InProgress(""), False),
    ],
)
def test_what_passes_by_itself_is_not_final(outcome: Any, final: bool) -> None:
    assert ItemResult("1", outcome).final is final


def test_after_a_refusal_no_call_is_made(desk: Desk) -> None:
    desk.add(95)
    desk.stage.taps.before["attachments.get", 0] = _refuse(20, 10**6, _quota)
    desk.act(BulkAction.LOCK)
    assert desk.stage.taps.calls["attachments.get"] <= 20 + bulk.AT_ONCE


def test_the_same_request_has_the_same_outcome(desk: Desk) -> None:
    """L-12: refusals, too, although the file is free by then."""
    bobs = desk.stage.lock(BOB, file=desk.files[2]).lock.lock_id or ""
    first = statuses(desk.act(BulkAction.LOCK))
    desk.stage.taps.clear()
    release(desk.stage.world.services, desk.stage.world.actor(BOB), desk.files[2].id, desk.stage.key(), bobs)
    assert statuses(desk.act(BulkAction.LOCK)) == first
    assert set(desk.beginnings().values()) == {1}


def test_another_body_under_the_same_id_is_refused(desk: Desk) -> None:
    """L-12"""
    desk.act(BulkAction.LOCK)
    with pytest.raises(errors.RequestReused):
        desk.act(BulkAction.LOCK, note="another")
    with pytest.raises(errors.RequestReused):
        desk.act(BulkAction.NOTIFY_ME)


def test_a_twin_waits(desk: Desk) -> None:
    twins: list[type] = []

    def twin() -> None:
        with pytest.raises(errors.InProgress):
            desk.act(BulkAction.LOCK)
        twins.append(errors.InProgress)

    desk.stage.taps.before["lock_properties.create", 2] = twin
    assert set(statuses(desk.act(BulkAction.LOCK))) == {201}
    assert len(twins) == 1


def test_two_requests_of_one_person_at_once(desk: Desk) -> None:
    """Each file has one lock; one of the two began it, the other found it, or says `retry` and finds it then."""
    inner: list[Sequence[ItemResult]] = []

    def other() -> None:
        inner.append(desk.act(BulkAction.LOCK, name="second-request-00"))

    desk.stage.taps.before["lock_properties.create", 3] = other
    outer = statuses(desk.act(BulkAction.LOCK))
    assert statuses(inner[0])[2] is errors.Busy
    pairs = list(zip(outer, statuses(desk.act(BulkAction.LOCK, name="second-request-00")), strict=True))
    assert all({str(status) for status in pair} == {"200", "201"} for pair in pairs), pairs
    assert set(desk.beginnings().values()) == {1}


@pytest.mark.parametrize("at", range(1, 60, 3))
def test_a_crash_in_the_middle_doubles_nothing(at: int) -> None:
    """F38: after a minute the same request finishes what the dead process left."""
    desk = Desk(make_stage()).add(4)
    desk.stage.taps.die_after = at
    with pytest.raises(ProcessDied):
        desk.act(BulkAction.LOCK)
    desk.stage.taps.die_after = None
    claims = [claim.outcome.state for claim in desk.stage.world.tables.claims.values()]
    if RequestState.RUNNING in claims:
        with pytest.raises(errors.InProgress):
            desk.act(BulkAction.LOCK)
    desk.stage.world.clock.advance(seconds=61)
    assert {str(status) for status in statuses(desk.act(BulkAction.LOCK))} <= {"200", "201"}
    assert desk.holders() == [ALICE] * 4
    assert set(desk.beginnings().values()) == {1}


def test_what_the_time_leaves_out_says_retry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large request ends within its time; its first files are done."""
    left = iter([20.0, 20.0, 5.0])
    monkeypatch.setattr(bulk, "seconds_left", lambda: next(left, 5.0))
    desk.add(10)
    first = statuses(desk.act(BulkAction.LOCK))
    assert first == [*[201] * 5, *[errors.Busy] * 10]
    monkeypatch.setattr(bulk, "seconds_left", deadlines.seconds_left)
    assert statuses(desk.act(BulkAction.LOCK)) == [201] * 15


def test_a_lost_right_counts_within_the_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are shared for seconds: who may not edit any more locks no further files."""
    monkeypatch.setattr("lockpoint.services.shared_answers.SHARED_FOR", -1.0)
    third = desk.stage.taps.calls["attachments.get"] + 5
    desk.stage.taps.before["attachments.get", third] = lambda: desk.stage.world.site().viewers.add(ALICE)
    assert statuses(desk.act(BulkAction.LOCK)) == [201, 201, *[errors.NotAllowed] * 3]


def test_a_person_whom_confluence_refuses_is_refused_once(desk: Desk) -> None:
    def refuse() -> None:
        raise errors.Unauthorised("token")

    desk.stage.taps.before["people.container", 0] = refuse
    with pytest.raises(errors.Unauthorised):
        desk.act(BulkAction.LOCK)
    assert desk.stage.taps.calls["people.container"] == 1
    del desk.stage.taps.before["people.container", 0]
    assert set(statuses(desk.act(BulkAction.LOCK))) == {201}

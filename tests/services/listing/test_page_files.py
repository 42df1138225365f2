"""A page's files with their locks: what is shown, and to whom."""

from __future__ import annotations

import pytest

from lockpoint.domain.lock import Absent
from lockpoint.domain.permissions import Can
from lockpoint.services.errors import BadAnswer, NotFound
from lockpoint.services.listing.page_files import Query, of_container
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import UnreadableFile
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA
from tests.services.listing.page_list import list_page
from tests.services.stage import Stage, make_stage, refusal_of


def test_the_state_is_told_from_the_viewers_side(many: Stage) -> None:
    """L-62."""
    states = {row.attachment.title: row.lock.state for row in many.rows()}
    assert states["File 0.txt"] is ViewState.MINE
    assert states["File 1.txt"] is ViewState.OTHER
    assert states["plan.txt"] is ViewState.FREE
    assert {row.attachment.title: row.lock.state for row in many.rows(BOB)}["File 1.txt"] is ViewState.MINE


def test_who_may_not_see_the_page_gets_no_list(many: Stage) -> None:
    """Privacy 3: no names without view permission."""
    site = many.world.site()
    site.pages[many.file.container.id].restricted_to = {ALICE, site.app_account}
    assert isinstance(refusal_of(many.rows, BOB), NotFound)
    assert isinstance(refusal_of(many.rows, GINA), NotFound)


def test_an_unread_overwrite_shows_as_being_undone(stage: Stage) -> None:
    """U-02."""
    stage.lock()
    stage.upload(BOB, b"Bob's")
    assert stage.rows()[0].lock.protection == "restoring"
    stage.reconcile()
    assert stage.rows()[0].lock.protection == "protected"
    stage.upload(ALICE, b"second")
    assert stage.rows()[0].lock.protection == "protected"


def test_where_the_app_is_shut_out_the_list_says_so(stage: Stage) -> None:
    """E25, P-18, I23, L-62: with the reason and the remedy; locks can be ended."""
    stage.lock()
    page = stage.world.site().pages[stage.file.container.id]
    page.restricted_to = {ALICE, BOB}
    for who, state in ((ALICE, ViewState.MINE), (BOB, ViewState.OTHER)):
        view = stage.rows(who)[0].lock
        assert view == stage.show(who)
        assert (view.state, view.protection, view.unprotected_reason) == (state, "unprotected", "app_blocked")
        assert view.can == Can(release=who == ALICE, give_access=True)
    page.restricted_to = None
    assert stage.rows()[0].lock.protection == "protected"


def test_a_free_file_that_the_app_could_not_protect_is_not_offered(stage: Stage) -> None:
    """I23."""
    stage.world.site().pages[stage.file.container.id].restricted_to = {ALICE}
    view = stage.rows()[0].lock
    assert not view.can.lock
    assert view.unprotected_reason == "app_blocked"
    assert refusal_of(stage.lock).code == "app_blocked"


def test_the_last_end_is_shown_for_a_day(stage: Stage) -> None:
    """Amendment 5: after a day, a page of free files costs no reads."""
    stage.break_(stage.lock().lock.lock_id or "", DANA, why="needed")
    last = stage.rows()[0].lock.last_ended
    assert last is not None
    assert (last.reason, last.why) == ("broken", "needed")
    stage.world.clock.advance(hours=25)
    assert stage.rows()[0].lock.last_ended is None


def test_an_expired_lock_is_never_shown_as_live(stage: Stage) -> None:
    """I22, L-30: all readers use one function, before any job ran too."""
    stage.lock()
    stage.world.clock.advance(hours=48)
    assert stage.rows(BOB)[0].lock.state is ViewState.ENDING
    stage.world.clock.advance(seconds=31)
    view = stage.rows(BOB)[0].lock
    assert (view.state, view.can.lock, view.holder) == (ViewState.FREE, True, None)


def test_after_the_loss_of_the_database_the_lock_holds_and_is_listed_again(stage: Stage) -> None:
    """E31, F35: listed after its file's first read."""
    lock_id = stage.lock().lock.lock_id
    stage.world.tables.witnesses.clear()
    stage.world.tables.audit.clear()
    stage.world.tables.jobs.clear()
    assert refusal_of(stage.lock, BOB).code == "already_locked"
    stage.run_jobs()
    view = stage.rows(BOB)[0].lock
    assert (view.state, view.lock_id) == (ViewState.OTHER, lock_id)
    assert stage.mails() == []
    assert stage.sweep() == 1


def test_showing_one_lock_notices_it_too(stage: Stage) -> None:
    """E31: it is such a read."""
    stage.lock()
    stage.world.tables.witnesses.clear()
    stage.show(CHARLIE)
    assert [job.subject for job in stage.jobs(JobKind.RECONCILE)] == [stage.file.id]


def test_names_that_cannot_be_had_hide_no_lock(stage: Stage) -> None:
    """S10."""
    stage.lock()
    del stage.world.site().people[ALICE]
    holder = stage.rows(BOB)[0].lock.holder
    assert holder is not None
    assert (holder.account_id, holder.display_name) == (ALICE, None)


def test_the_viewer_of_an_empty_page(stage: Stage) -> None:
    page = stage.world.site().add_page()
    found = of_container(stage.world.services, stage.world.actor(CHARLIE), page.container, Query())
    assert (found.rows, found.next_cursor, found.may_edit) == ((), None, False)
    assert isinstance(make_stage().found, Absent)


def test_odd_files_are_listed_by_what_is_certain(many: Stage) -> None:
    """By name, in their place, with nothing to do."""
    page = many.file.container.id
    many.world.site().unreadable[page] = (
        UnreadableFile("9", "file 3b.txt"),
        UnreadableFile("8", None),
    )
    rows = many.rows()
    assert [row.attachment.title for row in rows[:1]] == [None]
    assert [row.attachment.title for row in rows].index("file 3b.txt") == 5
    odd = [row for row in rows if row.lock.state is ViewState.UNREADABLE]
    assert [row.attachment.id for row in odd] == ["8", "9"]
    assert not any(row.lock.can != Can() for row in odd)
    assert [row.attachment.id for row in list_page(many, state=ViewState.UNREADABLE).rows] == ["8", "9"]


@pytest.mark.parametrize(
    ("call", "number", "hidden"),
    [("attachments.get", 1, 1), ("lock_properties.read", 1, 1), ("attachments.get", 0, 2)],
)
def test_a_file_that_cannot_be_read_singly_hides_no_other(many: Stage, call: str, number: int, hidden: int) -> None:
    """Whichever of the locked files is odd, or each that is read."""

    def odd() -> None:
        raise BadAnswer("attachments.get: field 'createdAt' is missing or has the wrong type")

    many.world.services.known_pages.forget(ACME)
    many.taps.clear()
    many.taps.before[call, number] = odd
    rows = many.rows()
    assert len(rows) == 8
    assert sum(row.lock.state is ViewState.UNREADABLE for row in rows) == hidden


def test_an_odd_file_does_not_take_the_buttons_of_the_others(stage: Stage) -> None:
    """The next file shows whether the app may edit here."""
    stage.world.add_file(title="second.txt")

    def odd() -> None:
        raise BadAnswer("odd")

    stage.taps.clear()
    stage.taps.before["attachments.get", 1] = odd
    assert all(row.lock.can.lock for row in stage.rows())

"""A page's files with their locks."""

from __future__ import annotations

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.lock import Absent
from lockpoint.domain.permissions import Can
from lockpoint.services.errors import BadAnswer, Invalid, NotFound
from lockpoint.services.listing import page_files
from lockpoint.services.listing.etag import etag_for
from lockpoint.services.listing.page_files import Query, Sort, of_container, unchanged
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import Container, ContainerKind, UnreadableFile
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, make_world
from tests.services.stage import Stage, make_stage, refusal_of


@pytest.fixture
def many(stage: Stage) -> Stage:
    """Seven more files: Alice locks the first, Bob the second."""
    for number in range(7):
        stage.world.add_file(title=f"File {number}.txt", content=b"x" * (number + 1))
    files = list(stage.world.site().files.values())
    stage.lock(file=files[1])
    stage.lock(BOB, file=files[2])
    return stage


def _list(stage: Stage, who: str = ALICE, **query: object) -> page_files.Listing:
    return of_container(stage.world.services, stage.world.actor(who), stage.file.container, Query(**query))  # type: ignore[arg-type]


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


def test_a_list_costs_little(many: Stage) -> None:
    """One more call for each file with a lock or a recent end, where the process knows nothing of them."""
    many.world.services.known_pages.forget(ACME)
    many.taps.clear()
    many.rows()
    assert (many.taps.calls["attachments.get"], many.taps.calls["lock_properties.read"]) == (1, 1)
    assert many.taps.calls["attachments.of_container"] == 1
    assert many.taps.calls["people.describe"] == 1


def test_what_did_not_change_is_not_read_again(many: Stage) -> None:
    """A1, H7: one call shows that the viewer still sees the page and that no file changed."""
    many.rows(BOB)
    many.taps.clear()
    assert [row.lock.state for row in many.rows(BOB)].count(ViewState.OTHER) == 1
    assert many.taps.host_calls() == ["attachments.newest", "people.describe"]
    many.world.site().pages[many.file.container.id].restricted_to = {ALICE, many.world.site().app_account}
    assert isinstance(refusal_of(many.rows, BOB), NotFound)


def test_after_a_minute_the_viewers_rights_are_asked_again(many: Stage) -> None:
    many.rows()
    many.world.site().viewers.add(ALICE)
    many.world.clock.advance(seconds=61)
    many.taps.clear()
    assert not _list(many).may_edit
    assert many.taps.calls["people.container"] == 1


def test_only_the_file_whose_lock_changed_is_read_again(many: Stage) -> None:
    """A1: whoever changed it, and whichever process heard of it."""
    many.rows()
    many.lock()
    many.taps.clear()
    assert {row.attachment.title: row.lock.state for row in many.rows()}["plan.txt"] is ViewState.MINE
    assert (many.taps.calls["attachments.get"], many.taps.calls["attachments.of_container"]) == (0, 0)
    many.break_(many.held.lock_id, DANA)
    many.taps.clear()
    assert {row.attachment.title: row.lock.state for row in many.rows()}["plan.txt"] is ViewState.FREE
    assert (many.taps.calls["lock_properties.read"], many.taps.calls["attachments.of_container"]) == (1, 0)


@pytest.fixture
def shared(stage: Stage) -> Stage:
    """Twenty files, locked by Alice for a reason; Dana waits for one of them."""
    files = [stage.world.add_file(title=f"File {number}.txt") for number in range(20)]
    for file in files:
        stage.lock(file=file, note=f"for {file.title}")
    stage.world.clock.advance(seconds=1)
    notify_me.ask(stage.world.services, stage.world.actor(DANA), files[5].id)
    return stage


def test_what_one_read_shows_of_locks_serves_others(shared: Stage) -> None:
    """H7: the first list costs one read of a locked file, and one of each that changed without a write of ours."""
    shared.taps.clear()
    notes = {row.attachment.title: row.lock.note for row in shared.rows(BOB)}
    assert notes["File 7.txt"] == "for File 7.txt"
    assert (shared.taps.calls["attachments.get"], shared.taps.calls["lock_properties.read"]) == (1, 1)
    shared.taps.clear()
    row = {row.attachment.title: row for row in shared.rows(DANA)}["File 5.txt"]
    assert row.lock.notify_me.asked
    assert shared.taps.calls["attachments.get"] == 1


def test_what_another_sees_is_not_shown_to_who_may_not(shared: Stage) -> None:
    """Privacy 3: the person's own list decides which files there are."""
    site = shared.world.site()
    site.pages[shared.file.container.id].restricted_to = {ALICE, site.app_account}
    assert isinstance(refusal_of(shared.rows, BOB), NotFound)


def test_a_page_that_was_closed_to_the_app_is_shown_as_such_to_whoever_comes(shared: Stage) -> None:
    """P-18: what is remembered does not stand for the app's rights."""
    site = shared.world.site()
    site.pages[shared.file.container.id].restricted_to = {ALICE, BOB}
    locked = [row.lock for row in shared.rows(BOB) if row.lock.state is ViewState.OTHER]
    assert len(locked) == 20
    assert {lock.unprotected_reason for lock in locked} == {"app_blocked"}


def test_a_page_that_is_found_closed_to_the_app_shows_it_to_who_saw_it_open(stage: Stage) -> None:
    """P-18: as soon as the app has found out, whatever is remembered of the page; and that it is open again."""
    site = stage.world.site()
    stage.world.add_file(title="free.txt")
    stage.lock()
    assert {row.lock.protection for row in stage.rows()} == {"protected"}
    site.viewers.add(site.app_account)
    stage.reconcile()
    assert {row.lock.unprotected_reason for row in stage.rows()} == {"app_blocked"}
    assert all(row.lock.can.give_access for row in stage.rows())
    site.viewers.clear()
    assert {row.lock.protection for row in stage.rows()} == {"protected"}


def test_what_was_remembered_for_ten_minutes_is_read_again(shared: Stage) -> None:
    """Outsiders change properties, too."""
    shared.rows(BOB)
    shared.world.clock.advance(seconds=601)
    shared.taps.clear()
    shared.rows(DANA)
    assert (shared.taps.calls["attachments.get"], shared.taps.calls["lock_properties.read"]) == (1, 19)


def test_a_record_that_is_not_the_known_one_is_read_with_its_file(shared: Stage) -> None:
    """L-06: damage shows, and that it is no end of the lock."""
    shared.world.services.known_pages.forget(ACME)
    damaged = list(shared.world.site().files)[8]
    shared.world.site().put_lock_rows(damaged)
    shared.taps.clear()
    lock = {row.attachment.id: row.lock for row in shared.rows(BOB)}[damaged]
    assert (lock.state, lock.unprotected_reason) == (ViewState.OTHER, "unreadable")
    assert (shared.taps.calls["attachments.get"], shared.taps.calls["lock_properties.read"]) == (2, 19)


def test_who_waits_shows_at_once(many: Stage) -> None:
    """U-02: in every process."""
    many.lock()
    row = {row.attachment.id: row for row in many.rows(BOB)}[many.file.id]
    assert not row.lock.notify_me.asked
    many.world.clock.advance(seconds=1)
    many.ask(BOB)
    row = {row.attachment.id: row for row in many.rows(BOB)}[many.file.id]
    assert row.lock.notify_me.asked


def test_a_new_version_file_or_name_shows_at_once(many: Stage) -> None:
    """A1: also of files that are not locked."""
    many.rows()
    many.upload(BOB, b"newer")
    assert {row.attachment.title: row.attachment.head.number for row in many.rows()}["plan.txt"] == 2
    many.world.add_file(title="added.txt")
    assert "added.txt" in {row.attachment.title for row in many.rows()}


def test_what_was_trashed_is_listed_for_a_minute_at_most(many: Stage) -> None:
    """Longer where the list is long."""
    many.rows()
    many.file.status = FileStatus.TRASHED
    many.world.clock.advance(seconds=61)
    assert "plan.txt" not in {row.attachment.title for row in many.rows()}


def test_cursors_lose_and_repeat_nothing(many: Stage) -> None:
    """L-60, I22: without a change between."""
    whole = [row.attachment.id for row in many.rows()]
    for limit in (1, 3, 8, 100):
        found: list[str] = []
        cursor: str | None = None
        while True:
            part = _list(many, limit=limit, cursor=cursor)
            assert [row.attachment.id for row in _list(many, limit=limit, cursor=cursor).rows] == [
                row.attachment.id for row in part.rows
            ]
            found += [row.attachment.id for row in part.rows]
            cursor = part.next_cursor
            if cursor is None:
                break
        assert found == whole


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "٣", "99999999999", ""])
def test_cursors_of_others_are_refused(many: Stage, cursor: str) -> None:
    assert isinstance(refusal_of(_list, many, cursor=cursor), Invalid)


def test_more_files_than_one_answer_holds(stage: Stage) -> None:
    """U-02."""
    for number in range(page_files.READ_AT_ONCE + 3):
        stage.world.add_file(title=f"f{number:04}")
    assert len(stage.rows(limit=1000)) == page_files.READ_AT_ONCE + 4


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        (Sort.TITLE, "File 0.txt", "plan.txt"),
        (Sort.TITLE_DOWN, "plan.txt", "File 0.txt"),
        (Sort.SIZE, "File 0.txt", "File 6.txt"),
        (Sort.SIZE_DOWN, "File 6.txt", "File 0.txt"),
        (Sort.STATE, "File 0.txt", "plan.txt"),
        (Sort.STATE_DOWN, "File 2.txt", "File 0.txt"),
    ],
)
def test_orders(many: Stage, sort: Sort, first: str, last: str) -> None:
    """U-02: mine first, then others', then free."""
    titles = [row.attachment.title for row in many.rows(sort=sort)]
    assert (titles[0], titles[-1]) == (first, last)


def test_search_by_name_or_owner(many: Stage) -> None:
    """U-02: in any case."""
    assert [row.attachment.title for row in many.rows(text="FILE 3")] == ["File 3.txt"]
    assert [row.attachment.title for row in many.rows(text="bob")] == ["File 1.txt"]
    assert [row.attachment.title for row in many.rows(text="alice")] == ["File 0.txt"]
    assert many.rows(text="nobody") == ()


def test_a_name_is_found_however_it_was_typed(many: Stage) -> None:
    """D1: a Mac's decomposed letters, full-width ones, ß; each word in the name or the owner's."""
    many.world.add_file(title="Re\u0301sume\u0301 Stra\u00dfe.txt")
    for text in ("R\u00e9sum\u00e9", "r\u00e9sum\u00e9 strasse", "\uff32\u00c9SUM"):
        assert [row.attachment.title for row in many.rows(text=text)] == ["Re\u0301sume\u0301 Stra\u00dfe.txt"], text
    assert [row.attachment.title for row in many.rows(text="1 bob")] == ["File 1.txt"]


def test_names_are_ordered_by_people_not_by_code_points(many: Stage) -> None:
    """D1: 9 before 10, accents last."""
    for title in ("File 10.txt", "\u00c4pfel.txt", "Birne.txt"):
        many.world.add_file(title=title)
    titles = [str(row.attachment.title) for row in many.rows()]
    assert titles[:3] == ["\u00c4pfel.txt", "Birne.txt", "File 0.txt"]
    assert titles.index("File 6.txt") < titles.index("File 10.txt")


def test_filter_by_state(many: Stage) -> None:
    """L-60."""
    assert [row.attachment.title for row in many.rows(state=ViewState.MINE)] == ["File 0.txt"]
    assert len(many.rows(state=ViewState.FREE)) == 6


def test_nothing_changed_costs_nothing(many: Stage) -> None:
    """L-61: for a minute, for the same viewer, without a call to Confluence."""
    tag = _list(many).etag
    alice, bob = many.world.actor(ALICE), many.world.actor(BOB)
    services, page = many.world.services, many.file.container
    many.taps.clear()
    assert unchanged(services, alice, page, tag)
    assert many.taps.host_calls() == []
    assert not unchanged(services, bob, page, tag)
    assert not unchanged(services, alice, Container(page.kind, "1"), tag)
    for forged in ("", "x", "1.2.3", tag[:-1] + "0", tag.replace(".", "é", 1)):
        assert not unchanged(services, alice, page, forged) or forged == tag
    many.world.clock.advance(seconds=61)
    assert not unchanged(services, alice, page, tag)


def test_a_tag_holds_across_a_deployment() -> None:
    """Tags stay valid across processes: time, space, digest of the locks, signature."""
    world = make_world()
    tag = "1772442000.65538.08e6ac102485f6edcff5d203014854f7.59a06564ab86217787d1c9c98fa04822"
    assert etag_for(world.services, world.actor(ALICE), Container(ContainerKind.PAGE, "65600"), "65538", ()) == tag


def test_every_change_of_a_lock_changes_the_tag(many: Stage) -> None:
    """L-61: every write, flag and end shows at the next poll."""
    alice, page = many.world.actor(ALICE), many.file.container

    def changed_by(action: object) -> bool:
        tag = _list(many).etag
        action()  # type: ignore[operator]
        return not unchanged(many.world.services, alice, page, tag)

    assert changed_by(many.lock)
    assert changed_by(lambda: many.extend(many.held.lock_id))
    assert changed_by(
        lambda: many.world.services.witnesses.set_protection(ACME, many.file.id, Protection.RESTORE_REFUSED)
    )
    assert changed_by(lambda: many.release(many.held.lock_id))
    many.world.clock.advance(hours=47, minutes=59, seconds=59)
    assert changed_by(lambda: many.world.clock.advance(seconds=2))


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
    assert [row.attachment.id for row in _list(many, state=ViewState.UNREADABLE).rows] == ["8", "9"]


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


def test_an_overwrite_and_its_undoing_change_the_tag(stage: Stage) -> None:
    """Also when both happen between two polls, and when the file was unprotected before and still is."""
    stage.lock()
    stage.reconcile()
    alice, services, page = stage.world.actor(ALICE), stage.world.services, stage.file.container
    for refused in (False, True, True):
        tag = _list(stage).etag
        stage.reconcile()
        assert unchanged(services, alice, page, tag), "a look that finds nothing new costs no list"
        stage.world.site().restore_refused = refused
        stage.upload(BOB, b"Bob's")
        stage.reconcile()
        assert not unchanged(services, alice, page, tag)
        tag = _list(stage).etag
        stage.reconcile()
        assert unchanged(services, alice, page, tag), "the webhook of our own version costs no list"

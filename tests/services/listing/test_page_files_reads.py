"""What of a page is read again, and what is remembered; and the tag by which that nothing changed is known."""

from __future__ import annotations

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import NotFound
from lockpoint.services.listing.etag import etag_for
from lockpoint.services.listing.page_files import unchanged
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.locks import Protection
from tests.fakes.world import ACME, ALICE, BOB, DANA, make_world
from tests.services.listing.page_list import list_page
from tests.services.stage import Stage, refusal_of


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
    assert not list_page(many).may_edit
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


def test_nothing_changed_costs_nothing(many: Stage) -> None:
    """L-61: for a minute, for the same viewer, without a call to Confluence."""
    tag = list_page(many).etag
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
        tag = list_page(many).etag
        action()
        return not unchanged(many.world.services, alice, page, tag)

    assert changed_by(many.lock)
    assert changed_by(lambda: many.extend(many.held.lock_id))
    assert changed_by(
        lambda: many.world.services.witnesses.set_protection(ACME, many.file.id, Protection.RESTORE_REFUSED)
    )
    assert changed_by(lambda: many.release(many.held.lock_id))
    many.world.clock.advance(hours=47, minutes=59, seconds=59)
    assert changed_by(lambda: many.world.clock.advance(seconds=2))


def test_an_overwrite_and_its_undoing_change_the_tag(stage: Stage) -> None:
    """Also when both happen between two polls, and when the file was unprotected before and still is."""
    stage.lock()
    stage.reconcile()
    alice, services, page = stage.world.actor(ALICE), stage.world.services, stage.file.container
    for refused in (False, True, True):
        tag = list_page(stage).etag
        stage.reconcile()
        assert unchanged(services, alice, page, tag), "a look that finds nothing new costs no list"
        stage.world.site().restore_refused = refused
        stage.upload(BOB, b"Bob's")
        stage.reconcile()
        assert not unchanged(services, alice, page, tag)
        tag = list_page(stage).etag
        stage.reconcile()
        assert unchanged(services, alice, page, tag), "the webhook of our own version costs no list"

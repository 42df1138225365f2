from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import BadAnswer, Forbidden, GoneOrInvisible, LostRace, Rejected, Unauthorised
from tests.confluence.live import (
    ALICE,
    BLOG,
    BLOG_FILE,
    BOB,
    BRIEF,
    BUDGET,
    CHARLIE,
    GINA,
    LOGO,
    PAGE,
    PRIORITY,
    PRIVATE_FILE,
    PRIVATE_PAGE,
)

if TYPE_CHECKING:
    from tests.confluence.live import Live

RECORD = {"schema": 1, "state": "held"}


def test_one_call_tells_file_head_rows_and_permissions(live: Live) -> None:
    live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    before = len(live.exchanges())
    found = live.attachments.get(live.acme, "att" + BUDGET, priority=PRIORITY)
    (exchange,) = live.exchanges()[before:]
    assert exchange["points"] == 2
    assert (found.id, found.title, found.status, found.container) == (BUDGET, "budget.xlsx", FileStatus.CURRENT, PAGE)
    assert (found.head.number, found.head.author, found.head.size) == (3, ALICE, len(b"budget 2027"))
    assert found.head.file_id
    assert found.head.title == "budget.xlsx"
    assert found.may_update
    assert [row.value for row in found.properties or ()] == [RECORD]
    assert found.open_url.startswith(live.acme.base_url + "/")
    assert found.download_url.startswith(live.acme.base_url + "/")
    assert found.host_time is not None


@pytest.mark.parametrize(("person", "may_update"), [(ALICE, True), (BOB, True), (CHARLIE, False)])
def test_permissions_are_those_of_the_person_asked_as(live: Live, person: str, may_update: bool) -> None:
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY, person=person, properties=False)
    assert found.may_update is may_update
    assert found.properties is None
    assert live.exchanges()[-1]["account"] == person


def test_the_second_site_answers_for_itself(live: Live) -> None:
    """The same id on another site is another file."""
    live.locks.create(live.acme, BUDGET, RECORD, priority=PRIORITY)
    other = live.attachments.get(live.globex, BUDGET, priority=PRIORITY)
    assert other.properties == ()
    assert other.title != "budget.xlsx"
    assert {exchange["site"] for exchange in live.exchanges()} == {"acme", "globex"}


def test_files_on_blog_posts_and_in_the_trash_are_found(live: Live) -> None:
    on_blog = live.attachments.get(live.acme, BLOG_FILE, priority=PRIORITY)
    assert on_blog.container == BLOG
    live.act("trash", BOB, attachmentId=BRIEF)
    assert live.attachments.get(live.acme, BRIEF, priority=PRIORITY).status is FileStatus.TRASHED
    live.act("purge", BOB, attachmentId=BRIEF, force=True)
    with pytest.raises(GoneOrInvisible):
        live.attachments.get(live.acme, BRIEF, priority=PRIORITY)


def test_nobody_sees_what_they_may_not_see(live: Live) -> None:
    with pytest.raises(GoneOrInvisible):
        live.attachments.get(live.acme, PRIVATE_FILE, priority=PRIORITY)
    with pytest.raises(GoneOrInvisible):
        live.attachments.of_container(live.acme, PRIVATE_PAGE, priority=PRIORITY, person=BOB)
    page = live.attachments.of_container(live.acme, PRIVATE_PAGE, priority=PRIORITY, person=ALICE)
    assert [item.id for item in page.items] == [PRIVATE_FILE]


def test_lists_are_read_page_by_page(live: Live) -> None:
    """Current attachments only."""
    live.act("trash", BOB, attachmentId=LOGO)
    received, cursor = [], None
    while True:
        page = live.attachments.of_container(live.acme, PAGE, priority=PRIORITY, person=CHARLIE, cursor=cursor, limit=1)
        received += [item.id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert received == [BUDGET, BRIEF]
    blog = live.attachments.of_container(live.acme, BLOG, priority=PRIORITY, person=CHARLIE)
    assert [item.id for item in blog.items] == [BLOG_FILE]


def test_versions_and_single_versions_agree(live: Live) -> None:
    """A list entry has author and time; a single version also has the content."""
    versions, complete = live.attachments.versions(live.acme, BUDGET, back_to=None, priority=PRIORITY)
    assert complete
    assert [(v.number, v.author) for v in versions] == [(1, ALICE), (2, BOB), (3, ALICE)]
    second = live.attachments.version(live.acme, BUDGET, 2, priority=PRIORITY)
    assert (second.created, second.author) == (versions[1].created, versions[1].author)
    assert (second.size, second.title) == (len(b"budget"), "budget.xlsx")
    with pytest.raises((GoneOrInvisible, Rejected)):
        live.attachments.version(live.acme, BUDGET, 99, priority=PRIORITY)


def test_a_restore_makes_an_old_version_current_with_our_message(live: Live) -> None:
    """The new version is known by time, author and message."""
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text="overwritten")
    made = live.attachments.restore(live.acme, BUDGET, 3, "undone by Lockpoint", priority=PRIORITY)
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    assert (found.head.number, found.head.size) == (5, len(b"budget 2027"))
    assert (made.number, made.created, made.author, made.message) == (
        found.head.number,
        found.head.created,
        live.people.own_account(live.acme, priority=PRIORITY),
        "undone by Lockpoint",
    )


def test_a_site_that_refuses_the_restore_says_so(live: Live) -> None:
    """The restore probe uses `Rejected`."""
    live.control("POST", "sites/acme/behaviour", restoreAttachments="refused")
    with pytest.raises(Rejected):
        live.attachments.restore(live.acme, BUDGET, 1, "undone", priority=PRIORITY)


def test_where_the_app_may_not_edit_a_restore_is_forbidden(live: Live) -> None:
    live.act("restrict", ALICE, pageId=PAGE.id, update=["alice"])
    with pytest.raises(Forbidden):
        live.attachments.restore(live.acme, BUDGET, 1, "undone", priority=PRIORITY)


def test_copy_mode_brings_the_bytes_back(live: Live) -> None:
    """As a minor version with our message and the same name."""
    live.act("upload", BOB, attachmentId=BUDGET, fileName="budget.xlsx", text="overwritten")
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    source = live.attachments.version(live.acme, BUDGET, 3, priority=PRIORITY)
    made = live.attachments.copy(live.acme, found, source, "undone by Lockpoint", priority=PRIORITY)
    now = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    assert (now.head.number, now.head.created, now.head.size) == (5, made.created, source.size)
    assert (now.title, now.head.minor, now.head.message) == ("budget.xlsx", True, "undone by Lockpoint")
    stored = live.running.world.sites["acme"].attachments[int(BUDGET)]
    assert stored.versions[-1].data == b"budget 2027"


def test_odd_names_and_empty_files_are_copied_as_they_are(live: Live) -> None:
    """E44: zero bytes, emoji and reserved characters in names change nothing; the name takes a version of its own."""
    name = 'räksmörgås 🦐 #?%&"quoted".txt'
    made = live.act("upload", ALICE, pageId=PAGE.id, fileName=name, text="")
    file_id = str(made["id"]).removeprefix("att")
    live.act("upload", BOB, attachmentId=file_id, fileName=name, text="something")
    found = live.attachments.get(live.acme, file_id, priority=PRIORITY)
    source = live.attachments.version(live.acme, file_id, 1, priority=PRIORITY)
    live.attachments.copy(live.acme, found, source, "undone", priority=PRIORITY)
    now = live.attachments.get(live.acme, file_id, priority=PRIORITY)
    assert (now.title, now.head.number, now.head.size) == (name, 4, 0)


def test_a_rename_is_conditional_on_the_version_seen(live: Live) -> None:
    live.act("rename", BOB, attachmentId=BUDGET, title="mine.xlsx")
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    live.attachments.rename(live.acme, found, "budget.xlsx", None, priority=PRIORITY)
    assert live.attachments.get(live.acme, BUDGET, priority=PRIORITY).title == "budget.xlsx"
    with pytest.raises(LostRace):
        live.attachments.rename(live.acme, found, "again.xlsx", None, priority=PRIORITY)


def test_a_trashed_file_comes_back(live: Live) -> None:
    live.act("trash", BOB, attachmentId=BUDGET)
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    live.attachments.undo_trash(live.acme, found, found.title, priority=PRIORITY)
    back = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    assert (back.status, back.title) == (FileStatus.CURRENT, "budget.xlsx")


def test_a_trashed_file_whose_name_was_taken_comes_back_under_another(live: Live) -> None:
    """The first try loses; then the file is renamed in the trash and restored."""
    live.act("trash", BOB, attachmentId=BUDGET)
    live.act("upload", BOB, pageId=PAGE.id, fileName="budget.xlsx", text="new file")
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    with pytest.raises(LostRace):
        live.attachments.undo_trash(live.acme, found, found.title, priority=PRIORITY)
    live.attachments.undo_trash(live.acme, found, "budget (restored).xlsx", priority=PRIORITY)
    back = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    assert (back.status, back.title) == (FileStatus.CURRENT, "budget (restored).xlsx")


def test_only_a_purge_is_a_confirmed_end(live: Live) -> None:
    """A false 404 or the trash confirm nothing."""
    live.fault("not_found", method="GET", path=f"attachments/att{BUDGET}")
    assert live.attachments.confirmed_gone(live.acme, BUDGET, PAGE, priority=PRIORITY) is False
    live.act("trash", BOB, attachmentId=BUDGET)
    assert live.attachments.confirmed_gone(live.acme, BUDGET, PAGE, priority=PRIORITY) is False
    live.act("purge", BOB, attachmentId=BUDGET, force=True)
    assert live.attachments.confirmed_gone(live.acme, BUDGET, PAGE, priority=PRIORITY) is True


def test_nothing_is_confirmed_about_a_page_the_app_may_not_see(live: Live) -> None:
    """The app cannot tell a hidden page from a purged file."""
    assert live.attachments.confirmed_gone(live.acme, PRIVATE_FILE, PRIVATE_PAGE, priority=PRIORITY) is False


def test_a_download_cut_short_is_never_uploaded(live: Live) -> None:
    """F14: the status is 200; only the length shows it."""
    found = live.attachments.get(live.acme, BUDGET, priority=PRIORITY)
    source = live.attachments.version(live.acme, BUDGET, 2, priority=PRIORITY)
    live.fault("truncate", path="_media", bytes=3, times=9)
    with pytest.raises(BadAnswer):
        live.attachments.copy(live.acme, found, source, "undone", priority=PRIORITY)
    assert live.attachments.get(live.acme, BUDGET, priority=PRIORITY).head.number == 3


def test_a_person_of_another_site_is_nobody_here(live: Live) -> None:
    """F54: the authorisation server refuses people unknown to the site."""
    with pytest.raises(Unauthorised):
        live.attachments.get(live.acme, BUDGET, priority=PRIORITY, person=GINA)

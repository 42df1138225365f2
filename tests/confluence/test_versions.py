from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lockpoint.confluence import versions
from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.domain.history.judge import FileStatus, Version
from lockpoint.services.context import Priority
from lockpoint.services.errors import (
    BadAnswer,
    GoneOrInvisible,
    HostUnavailable,
    LostRace,
    Rejected,
    TooLarge,
)
from lockpoint.services.ports.confluence import Attachment, Container, ContainerKind
from tests.confluence.doubles import Kit, site
from tests.confluence.oddhost import Step, answer, odd_host

START = datetime(2026, 11, 1, tzinfo=UTC)
PAGE = Container(ContainerKind.PAGE, "98311")
FILE_SIZE = 5


def at(number: int) -> str:
    return (START + timedelta(hours=number)).isoformat()


def listed(*numbers: int, following: str | None = None) -> Step:
    """A page of a v2 version list; `following`: next cursor."""
    links = {"next": f"/wiki/api/v2/attachments/att7/versions?limit=50&cursor={following}"} if following else {}
    results = [{"number": n, "createdAt": at(n), "authorId": "bob", "message": "", "minorEdit": False} for n in numbers]
    return answer(200, {"results": results, "_links": links})


def attachment(number: int, *, message: str = "", size: int = FILE_SIZE) -> dict[str, object]:
    version = {"number": number, "createdAt": at(number), "authorId": "bob", "message": message, "minorEdit": False}
    return {
        "id": "att7",
        "status": "current",
        "title": "budget.xlsx",
        "mediaType": "text/plain",
        "fileSize": size,
        "fileId": f"file-{number}",
        "pageId": "98311",
        "version": version,
    }


def file_at(number: int) -> Attachment:
    head = Version(number=number, created=START + timedelta(hours=number), author="bob", size=FILE_SIZE)
    return Attachment(
        id="7",
        status=FileStatus.CURRENT,
        title="budget.xlsx",
        media_type="text/plain",
        size=FILE_SIZE,
        container=PAGE,
        head=head,
    )


def numbers(kit: Kit, base: str, back_to: int | None = None) -> tuple[list[int], bool]:
    moment = None if back_to is None else START + timedelta(hours=back_to)
    found, complete = ConfluenceAttachments(kit.client).versions(
        site(base), "7", back_to=moment, priority=Priority.EVENT
    )
    return [version.number for version in found], complete


def test_versions_come_oldest_first_over_all_pages(kit: Kit) -> None:
    with odd_host(listed(5, 4, following="c1"), listed(3, 2, following="c2"), listed(1)) as host:
        assert numbers(kit, host.base) == ([1, 2, 3, 4, 5], True)
    assert [target.partition("cursor=")[2] for target in host.targets()] == ["", "c1", "c2"]
    assert "sort=-modified-date" in host.targets()[0]


def test_paging_stops_at_the_protected_version(kit: Kit) -> None:
    """E43: the base is known by its time."""
    with odd_host(listed(5, 4, following="c1"), listed(3, 2, following="c2"), listed(1)) as host:
        assert numbers(kit, host.base, back_to=3) == ([2, 3, 4, 5], True)
    assert len(host.requests) == 2


def test_a_base_that_is_not_there_reads_on_to_an_older_one(kit: Kit) -> None:
    """The base was deleted."""
    with odd_host(listed(3, 2, following="c1"), listed(1)) as host:
        assert numbers(kit, host.base, back_to=0) == ([1, 2, 3], True)


def test_a_list_that_changed_while_it_was_read_is_read_again(kit: Kit) -> None:
    """F19: a missing number means a concurrent deletion."""
    with odd_host(listed(5, 4, following="c1"), listed(2, 1), listed(4, 3, following="c1"), listed(2, 1)) as host:
        assert numbers(kit, host.base) == ([1, 2, 3, 4], True)
    assert len(host.requests) == 4


def test_a_version_that_appears_while_reading_does_no_harm(kit: Kit) -> None:
    with odd_host(listed(4, 3, following="c1"), listed(3, 2, following="c2"), listed(1)) as host:
        assert numbers(kit, host.base) == ([1, 2, 3, 4], True)


@pytest.mark.parametrize(
    "steps",
    [
        [listed(5, 3, 2, 1)],
        [listed(5, 4, following="same")],
        [listed()],
        [listed(5, 4, 3)],
    ],
)
def test_a_list_with_a_gap_or_without_end_is_called_incomplete(kit: Kit, steps: list[Step]) -> None:
    """F19."""
    with odd_host(*steps) as host:
        assert numbers(kit, host.base)[1] is False


def test_an_endless_list_ends(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """F19."""
    monkeypatch.setattr(versions, "MOST_PAGES", 3)
    endless = [listed(100 - n, following=f"c{n}") for n in range(10)]
    with odd_host(*endless) as host:
        assert numbers(kit, host.base)[1] is False
    assert len(host.requests) == 6


def test_one_version_is_read_with_its_content_facts(kit: Kit) -> None:
    """They come from the attachment at that version."""
    with odd_host(answer(200, attachment(2))) as host:
        version = ConfluenceAttachments(kit.client).version(site(host.base), "att7", 2, priority=Priority.EVENT)
    assert (version.number, version.size, version.file_id, version.title) == (2, 5, "file-2", "budget.xlsx")
    assert host.targets() == ["/wiki/api/v2/attachments/att7?version=2"]


def test_another_version_than_asked_is_refused(kit: Kit) -> None:
    """Prevents a comparison with wrong content."""
    with odd_host(answer(200, attachment(3))) as host, pytest.raises(BadAnswer):
        ConfluenceAttachments(kit.client).version(site(host.base), "7", 2, priority=Priority.EVENT)


MADE = {"number": 4, "when": at(4), "by": {"accountId": "app"}, "message": "undone", "minorEdit": True}


def restore(kit: Kit, base: str) -> Version:
    return ConfluenceAttachments(kit.client).restore(site(base), "7", 2, "undone", priority=Priority.EVENT)


def test_restoring_asks_confluence_to_do_it(kit: Kit) -> None:
    """The title stays."""
    with odd_host(answer(200, MADE)) as host:
        made = restore(kit, host.base)
    assert host.requests[0].json() == {
        "operationKey": "restore",
        "params": {"versionNumber": 2, "message": "undone", "restoreTitle": False},
    }
    assert host.targets() == ["/wiki/rest/api/content/att7/version"]
    assert (made.number, made.created, made.author) == (4, START + timedelta(hours=4), "app")


def test_a_refused_restore_is_told_as_such(kit: Kit) -> None:
    """A site without attachment restore answers 400."""
    with odd_host(answer(400, {"message": "unsupported"})) as host, pytest.raises(Rejected):
        restore(kit, host.base)


def test_a_restore_whose_answer_tells_no_time_is_looked_up(kit: Kit) -> None:
    """`when` may be null; the version is then recognised by its message only."""
    silent = answer(200, {**MADE, "when": None})
    with odd_host(silent, answer(200, attachment(4, message="undone"))) as host:
        assert restore(kit, host.base).number == 4
    with odd_host(silent, answer(200, attachment(5, message="mine"))) as host, pytest.raises(HostUnavailable):
        restore(kit, host.base)


def copy(kit: Kit, base: str, *, size: int | None = FILE_SIZE, most: int = 100) -> Version:
    source = Version(number=2, created=START + timedelta(hours=2), author="alice", size=size)
    attachments = ConfluenceAttachments(kit.client, most_bytes=most)
    return attachments.copy(site(base), file_at(3), source, "undone: ü", priority=Priority.EVENT)


def test_copy_mode_carries_the_bytes_back_as_a_minor_version(kit: Kit) -> None:
    """Download, second read, upload with minorEdit and comment; the name stays."""
    uploaded = answer(200, {"id": "att7", "version": MADE})
    with odd_host(answer(200, b"bytes"), answer(200, attachment(3)), uploaded) as host:
        made = copy(kit, host.base)
    assert made.number == 4
    download, second_read, upload = host.requests
    folder = "/wiki/rest/api/content/98311/child/attachment/att7"
    assert [download.target, second_read.target] == [f"{folder}/download?version=2", "/wiki/api/v2/attachments/att7"]
    assert (upload.method, upload.target) == ("POST", f"{folder}/data")
    assert upload.headers["X-Atlassian-Token"] == "no-check"
    for part in (b'name="file"; filename="budget.xlsx"', b"bytes", b'name="minorEdit"', b"true", "undone: ü".encode()):
        assert part in upload.body


@pytest.mark.parametrize("content", [b"byte", b"bytes!", b""])
def test_a_download_of_another_length_is_not_uploaded(kit: Kit, content: bytes) -> None:
    """F14."""
    with odd_host(answer(200, content)) as host, pytest.raises(BadAnswer):
        copy(kit, host.base)
    assert len(host.requests) == 1


def test_a_newer_version_during_the_download_stops_the_upload(kit: Kit) -> None:
    """An upload has no precondition, so the head is read just before."""
    with odd_host(answer(200, b"bytes"), answer(200, attachment(4))) as host, pytest.raises(LostRace):
        copy(kit, host.base)
    assert [received.method for received in host.requests] == ["GET", "GET"]


def test_files_above_the_limit_are_not_even_asked_for(kit: Kit) -> None:
    """Copy mode handles files that fit into memory."""
    with odd_host(answer(200)) as host, pytest.raises(TooLarge):
        copy(kit, host.base, most=FILE_SIZE - 1)
    assert host.requests == []
    with odd_host(answer(200, b"bytes")) as host, pytest.raises(TooLarge):
        copy(kit, host.base, size=None, most=FILE_SIZE - 1)


@pytest.mark.parametrize("status", [404, 413, 507])
def test_an_upload_that_is_too_large_for_the_site_is_told_as_such(kit: Kit, status: int) -> None:
    """F16: the document gives 404 for an oversize upload; reading the file tells it from a missing one."""
    there = answer(200, attachment(3))
    with odd_host(answer(200, b"bytes"), there, answer(status), there) as host, pytest.raises(TooLarge):
        copy(kit, host.base)


def test_an_upload_to_a_file_that_is_gone_is_told_as_such(kit: Kit) -> None:
    steps = answer(200, b"bytes"), answer(200, attachment(3)), answer(404), answer(404)
    with odd_host(*steps) as host, pytest.raises(GoneOrInvisible):
        copy(kit, host.base)


def test_an_upload_whose_answer_is_lost_is_not_sent_again(kit: Kit) -> None:
    """F13: a second upload could be a second version."""
    steps = answer(200, b"bytes"), answer(200, attachment(3)), answer(503)
    with odd_host(*steps) as host, pytest.raises(HostUnavailable):
        copy(kit, host.base)
    assert [received.method for received in host.requests] == ["GET", "GET", "POST"]


def gone(kit: Kit, base: str, container: Container | None = PAGE) -> bool:
    return ConfluenceAttachments(kit.client).confirmed_gone(site(base), "7", container, priority=Priority.SWEEP)


EMPTY = answer(200, {"results": []})


def test_a_purge_is_believed_on_two_different_reads(kit: Kit) -> None:
    """L-46: missing from the container's list of all statuses, and 1.5 s later 404 by id."""
    with odd_host(EMPTY, answer(404)) as host:
        assert gone(kit, host.base) is True
    assert kit.pace.slept == [1.5]
    assert host.targets()[0].endswith("attachments?limit=250&status=current&status=archived&status=trashed")


@pytest.mark.parametrize(
    "listed",
    [answer(200, {"results": [attachment(1)]}), answer(404)],
)
def test_one_false_404_drops_nothing(kit: Kit, listed: Step) -> None:
    """F09: a file still listed, or an invisible container, proves no purge, and needs no pause or second read."""
    with odd_host(listed) as host:
        assert gone(kit, host.base) is False
    assert len(host.requests) == 1
    assert kit.pace.slept == []


def test_a_visible_file_is_not_gone_and_without_container_nobody_knows(kit: Kit) -> None:
    """Both reads must exist and agree."""
    with odd_host(EMPTY, answer(200, attachment(1))) as host:
        assert gone(kit, host.base) is False
        assert gone(kit, host.base, None) is False
    assert len(host.requests) == 2


def test_the_list_is_read_to_its_end_before_a_file_is_called_gone(kit: Kit) -> None:
    """The file may be on the last page; a repeated page proves nothing."""
    more = {"_links": {"next": "/wiki/api/v2/pages/98311/attachments?cursor=c1"}}
    with odd_host(answer(200, {"results": [], **more}), answer(200, {"results": [attachment(1)]})) as host:
        assert gone(kit, host.base) is False
    with odd_host(answer(200, {"results": [], **more})) as host, pytest.raises(BadAnswer):
        gone(kit, host.base)


def _with_odd(step: list[int], odd: int, element: object) -> Step:
    results = [{"number": n, "createdAt": at(n), "authorId": "bob"} if n != odd else element for n in step]
    return answer(200, {"results": results})


@pytest.mark.parametrize("element", [{"number": 3, "authorId": "alice"}, {"createdAt": at(3)}, {}, None])
def test_a_history_is_known_down_to_its_newest_odd_version(kit: Kit, element: object) -> None:
    """What lies at or below it may be anybody's: it is left out and the history is called incomplete."""
    for odd, newer in ((5, []), (3, [4, 5]), (1, [2, 3, 4, 5])):
        with odd_host(_with_odd([5, 4, 3, 2, 1], odd, element)) as host:
            assert numbers(kit, host.base) == (newer, False)
    with odd_host(_with_odd([5, 4, 3, 2, 1], 3, element)) as host:
        assert numbers(kit, host.base, back_to=4) == ([4, 5], True)

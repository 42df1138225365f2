from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.people import ConfluencePeople
from lockpoint.confluence.properties import ConfluenceLockProperties, ConfluenceProperties
from lockpoint.confluence.search import ConfluenceLockSearch
from lockpoint.confluence.titles import ConfluenceTitles
from lockpoint.domain.history.judge import Version
from lockpoint.services.errors import BadAnswer, GoneOrInvisible, HostUnavailable, TooLarge
from lockpoint.services.ports.confluence import Container, ContainerKind, UnreadableFile
from tests.confluence.doubles import ALICE, site
from tests.confluence.live import PAGE, PRIORITY
from tests.confluence.oddhost import answer, odd_host
from tests.confluence.test_versions import START, attachment, file_at

if TYPE_CHECKING:
    from tests.confluence.doubles import Kit

ROW = {"id": "5", "key": "lockpointlock", "value": {"state": "held"}, "version": {"number": 1}}


def test_a_lock_row_behind_fifty_other_properties_is_found(kit: Kit) -> None:
    """An answer has only the first fifty properties; then the lock is read by its key."""
    crowded = {**attachment(1), "properties": {"results": [], "meta": {"hasMore": True}}}
    with odd_host(answer(200, crowded), answer(200, {"results": [ROW]})) as host:
        found = ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)
    assert [row.id for row in found.properties or ()] == ["5"]
    assert host.targets()[1] == "/wiki/api/v2/attachments/att7/properties?key=lockpointlock&limit=250"


def test_without_permissions_and_properties_in_the_answer_there_are_none(kit: Kit) -> None:
    with odd_host(answer(200, attachment(1))) as host:
        found = ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)
    assert (found.properties, found.may_update) == ((), False)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "haunted"},
        {"status": None},
        {"id": "page7"},
        {"version": None},
        {"version": {"number": 1}},
        {"fileSize": "large"},
        {"title": None},
        {"properties": [], "operations": {}},
        {"operations": {"results": "update"}},
    ],
)
def test_an_attachment_of_another_shape_is_a_typed_error(kit: Kit, change: dict[str, object]) -> None:
    """F17: an unknown status is not guessed."""
    with odd_host(answer(200, {**attachment(1), **change})) as host, pytest.raises(BadAnswer):
        ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)


def test_custom_content_is_a_container_too(kit: Kit) -> None:
    body = {**attachment(1), "pageId": None, "customContentId": 77}
    with odd_host(answer(200, body)) as host:
        found = ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)
    assert found.container is not None
    assert (found.container.kind, found.container.id) == (ContainerKind.CUSTOM, "77")


def test_a_file_that_hangs_on_nothing_is_neither_edited_nor_copied(kit: Kit) -> None:
    """v1 addresses a file by its container."""
    attachments, loose = ConfluenceAttachments(kit.client), replace(file_at(3), container=None)
    tenant = site("http://127.0.0.1:9/wiki")
    with pytest.raises(GoneOrInvisible):
        attachments.rename(tenant, loose, "x", None, priority=PRIORITY)
    with pytest.raises(GoneOrInvisible):
        attachments.copy(tenant, loose, Version(number=1, created=START, author=None, size=1), "x", priority=PRIORITY)
    with pytest.raises(TooLarge):
        attachments.copy(
            tenant, loose, Version(number=1, created=START, author=None, size=10**12), "x", priority=PRIORITY
        )


@pytest.mark.parametrize("stored", [{**ROW, "version": {"number": 3}}, {"id": "5"}, {}])
def test_a_write_confirmed_as_something_else_is_unknown_or_refused(kit: Kit, stored: dict[str, object]) -> None:
    with odd_host(answer(200, stored)) as host, pytest.raises((HostUnavailable, BadAnswer)):
        ConfluenceLockProperties(kit.client).replace(site(host.base), "7", "5", {}, 2, priority=PRIORITY)


def test_an_app_property_that_comes_as_text_is_read_as_json(kit: Kit) -> None:
    """A host may ignore that JSON was requested and answer text of JSON; other text is what somebody stored."""
    properties = ConfluenceProperties(kit.client, "lockpoint")
    with odd_host(answer(200, {"key": "k", "value": '{"a": 1}'}), answer(200, {"key": "k", "value": "{"})) as host:
        assert properties.read_app(site(host.base), "k", priority=PRIORITY) == {"a": 1}
        assert properties.read_app(site(host.base), "k", priority=PRIORITY) == "{"


@pytest.mark.parametrize(
    "operations",
    [
        None,
        [],
        [{"operation": "administer", "targetType": "space"}],
        [{"operation": "use", "targetType": "application"}],
        [{"operation": ["administer"], "targetType": "application"}],
    ],
)
def test_only_the_exact_permission_makes_an_admin(kit: Kit, operations: object) -> None:
    """F54: only administer on application."""
    with odd_host(answer(200, {"accountId": ALICE, "operations": operations})) as host:
        assert ConfluencePeople(kit.client).administers_site(site(host.base), ALICE, priority=PRIORITY) is False


def test_the_walk_goes_through_all_pages_of_pages_and_of_files(kit: Kit) -> None:
    """Pages, then blog posts; a purged page has no files."""
    space = "/wiki/api/v2/spaces/65538"
    more_pages = {"results": [{"id": "1"}], "_links": {"next": f"{space}/pages?limit=25&cursor=p2"}}
    more_files = {"results": [attachment(1)], "_links": {"next": "/wiki/api/v2/pages/1/attachments?cursor=f2"}}
    last_files = {"results": [{**attachment(1), "id": "att8"}]}
    steps = [
        [answer(200, more_pages), answer(200, more_files), answer(200, last_files)],
        [answer(200, {"results": [{"id": "2"}]}), answer(404)],
        [answer(200, {"results": []})],
    ]
    found: list[str] = []
    cursor: str | None = None
    with odd_host(*[step for batch in steps for step in batch]) as host:
        for _ in steps:
            batch, cursor = ConfluenceLockSearch(kit.client).attachments_of_space(
                site(host.base), "65538", cursor=cursor, priority=PRIORITY
            )
            found += batch
    assert (found, cursor) == (["7", "8"], None)
    assert [target for target in host.targets() if "spaces" in target] == [
        f"{space}/pages?limit=25",
        f"{space}/pages?limit=25&cursor=p2",
        f"{space}/blogposts?limit=25",
    ]


def test_lists_that_turn_in_a_circle_are_left(kit: Kit) -> None:
    circle = answer(200, {"results": [], "_links": {"next": "/wiki/api/v2/spaces?cursor=c"}})
    with odd_host(circle) as host:
        search = ConfluenceLockSearch(kit.client)
        _, cursor = search.spaces(site(host.base), cursor=None, priority=PRIORITY)
        with pytest.raises(BadAnswer):
            search.spaces(site(host.base), cursor=cursor, priority=PRIORITY)
    pages = answer(200, {"results": [{"id": PAGE.id}]})
    files = answer(200, {"results": [], "_links": {"next": "/wiki/api/v2/pages/98311/attachments?cursor=c"}})
    with odd_host(pages, files) as host, pytest.raises(BadAnswer):
        ConfluenceLockSearch(kit.client).attachments_of_space(site(host.base), "65538", cursor=None, priority=PRIORITY)
    assert len(host.requests) == 3


UNDATED = {"number": 1, "authorId": "bob"}
ODD_ELEMENTS: list[object] = [None, "x", [], {}, {"id": {}}]


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"version": UNDATED}, UnreadableFile("8", "budget.xlsx")),
        ({"status": "haunted"}, UnreadableFile("8", "budget.xlsx")),
        ({"fileSize": None}, UnreadableFile("8", "budget.xlsx")),
        ({"title": 7.5}, UnreadableFile("8", None)),
        ({"id": "page8"}, None),
    ],
)
def test_an_odd_file_of_a_list_hides_no_other(
    kit: Kit, change: dict[str, object], known: UnreadableFile | None
) -> None:
    """The others are listed, the odd one by what is certain; one log line counts, and names nothing."""
    files = [attachment(1), {**attachment(1), "id": "att8", **change}, {**attachment(1), "id": "att9"}]
    with odd_host(answer(200, {"results": files})) as host, capture_logs() as logs:
        page = ConfluenceAttachments(kit.client).of_container(site(host.base), PAGE, priority=PRIORITY)
    assert [file.id for file in page.items] == ["7", "9"]
    assert (page.unreadable, page.whole) == (((known,), True) if known else ((), False))
    odd = [line for line in logs if line["event"] == "odd elements in an answer"]
    assert [(line["operation"], line["count"]) for line in odd] == [("attachments.list", 1)]
    assert "budget" not in str(logs)


@pytest.mark.parametrize("element", ODD_ELEMENTS)
def test_an_element_that_is_nothing_hides_no_other(kit: Kit, element: object) -> None:
    """Even where nothing can be said of it."""
    with odd_host(answer(200, {"results": [element, attachment(1)]})) as host:
        page = ConfluenceAttachments(kit.client).of_container(site(host.base), PAGE, priority=PRIORITY)
    assert (page.ids, page.unreadable, page.whole) == (("7",), (), False)


@pytest.mark.parametrize("odd", [{**attachment(1), "version": UNDATED}, {}, None])
def test_a_file_that_may_be_an_odd_one_is_not_gone(kit: Kit, odd: object) -> None:
    """A lock ends with its file only where every file of the page is known by its id."""
    with odd_host(answer(200, {"results": [odd]}), answer(404)) as host:
        assert not ConfluenceAttachments(kit.client).confirmed_gone(site(host.base), "7", PAGE, priority=PRIORITY)
    with odd_host(answer(200, {"results": [{**attachment(1), "id": "att8", "version": None}]}), answer(404)) as host:
        assert ConfluenceAttachments(kit.client).confirmed_gone(site(host.base), "7", PAGE, priority=PRIORITY)


@pytest.mark.parametrize("odd", [None, {}, {"key": "lockpointlock"}, {**ROW, "value": 1, "version": {}}])
def test_a_record_that_may_be_an_odd_row_is_not_missing(kit: Kit, odd: object) -> None:
    """A missing record is a file that is free: one odd row makes the record unknown."""
    body = {**attachment(1), "properties": {"results": [odd], "meta": {}}}
    with odd_host(answer(200, body)) as host, pytest.raises(BadAnswer):
        ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)
    with odd_host(answer(200, {"results": [odd]})) as host, pytest.raises(BadAnswer):
        ConfluenceLockProperties(kit.client).read(site(host.base), "7", priority=PRIORITY)


def test_odd_people_spoil_no_list(kit: Kit) -> None:
    """Words of a wrong type are missing words; an account that nobody asked for does not matter."""
    people = [
        {"accountId": ALICE, "displayName": "Alice", "timeZone": 3},
        {"accountId": "bob", "displayName": {}},
        None,
    ]
    with odd_host(answer(200, {"results": people})) as host:
        found = ConfluencePeople(kit.client).describe(site(host.base), [ALICE, "bob"], priority=PRIORITY)
    assert {account: (person.display_name, person.in_use) for account, person in found.items()} == {
        ALICE: ("Alice", True),
        "bob": ("", True),
    }


@pytest.mark.parametrize("odd", ODD_ELEMENTS)
def test_nobody_is_unknown_who_may_be_an_odd_element(kit: Kit, odd: object) -> None:
    """Accounts that Confluence does not know are erased, so a doubt is an error."""
    with odd_host(answer(200, {"results": [{"accountId": ALICE}, odd]})) as host, pytest.raises(BadAnswer):
        ConfluencePeople(kit.client).describe(site(host.base), [ALICE, "bob"], priority=PRIORITY)


@pytest.mark.parametrize("odd", [*ODD_ELEMENTS, {"principal": "x", "operation": {}}])
def test_odd_permissions_hide_no_administrator(kit: Kit, odd: object) -> None:
    """The others are found."""
    dana = {"principal": {"type": "user", "id": "dana"}, "operation": {"key": "administer", "targetType": "space"}}
    with odd_host(answer(200, {"results": [odd, dana]})) as host:
        found = ConfluencePeople(kit.client).space_administrators(site(host.base), "1", priority=PRIORITY)
    assert found == ("dana",)


@pytest.mark.parametrize("odd", ODD_ELEMENTS)
def test_searches_go_on_past_odd_elements(kit: Kit, odd: object) -> None:
    """Spaces, pages and files behind them are found; a file that is known by its id alone is among them."""
    search = ConfluenceLockSearch(kit.client)
    steps = [
        {"results": [odd, {"type": "page", "id": "1"}]},
        {"results": [odd, {"id": "65538"}]},
        {"results": [odd, {"id": "1"}]},
        {"results": [odd, attachment(1), {"id": "att8"}]},
    ]
    with odd_host(*(answer(200, step) for step in steps)) as host:
        acme = site(host.base)
        assert search.containers_with_locks(acme, cursor=None, priority=PRIORITY)[0] == (
            Container(ContainerKind.PAGE, "1"),
        )
        assert search.spaces(acme, cursor=None, priority=PRIORITY)[0] == ("65538",)
        assert search.attachments_of_space(acme, "65538", cursor=None, priority=PRIORITY)[0] == ("7", "8")


def test_a_name_that_is_missing_is_told_to_the_scan(kit: Kit) -> None:
    """The search for names in our tables counts as whole only where every name was read."""
    titles, lists = ConfluenceTitles(kit.client), [{"results": [{"id": "1", "name": "S"}]}, {"results": [{"id": "2"}]}]
    for odd, names in (({**attachment(1), "version": None}, ["S", "", "budget.xlsx"]), ({"id": "att8"}, None)):
        steps = [*lists, {"results": [odd]}, {"results": []}]
        with odd_host(*(answer(200, step) for step in steps)) as host:
            read = titles.of_site(site(host.base), most=5, priority=PRIORITY)
            if names is None:
                with pytest.raises(BadAnswer):
                    list(read)
            else:
                assert [name for name, _ in read] == names

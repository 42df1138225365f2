from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.people import ConfluencePeople
from lockpoint.confluence.properties import ConfluenceLockProperties, ConfluenceProperties
from lockpoint.confluence.search import ConfluenceLockSearch
from lockpoint.domain.judge import Version
from lockpoint.services.errors import BadAnswer, GoneOrInvisible, HostUnavailable, TooLarge
from lockpoint.services.ports.confluence import ContainerKind
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
    """An unknown status is not guessed."""
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
    """Only administer on application."""
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

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from lockpoint.services.errors import HostError
from lockpoint.services.ports.confluence import Mention, PropertyHost
from lockpoint.services.ports.privacy import Reported
from tests.confluence import live as live_site
from tests.confluence.live import (
    ALICE,
    BLOG,
    BLOG_FILE,
    BOB,
    BUDGET,
    CHARLIE,
    LOGO,
    PAGE,
    PRIORITY,
    PRIVATE_FILE,
    SPACE,
    Live,
)
from tests.contracts.openapi_checker import checker_or_skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.server import Running
    from tests.confluence.oddhost import OddHost

OPERATIONS = {
    "GET /wiki/api/v2/attachments/{id}",
    "GET /wiki/api/v2/attachments/{id}/properties",
    "POST /wiki/api/v2/attachments/{id}/properties",
    "PUT /wiki/api/v2/attachments/{id}/properties/{id}",
    "DELETE /wiki/api/v2/attachments/{id}/properties/{id}",
    "GET /wiki/api/v2/attachments/{id}/versions",
    "GET /wiki/api/v2/blogposts/{id}",
    "GET /wiki/api/v2/blogposts/{id}/attachments",
    "GET /wiki/api/v2/blogposts/{id}/properties",
    "POST /wiki/api/v2/blogposts/{id}/properties",
    "PUT /wiki/api/v2/blogposts/{id}/properties/{id}",
    "GET /wiki/api/v2/blogposts/{id}/footer-comments",
    "GET /wiki/api/v2/pages/{id}/footer-comments",
    "POST /wiki/api/v2/footer-comments",
    "POST /wiki/api/v2/pages",
    "GET /wiki/api/v2/pages/{id}",
    "GET /wiki/api/v2/pages/{id}/attachments",
    "GET /wiki/api/v2/pages/{id}/properties",
    "POST /wiki/api/v2/pages/{id}/properties",
    "PUT /wiki/api/v2/pages/{id}/properties/{id}",
    "GET /wiki/api/v2/spaces",
    "GET /wiki/api/v2/spaces/{id}/blogposts",
    "GET /wiki/api/v2/spaces/{id}/operations",
    "GET /wiki/api/v2/spaces/{id}/pages",
    "GET /wiki/api/v2/spaces/{id}/permissions",
    "GET /wiki/api/v2/spaces/{id}/properties",
    "POST /wiki/api/v2/spaces/{id}/properties",
    "PUT /wiki/api/v2/spaces/{id}/properties/{id}",
    "POST /wiki/api/v2/users-bulk",
    "GET /wiki/rest/api/content/search",
    "GET /wiki/rest/api/group/by-id",
    "GET /wiki/rest/api/group/picker",
    "GET /wiki/rest/api/search/user",
    "GET /wiki/rest/api/content/{id}/child/attachment/{id}/download",
    "GET /wiki/rest/api/content/{id}/restriction",
    "PUT /wiki/rest/api/content/{id}/restriction/byOperation/read/user",
    "PUT /wiki/rest/api/content/{id}/restriction/byOperation/update/user",
    "POST /wiki/rest/api/content/{id}/child/attachment",
    "POST /wiki/rest/api/content/{id}/child/attachment/{id}/data",
    "PUT /wiki/rest/api/content/{id}/child/attachment/{id}",
    "POST /wiki/rest/api/content/{id}/version",
    "GET /wiki/rest/api/user",
    "GET /wiki/rest/api/user/current",
    "GET /wiki/rest/api/user/email",
    "GET /wiki/rest/api/user/memberof",
    "GET /wiki/rest/api/user/{account}/property/lockpointprefs",
    "POST /wiki/rest/api/user/{account}/property/lockpointprefs",
    "PUT /wiki/rest/api/user/{account}/property/lockpointprefs",
    "DELETE /wiki/rest/api/user/{account}/property/lockpointprefs",
    "POST /wiki/rest/atlassian-connect/latest/report-accounts",
    "GET /wiki/rest/atlassian-connect/1/addons/lockpoint/properties/lockpointsite",
    "PUT /wiki/rest/atlassian-connect/1/addons/lockpoint/properties/lockpointsite",
}
"""All Confluence operations the product uses; the last three are in no document and have our own schema."""


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Running, OddHost]]:
    with live_site.stage() as started:
        yield started


@pytest.fixture
def live(stage: tuple[Running, OddHost]) -> Live:
    return live_site.fresh(*stage)


def use_everything(live: Live) -> None:
    """Call every method of every adapter with success and, where cheap, with a refusal."""
    use_records(live)
    use_files(live)
    use_comments(live)
    use_people(live)
    use_search(live)


def use_records(live: Live) -> None:
    row = live.locks.create(live.acme, BUDGET, {"state": "held"}, priority=PRIORITY)
    live.locks.replace(live.acme, BUDGET, row.id, {"state": "free"}, 2, priority=PRIORITY)
    with suppress(HostError):
        live.locks.create(live.acme, BUDGET, {"state": "held"}, priority=PRIORITY)
    with suppress(HostError):
        live.locks.replace(live.acme, BUDGET, row.id, {"state": "free"}, 2, priority=PRIORITY)
    live.locks.read(live.acme, BUDGET, priority=PRIORITY)
    with suppress(HostError):
        live.locks.read(live.acme, PRIVATE_FILE, priority=PRIORITY)
    live.locks.delete(live.acme, BUDGET, row.id, priority=PRIORITY)
    for host, host_id in (
        (PropertyHost.PAGE, PAGE.id),
        (PropertyHost.BLOGPOST, BLOG.id),
        (PropertyHost.SPACE, SPACE),
    ):
        with suppress(HostError):
            live.properties.create(live.acme, host, host_id, "lockpointpage", {"lockedCount": 1}, priority=PRIORITY)
        if host is PropertyHost.SPACE:
            live.act("property", ALICE, spaceKey="DS", key="lockpointpage", value={"lockedCount": 1}, force=True)
        stored = live.properties.read(live.acme, host, host_id, "lockpointpage", priority=PRIORITY)
        assert stored is not None
        with suppress(HostError):
            live.properties.replace(live.acme, host, host_id, stored, {"lockedCount": 2}, priority=PRIORITY)
    live.properties.read_app(live.acme, "lockpointsite", priority=PRIORITY)
    live.properties.write_app(live.acme, "lockpointsite", {"copyMode": True}, priority=PRIORITY)
    live.properties.read_app(live.acme, "lockpointsite", priority=PRIORITY)


def use_files(live: Live) -> None:
    attachments = live.attachments
    for person in (None, ALICE, CHARLIE):
        attachments.get(live.acme, BUDGET, priority=PRIORITY, person=person)
        attachments.of_container(live.acme, PAGE, priority=PRIORITY, person=person, limit=2)
    attachments.of_container(live.acme, BLOG, priority=PRIORITY)
    attachments.versions(live.acme, BUDGET, back_to=None, priority=PRIORITY)
    source = attachments.version(live.acme, BUDGET, 1, priority=PRIORITY)
    attachments.restore(live.acme, BUDGET, 2, "undone", priority=PRIORITY)
    found = attachments.get(live.acme, BUDGET, priority=PRIORITY)
    attachments.copy(live.acme, found, source, "undone: ä", priority=PRIORITY)
    with suppress(HostError):
        attachments.restore(live.acme, BUDGET, 99, "undone", priority=PRIORITY)
    attachments.rename(
        live.acme, attachments.get(live.acme, LOGO, priority=PRIORITY), "new.png", None, priority=PRIORITY
    )
    with suppress(HostError):
        attachments.rename(live.acme, found, "stale.xlsx", None, priority=PRIORITY)
    live.act("trash", BOB, attachmentId=LOGO)
    attachments.undo_trash(
        live.acme, attachments.get(live.acme, LOGO, priority=PRIORITY), "other.png", priority=PRIORITY
    )
    live.act("trash", BOB, attachmentId=BLOG_FILE)
    live.act("purge", BOB, attachmentId=BLOG_FILE, force=True)
    attachments.confirmed_gone(live.acme, BLOG_FILE, BLOG, priority=PRIORITY)


def use_comments(live: Live) -> None:
    mention = Mention(account=BOB, sentences=("hello",), link_text="see", link="https://acme.example/#1")
    for place in (PAGE, BLOG):
        live.comments.add(live.acme, place, mention, priority=PRIORITY)
        assert live.comments.has(live.acme, place, mention.link, priority=PRIORITY)


def use_people(live: Live) -> None:
    live.people.container(live.acme, ALICE, PAGE, priority=PRIORITY)
    live.people.container(live.acme, ALICE, BLOG, priority=PRIORITY)
    live.people.administers_space(live.acme, ALICE, SPACE, priority=PRIORITY)
    live.people.administers_site(live.acme, ALICE, priority=PRIORITY)
    live.people.describe(live.acme, [ALICE, BOB], priority=PRIORITY)
    live.people.profile(live.acme, ALICE, priority=PRIORITY)
    live.people.address(live.acme, ALICE, priority=PRIORITY)
    with suppress(HostError):
        live.people.address(live.acme, "557058:nobody", priority=PRIORITY)
    live.people.space_administrators(live.acme, SPACE, priority=PRIORITY)
    for kinds in ([], ["unprotected"]):
        live.user_properties.write(live.acme, ALICE, "lockpointprefs", {"off": kinds}, priority=PRIORITY)
    live.user_properties.read(live.acme, ALICE, "lockpointprefs", priority=PRIORITY)
    for _ in range(2):
        live.user_properties.delete(live.acme, ALICE, "lockpointprefs", priority=PRIORITY)
    live.reports.report(live.acme, [Reported(ALICE, datetime.now(UTC))], priority=PRIORITY)  # noqa: TID251 - as the host's
    live.reports.report(live.acme, [Reported(ALICE, datetime(2001, 1, 1, tzinfo=UTC))], priority=PRIORITY)
    live.people.own_account(live.acme, priority=PRIORITY)
    assert live.scratch.try_restore(live.acme, None, priority=PRIORITY).works
    live.act("restrict", ALICE, pageId=PAGE.id, read=[ALICE, BOB], update=[ALICE])
    own = live.people.own_account(live.acme, priority=PRIORITY)
    for person, refused in ((CHARLIE, HostError), (ALICE, ()), (ALICE, ())):
        with suppress(refused):
            live.people.admit(live.acme, person, PAGE, own, priority=PRIORITY)


def use_search(live: Live) -> None:
    live.control("POST", "sites/acme/group", id="11", name="editors", members=["alice"])
    live.people.space(live.acme, ALICE, "DS", priority=PRIORITY)
    live.directory.groups_of(live.acme, ALICE, priority=PRIORITY)
    live.directory.find_people(live.acme, ALICE, "Bo", priority=PRIORITY)
    live.directory.find_groups(live.acme, ALICE, "edit", priority=PRIORITY)
    live.directory.groups_named(live.acme, ALICE, ["11", "gone"], priority=PRIORITY)
    live.search.containers_with_locks(live.acme, cursor=None, priority=PRIORITY)
    live.search.spaces(live.acme, cursor=None, priority=PRIORITY)
    cursor: str | None = None
    for _ in range(2):
        _, cursor = live.search.attachments_of_space(live.acme, SPACE, cursor=cursor, priority=PRIORITY)


def shape(method: str, path: str) -> str:
    """The operation of a request: ids replaced by `{id}`, accounts by `{account}`."""
    path = re.sub(r"/user/557058:[0-9a-f-]+/", "/user/{account}/", path)
    return f"{method} " + re.sub(r"/(att)?\d+(?=/|$)", "/{id}", path).replace(
        "atlassian-connect/{id}/", "atlassian-connect/1/"
    )


def test_every_request_and_every_answer_is_as_documented(live: Live) -> None:
    """In Atlassian's OpenAPI documents; requests are the client's, answers the simulator's."""
    checker = checker_or_skip()
    use_everything(live)
    exchanges = live.recorded()
    assert len(exchanges) > len(OPERATIONS)
    assert checker.report(exchanges) == []


def test_the_client_uses_exactly_the_listed_operations(live: Live) -> None:
    """A new operation is a decision; none of those removed in 2025 is listed."""
    use_everything(live)
    assert {shape(exchange.method, exchange.path) for exchange in live.recorded()} == OPERATIONS


def test_our_count_of_points_is_the_hosts(live: Live) -> None:
    """Client and host apply the published formula."""
    use_everything(live)
    spent = sum(line.points for line in live.spent)
    assert spent == live.control("GET", "quota")["used"]
    assert spent > len(live.exchanges())


def test_nothing_is_asked_of_the_second_site(live: Live) -> None:
    live.control("DELETE", "requests")
    use_everything(live)
    assert {exchange["site"] for exchange in live.exchanges()} == {"acme"}

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lockpoint.confluence.people import ConfluencePeople
from lockpoint.confluence.search import ConfluenceLockSearch
from lockpoint.domain.history.judge import FileStatus
from lockpoint.services.errors import GoneOrInvisible, NoAddress, Rejected, Unauthorised
from lockpoint.services.ports.confluence import PropertyHost
from tests.confluence.doubles import Kit, site
from tests.confluence.live import (
    ALICE,
    BLOG,
    BLOG_FILE,
    BOB,
    BRIEF,
    BUDGET,
    CHARLIE,
    DANA,
    GINA,
    LOGO,
    PAGE,
    PRIORITY,
    PRIVATE_PAGE,
    SAM,
    SPACE,
)
from tests.confluence.oddhost import answer, odd_host

if TYPE_CHECKING:
    from tests.confluence.live import Live

UNKNOWN = "557058:99999999-0000-4000-8000-000000000000"


@pytest.mark.parametrize(("person", "may_update"), [(ALICE, True), (CHARLIE, False), (DANA, True)])
def test_a_page_is_read_with_the_persons_permissions(live: Live, person: str, may_update: bool) -> None:
    for container in (PAGE, BLOG):
        view = live.people.container(live.acme, person, container, priority=PRIORITY)
        assert (view.container, view.space_id, view.status) == (container, SPACE, FileStatus.CURRENT)
        assert view.may_update is may_update
        assert view.title


def test_a_page_the_person_may_not_see_is_not_there(live: Live) -> None:
    """F54."""
    with pytest.raises(GoneOrInvisible):
        live.people.container(live.acme, BOB, PRIVATE_PAGE, priority=PRIORITY)
    assert live.people.container(live.acme, ALICE, PRIVATE_PAGE, priority=PRIORITY).may_update


@pytest.mark.parametrize(
    ("person", "space", "of_site"), [(ALICE, False, False), (DANA, True, False), (SAM, True, True)]
)
def test_admins_are_known_by_confluences_word(live: Live, person: str, space: bool, of_site: bool) -> None:
    """Space admins are asked as themselves, site admins by their permitted operations."""
    assert live.people.administers_space(live.acme, person, SPACE, priority=PRIORITY) is space
    assert live.people.administers_site(live.acme, person, priority=PRIORITY) is of_site


def test_nobody_administers_what_is_not_there(live: Live) -> None:
    assert live.people.administers_site(live.acme, UNKNOWN, priority=PRIORITY) is False
    assert live.people.administers_space(live.acme, DANA, "1", priority=PRIORITY) is False
    with pytest.raises(Unauthorised):
        live.people.administers_space(live.acme, GINA, SPACE, priority=PRIORITY)


def test_people_are_described_in_one_call(live: Live) -> None:
    """Unknown accounts are omitted; closed ones are inactive."""
    live.control("POST", "sites/acme/person", account="bob", status="closed", active=False)
    found = live.people.describe(live.acme, [ALICE, BOB, UNKNOWN, ALICE], priority=PRIORITY)
    assert set(found) == {ALICE, BOB}
    assert found[ALICE].in_use
    assert not found[BOB].in_use
    assert found[ALICE].display_name.startswith("Alice")
    assert live.people.describe(live.acme, [], priority=PRIORITY) == {}
    assert len([e for e in live.exchanges() if e["path"].endswith("users-bulk")]) == 1


def test_a_profile_has_time_zone_and_locale(live: Live) -> None:
    """v1 returns them where the person shows them."""
    profile = live.people.profile(live.acme, ALICE, priority=PRIORITY)
    person = live.running.world.sites["acme"].people[ALICE]
    assert (profile.account_id, profile.time_zone, profile.locale) == (ALICE, person.time_zone, person.locale)
    with pytest.raises(GoneOrInvisible):
        live.people.profile(live.acme, UNKNOWN, priority=PRIORITY)


def test_an_address_is_looked_up_for_one_mail(live: Live) -> None:
    """The look-up ignores profile visibility, for approved apps."""
    live.control("POST", "sites/acme/person", account="alice", emailHidden=True)
    assert live.people.address(live.acme, ALICE, priority=PRIORITY) == "alice@acme.example"


def test_no_address_is_told_with_its_reason(live: Live) -> None:
    """F46: 400, 404 and 501 of the look-up."""
    with pytest.raises(NoAddress) as caught:
        live.people.address(live.acme, UNKNOWN, priority=PRIORITY)
    assert caught.value.reason == "unknown"
    for switch, reason in (("not_approved", "not_approved"), ("off", "switched_off")):
        live.control("POST", "sites/acme/behaviour", emailLookup=switch)
        with pytest.raises(NoAddress) as caught:
            live.people.address(live.acme, ALICE, priority=PRIORITY)
        assert caught.value.reason == reason


@pytest.mark.parametrize("email", ["", None, "not an address", "a@b\r\nBcc: x@y"])
def test_an_empty_or_odd_address_is_none(kit: Kit, email: str | None) -> None:
    """Such a text could break a mail header."""
    with odd_host(answer(200, {"accountId": ALICE, "email": email})) as host, pytest.raises(NoAddress) as caught:
        ConfluencePeople(kit.client).address(site(host.base), ALICE, priority=PRIORITY)
    assert caught.value.reason == "hidden"


def test_the_own_account_is_asked_once_per_site(live: Live) -> None:
    """The account is constant during an installation and read again after the next."""
    own = live.people.own_account(live.acme, priority=PRIORITY)
    assert own == live.running.world.sites["acme"].installations["lockpoint"].account_id
    assert live.people.own_account(live.acme, priority=PRIORITY) == own
    assert live.people.own_account(live.globex, priority=PRIORITY) != own
    live.people.forget(live.acme)
    live.people.own_account(live.acme, priority=PRIORITY)
    assert len([e for e in live.exchanges() if e["path"].endswith("user/current")]) == 3


def test_pages_with_locks_are_found_by_their_hint(live: Live) -> None:
    """The page property's number is indexed."""
    for host, container, count in ((PropertyHost.PAGE, PAGE, 2), (PropertyHost.BLOGPOST, BLOG, 0)):
        live.properties.create(
            live.acme, host, container.id, "lockpointpage", {"lockedCount": count}, priority=PRIORITY
        )
    found, cursor = live.search.containers_with_locks(live.acme, cursor=None, priority=PRIORITY)
    assert (found, cursor) == ((PAGE,), None)
    assert live.search.containers_with_locks(live.globex, cursor=None, priority=PRIORITY) == ((), None)


def test_a_search_that_does_not_know_the_hint_is_rejected(live: Live) -> None:
    """An unindexed field is refused; then the app walks the spaces."""
    live.control("POST", "sites/acme/disable")
    live.control("POST", "sites/acme/enable")
    live.fault("status", path="content/search", status=400, body={"message": "Could not parse cql"})
    with pytest.raises(Rejected):
        live.search.containers_with_locks(live.acme, cursor=None, priority=PRIORITY)


def test_search_pages_are_followed_with_their_whole_query(kit: Kit) -> None:
    """v1's next link is relative to its own base."""
    following = "/rest/api/content/search?next=true&cursor=abc%3D&limit=100&start=100&cql=x"
    first = {"results": [{"id": "1", "type": "page"}, {"id": "2", "type": "comment"}], "_links": {"next": following}}
    second = {"results": [{"id": 3, "type": "blogpost"}]}
    with odd_host(answer(200, first), answer(200, second)) as host:
        search = ConfluenceLockSearch(kit.client)
        found, cursor = search.containers_with_locks(site(host.base), cursor=None, priority=PRIORITY)
        assert [container.id for container in found] == ["1"]
        found, cursor = search.containers_with_locks(site(host.base), cursor=cursor, priority=PRIORITY)
    assert ([container.id for container in found], cursor) == (["3"], None)
    assert host.targets()[1] == "/wiki" + following


def test_somebody_is_added_to_what_is_restricted(live: Live) -> None:
    """As a person who may edit; each list once, and an open operation stays open."""
    own = live.people.own_account(live.acme, priority=PRIORITY)

    def admit(person: str = ALICE) -> tuple[str, ...]:
        return live.people.admit(live.acme, person, PAGE, own, priority=PRIORITY)

    content = live.running.world.sites["acme"].contents[int(PAGE.id)]
    assert admit() == ()
    live.act("restrict", ALICE, pageId=PAGE.id, update=[ALICE])
    assert admit() == ("update",)
    assert (content.read, content.update) == (set(), {ALICE, own})
    assert admit() == ()
    live.act("restrict", ALICE, pageId=PAGE.id, read=[ALICE, BOB], update=[ALICE])
    assert admit() == ("read", "update")
    assert (content.read, content.update) == ({ALICE, BOB, own}, {ALICE, own})
    live.act("restrict", ALICE, pageId=PAGE.id, read=[ALICE, BOB], update=[ALICE])
    with pytest.raises(GoneOrInvisible):
        admit(BOB)
    with pytest.raises(GoneOrInvisible):
        admit(CHARLIE)


@pytest.mark.parametrize("listed", [{"user": {"results": []}, "group": {"results": [{"name": "staff"}]}}, {}])
def test_groups_restrict_too(kit: Kit, listed: dict[str, object]) -> None:
    """A list of groups alone leaves the app out; an entry without lists is open."""
    answers = answer(200, {"results": [{"operation": "read", "restrictions": listed}, {"operation": "copy"}]})
    with odd_host(answers, answer(200)) as host:
        found = ConfluencePeople(kit.client).admit(site(host.base), ALICE, PAGE, "557058:app", priority=PRIORITY)
    assert found == (("read",) if listed else ())
    assert len(host.requests) == 1 + len(found)


def test_the_walk_finds_every_attachment_the_app_may_see(live: Live) -> None:
    """Pages, then blog posts."""
    spaces, _ = live.search.spaces(live.acme, cursor=None, priority=PRIORITY)
    assert spaces == (SPACE,)
    found: list[str] = []
    cursor, rounds = None, 0
    while rounds == 0 or cursor is not None:
        batch, cursor = live.search.attachments_of_space(live.acme, SPACE, cursor=cursor, priority=PRIORITY)
        found += batch
        rounds += 1
    assert {BUDGET, BRIEF, LOGO, BLOG_FILE} <= set(found)
    assert len(found) == len(set(found))
    files = live.running.world.sites["acme"].attachments.values()
    private = {str(file.id) for file in files if file.container_id == int(PRIVATE_PAGE.id)}
    assert private
    assert private.isdisjoint(found)

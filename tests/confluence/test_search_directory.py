"""People and groups to choose from, against the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lockpoint.services.errors import GoneOrInvisible
from lockpoint.services.ports.confluence import Group, Space
from tests.confluence.live import ALICE, BOB, CHARLIE, GINA, PAGE, PRIORITY, SPACE

if TYPE_CHECKING:
    from tests.confluence.live import Live


def test_a_space_is_found_by_its_key(live: Live) -> None:
    """As the person sees it; by nothing else than the whole key."""
    assert live.people.space(live.acme, ALICE, "DS", priority=PRIORITY) == Space(SPACE, "DS", "Demo space")
    for key in ("ds", "D", "DS,X", ""):
        with pytest.raises(GoneOrInvisible):
            live.people.space(live.acme, ALICE, key, priority=PRIORITY)
    live.act("person", BOB, permissions=[])
    with pytest.raises(GoneOrInvisible):
        live.people.space(live.acme, BOB, "DS", priority=PRIORITY)


def test_ones_own_groups(live: Live) -> None:
    """P-03: also of a person of many groups."""
    for number in range(250):
        live.control("POST", "sites/acme/group", id=f"g{number}", name=f"group {number}", members=["alice"])
    live.control("POST", "sites/acme/group", id="other", name="others", members=["bob"])
    assert live.directory.groups_of(live.acme, ALICE, priority=PRIORITY) == {f"g{number}" for number in range(250)}
    assert live.directory.groups_of(live.acme, BOB, priority=PRIORITY) == {"other"}
    assert live.directory.groups_of(live.acme, CHARLIE, priority=PRIORITY) == frozenset()


@pytest.mark.parametrize("text", ["Al", "alice", "ALICE"])
def test_people_are_found_while_somebody_types(live: Live, text: str) -> None:
    found = live.directory.find_people(live.acme, BOB, text, priority=PRIORITY)
    assert [person.account_id for person in found] == [ALICE]
    assert found[0].display_name.startswith("Alice")


@pytest.mark.parametrize("text", ['"', "\\", '" or user.fullname ~ "Alice', "*", "x" * 100])
def test_what_is_typed_stays_text(live: Live, text: str) -> None:
    """No query of another kind: nobody is found, nothing fails."""
    assert live.directory.find_people(live.acme, BOB, text, priority=PRIORITY) == ()


def test_apps_are_found_where_they_are_asked_for(live: Live) -> None:
    own = live.people.own_account(live.acme, priority=PRIORITY)
    names = live.people.describe(live.acme, [own], priority=PRIORITY)
    found = live.directory.find_people(live.acme, ALICE, names[own].display_name, priority=PRIORITY)
    assert own not in [person.account_id for person in found]
    apps = live.directory.find_people(live.acme, ALICE, names[own].display_name, priority=PRIORITY, apps=True)
    assert [app.account_id for app in apps] == [own]
    assert live.directory.find_people(live.acme, BOB, "Alice", priority=PRIORITY, apps=True) == ()


def test_groups_are_found_by_a_part_of_their_name(live: Live) -> None:
    live.control("POST", "sites/acme/group", id="11", name="site editors", members=["alice"])
    assert live.directory.find_groups(live.acme, ALICE, "edit", priority=PRIORITY) == (Group("11", "site editors"),)
    assert live.directory.find_groups(live.acme, ALICE, "nobody", priority=PRIORITY) == ()
    assert live.directory.find_groups(live.globex, GINA, "edit", priority=PRIORITY) == ()


def test_groups_are_named(live: Live) -> None:
    """Those of another site, and those that are gone, are left out."""
    live.control("POST", "sites/acme/group", id="21", name="site editors", members=["alice"])
    live.control("POST", "sites/globex/group", id="22", name="others", members=["gina"])
    named = live.directory.groups_named(live.acme, ALICE, ["22", "21", "gone"], priority=PRIORITY)
    assert named == (Group("21", "site editors"),)


def _file(live: Live, name: str) -> str:
    made = live.act("upload", ALICE, pageId=PAGE.id, fileName=name, text="x")
    return str(made["id"]).removeprefix("att")


def test_files_are_found_by_the_beginnings_of_words(live: Live) -> None:
    """L-60: as the person, in one space or all."""
    file = _file(live, "Quarterly plan.xlsx")
    for key in (None, "DS"):
        found = live.directory.find_files(live.acme, BOB, "quarterly", space_key=key, priority=PRIORITY)
        assert found == (frozenset([file]), True)
    assert live.directory.find_files(live.acme, BOB, "quarterly", space_key="NO", priority=PRIORITY)[0] == frozenset()
    live.act("person", BOB, permissions=[])
    assert live.directory.find_files(live.acme, BOB, "quarterly", space_key=None, priority=PRIORITY)[0] == frozenset()


@pytest.mark.parametrize("text", ['"', "\\", '" or type = "page', "x" * 100, "a) or (type = page"])
def test_a_name_that_is_typed_stays_text(live: Live, text: str) -> None:
    _file(live, "plan.txt")
    for key in (None, 'DS" or space = "X'):
        found = live.directory.find_files(live.acme, ALICE, text, space_key=key, priority=PRIORITY)
        assert found == (frozenset(), True)

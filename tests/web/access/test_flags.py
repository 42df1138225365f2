"""What lists and lines offer is what the calls do."""

from __future__ import annotations

import pytest

from tests.web.access.matrix import Matrix
from tests.web.access.table import FILE_ROUTES, LAST_STATES, PEOPLE, Thing, expected, sees
from tests.web.access.things import make
from tests.web.live_app import Json, LiveApp

FLAGS = {
    "release": "release",
    "extend": "extend",
    "break": "break",
    "takeOver": "take over",
    "notifyMe": "ask",
    "request": "request",
    "decline": "decline",
    "handOver": "hand over",
}
"""The call of each flag. `lock` means beginning one, `giveAccess` a closed page, `cancelRequest` one's own request:
their calls find nothing to do elsewhere."""


SHOWN = [Thing.FREE, Thing.HELD, Thing.ASKED, Thing.RESTRICTED, Thing.SHUT, *LAST_STATES]


@pytest.mark.parametrize("thing", SHOWN, ids=[thing.value for thing in SHOWN])
@pytest.mark.usefixtures("other_site_state")
def test_the_flags_say_what_the_calls_do(live: LiveApp, matrix: Matrix, thing: Thing) -> None:
    """I23, L-20: for everybody who sees the file, in the answer about it and in the list of its page.

    What each call answers is what the table says, which the tests of the single calls hold.
    """
    target = make(live, thing, matrix.kept)
    calls = {route.name: route for route in FILE_ROUTES}
    for person in (one for one in PEOPLE if sees(one, thing)):
        shown = matrix.call(person, calls["show"], target).json()["lock"]
        can: Json = shown["can"]
        for flag, name in FLAGS.items():
            if shown["lockId"] is not None:  # else there is nothing to name
                assert can[flag] is (expected(person, calls[name], thing) < 400), (person.name, flag)
        mine = shown["state"] == "mine"
        assert can["lock"] is (not mine and expected(person, calls["acquire"], thing) < 400), person.name
        assert can["giveAccess"] is (thing is Thing.SHUT), person.name
        assert can["cancelRequest"] is (thing is Thing.ASKED and person.name == "bob"), person.name
        listed = matrix.call(person, calls["list"], target).json()["items"]
        assert [row["lock"]["can"] for row in listed] in ([], [can]), person.name
        assert bool(listed) is (thing not in {Thing.SWITCHED_OFF, Thing.TRASHED}), person.name

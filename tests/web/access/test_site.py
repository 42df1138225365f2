"""Settings, lists and health of a site and its spaces; and people whom the site does not know."""

from __future__ import annotations

import pytest

from tests.web.access.matrix import Matrix
from tests.web.access.table import PEOPLE, SITE_ROUTES, UNKNOWN, Route, Target, Thing, expected
from tests.web.access.things import make
from tests.web.live_app import LiveApp


@pytest.mark.parametrize("route", SITE_ROUTES, ids=[route.name for route in SITE_ROUTES])
def test_the_site_is_for_site_admins(live: LiveApp, matrix: Matrix, route: Route) -> None:
    """L-63: settings: site admins of this site; document: everybody with a token. Something is locked, so lists ask."""
    make(live, Thing.HELD, matrix.kept)
    here = Target(UNKNOWN, UNKNOWN, "")
    for person in PEOPLE:
        answer = matrix.call(person, route, here)
        assert answer.status_code == expected(person, route, Thing.UNKNOWN), (person.name, answer.text)


def test_somebody_of_another_site_is_nobody_here(live: LiveApp, matrix: Matrix) -> None:
    """An account unknown to acme is refused like a deactivated one."""
    stranger = live.token("alice", sub="557058:061a0000-0000-4000-8000-00000000061a")
    target = make(live, Thing.FREE, matrix.kept)
    for file in (target.file, UNKNOWN):
        answer = live.raw("GET", f"/attachments/{file}/lock", stranger)
        assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")

"""An invisible object is answered like one that does not exist."""

from __future__ import annotations

import pytest
import requests

from tests.web.access.matrix import Matrix
from tests.web.access.table import FILE_ROUTES, PEOPLE, SINGLE, UNKNOWN, Route, Target, Thing
from tests.web.access.things import make
from tests.web.live_app import LiveApp, request_id

INVISIBLE = (Thing.RESTRICTED, Thing.SHUT, Thing.FOREIGN)
ALONE = [route for route in FILE_ROUTES if route.name not in SINGLE]


@pytest.mark.parametrize("route", ALONE, ids=[route.name for route in ALONE])
def test_invisible_is_unknown(live: LiveApp, matrix: Matrix, route: Route) -> None:
    """L-02, L-63: status, body and headers equal those for an unknown id.

    Bulk answers name the id; `web/api/many` compares the rest.
    """
    targets = {thing: make(live, thing, matrix.kept) for thing in INVISIBLE}
    for person in (one for one in PEOPLE if one.name != "alice"):
        unknown = _visible_part(matrix.call(person, route, Target(UNKNOWN, UNKNOWN, request_id())))
        for thing, target in targets.items():
            if thing is Thing.FOREIGN and person.site == "globex":
                continue
            answer = _visible_part(matrix.call(person, route, target))
            matrix.leaks += answer != unknown
            assert answer == unknown, (person.name, thing)


def _visible_part(answer: requests.Response) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    return answer.status_code, answer.content, headers

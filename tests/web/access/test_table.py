"""The table itself."""

from __future__ import annotations

from itertools import product

from tests.web.access.table import FILE_ROUTES, PEOPLE, SITE_ROUTES, Thing, expected


def test_the_table_is_whole() -> None:
    """L-63: every cell has an expectation, and the table covers every status of the API."""
    cells = {
        (person.name, route.name, thing.name): expected(person, route, thing)
        for person, route, thing in product(PEOPLE, (*FILE_ROUTES, *SITE_ROUTES), Thing)
    }
    assert len(cells) == len(PEOPLE) * (len(FILE_ROUTES) + len(SITE_ROUTES)) * len(Thing)
    assert set(cells.values()) == {200, 201, 401, 403, 404, 409, 412, 422, 503}

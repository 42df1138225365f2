"""Calls about many files."""

from __future__ import annotations

import pytest

from tests.web.access.matrix import Matrix, cells, each_role_may_do_what_the_table_says
from tests.web.access.table import BULK_ROUTES, Route, Thing
from tests.web.live_app import LiveApp


@pytest.mark.parametrize(("route", "thing"), cells(BULK_ROUTES))
@pytest.mark.usefixtures("other_site_state")
def test_each_role_may_do_what_the_table_says(live: LiveApp, matrix: Matrix, route: Route, thing: Thing) -> None:
    """L-15, L-63."""
    each_role_may_do_what_the_table_says(live, matrix, route, thing)

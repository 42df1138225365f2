"""Looking at files; beginning, extending and ending locks."""

from __future__ import annotations

import pytest

from tests.web.access.matrix import Matrix, cells, each_role_may_do_what_the_table_says
from tests.web.access.table import LOCK_ROUTES, Route, Thing
from tests.web.live_app import LiveApp


@pytest.mark.parametrize(("route", "thing"), cells(LOCK_ROUTES))
@pytest.mark.usefixtures("other_site_state")
def test_each_role_may_do_what_the_table_says(live: LiveApp, matrix: Matrix, route: Route, thing: Thing) -> None:
    """L-15, L-63."""
    each_role_may_do_what_the_table_says(live, matrix, route, thing)

"""Access matrix through the Forge door: every person, route and kind of object, as through Connect's."""

from __future__ import annotations

import pytest
import requests

from tests.web import test_access_matrix
from tests.web.api.document import CheckedApi
from tests.web.live_app import LiveApp
from tests.web.test_access_matrix import Matrix, Person, Role, Route, Target, other_site_state

test_each_role_may_do_what_the_table_says = test_access_matrix.test_each_role_may_do_what_the_table_says
test_the_site_is_for_site_admins = test_access_matrix.test_the_site_is_for_site_admins
__all__ = ["other_site_state"]


class ForgeMatrix(Matrix):
    def call(self, person: Person, route: Route, target: Target) -> requests.Response:
        """Forge keeps 401 for itself: who is not logged in may get another number with the same code."""
        if person.role is not Role.ANONYMOUS:
            return super().call(person, route, target)
        self.cells += 1
        path = route.path.format(file=target.file, page=target.page)
        answer = self.live.raw(route.method, path, self._token(person), json={})
        assert answer.json()["error"] == "unauthorized"
        answer.status_code = requests.codes.unauthorized
        return answer


@pytest.fixture(scope="module")
def matrix(live: LiveApp) -> Matrix:
    live.control("sites/acme/person", account="erin", status="inactive")
    test_access_matrix._appoint(live)
    test_access_matrix._add_inactive_space(live)
    return ForgeMatrix(live, CheckedApi(live), test_access_matrix._kept(live))

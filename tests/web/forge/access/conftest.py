from __future__ import annotations

import pytest
import requests

from tests.web.access.conftest import other_site_state
from tests.web.access.matrix import Matrix
from tests.web.access.table import Person, Role, Route, Target
from tests.web.live_app import LiveApp

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
    return ForgeMatrix.on(live)

"""People and groups to choose from."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from lockpoint.services.errors import Rejected
from lockpoint.services.listing import directory
from tests.fakes.world import ALICE
from tests.services.stage import Stage


def _refuse(*_: object, **__: object) -> NoReturn:
    raise Rejected("Could not parse cql")


@pytest.mark.parametrize(
    ("find", "port"), [(directory.find_people, "find_people"), (directory.find_groups, "find_groups")]
)
def test_what_the_search_does_not_understand_finds_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, find: Any, port: str
) -> None:
    """Whatever somebody types is no fault of the service."""
    services, actor = stage.world.services, stage.world.actor(ALICE)
    assert find(services, actor, "  ") == ()
    monkeypatch.setattr(stage.world.host.directory, port, _refuse)
    assert find(services, actor, "* AND (") == ()

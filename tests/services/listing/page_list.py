"""A page list as the screens ask for it."""

from __future__ import annotations

from lockpoint.services.listing import page_files
from lockpoint.services.listing.page_files import Query, of_container
from tests.fakes.world import ALICE
from tests.services.stage import Stage


def list_page(stage: Stage, who: str = ALICE, **query: object) -> page_files.Listing:
    return of_container(stage.world.services, stage.world.actor(who), stage.file.container, Query(**query))

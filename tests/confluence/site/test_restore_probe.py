from __future__ import annotations

from typing import TYPE_CHECKING

from lockpoint.services.ports.confluence import ScratchTrial
from tests.confluence.live import ALICE, PRIORITY, SAM

if TYPE_CHECKING:
    from tests.confluence.live import Live


def test_the_probe_shows_that_this_site_restores_attachments(live: Live) -> None:
    """The file is created once, on a draft, and reused."""
    first = live.scratch.try_restore(live.acme, None, priority=PRIORITY)
    assert first.works is True
    contents = live.running.world.sites["acme"].contents
    count = len(contents)
    assert live.scratch.try_restore(live.acme, first.scratch_id, priority=PRIORITY) == first
    assert len(contents) == count


def test_the_probe_shows_that_this_site_refuses(live: Live) -> None:
    live.control("POST", "sites/acme/behaviour", restoreAttachments="refused")
    assert live.scratch.try_restore(live.acme, None, priority=PRIORITY).works is False


def test_nobody_else_sees_the_scratch_file(live: Live) -> None:
    """Editors and site admins do not find the draft."""
    probe = live.scratch.try_restore(live.acme, None, priority=PRIORITY)
    assert probe.scratch_id is not None
    found = live.running.world.sites["acme"].attachments[int(probe.scratch_id)]
    for person in (ALICE, SAM):
        page = live.control("GET", f"sites/acme/home?account={person}")
        assert str(found.container_id) not in {content["id"] for content in page["contents"]}


def test_where_no_draft_can_be_made_nothing_is_known(live: Live) -> None:
    """The app is excluded from every space."""
    live.control("POST", "sites/acme/app-access", spaceKey="DS", blocked=True)
    assert live.scratch.try_restore(live.acme, None, priority=PRIORITY) == ScratchTrial(None, None)

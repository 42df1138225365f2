"""The page property for byline and rediscovery."""

from __future__ import annotations

from lockpoint.services.errors import LostRace
from lockpoint.services.listing.byline import KEY, refresh
from lockpoint.services.ports.confluence import Container, ContainerKind, PropertyHost
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE
from tests.services.stage import Stage


def _hint(stage: Stage, host: PropertyHost = PropertyHost.PAGE, page: Container | None = None) -> object:
    rows = stage.world.site().rows.get((host, (page or stage.file.container).id, KEY), ())
    return rows[0].value if rows else None


def test_the_hint_follows_the_locks(stage: Stage) -> None:
    """U-01, amendment 4: pages without locks get none."""
    refresh(stage.world.services, ACME, stage.file.container)
    assert _hint(stage) is None
    stage.lock()
    stage.run_jobs(JobKind.PAGE_HINT)
    assert _hint(stage)["lockedCount"] == 1
    assert _hint(stage)["name"] == {"value": "1 file locked"}
    stage.release(stage.held.lock_id)
    stage.run_jobs(JobKind.PAGE_HINT)
    assert _hint(stage)["lockedCount"] == 0


def test_nothing_is_written_when_the_count_stays(stage: Stage) -> None:
    """Quota: a correct property costs one point."""
    stage.lock()
    stage.run_jobs(JobKind.PAGE_HINT)
    stage.taps.clear()
    refresh(stage.world.services, ACME, stage.file.container)
    assert stage.taps.host_calls() == ["properties.read"]


def test_blog_posts_have_hints_and_custom_content_has_none(stage: Stage) -> None:
    """E45."""
    blog = stage.world.site().add_page(kind=ContainerKind.BLOGPOST)
    stage.lock(file=stage.world.site().add_file(blog, ALICE))
    refresh(stage.world.services, ACME, blog.container)
    assert _hint(stage, PropertyHost.BLOGPOST, blog.container)["lockedCount"] == 1
    stage.taps.clear()
    refresh(stage.world.services, ACME, Container(ContainerKind.CUSTOM, "5"))
    assert stage.taps.host_calls() == []


def test_a_lost_race_is_repeated_once(stage: Stage) -> None:
    """The next change writes the property again."""

    def lost() -> None:
        raise LostRace("409")

    stage.lock()
    stage.taps.before["properties.create", 1] = lost
    stage.run_jobs(JobKind.PAGE_HINT)
    assert _hint(stage)["lockedCount"] == 1
    stage.release(stage.held.lock_id)
    stage.taps.before["properties.replace", 0] = lost
    stage.run_jobs(JobKind.PAGE_HINT)
    assert _hint(stage)["lockedCount"] == 1

"""What needs an admin's eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.services.context import Actor, Door
from lockpoint.services.errors import NotAllowed, NotFound
from lockpoint.services.listing import site_health
from lockpoint.services.listing.site_health import ForgeHealth, Health
from lockpoint.services.ports.forge import AccessToken
from lockpoint.services.ports.locks import Protection
from lockpoint.services.quota_accounting import Counter, Share
from tests.fakes.redis import FakeSharedPoints
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GLOBEX, SAM, START
from tests.services.stage import Stage


@pytest.fixture
def flagged(stage: Stage) -> Stage:
    """Three locks, one cannot be protected; Bob waits for a mail."""
    files = [stage.file, stage.world.add_file(), stage.world.add_file()]
    for file in files:
        stage.lock(file=file)
    stage.world.services.witnesses.set_protection(ACME, files[1].id, Protection.APP_BLOCKED)
    stage.world.services.witnesses.set_protection(ACME, files[2].id, Protection.RESTORING)
    return stage


def of_site(stage: Stage, who: str = SAM) -> Health:
    return site_health.of_site(stage.world.services, stage.world.actor(who))


def test_a_site_admin_sees_what_does_not_protect(flagged: Stage) -> None:
    """P-18: by reason; what is just being restored is protected."""
    locks = of_site(flagged).locks
    assert (locks.live, locks.unprotected, locks.licensed) == (3, {"app_blocked": 1}, True)


def test_only_roles_are_asked_for(flagged: Stage) -> None:
    flagged.taps.clear()
    of_site(flagged)
    assert flagged.taps.host_calls() == ["people.administers_site"]


def test_who_manages_a_space_sees_its_part(flagged: Stage) -> None:
    world = flagged.world
    for who in (DANA, SAM):
        found = site_health.of_space(world.services, world.actor(who), "DOCS")
        assert found == Health(found.locks)
        assert found.locks.unprotected == {"app_blocked": 1}
    for who in (ALICE, CHARLIE):
        with pytest.raises(NotAllowed):
            site_health.of_space(world.services, world.actor(who), "DOCS")
    with pytest.raises(NotFound):
        site_health.of_space(world.services, world.actor(SAM), "NONE")


@pytest.mark.parametrize("who", [ALICE, BOB, DANA])
def test_the_site_is_for_site_admins(flagged: Stage, who: str) -> None:
    with pytest.raises(NotAllowed):
        of_site(flagged, who)


def test_points_are_those_of_the_site(flagged: Stage) -> None:
    """Of the present hour; another site's are nobody's business."""
    spent = {Counter(START, Share.SITE, ACME.id): 700, Counter(START, Share.SITE, GLOBEX.id): 9}
    flagged.world.services = replace(flagged.world.services, shared_points=FakeSharedPoints(spent))
    flagged.world.clock.advance(minutes=59)
    points = of_site(flagged).points
    assert points is not None
    assert (points.used, points.most, (points.until - START).total_seconds()) == (700, 39_000, 3600)
    flagged.world.clock.advance(minutes=1)
    later = of_site(flagged).points
    assert later is not None
    assert later.used is None


def test_access_through_forge_is_told_while_its_token_lives(stage: Stage) -> None:
    """A site at Connect's door has none to tell, whatever is left of an earlier one."""
    until = START + timedelta(hours=3)
    stage.world.tables.tokens[ACME.id] = AccessToken("a token", until)
    assert of_site(stage).forge is None
    admin = Actor(replace(ACME, door=Door.FORGE), SAM)
    found = site_health.of_site(stage.world.services, admin)
    assert found.forge == ForgeHealth(until, START, None, None, former_site=False)
    stage.world.clock.advance(hours=3)
    ended = site_health.of_site(stage.world.services, admin).forge
    assert ended is not None
    assert ended.access_until is None
    stage.world.tables.tokens.clear()
    assert site_health.of_site(stage.world.services, admin).forge == ForgeHealth(
        None, None, None, None, former_site=False
    )

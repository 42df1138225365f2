from __future__ import annotations

from collections.abc import Iterator

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import reconcile
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX, SAM
from tests.services.privacy.stage import RightsStage, rights_stage


@pytest.fixture
def stage(database_url: str, redis_url: str) -> Iterator[RightsStage]:
    with rights_stage(database_url, redis_url) as made:
        yield made


@pytest.fixture
def busy(stage: RightsStage) -> dict[str, StoredFile]:
    """Bob locked, waited, asked and was asked, lost a lock, took one over, overwrote others' files, and chose mails."""
    world = stage.world
    files = {name: world.add_file(BOB if name == "uploaded" else ALICE) for name in
             ("held", "waited", "lost", "taken", "uploaded", "ended", "overwritten")}  # fmt: skip
    stage.lock(files["held"], BOB, note="Bob's own words")
    stage.lock(files["waited"], ALICE)
    for who in (CHARLIE, BOB, DANA):
        stage.ask(files["waited"], who)
    stage.request(files["waited"], BOB, "Bob's own words to Alice")
    stage.request(files["waited"], SAM, "words of Sam")
    stage.request(files["held"], SAM, "more words of Sam")
    stage.decline(files["held"], BOB, SAM, "Bob's own words to Sam")
    stage.take_over(files["lost"], stage.lock(files["lost"], BOB), SAM)
    stage.lock(files["uploaded"], ALICE)
    stage.release(files["ended"], stage.lock(files["ended"], BOB), BOB)
    stage.lock(files["overwritten"], ALICE)
    world.clock.advance(minutes=1)
    world.site().upload(files["overwritten"].id, BOB, b"Bob's")
    reconcile(stage.services, ACME, files["overwritten"].id)
    preferences.change(stage.services, world.actor(BOB), Preferences(off=frozenset({MailKind.UNPROTECTED})))
    stage.run_jobs(JobKind.PROFILE)
    stage.lock(world.add_file(GINA, GLOBEX), GINA, GLOBEX)
    return files

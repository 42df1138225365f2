"""What a change makes possible is done at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.services.ports.confluence import ScratchTrial
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import Protection
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.services.tenancy import restore_probe, site_settings
from tests.fakes.world import ACME, ALICE, BOB, SAM
from tests.services.stage import Stage, untouched


@pytest.fixture
def refused(stage: Stage) -> Stage:
    """Bob's overwrite stands, because this site restores no versions."""
    stage.world.site().restore_refused = True
    stage.lock()
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.world.tables.jobs.clear()
    assert stage.content == b"Bob's"
    return stage


def _switch(stage: Stage, *, copy_mode: bool) -> None:
    revision = site_settings.overview(stage.world.services, stage.world.actor(SAM)).settings.revision
    site_settings.change(
        stage.world.services, stage.world.actor(SAM), revision=revision, changes={"copy_mode": copy_mode}
    )


def test_copy_mode_undoes_what_waited_for_it(refused: Stage) -> None:
    """B3: without waiting for the next upload or sweep."""
    _switch(refused, copy_mode=True)
    assert [job.subject for job in refused.jobs(JobKind.RECONCILE)] == [refused.file.id]
    refused.run_jobs(JobKind.RECONCILE)
    assert refused.content == b"first"
    assert untouched(refused)


def test_other_changes_wake_nothing(refused: Stage) -> None:
    """Only copy mode helps such a file."""
    _switch(refused, copy_mode=False)
    assert refused.jobs(JobKind.RECONCILE) == []


def test_a_self_test_that_works_again_undoes_what_waited_for_it(refused: Stage) -> None:
    """B3: the site restores versions now."""
    refused.world.site().restore_refused = False
    restore_probe.self_test(refused.world.services, ACME)
    refused.run_jobs(JobKind.RECONCILE)
    assert refused.content == b"first"


def test_a_self_test_that_fails_wakes_nothing(refused: Stage) -> None:
    """Nothing has changed."""

    class Refusing:
        def try_restore(self, *_: object, **__: object) -> ScratchTrial:
            return ScratchTrial(works=False, scratch_id=None)

    services = replace(refused.world.services, scratch=Refusing())
    restore_probe.self_test(services, ACME)
    assert refused.jobs(JobKind.RECONCILE) == []


def test_changed_permissions_of_a_space_wake_closed_files(stage: Stage) -> None:
    """B3: also those to which a sweep gives only one read."""
    stage.lock()
    site = stage.world.site()
    site.pages[stage.file.container.id].restricted_to = {ALICE}
    stage.sweep()
    stage.world.tables.jobs.clear()
    site.pages[stage.file.container.id].restricted_to = None
    take_hint(stage.world.services, ACME, Hint(whole_site=True))
    stage.run_jobs(JobKind.RECONCILE)
    witness = stage.world.services.witnesses.get(ACME, stage.file.id)
    assert witness is not None
    assert witness.protection is Protection.PROTECTED

"""Hints by file, by page and by site: locked files only, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, GLOBEX
from tests.services.stage import Stage


@pytest.fixture
def files(stage: Stage) -> list[StoredFile]:
    """Two locked files on two pages, and a free one beside the first."""
    site = stage.world.site()
    other = site.add_file(site.add_page(), BOB)
    stage.lock()
    stage.lock(BOB, file=other)
    stage.world.tables.jobs.clear()
    return [stage.file, other, stage.world.add_file()]


def _looks(stage: Stage, **hint: object) -> list[str]:
    taken = take_hint(stage.world.services, ACME, Hint(**hint))
    jobs = stage.world.tables.jobs
    assert taken == len(jobs)
    assert {job.kind for job in jobs} <= {JobKind.RECONCILE}
    return [job.subject for job in jobs]


def test_a_hint_about_files_wakes_the_locked_ones(stage: Stage, files: list[StoredFile]) -> None:
    assert _looks(stage, attachment_ids=(files[2].id, files[0].id)) == [files[0].id]


def test_a_hint_about_a_page_wakes_its_locked_files(stage: Stage, files: list[StoredFile]) -> None:
    assert _looks(stage, container_ids=(files[1].container.id,)) == [files[1].id]


def test_a_hint_about_both_wakes_all_of_them_once(stage: Stage, files: list[StoredFile]) -> None:
    both = tuple(sorted(file.id for file in files[:2]))
    pages = tuple(file.container.id for file in files)
    assert _looks(stage, attachment_ids=(files[0].id,), container_ids=pages) == list(both)


def test_a_hint_about_the_site_sweeps_it_where_something_is_locked(stage: Stage, files: list[StoredFile]) -> None:
    assert files
    assert take_hint(stage.world.services, ACME, Hint(whole_site=True)) == len(stage.world.tables.jobs)
    assert stage.world.tables.jobs[0] == Job(JobKind.SWEEP, ACME.id)
    assert take_hint(stage.world.services, GLOBEX, Hint(whole_site=True)) == 0


def test_a_hint_about_the_trash_names_who_is_said_to_have_done_it(stage: Stage, files: list[StoredFile]) -> None:
    """The job believes it only where the file is in the trash."""
    assert take_hint(stage.world.services, ACME, Hint(attachment_ids=(files[0].id,), trashed_by=ALICE)) == 1
    (job,) = stage.world.tables.jobs
    assert job.kind is JobKind.TRASHED
    assert files[0].id in job.subject


def test_a_hint_about_a_site_that_left_wakes_nothing(stage: Stage, files: list[StoredFile]) -> None:
    stage.world.tables.tenants[ACME.id] = gone = replace(ACME, enabled=False)
    hint = Hint(attachment_ids=(files[0].id,), whole_site=True)
    assert take_hint(stage.world.services, gone, hint) == 0
    assert stage.world.tables.jobs == []

"""Rediscovery of locks after a lost database or an absence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import ContainerKind
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.reconciliation import rediscover as module
from lockpoint.services.reconciliation.rediscover import rediscover
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE
from tests.services.stage import Stage


def _lose_the_database(stage: Stage) -> None:
    tables = stage.world.tables
    for table in (tables.witnesses, tables.audit, tables.intents, tables.restorations, tables.claims, tables.states):
        table.clear()
    tables.jobs.clear()


@pytest.fixture
def lost(stage: Stage) -> Stage:
    """Three live locks on two pages and a blog post, a tombstone, an empty database."""
    site = stage.world.site()
    stage.lock()
    blog = site.add_page(kind=ContainerKind.BLOGPOST, space_id="70000")
    stage.lock(file=site.add_file(blog, BOB))
    other = site.add_page(space_id="80000")
    stage.lock(BOB, file=site.add_file(other, BOB))
    free = site.add_file(other, BOB)
    answer = stage.lock(file=free)
    replace(stage, file=free).release(answer.lock.lock_id or "")
    stage.run_jobs(JobKind.PAGE_HINT)
    _lose_the_database(stage)
    return stage


@pytest.mark.parametrize("search_works", [True, False], ids=["by_search", "by_walking"])
def test_every_live_lock_is_found_again(lost: Stage, search_works: bool) -> None:
    """Amendment 4: without CQL, all spaces are searched."""
    lost.world.site().search_works = search_works
    rediscover(lost.world.services, ACME)
    lost.run_jobs(JobKind.REDISCOVER)
    assert lost.world.services.witnesses.count_held(ACME) == 3
    assert lost.world.tables.states[ACME.id].cursor is None
    rows = lost.world.tables.audit_of(ACME)
    assert {(row.kind, row.recovered) for row in rows} == {(AuditKind.ACQUIRED, True)}
    assert lost.mails() == []


@pytest.mark.parametrize("search_works", [True, False], ids=["by_search", "by_walking"])
def test_a_long_search_goes_on_in_another_job(lost: Stage, search_works: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amendment 4."""
    monkeypatch.setattr(module, "PAGES_A_RUN", 1)
    lost.world.site().search_works = search_works
    rediscover(lost.world.services, ACME)
    runs = 1
    while lost.jobs(JobKind.REDISCOVER):
        lost.world.tables.jobs[:] = [j for j in lost.world.tables.jobs if j.kind is not JobKind.REDISCOVER]
        rediscover(lost.world.services, ACME)
        runs += 1
        assert runs < 20
    assert lost.world.services.witnesses.count_held(ACME) == 3


def test_what_was_overwritten_meanwhile_is_undone(lost: Stage) -> None:
    """E31, L-40."""
    lost.world.clock.advance(minutes=1)
    lost.upload(BOB, b"Bob's")
    rediscover(lost.world.services, ACME)
    assert lost.content == b"first"


def test_our_own_restorations_are_known_by_their_mark(stage: Stage) -> None:
    """§5: without the Postgres row, the message's marker identifies it."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.run_jobs(JobKind.PAGE_HINT)
    _lose_the_database(stage)
    rediscover(stage.world.services, ACME)
    assert len(stage.file.versions) == 3
    assert stage.world.tables.restorations


def test_records_of_another_site_are_not_taken_over(stage: Stage) -> None:
    """L-07: cloned sites have no locks."""
    stage.lock()
    stage.run_jobs(JobKind.PAGE_HINT)
    _lose_the_database(stage)
    clone = Tenant(ACME.id, "clone-of-acme", ACME.base_url)
    stage.world.tables.tenants[ACME.id] = clone
    rediscover(stage.world.services, clone)
    assert stage.world.services.witnesses.count_held(clone) == 0
    assert [row.detail for row in stage.world.tables.audit_of(ACME)] == ["unreadable_bad_signature"]


def test_a_site_that_left_is_not_searched(lost: Stage) -> None:
    """I20."""
    lost.taps.clear()
    rediscover(lost.world.services, Tenant(ACME.id, ACME.site_key, ACME.base_url, installed=False))
    assert lost.taps.host_calls() == []


def test_a_lock_that_ran_out_meanwhile_ends(stage: Stage) -> None:
    """L-70: after a reinstall."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.run_jobs(JobKind.PAGE_HINT)
    stage.world.clock.advance(hours=49)
    rediscover(stage.world.services, ACME)
    assert stage.tombstone.ended.reason == "expired"
    assert stage.mails() == [(MailKind.FILE_AVAILABLE, CHARLIE, None), (MailKind.LOCK_ENDED, ALICE, "expired")]


def test_pages_that_are_closed_to_the_app_are_passed_over(lost: Stage) -> None:
    """F29: a restricted page does not stop the search."""
    lost.world.site().pages[lost.file.container.id].restricted_to = {ALICE}
    rediscover(lost.world.services, ACME)
    assert lost.world.services.witnesses.count_held(ACME) == 2
    assert lost.world.tables.states[ACME.id] == SiteState()


def test_the_locks_of_a_page_with_many_files_are_all_found(stage: Stage) -> None:
    """Every result page of its files is read."""
    files = [stage.world.add_file(title=f"{number}.txt") for number in range(60)]
    stage.lock(file=files[-1])
    stage.run_jobs(JobKind.PAGE_HINT)
    _lose_the_database(stage)
    rediscover(stage.world.services, ACME)
    assert stage.world.services.witnesses.held_among(ACME, [file.id for file in files]) == {files[-1].id}
    assert stage.taps.calls["attachments.of_container"] == 2


@pytest.mark.parametrize("a_run", [1, 20])
@pytest.mark.parametrize("search_works", [True, False], ids=["by_search", "by_walking"])
def test_results_of_many_pages_are_all_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, search_works: bool, a_run: int
) -> None:
    """Each cursor is followed to the end, also in the next job."""
    site, search = stage.world.site(), stage.world.host.search
    files = [stage.file, *(site.add_file(site.add_page(), ALICE) for _ in range(2))]
    for file in files:
        stage.lock(file=file)
    stage.run_jobs(JobKind.PAGE_HINT)
    _lose_the_database(stage)
    following: dict[str | None, str | None] = {None: "1", "1": "2:x", "2:x": None}
    page = {cursor: ((file.container,), (file.id,)) for cursor, file in zip(following, files, strict=True)}
    monkeypatch.setattr(module, "PAGES_A_RUN", a_run)
    monkeypatch.setattr(search, "attachments_of_space", lambda *_, cursor, **__: (page[cursor][1], following[cursor]))
    if search_works:
        monkeypatch.setattr(
            search, "containers_with_locks", lambda *_, cursor, **__: (page[cursor][0], following[cursor])
        )
    site.search_works = search_works
    rediscover(stage.world.services, ACME)
    stage.run_jobs(JobKind.REDISCOVER)
    assert stage.world.services.witnesses.count_held(ACME) == 3
    assert stage.world.tables.states[ACME.id].cursor is None


def test_a_walk_remembers_where_it_was(lost: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amendment 4: a deployment between two steps loses no space."""
    monkeypatch.setattr(module, "PAGES_A_RUN", 1)
    lost.world.site().search_works = False
    places = []
    while not places or lost.jobs(JobKind.REDISCOVER):
        lost.world.tables.jobs[:] = [j for j in lost.world.tables.jobs if j.kind is not JobKind.REDISCOVER]
        rediscover(lost.world.services, ACME)
        places.append(lost.world.tables.states[ACME.id].cursor)
    assert places == ["walk::", "walk:65538:", "walk:70000:", "walk:80000:", None]

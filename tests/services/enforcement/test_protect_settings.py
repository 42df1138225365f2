"""What a site or a space has decided about its locked files counts in protection: P-06, P-08, P-20."""

from __future__ import annotations

from typing import Any

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.tenancy import site_settings, space_settings
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, untouched


def _site(stage: Stage, **changes: Any) -> None:
    sam = stage.world.actor(SAM)
    revision = site_settings.overview(stage.world.services, sam).settings.revision
    site_settings.change(stage.world.services, sam, revision=revision, changes=changes)


def _space(stage: Stage, **own: bool) -> None:
    dana, space = stage.world.actor(DANA), stage.world.site().space_id
    version = space_settings.overview(stage.world.services, dana, space).settings.version
    space_settings.change(stage.world.services, dana, space, SpaceSettings(own=own, version=version))


@pytest.mark.parametrize("decide", [_site, _space])
@pytest.mark.parametrize("undo", [True, False])
def test_renames(locked: Stage, decide: Any, undo: bool) -> None:
    """P-06: a switch of its own; an overwrite is undone whatever it says."""
    title = locked.file.title
    _site(locked, undo_rename=not undo)
    decide(locked, undo_rename=undo)
    locked.world.site().rename(locked.file.id, BOB, "other.txt")
    locked.reconcile()
    assert locked.file.title == (title if undo else "other.txt")
    assert (AuditKind.RENAMED_BACK in locked.audit()) is undo
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"first"
    untouched(locked)


@pytest.mark.parametrize("decide", [_site, _space])
@pytest.mark.parametrize("undo", [True, False])
def test_the_trash(locked: Stage, decide: Any, undo: bool) -> None:
    """P-06: where it is not undone, the lock goes on and protects the file when it is back."""
    _site(locked, undo_trash=not undo)
    decide(locked, undo_trash=undo)
    locked.world.site().trash(locked.file.id)
    locked.reconcile()
    assert locked.file.status is (FileStatus.CURRENT if undo else FileStatus.TRASHED)
    assert locked.held.holder == ALICE
    untouched(locked)


def test_an_allowed_app_counts_as_the_holder(locked: Stage) -> None:
    """P-08: from then on its version is protected; nobody else's is."""
    _site(locked, allowed_apps=[CHARLIE])
    locked.upload(CHARLIE, b"the app's")
    locked.reconcile()
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == b"the app's"
    assert [row.account for row in locked.world.tables.audit_of(locked.world.actor(ALICE).tenant)
            if row.kind is AuditKind.CONFLICT] == [BOB]  # fmt: skip


@pytest.mark.parametrize("most", [1, 5])
def test_the_restore_budget(locked: Stage, most: int) -> None:
    """P-20: so many uploads of a person are undone in ten minutes, then there is a pause."""
    _site(locked, restores=most)
    for number in range(most):
        locked.upload(BOB, b"%d" % number)
        locked.reconcile()
        assert locked.content == b"first"
    locked.upload(BOB, b"one more")
    locked.reconcile()
    assert locked.content == b"one more"
    assert locked.show().unprotected_reason == "paused"
    assert locked.show().paused_until is not None


@pytest.mark.parametrize("who", [DANA, SAM])
@pytest.mark.parametrize("may", [True, False])
def test_admins(locked: Stage, who: str, may: bool) -> None:
    """P-07: admins are treated like anyone, unless the site says otherwise; others are undone either way."""
    _site(locked, admins_may_overwrite=may)
    locked.upload(who, b"the admin's")
    locked.reconcile()
    assert locked.content == (b"the admin's" if may else b"first")
    locked.upload(BOB, b"Bob's")
    locked.reconcile()
    assert locked.content == (b"the admin's" if may else b"first")
    untouched(locked)


def test_who_is_no_admin_any_more_is_undone(locked: Stage) -> None:
    """Asked when the file is looked at, as that person."""
    _site(locked, admins_may_overwrite=True)
    locked.upload(DANA, b"Dana's")
    locked.world.site().space_admins.clear()
    locked.reconcile()
    assert locked.content == b"first"


def test_admins_are_not_asked_for_where_nothing_new_is(locked: Stage) -> None:
    """The sweep of a quiet file costs what it did."""
    _site(locked, admins_may_overwrite=True)
    locked.reconcile()
    locked.taps.clear()
    locked.sweep()
    assert not {"people.administers_space", "people.administers_site"} & locked.taps.calls.keys()

"""P-03: lock managers of a space, by name and by group, end others' locks there."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.errors import NotAllowed
from lockpoint.services.listing import page_files
from lockpoint.services.ports.notifications import TO_MANAGER
from lockpoint.services.tenancy import space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, refusal_of, untouched


def _appoint(stage: Stage, wanted: SpaceSettings) -> None:
    space = stage.world.site().space_id
    version = space_settings.overview(stage.world.services, stage.world.actor(DANA), space).settings.version
    wanted = SpaceSettings(managers=wanted.managers, manager_groups=wanted.manager_groups, version=version)
    space_settings.change(stage.world.services, stage.world.actor(DANA), space, wanted)


BY_NAME, BY_GROUP = SpaceSettings(managers=(BOB,)), SpaceSettings(manager_groups=("keepers", "others"))


@pytest.fixture
def lock_id(stage: Stage) -> str:
    stage.world.site().groups = {BOB: {"keepers", "all"}, CHARLIE: {"all"}}
    return stage.lock().lock.lock_id or ""


@pytest.mark.parametrize("wanted", [BY_NAME, BY_GROUP], ids=["by name", "by group"])
def test_a_lock_manager_ends_and_takes_over(stage: Stage, lock_id: str, wanted: SpaceSettings) -> None:
    """I23: what is shown is what the call does; nobody else may."""
    assert not stage.show(BOB).can.break_
    assert isinstance(refusal_of(stage.break_, lock_id, BOB), NotAllowed)
    _appoint(stage, wanted)
    assert (stage.show(BOB).can.break_, stage.show(BOB).can.take_over) == (True, True)
    listed = page_files.of_container(
        stage.world.services, stage.world.actor(BOB), stage.file.container, page_files.Query()
    )
    assert (listed.may_break, [row.lock for row in listed.rows]) == (True, [stage.show(BOB)])
    assert not stage.show(CHARLIE).can.break_
    assert isinstance(refusal_of(stage.break_, lock_id, CHARLIE), NotAllowed)
    assert stage.break_(lock_id, BOB).status == 200
    untouched(stage)


def test_a_manager_who_is_dismissed(stage: Stage, lock_id: str) -> None:
    """At once in this process."""
    _appoint(stage, BY_NAME)
    assert stage.show(BOB).can.break_
    _appoint(stage, SpaceSettings())
    assert not stage.show(BOB).can.break_
    assert isinstance(refusal_of(stage.break_, lock_id, BOB), NotAllowed)


def test_a_manager_manages_locks_not_the_space(stage: Stage, lock_id: str) -> None:
    """§4."""
    _appoint(stage, BY_NAME)
    space = stage.world.site().space_id
    assert isinstance(
        refusal_of(space_settings.overview, stage.world.services, stage.world.actor(BOB), space), NotAllowed
    )
    assert stage.show(ALICE).lock_id == lock_id


def test_groups_are_asked_for_only_where_they_matter(stage: Stage, lock_id: str) -> None:
    """A manager by name costs no call, an admin none for groups."""
    _appoint(stage, SpaceSettings(managers=(BOB,), manager_groups=("keepers",)))
    stage.show(BOB)
    stage.taps.clear()
    stage.show(BOB)
    assert not {"people.administers_space", "directory.groups_of"} & stage.taps.calls.keys()
    stage.show(DANA)
    assert "directory.groups_of" not in stage.taps.calls
    stage.show(CHARLIE)
    assert stage.taps.calls["directory.groups_of"] == 1
    assert lock_id


def _mails(stage: Stage, kind: MailKind) -> list[tuple[str, str | None, str | None]]:
    found = stage.world.tables.mails_of(ACME)
    return sorted((mail.recipient, mail.actor, mail.detail) for mail in found if mail.kind is kind)


def test_a_manager_hears_that_a_lock_does_not_protect(stage: Stage, lock_id: str) -> None:
    """M-08: the owner and the lock managers who are named, once for each reason; a group is not written to."""
    _appoint(stage, SpaceSettings(managers=(ALICE, BOB, DANA), manager_groups=("all",)))
    stage.world.site().viewers.add(stage.world.site().app_account)
    for _ in range(2):
        stage.sweep()
    assert stage.show(ALICE).lock_id == lock_id
    assert _mails(stage, MailKind.UNPROTECTED) == sorted(
        [
            (ALICE, None, "app_blocked"),
            (BOB, ALICE, f"{TO_MANAGER}app_blocked"),
            (DANA, ALICE, f"{TO_MANAGER}app_blocked"),
        ]
    )


@pytest.mark.usefixtures("lock_id")
def test_a_manager_hears_of_a_pause(stage: Stage) -> None:
    """M-09: once for each pause; not whoever is the cause of it."""
    _appoint(stage, SpaceSettings(managers=(BOB, DANA)))
    for number in range(5):
        stage.world.clock.advance(seconds=30)
        stage.upload(BOB, f"Bob's {number}".encode())
        stage.reconcile()
    assert _mails(stage, MailKind.PAUSED) == [(ALICE, BOB, "paused"), (DANA, BOB, f"{TO_MANAGER}paused")]


def test_a_former_manager_hears_nothing(stage: Stage, lock_id: str) -> None:
    """M-08: nor does anybody where the settings of the space cannot be believed."""
    _appoint(stage, SpaceSettings(managers=(BOB,)))
    _appoint(stage, SpaceSettings())
    stage.world.site().viewers.add(stage.world.site().app_account)
    stage.sweep()
    assert stage.show(ALICE).lock_id == lock_id
    assert [mail[0] for mail in _mails(stage, MailKind.UNPROTECTED)] == [ALICE]

"""Export of one person's data, and nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.services.errors import Forbidden
from lockpoint.services.ports.privacy import Origin
from lockpoint.services.privacy.export import export
from lockpoint.storage.tables import PRIVACY_REQUEST
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, SAM
from tests.services.privacy.stage import RightsStage


def test_a_copy_has_everything_of_one_person_and_nobody_else(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Rows, locks with the person's texts, waitlist places, preferences; no other id."""
    found = export(stage.services, ACME, BOB, Origin.OPERATOR)
    assert [lock["attachment"] for lock in found.locks] == [busy["held"].id]
    assert found.locks[0]["note"] == "Bob's own words"
    assert found.waiting == ({"attachment": busy["waited"].id, "position": 2},)
    asked, answered = sorted(found.requests, key=lambda row: not row["asked"])
    assert (asked["attachment"], asked["message"], asked["note"]) == (
        busy["waited"].id,
        "Bob's own words to Alice",
        None,
    )
    assert (answered["attachment"], answered["message"], answered["note"]) == (
        busy["held"].id,
        None,
        "Bob's own words to Sam",
    )
    assert "words of Sam" not in repr(found)
    assert found.preferences["mails"] == {kind.value: kind is not MailKind.UNPROTECTED for kind in OPTIONAL}
    assert found.complete
    with_rows = {name for name, rows in found.database.items() if rows}
    assert with_rows >= {
        "audit_event",
        "lock_witness",
        "email_intent",
        "request_outcome",
        "restoration",
        "account_profile",
    }
    assert any("hash" in note for note in found.notes)
    text = repr(found)
    for other in (ALICE, CHARLIE, DANA, SAM, GINA):
        assert other not in text


def test_a_copy_says_how_ones_locks_ended(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """With the reason given and the person's part in an end; no other export has them."""
    owners = {row["attachment"]: row for row in export(stage.services, ACME, BOB, Origin.OPERATOR).ended}
    assert set(owners) == {busy["lost"].id, busy["ended"].id}
    lost = owners[busy["lost"].id]
    assert (lost["reason"], lost["was_owner"], lost["ended_it"], lost["words"]) == ("taken_over", True, False, None)
    assert owners[busy["ended"].id]["ended_it"]
    (enders,) = export(stage.services, ACME, SAM, Origin.OPERATOR).ended
    assert (enders["attachment"], enders["was_owner"], enders["ended_it"]) == (busy["lost"].id, False, True)
    assert enders["words"] == "words of a person"
    assert export(stage.services, ACME, CHARLIE, Origin.OPERATOR).ended == ()


def test_a_person_who_waits_gets_what_a_hundred_files_tell(stage: RightsStage) -> None:
    """A request reads a bounded number of files, own ones first, and says if more may exist."""
    world = stage.world
    for file in [world.add_file() for _ in range(5)]:
        stage.lock(file, ALICE)
    mine, waited = world.add_file(), world.add_file()
    stage.lock(mine, BOB)
    stage.lock(waited, ALICE)
    stage.ask(waited, BOB)
    found = export(stage.services, ACME, BOB, Origin.PERSON, most_files=3)
    assert [lock["attachment"] for lock in found.locks] == [mine.id]
    assert not found.complete
    every = export(stage.services, ACME, BOB, Origin.PERSON, most_files=7)
    assert ([place["attachment"] for place in every.waiting], every.complete) == ([waited.id], True)


@pytest.mark.usefixtures("busy")
def test_a_copy_does_without_preferences_that_confluence_keeps_back(stage: RightsStage) -> None:
    """As for a closed account: the export says it is incomplete."""
    stage.user_properties.trouble = Forbidden("closed")
    copy = export(stage.services, ACME, BOB, Origin.OPERATOR)
    assert copy.locks
    assert copy.preferences == {}
    assert not copy.complete


def test_requests_for_copies_are_logged_without_a_name(stage: RightsStage) -> None:
    """Time, kind and completion are logged."""
    export(stage.services, ACME, BOB, Origin.PERSON)
    with stage.database.single() as connection:
        row = connection.execute(select(PRIVACY_REQUEST)).one()
    assert (row.right, row.origin, row.done_at is not None) == ("copy", "person", True)
    assert BOB not in stage.stored()

"""Data that are only kept: no optional mail, and nothing of a profile."""

from __future__ import annotations

from lockpoint.domain.events import OPTIONAL, MailKind
from lockpoint.services.context import Priority
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.notifications.profiles import refresh
from lockpoint.services.ports.privacy import Origin
from lockpoint.services.privacy.export import export
from lockpoint.services.privacy.purposes import PURPOSES
from lockpoint.services.privacy.restriction import change, restrict
from tests.fakes.world import ACME, ALICE, BOB, GLOBEX
from tests.services.privacy.stage import RightsStage
from tests.storage.builders import count


def _chosen(stage: RightsStage, account: str = BOB) -> Preferences:
    return preferences.read(stage.services, ACME, account, priority=Priority.INTERACTIVE)


def test_no_optional_mail_and_every_other(stage: RightsStage) -> None:
    """A mail that an upload was undone is no choice of its recipient."""
    assert restrict(stage.services, ACME, BOB, on=True)
    assert [kind for kind in OPTIONAL if _chosen(stage).wants(kind)] == []
    assert all(_chosen(stage).wants(kind) for kind in MailKind if kind not in OPTIONAL)
    assert all(_chosen(stage, ALICE).wants(kind) for kind in MailKind)


def test_no_profile_is_fetched(stage: RightsStage) -> None:
    restrict(stage.services, ACME, BOB, on=True)
    for account in (ALICE, BOB):
        refresh(stage.services, ACME, account)
    assert stage.services.profiles.get(ACME, BOB) is None
    assert stage.services.profiles.get(ACME, ALICE) is not None


def test_the_choices_before_hold_again_afterwards(stage: RightsStage) -> None:
    actor = stage.world.actor(BOB)
    preferences.change(stage.services, actor, Preferences(off=frozenset({MailKind.UNPROTECTED}), locale="de"))
    before = _chosen(stage)
    assert restrict(stage.services, ACME, BOB, on=True)
    assert not restrict(stage.services, ACME, BOB, on=True)
    assert restrict(stage.services, ACME, BOB, on=False)
    assert _chosen(stage) == before


def test_a_restriction_outlives_other_choices(stage: RightsStage) -> None:
    """Also one that the operator set between the person's read and write."""
    actor = stage.world.actor(BOB)
    change(stage.services, actor, Preferences(), restricted=True)
    change(stage.services, actor, Preferences(locale="fr"), restricted=None)
    preferences.switch_off(stage.services, ACME, BOB, MailKind.LOCK_ENDED)
    assert _chosen(stage) == Preferences(off=frozenset({MailKind.LOCK_ENDED}), locale="fr", restricted=True)


def test_requests_are_noted_without_saying_whose(stage: RightsStage) -> None:
    """A person who saves other choices makes none."""
    actor = stage.world.actor(BOB)
    change(stage.services, actor, Preferences(), restricted=True)
    change(stage.services, actor, Preferences(), restricted=None)
    change(stage.services, actor, Preferences(), restricted=True)
    restrict(stage.services, GLOBEX, BOB, on=True)
    assert count(stage.database, "privacy_request") == 2


def test_an_export_says_purpose_and_origin_of_each_group(stage: RightsStage) -> None:
    restrict(stage.services, ACME, BOB, on=True)
    found = export(stage.services, ACME, BOB, Origin.PERSON)
    assert set(PURPOSES) == {*found.database, "locks", "ended", "waiting", "requests", "preferences"}
    assert found.purposes == PURPOSES
    assert found.preferences["restricted"] is True

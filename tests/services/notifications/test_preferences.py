"""Preferences need our signature; no change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.context import Priority
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.privacy.stage import RightsStage, rights_stage


@pytest.fixture
def stage(database_url: str, redis_url: str) -> Iterator[RightsStage]:
    """Real storage has the locks that separate two changes."""
    with rights_stage(database_url, redis_url) as made:
        yield made


@dataclass
class Meeting:
    """User properties whose readers continue together where possible."""

    inner: Any
    both_read: Barrier

    def read(self, *place: Any, **options: Any) -> object | None:
        found: object | None = self.inner.read(*place, **options)
        with suppress(BrokenBarrierError):
            self.both_read.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_two_changes_of_preferences_at_once_lose_nothing(stage: RightsStage) -> None:
    """Concurrent clicks on the links of two mails switch both kinds off."""
    services, kinds = stage.services, (MailKind.LOCK_ENDED, MailKind.OVERWRITE_ATTEMPT)
    racing = replace(services, user_properties=Meeting(services.user_properties, Barrier(2, timeout=1)))
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda kind: preferences.switch_off(racing, ACME, BOB, kind), kinds))
    assert preferences.read(services, ACME, BOB, priority=Priority.INTERACTIVE).off == set(kinds)


def test_preferences_are_believed_only_with_our_signature(stage: RightsStage) -> None:
    """Values by another app or browser, or copied from another account, are ignored."""
    services, bob = stage.services, stage.world.actor(BOB)
    chosen = Preferences(off=frozenset({MailKind.LOCK_ENDED}), locale="de", time_zone="Europe/Berlin")
    preferences.change(services, bob, chosen)
    assert preferences.read(services, ACME, BOB, priority=Priority.INTERACTIVE) == chosen
    place = (ACME.id, BOB, preferences.KEY)
    stored = stage.user_properties.stored[place]
    stage.user_properties.stored[ACME.id, ALICE, preferences.KEY] = stored
    assert preferences.read(services, ACME, ALICE, priority=Priority.INTERACTIVE) == Preferences()
    stage.user_properties.stored[place] = {**stored, "locale": "fr"}
    assert preferences.read(services, ACME, BOB, priority=Priority.INTERACTIVE) == Preferences()

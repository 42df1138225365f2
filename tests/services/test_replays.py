"""A value of ours that somebody kept and put back is not obeyed, whatever way it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from lockpoint.domain import signed_json
from lockpoint.domain.events import MailKind
from lockpoint.domain.signed_json import ALL_DATED_SINCE
from lockpoint.services.context import Priority
from lockpoint.services.errors import Invalid
from lockpoint.services.locks import notify_me
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.tenancy import site_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, KEYS, SAM
from tests.services.stage import Stage, refusal_of

LIST: Final = "lockpointwatch"
OFF: Final = Preferences(off=frozenset({MailKind.LOCK_ENDED}))


def _place(stage: Stage) -> tuple[PropertyHost, str, str]:
    return PropertyHost.ATTACHMENT, stage.file.id, LIST


def _list(stage: Stage) -> StoredProperty:
    return stage.world.site().rows[_place(stage)][0]


def overwritten(stage: Stage, value: object) -> None:
    """A person writes the value as the next version."""
    row = _list(stage)
    new = replace(row, version=row.version + 1, value=value, created=stage.world.site().moment())
    stage.world.site().put_rows(*_place(stage), (new,))


def made_anew(stage: Stage, value: object) -> None:
    """A person deletes the property and creates it again, so that the versions begin anew."""
    stage.world.site().put_rows(*_place(stage), (stage.world.site().new_row(LIST, value),))


def counted_up(stage: Stage, value: object) -> None:
    """A person brings a new property to the version that the value was signed for."""
    row = stage.world.site().new_row(LIST, value)
    stage.world.site().put_rows(*_place(stage), (replace(row, version=value["seq"] if isinstance(value, dict) else 1),))


@pytest.mark.parametrize("put_back", [overwritten, made_anew, counted_up])
@pytest.mark.parametrize("which", [0, 1])
def test_a_waitlist_that_was_put_back_is_not_obeyed(stage: Stage, put_back: Any, which: int) -> None:
    """F4: who cancelled stays off the waitlist, gets no mail, and is not written into it again."""
    stage.lock()
    kept = []
    for account in (CHARLIE, DANA):
        stage.ask(account)
        kept.append(_list(stage).value)
    for account in (CHARLIE, DANA):
        notify_me.cancel(stage.world.services, stage.world.actor(account), stage.file.id)
    stage.world.clock.advance(minutes=3)
    put_back(stage, kept[which])
    assert stage.show(CHARLIE).notify_me.count == 0
    assert stage.ask(BOB).count == 1
    assert CHARLIE not in repr(_list(stage).value)
    put_back(stage, kept[which])
    stage.release(stage.held.lock_id)
    stage.run_jobs()
    stage.reconcile()
    assert stage.mails() == []
    assert CHARLIE not in repr(_list(stage).value)


@pytest.mark.parametrize("put_back", [overwritten, made_anew, counted_up])
def test_a_request_that_was_put_back_is_not_obeyed(stage: Stage, put_back: Any) -> None:
    """F4, P-11: who withdrew a request gets no lock, and the holder does not see it again."""
    lock_id = stage.lock().lock.lock_id or ""
    stage.request(lock_id, BOB, "please")
    kept = _list(stage).value
    stage.cancel_request(lock_id, BOB)
    stage.world.clock.advance(minutes=3)
    put_back(stage, kept)
    assert stage.show(ALICE).requests == ()
    assert isinstance(refusal_of(stage.hand_over, lock_id, BOB), Invalid)
    stage.sweep()
    assert "please" not in repr(_list(stage).value)


def test_a_waitlist_that_was_put_back_at_once_has_the_wrong_number(stage: Stage) -> None:
    """F4: no clock has to move."""
    stage.lock()
    stage.ask(CHARLIE)
    kept = _list(stage).value
    notify_me.cancel(stage.world.services, stage.world.actor(CHARLIE), stage.file.id)
    overwritten(stage, kept)
    assert stage.show(CHARLIE).notify_me.count == 0


def test_each_write_of_a_waitlist_names_its_number(stage: Stage) -> None:
    """L-05: created as 1, then counted up, also over what others wrote."""
    stage.lock()
    stage.ask(CHARLIE)
    assert _list(stage).value["seq"] == _list(stage).version == 1
    overwritten(stage, "x")
    assert stage.ask(DANA).count == 1
    assert _list(stage).value["seq"] == _list(stage).version == 3


def _preferences(stage: Stage) -> Preferences:
    return preferences.read(stage.world.services, ACME, BOB, priority=Priority.EVENT)


def test_preferences_that_were_put_back_are_not_obeyed(stage: Stage) -> None:
    """F4: account properties have no versions, but Confluence tells when they were written."""
    services, store = stage.world.services, stage.world.services.user_properties
    preferences.change(services, stage.world.actor(BOB), Preferences(locale="fr"))
    kept = store.stored[ACME.id, BOB, preferences.KEY]
    stage.world.clock.advance(minutes=3)
    preferences.change(services, stage.world.actor(BOB), OFF)
    store.put(ACME, BOB, preferences.KEY, kept)
    assert _preferences(stage) == Preferences()
    preferences.switch_off(services, ACME, BOB, MailKind.OVERWRITE_ATTEMPT)
    assert _preferences(stage) == Preferences(off=frozenset({MailKind.OVERWRITE_ATTEMPT}))


def _undated(value: object, place: str) -> dict[str, object]:
    """The value as earlier versions signed it."""
    assert isinstance(value, dict)
    fields = {name: member for name, member in value.items() if name not in {"mac", "seq", "at"}}
    return signed_json.sign(fields, place, KEYS)


def test_a_waitlist_of_an_earlier_version_is_kept_and_cannot_be_put_back(stage: Stage) -> None:
    """What Confluence took before every value had a date counts; its next write has one; later it counts no more."""
    stage.lock()
    stage.ask(CHARLIE)
    old = _undated(_list(stage).value, f"{LIST}/{ACME.site_key}/{stage.file.id}")
    made_anew(stage, old)
    assert stage.ask(DANA).count == 2
    assert _list(stage).value["seq"] == 2
    stage.world.clock.advance(seconds=(ALL_DATED_SINCE - stage.world.clock.now()).total_seconds())
    made_anew(stage, old)
    assert stage.show(CHARLIE).notify_me.count == 0


def test_preferences_of_an_earlier_version_are_dated_when_they_are_read(stage: Stage) -> None:
    """They count, are signed again with a date, and cannot be put back after the day on which all had one."""
    services, store = stage.world.services, stage.world.services.user_properties
    place = (ACME.id, BOB, preferences.KEY)
    preferences.change(services, stage.world.actor(BOB), OFF)
    old = _undated(store.stored[place], f"{preferences.KEY}/{ACME.site_key}/{BOB}")
    store.put(ACME, BOB, preferences.KEY, old)
    assert _preferences(stage) == OFF
    assert "at" in store.stored[place]
    assert _preferences(stage) == OFF
    stage.world.clock.advance(seconds=(ALL_DATED_SINCE - stage.world.clock.now()).total_seconds())
    store.put(ACME, BOB, preferences.KEY, old)
    assert _preferences(stage) == Preferences()


def test_settings_that_were_put_back_are_not_signed_with_a_new_key(stage: Stage) -> None:
    """Amendment 6: a change of keys makes no old settings new."""
    services, site = stage.world.services, stage.world.site()
    site_settings.change(services, stage.world.actor(SAM), revision=0, changes={"copy_mode": False})
    kept = site.app_properties[site_settings.KEY]
    site_settings.change(services, stage.world.actor(SAM), revision=1, changes={"copy_mode": True})
    site.app_properties[site_settings.KEY] = kept
    newer = signed_json.MacKeys("k2", {**KEYS.keys, "k2": b"another key of thirty-two bytes."})
    site_settings.sign_again(replace(services, mac_keys=newer), ACME, priority=Priority.SWEEP)
    only_new = replace(services, mac_keys=signed_json.MacKeys("k2", {"k2": newer.keys["k2"]}))
    assert signed_json.key_id_of(site.app_properties[site_settings.KEY]) == "k2"
    assert site_settings.site_settings(only_new, ACME, priority=Priority.SWEEP).copy_mode
    assert site.app_properties[site_settings.KEY]["revision"] == 2

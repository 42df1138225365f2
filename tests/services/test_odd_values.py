"""Whatever others stored under a key of ours reads as not ours: what is remembered counts, and nothing stops."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from lockpoint.confluence.http.json_reader import loads
from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Held
from lockpoint.domain.mails.mail_templates import MailTemplate
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.context import Priority
from lockpoint.services.listing import byline
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.lock_view import ViewState
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.tenancy import mail_texts, site_settings, space_settings
from lockpoint.services.tenancy.mail_texts import StoredTexts
from lockpoint.storage.data_inventory import PROPERTIES
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, SAM
from tests.services.stage import Stage, make_stage, untouched
from tests.support.odd_values import ODD, garbled

SPACE: Final = SpaceSettings(own={"warn_after_hours": 12, "strict": True}, managers=(CHARLIE,))
APP: Final = ("lockpointsite", "lockpointmails")
TEXT: Final = {"lock_ended": MailTemplate("{attachment}", "{owner}")}
CHOSEN: Final = Preferences(off=frozenset({MailKind.LOCK_ENDED}))


def prepared() -> Stage:
    """Alice holds, Charlie waits, Bob has switched a mail off; only copy mode can undo."""
    stage = make_stage()
    services = stage.world.services
    stage.world.site().restore_refused = True
    site_settings.change(services, stage.world.actor(SAM), revision=0, changes={"copy_mode": True})
    space_settings.change(services, stage.world.actor(DANA), stage.world.site().space_id, SPACE)
    preferences.change(services, stage.world.actor(BOB), CHOSEN)
    mail_texts.change(services, stage.world.actor(SAM), "de", revision=0, changes=TEXT)
    stage.lock()
    stage.ask(CHARLIE)
    stage.request(stage.held.lock_id, BOB, "please")
    stage.run_jobs()
    stage.world.clock.advance(minutes=3)
    return stage


def _row_of(stage: Stage, host: PropertyHost, host_id: str, key: str) -> StoredProperty:
    return stage.world.site().rows[host, host_id, key][0]


def _hosts(stage: Stage) -> dict[str, tuple[PropertyHost, str]]:
    file, page = stage.file.id, stage.file.container.id
    return {
        "lockpointlock": (PropertyHost.ATTACHMENT, file),
        "lockpointwatch": (PropertyHost.ATTACHMENT, file),
        "lockpointpage": (PropertyHost.PAGE, page),
        "lockpointspace": (PropertyHost.SPACE, stage.world.site().space_id),
    }


def _read(stage: Stage, key: str) -> Any:
    if key in APP:
        return stage.world.site().app_properties[key]
    if key == "lockpointprefs":
        return stage.world.services.user_properties.read(ACME, BOB, key, priority=Priority.EVENT).value
    return _row_of(stage, *_hosts(stage)[key], key).value


def _put(stage: Stage, key: str, value: object) -> None:
    """Store a value as a person or another app of the site would."""
    site = stage.world.site()
    if key in APP:
        site.app_properties[key] = value
    elif key == "lockpointprefs":
        stage.world.services.user_properties.put(ACME, BOB, key, value)
    else:
        host, host_id = _hosts(stage)[key]
        row = _row_of(stage, host, host_id, key)
        site.put_rows(host, host_id, key, (StoredProperty(row.id, row.version + 1, value, site.moment(), key),))


def everything_goes_on(stage: Stage, key: str) -> None:
    services = stage.world.services
    assert stage.show(BOB).state is ViewState.OTHER
    assert [row.lock.state for row in stage.rows(BOB)] == [ViewState.OTHER]
    assert site_settings.overview(services, stage.world.actor(SAM)).settings.copy_mode
    space = space_settings.overview(services, stage.world.actor(DANA), stage.world.site().space_id)
    assert space.settings.own == SPACE.own
    assert space.altered is (key == "lockpointspace")
    assert space.settings.managers == (() if space.altered else SPACE.managers)
    saved = replace(SPACE, version=space.settings.version)
    space_settings.change(services, stage.world.actor(DANA), stage.world.site().space_id, saved)
    texts = mail_texts.overview(services, stage.world.actor(SAM))
    assert texts == (StoredTexts(revision=1, altered=True) if key == "lockpointmails" else StoredTexts({"de": TEXT}, 1))
    mail_texts.change(services, stage.world.actor(SAM), "de", revision=1, changes=TEXT)
    chosen = preferences.read(services, ACME, BOB, priority=Priority.EVENT)
    assert chosen == (Preferences() if key == "lockpointprefs" else CHOSEN)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"first"
    byline.refresh(services, ACME, stage.file.container)
    the_holder_is_asked(stage, key)
    assert isinstance(stage.found, Held)
    assert stage.ask(DANA).count == (1 if key == "lockpointwatch" else 2)
    notify_me.cancel(services, stage.world.actor(CHARLIE), stage.file.id)
    assert stage.show(DANA).notify_me.count == 1
    preferences.change(services, stage.world.actor(BOB), CHOSEN)
    assert preferences.read(services, ACME, BOB, priority=Priority.EVENT) == CHOSEN


def the_holder_is_asked(stage: Stage, key: str) -> None:
    """Bob asks, as before or anew, is declined, asks again and gets the file."""
    lock_id = stage.show(ALICE).lock_id or ""
    assert len(stage.show(ALICE).requests) == (0 if key == "lockpointwatch" else 1)
    stage.request(lock_id, BOB, "please")
    stage.decline(lock_id, BOB)
    stage.request(lock_id, BOB, "now?")
    assert [one.message for one in stage.show(ALICE).requests] == ["now?"]
    stage.hand_over(lock_id, BOB)
    stage.request(stage.show(BOB).lock_id or "", ALICE)
    stage.hand_over(stage.show(BOB).lock_id or "", ALICE, BOB)
    assert stage.show(ALICE).state is ViewState.MINE


def values(stage: Stage, key: str) -> Iterator[object]:
    yield from map(loads, ODD.values())
    yield from garbled(_read(stage, key))


def test_the_table_is_tried_on_every_property() -> None:
    """A property that is new in the inventory has no place here yet."""
    stage = prepared()
    assert {kind.name for kind in PROPERTIES} == {*_hosts(stage), *APP, "lockpointprefs"}
    assert len(list(garbled(_read(stage, "lockpointpage")))) > 50


@pytest.mark.parametrize("key", [kind.name for kind in PROPERTIES])
def test_an_odd_value_stops_nothing(key: str) -> None:
    """F3: reading, locking, undoing in copy mode, waiting and settings go on; what is remembered is written again."""
    for value in values(prepared(), key):
        stage = prepared()
        before = _read(stage, key)
        _put(stage, key, value)
        everything_goes_on(stage, key)
        assert json.dumps(_read(stage, key)) != json.dumps(value)  # True is not 1 here
        if key in {"lockpointsite", "lockpointpage"}:
            assert json.dumps(_read(stage, key), sort_keys=True) == json.dumps(before, sort_keys=True)
        assert untouched(stage)


def test_a_free_file_keeps_nothing_that_others_put_into_its_waitlist() -> None:
    """A look at a file that is free empties a waitlist that is not ours; nobody gets mail."""
    stage = prepared()
    stage.release(stage.held.lock_id)
    stage.run_jobs()
    mails = stage.mails()
    _put(stage, "lockpointwatch", {"askers": [GINA]})
    stage.reconcile()
    assert _read(stage, "lockpointwatch")["askers"] == []
    assert stage.mails() == mails


def _erasable(stage: Stage) -> None:
    state = notify_me.read_state(stage.world.services, ACME, stage.file.id, priority=Priority.MAINTENANCE)
    notify_me.leave_waitlist(stage.world.services, stage.world.actor(CHARLIE), state, priority=Priority.MAINTENANCE)


def test_who_is_erased_is_not_left_on_a_waitlist_that_is_not_obeyed() -> None:
    """An erasure writes over a foreign waitlist, which may name the person."""
    stage = prepared()
    _put(stage, "lockpointwatch", {**_read(stage, "lockpointwatch"), "seq": 1})
    assert not stage.show(BOB).notify_me.count
    _erasable(stage)
    assert CHARLIE not in repr(_read(stage, "lockpointwatch"))

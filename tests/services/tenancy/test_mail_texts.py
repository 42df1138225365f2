"""Texts of mails: in Confluence alone, decided by a revision, safe against what others write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.mails.mail_templates import MailTemplate, Texts, text_fields
from lockpoint.services.context import Actor, Door, Priority
from lockpoint.services.errors import (
    HostUnavailable,
    Invalid,
    NewerSettings,
    NotAllowed,
    SettingsChanged,
    StorageUnavailable,
    Unauthorised,
)
from lockpoint.services.ports.tenancy import Installation, Registration
from lockpoint.services.settings_memory import TextsMemory
from lockpoint.services.tenancy import mail_texts
from lockpoint.services.tenancy.mail_texts import KEY, StoredTexts
from tests.fakes.world import ACME, ALICE, DANA, GLOBEX, KEYS, SAM
from tests.services.stage import Stage, refusal_of, untouched

MAIL = "lock_ended"
MINE = MailTemplate("Your lock on {attachment} is over", "Please lock it again.")
OTHER = MailTemplate("Gone", "Gone.")
CANARY = "Kanarienvogel"


def _change(stage: Stage, template: MailTemplate | None = MINE, *, revision: int = 0, who: str = SAM) -> StoredTexts:
    changes = {MAIL: template}
    return mail_texts.change(stage.world.services, stage.world.actor(who), "de", revision=revision, changes=changes)


def _seen(stage: Stage) -> StoredTexts:
    return mail_texts.overview(stage.world.services, stage.world.actor(SAM))


def _used(stage: Stage) -> Texts:
    return mail_texts.in_use(stage.world.services, ACME, priority=Priority.EVENT)


def test_a_text_is_stored_signed_and_audited(stage: Stage) -> None:
    """Only site admins; back to the words of the app with None; the database knows the number alone."""
    assert _seen(stage) == StoredTexts()
    assert _change(stage) == StoredTexts({"de": {MAIL: MINE}}, 1) == _seen(stage)
    assert _change(stage, None, revision=1) == StoredTexts({}, 2) == _seen(stage)
    kinds = [(row.kind, row.account, row.detail) for row in stage.world.tables.audit_of(ACME)]
    assert kinds == [(AuditKind.SETTINGS_CHANGED, SAM, "mails")] * 2
    _change(stage, MailTemplate(CANARY, CANARY), revision=2)
    assert CANARY in repr(stage.world.site().app_properties)
    assert CANARY not in repr(vars(stage.world.tables))
    assert untouched(stage)
    for who in (ALICE, DANA):
        assert isinstance(refusal_of(_change, stage, revision=3, who=who), NotAllowed)


def test_the_second_of_two_admins_learns_what_differs(stage: Stage) -> None:
    _change(stage)
    refusal = refusal_of(_change, stage, OTHER)
    assert isinstance(refusal, SettingsChanged)
    assert refusal.details == {"differs": [f"de.{MAIL}"]}
    assert _seen(stage).texts == {"de": {MAIL: MINE}}


def test_what_a_newer_version_saved_is_used_and_not_written_over(stage: Stage) -> None:
    """lock-semantics §3, F39: as settings; signing again loses nothing of it."""
    place, site = f"{KEY}/{ACME.site_key}", stage.world.site()
    fields = {"schema": 2, "revision": 1, "texts": text_fields({"de": {MAIL: MINE}}), "unheard_of": ["x"]}
    site.app_properties[KEY] = value = signed_json.sign(fields, place, KEYS)
    assert _used(stage) == {"de": {MAIL: MINE}}
    assert isinstance(refusal_of(_change, stage, None, revision=1), NewerSettings)
    assert site.app_properties[KEY] == value
    newer = signed_json.MacKeys("k2", {**KEYS.keys, "k2": b"another key of thirty-two bytes."})
    mail_texts.sign_again(replace(stage.world.services, mac_keys=newer), ACME, priority=Priority.MAINTENANCE)
    assert signed_json.verify(site.app_properties[KEY], place, newer) == fields


def test_what_must_not_stand_there_is_told_with_its_place(stage: Stage) -> None:
    refusal = refusal_of(_change, stage, MailTemplate("ok", "a {nobody} <b>"))
    assert isinstance(refusal, Invalid)
    assert [(one["field"], one["position"]) for one in refusal.details["fields"]] == [
        (f"templates.{MAIL}.body", 2),
        (f"templates.{MAIL}.body", 11),
    ]
    assert _seen(stage) == StoredTexts()


def test_all_texts_together_are_bounded(stage: Stage) -> None:
    """A property of an app holds 32 KB."""
    long = MailTemplate("s", "x" * 4000)
    mails = ("lock_ended", "paused", "unprotected", "file_available", "upload_undone", "summary", "edit_request")
    for number, mail in enumerate(mails):
        mail_texts.change(stage.world.services, stage.world.actor(SAM), "ru", revision=number, changes={mail: long})
    refusal = refusal_of(_change, stage, long, revision=len(mails))
    assert isinstance(refusal, Invalid)


GARBLED = [
    None,
    "x",
    {},
    [1],
    {"revision": 9, "texts": [{"language": "de", "mail": MAIL, "subject": "evil", "body": "evil"}]},
]


@pytest.mark.parametrize("value", GARBLED, ids=repr)
def test_what_others_wrote_is_not_sent(stage: Stage, value: object) -> None:
    """Missing, garbled or unsigned: the words of the app hold until an admin saves again."""
    _change(stage)
    stage.world.site().app_properties[KEY] = value
    stage.world.clock.advance(hours=2)
    assert _used(stage) == {}
    assert _seen(stage) == StoredTexts(revision=1, altered=True)
    assert _change(stage, revision=1) == StoredTexts({"de": {MAIL: MINE}}, 2) == _seen(stage)


def test_older_texts_cannot_be_put_back(stage: Stage) -> None:
    """F4: nor those of the other site."""
    _change(stage)
    site = stage.world.site()
    kept = site.app_properties[KEY]
    _change(stage, OTHER, revision=1)
    site.app_properties[KEY] = kept
    assert _seen(stage) == StoredTexts(revision=2, altered=True)
    stage.world.site(GLOBEX).app_properties[KEY] = kept
    assert mail_texts.read(stage.world.services, GLOBEX, priority=Priority.EVENT) == StoredTexts()


def test_a_newer_version_of_the_app_wrote_them(stage: Stage) -> None:
    """Of a schema to come what is known holds."""
    known = {"language": "de", "mail": MAIL, "subject": "s", "body": "b", "colour": "red"}
    texts = [known, {**known, "mail": "mail_of_tomorrow"}, {**known, "mail": "paused", "body": "{tomorrow}"}]
    fields = {"schema": 2, "revision": 7, "texts": texts, "more": 1}
    stage.world.site().app_properties[KEY] = signed_json.sign(fields, f"{KEY}/{ACME.site_key}", KEYS)
    assert _seen(stage) == StoredTexts({"de": {MAIL: MailTemplate("s", "b")}}, 7)
    assert stage.world.tables.states[ACME.id].template_revision == 7


@pytest.mark.parametrize("port", ["properties.write_app", "effects.record"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_between_storing_and_remembering(stage: Stage, port: str, when: str) -> None:
    """F02: either nothing was changed, or the signed, newer revision counts; saving again works."""

    def lost() -> None:
        raise HostUnavailable("time-out") if port.startswith("prop") else StorageUnavailable

    getattr(stage.taps, when)[port, 1] = lost
    with pytest.raises((HostUnavailable, StorageUnavailable)):
        _change(stage)
    stored = (port, when) != ("properties.write_app", "before")
    assert _seen(stage).texts == ({"de": {MAIL: MINE}} if stored else {})
    assert _change(stage, OTHER, revision=_seen(stage).revision).texts == {"de": {MAIL: OTHER}}


def test_a_change_counts_everywhere_within_five_seconds(stage: Stage) -> None:
    """Another process asks Postgres every few seconds, and Confluence only after a change, or in an hour."""
    assert _used(stage) == {}
    mine, other = stage.world.services.texts_memory, TextsMemory()
    object.__setattr__(stage.world.services, "texts_memory", other)
    _change(stage)
    object.__setattr__(stage.world.services, "texts_memory", mine)
    assert _used(stage) == {}
    stage.world.clock.advance(seconds=3)
    assert _used(stage) == {"de": {MAIL: MINE}}
    stage.taps.clear()
    for _ in range(10):
        stage.world.clock.advance(seconds=30)
        _used(stage)
    assert stage.taps.host_calls() == []


def test_the_newest_key_signs_again(stage: Stage) -> None:
    """Once; a value that does not hold is left alone."""
    _change(stage)
    newer = signed_json.MacKeys("k2", {**KEYS.keys, "k2": b"another key of thirty-two bytes."})
    services = replace(stage.world.services, mac_keys=newer)
    for _ in range(2):
        mail_texts.sign_again(services, ACME, priority=Priority.SWEEP)
    assert stage.taps.calls["properties.write_app"] == 2
    assert signed_json.key_id_of(stage.world.site().app_properties[KEY]) == "k2"
    stage.world.site().app_properties[KEY] = "x"
    mail_texts.sign_again(services, ACME, priority=Priority.SWEEP)
    assert stage.world.site().app_properties[KEY] == "x"


MOVED = replace(ACME, door=Door.FORGE, base_url="https://api.example/ex/confluence/1/wiki")


def _move(stage: Stage, *, secret: str | None = "kept") -> None:
    """From now on acme comes by Forge, whose app properties are empty; Connect's secret is kept there or erased."""
    tables, installations = stage.world.tables, stage.world.services.installations
    tables.tenants[ACME.id] = MOVED
    registration = Registration(site_key=ACME.site_key, base_url=ACME.base_url, secret=secret, door=Door.FORGE)
    installations.rows[ACME.site_key] = Installation(MOVED, registration)


def _seen_at_forge(stage: Stage) -> StoredTexts:
    return mail_texts.overview(stage.world.services, Actor(MOVED, SAM))


def _copy(stage: Stage) -> None:
    mail_texts.sign_again(stage.world.services, MOVED, priority=Priority.MAINTENANCE)


def test_after_a_move_the_texts_hold_at_once_and_are_copied(stage: Stage) -> None:
    """Then Connect is not asked again; what lies there, and the other site, stay as they were."""
    _change(stage)
    kept = stage.world.site().app_properties[KEY]
    _move(stage)
    assert _seen_at_forge(stage) == StoredTexts({"de": {MAIL: MINE}}, 1)
    assert stage.world.site().forge_properties == {}
    _copy(stage)
    assert stage.world.site().forge_properties == {KEY: kept} == stage.world.site().app_properties
    stage.taps.clear()
    assert _seen_at_forge(stage).texts == {"de": {MAIL: MINE}}
    assert stage.taps.calls["properties.read_app"] == 1
    assert untouched(stage)
    assert stage.world.site(GLOBEX).forge_properties == {}


def test_a_change_through_forge_is_not_undone_by_a_late_copy(stage: Stage) -> None:
    _change(stage)
    _move(stage)
    actor = Actor(MOVED, SAM)
    mail_texts.change(stage.world.services, actor, "de", revision=1, changes={MAIL: OTHER})
    _copy(stage)
    assert _seen_at_forge(stage) == StoredTexts({"de": {MAIL: OTHER}}, 2)


def test_without_connect_s_secret_the_texts_are_gone(stage: Stage) -> None:
    _change(stage)
    _move(stage, secret=None)
    assert _seen_at_forge(stage) == StoredTexts(revision=1, altered=True)
    _copy(stage)
    assert stage.world.site().forge_properties == {}


def test_what_lies_at_connect_is_not_believed(stage: Stage) -> None:
    _change(stage)
    stage.world.site().app_properties[KEY] = {"revision": 9, "texts": []}
    _move(stage)
    _copy(stage)
    assert _seen_at_forge(stage) == StoredTexts(revision=1, altered=True)
    assert stage.world.site().forge_properties == {}


def test_a_site_that_never_had_texts_does_not_ask_connect(stage: Stage) -> None:
    _move(stage)
    _copy(stage)
    assert stage.taps.calls["properties.read_app"] == 2
    assert _seen_at_forge(stage) == StoredTexts()


def _failing(stage: Stage, trouble: Exception) -> None:
    def fail() -> None:
        raise trouble

    stage.taps.clear()
    stage.taps.before["properties.read_app", 2] = fail


def test_an_outage_of_connect_s_door_says_nothing_a_refusal_does(stage: Stage) -> None:
    _change(stage)
    _move(stage)
    _failing(stage, HostUnavailable("503"))
    with pytest.raises(HostUnavailable):
        _seen_at_forge(stage)
    _failing(stage, Unauthorised("401"))
    assert _seen_at_forge(stage) == StoredTexts(revision=1, altered=True)

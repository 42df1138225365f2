"""Site settings: signed, with revision, safe against replays."""

from __future__ import annotations

import pytest

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.settings import SCHEMA, SiteSettings, site_fields, site_settings_from
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostUnavailable, NewerSettings, NotAllowed, SettingsChanged
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.tenancy import site_settings
from lockpoint.services.tenancy.restore_probe import self_test
from lockpoint.services.tenancy.site_settings import KEY
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX, KEYS, SAM
from tests.services.stage import Stage, make_stage, refusal_of
from tests.services.taps import ProcessDied


def _now(stage: Stage) -> SiteSettings:
    return site_settings.site_settings(stage.world.services, ACME, priority=Priority.INTERACTIVE)


def _switch(stage: Stage, *, on: bool, revision: int, who: str = SAM) -> site_settings.SiteOverview:
    return site_settings.change(
        stage.world.services, stage.world.actor(who), revision=revision, changes={"copy_mode": on}
    )


def test_a_site_admin_switches_copy_mode(stage: Stage) -> None:
    """P-04: off by default; audited."""
    assert _now(stage) == SiteSettings()
    assert _switch(stage, on=True, revision=0).settings == SiteSettings(copy_mode=True, revision=1)
    assert _now(stage) == SiteSettings(copy_mode=True, revision=1)
    row = stage.world.tables.audit_of(ACME)[0]
    assert (row.kind, row.account, row.seq) == (AuditKind.SETTINGS_CHANGED, SAM, 1)
    assert site_settings.overview(stage.world.services, stage.world.actor(SAM)).settings.copy_mode


@pytest.mark.parametrize("who", [ALICE, BOB, CHARLIE, DANA])
def test_nobody_else_sees_or_changes_them(stage: Stage, who: str) -> None:
    """Site settings are for site admins."""
    assert isinstance(refusal_of(_switch, stage, on=True, revision=0, who=who), NotAllowed)
    assert isinstance(refusal_of(site_settings.overview, stage.world.services, stage.world.actor(who)), NotAllowed)
    assert _now(stage) == SiteSettings()


def test_two_admins_at_once(stage: Stage) -> None:
    """Amendment 6: app properties are last-write-wins, so a revision decides."""
    _switch(stage, on=True, revision=0)
    assert isinstance(refusal_of(_switch, stage, on=False, revision=0), SettingsChanged)
    assert _now(stage).copy_mode


def _healings(stage: Stage) -> int:
    return sum(row.kind is AuditKind.HEALED and row.detail == "settings" for row in stage.world.tables.audit_of(ACME))


def test_an_older_value_is_a_replay(stage: Stage) -> None:
    """Amendment 6: the newest settings count and are written again."""
    _switch(stage, on=True, revision=0)
    old = stage.world.site().app_properties[KEY]
    _switch(stage, on=False, revision=1)
    newest = stage.world.site().app_properties[KEY]
    stage.world.site().app_properties[KEY] = old
    assert _now(stage) == SiteSettings(revision=2)
    assert stage.world.site().app_properties[KEY] == newest
    assert _healings(stage) == 1
    assert _switch(stage, on=True, revision=2).settings == SiteSettings(copy_mode=True, revision=3)


def test_what_users_write_is_not_obeyed(stage: Stage) -> None:
    """Amendment 6: users can alter app properties; such values are reported."""
    _switch(stage, on=True, revision=0)
    value = stage.world.site().app_properties[KEY]
    assert isinstance(value, dict)
    forgeries = ({**value, "copy_mode": False}, {"copy_mode": False, "revision": 9}, "x", None, [], {"mac": "k1:0"})
    for number, forged in enumerate(forgeries, 1):
        stage.world.site().app_properties[KEY] = forged
        stage.world.clock.advance(seconds=1)
        assert _now(stage) == SiteSettings(copy_mode=True, revision=1)
        assert stage.world.site().app_properties[KEY] == value
        assert _healings(stage) == number


def test_settings_that_cannot_be_put_back_hold_all_the_same(stage: Stage) -> None:
    """They count while Confluence refuses them; the next read retries."""
    _switch(stage, on=True, revision=0)
    stage.world.site().app_properties[KEY] = "garbage"

    def down() -> None:
        raise HostUnavailable("down")

    stage.taps.before["properties.write_app", stage.taps.calls["properties.write_app"] + 1] = down
    assert _now(stage).copy_mode
    assert _healings(stage) == 0
    assert _now(stage).copy_mode
    assert _healings(stage) == 1


def _saved_by_a_newer_version(stage: Stage, revision: int = 1) -> dict[str, object]:
    fields = {**site_fields(SiteSettings(copy_mode=True, revision=revision)), "schema": 2, "unheard_of": ["x"]}
    value = signed_json.sign(fields, f"{KEY}/{ACME.site_key}", KEYS)
    stage.world.site().app_properties[KEY] = value
    return value


def test_what_a_newer_version_saved_is_obeyed_and_not_written_over(stage: Stage) -> None:
    """lock-semantics §3, F39: as a lock's record: read, never overwritten; an outsider's change is put back whole."""
    value = _saved_by_a_newer_version(stage)
    assert _now(stage) == SiteSettings(copy_mode=True, revision=1, schema=2)
    refusal = refusal_of(_switch, stage, on=False, revision=1)
    assert isinstance(refusal, NewerSettings)
    assert stage.world.site().app_properties[KEY] == value
    stage.world.site().app_properties[KEY] = "garbage"
    assert _now(stage).copy_mode
    assert stage.world.site().app_properties[KEY] == value


def test_an_older_value_of_a_newer_version_is_a_replay(stage: Stage) -> None:
    """Amendment 6: whatever its schema."""
    _switch(stage, on=True, revision=0)
    _switch(stage, on=False, revision=1)
    _saved_by_a_newer_version(stage)
    assert _now(stage) == SiteSettings(revision=2)
    assert _switch(stage, on=True, revision=2).settings.copy_mode


def test_an_update_may_save_again(stage: Stage) -> None:
    """What this version saves is of its own schema."""
    assert _switch(stage, on=True, revision=0).settings.schema == SCHEMA
    assert site_settings_from({**site_fields(SiteSettings()), "schema": 0}).schema == SCHEMA


def test_another_sites_value_is_not_obeyed(stage: Stage) -> None:
    """L-05: signed and bound to the tenant."""
    other = make_stage()
    other.world.site(GLOBEX).site_admins = {GINA}
    site_settings.change(other.world.services, other.world.actor(GINA, GLOBEX), revision=0, changes={"copy_mode": True})
    stage.world.site().app_properties[KEY] = other.world.site(GLOBEX).app_properties[KEY]
    assert _now(stage) == SiteSettings()


def test_a_crash_at_any_call_leaves_the_old_or_the_new_settings() -> None:
    """F38: and they stay changeable."""
    whole = make_stage()
    _switch(whole, on=True, revision=0)
    for point in range(1, len(whole.taps.order) + 1):
        for before in (True, False):
            crashed = make_stage()
            crashed.taps.die_before, crashed.taps.die_after = (point, None) if before else (None, point)
            with pytest.raises(ProcessDied):
                _switch(crashed, on=True, revision=0)
            crashed.taps.die_before = crashed.taps.die_after = None
            found = _now(crashed)
            assert found in (SiteSettings(), SiteSettings(copy_mode=True, revision=1))
            assert _switch(crashed, on=True, revision=found.revision).settings.copy_mode
            assert _now(crashed).revision == found.revision + 1


def test_a_lost_database_keeps_the_settings(stage: Stage) -> None:
    """S11: the signed property counts."""
    _switch(stage, on=True, revision=0)
    stage.world.tables.states.clear()
    assert _now(stage) == SiteSettings(copy_mode=True, revision=1)


def test_copy_mode_protects_where_confluence_refuses(stage: Stage) -> None:
    """Amendment 1: the protected version is copied."""
    _switch(stage, on=True, revision=0)
    stage.world.site().restore_refused = True
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.taps.calls["attachments.copy"] == 1
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's again")
    stage.reconcile()
    assert stage.content == b"first"
    assert stage.taps.calls["attachments.restore"] == 1


def test_bytes_are_never_carried_by_default(stage: Stage) -> None:
    """Privacy 2."""
    stage.world.site().restore_refused = True
    stage.lock()
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    assert stage.taps.calls["attachments.copy"] == 0


def test_switching_it_on_later_repairs_what_stands(stage: Stage) -> None:
    """P-04: the next sweep undoes what remained."""
    stage.world.site().restore_refused = True
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.sweep()
    _switch(stage, on=True, revision=0)
    stage.sweep()
    assert stage.content == b"first"
    assert stage.show().protection == "protected"


def test_a_file_too_large_to_copy_is_flagged(stage: Stage) -> None:
    """F16: with the reason."""
    _switch(stage, on=True, revision=0)
    site = stage.world.site()
    site.restore_refused, site.copy_limit = True, 2
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert stage.show().unprotected_reason == "too_large"


@pytest.mark.parametrize("refused", [True, False])
def test_the_self_test_says_which_way_works(stage: Stage, refused: bool) -> None:
    """U-08: it restores a version of its own attachment."""
    stage.world.site().restore_refused = refused
    state = self_test(stage.world.services, ACME)
    assert state.restore_works is not refused
    assert state.tested_at == stage.world.clock.now()
    assert site_settings.overview(stage.world.services, stage.world.actor(SAM)).state == state
    assert self_test(stage.world.services, ACME).scratch_id == state.scratch_id


def test_the_self_test_keeps_what_is_known_where_there_is_nowhere_to_try(stage: Stage) -> None:
    """U-08: unknown stays unknown until the first overwrite."""
    stage.world.site().pages.clear()
    assert self_test(stage.world.services, ACME) == SiteState()


def test_an_answer_that_was_lost_may_have_been_stored(stage: Stage) -> None:
    """F02: the signed, newer revision counts."""

    def lost() -> None:
        raise HostUnavailable("time-out")

    stage.taps.after["properties.write_app", 1] = lost
    with pytest.raises(HostUnavailable):
        _switch(stage, on=True, revision=0)
    assert _now(stage) == SiteSettings(copy_mode=True, revision=1)

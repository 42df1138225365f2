"""Space settings: written as the space admin, decided by the property's version, safe against what others write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.settings import InForce, SiteSettings, SpaceRules, SpaceSettings, space_fields
from lockpoint.services.context import Priority
from lockpoint.services.errors import HostUnavailable, Invalid, NewerSettings, NotAllowed, NotFound, SettingsChanged
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.settings_memory import SettingsMemory
from lockpoint.services.tenancy import site_settings, space_settings
from lockpoint.services.tenancy.settings_in_force import in_force
from lockpoint.services.tenancy.space_settings import KEY, StoredSpaceSettings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX, KEYS, SAM
from tests.services.stage import Stage, make_stage, refusal_of, untouched
from tests.services.taps import ProcessDied

HOURS = {"unlock_after_hours": 8, "warn_after_hours": 4}
WANTED = SpaceSettings(own=HOURS, managers=(BOB,), manager_groups=("editors",))


def _space(stage: Stage) -> str:
    return stage.world.site().space_id


def _change(stage: Stage, wanted: SpaceSettings = WANTED, who: str = DANA) -> StoredSpaceSettings:
    return space_settings.change(stage.world.services, stage.world.actor(who), _space(stage), wanted)


def _seen(stage: Stage, who: str = DANA) -> StoredSpaceSettings:
    return space_settings.overview(stage.world.services, stage.world.actor(who), _space(stage))


def _holding(stage: Stage) -> InForce:
    return in_force(stage.world.services, ACME, _space(stage), priority=Priority.EVENT)


def _row(stage: Stage) -> StoredProperty:
    return stage.world.site().rows[PropertyHost.SPACE, _space(stage), KEY][0]


def _put(stage: Stage, *rows: StoredProperty) -> None:
    stage.world.site().put_rows(PropertyHost.SPACE, _space(stage), KEY, rows)


def test_a_space_admin_decides(stage: Stage) -> None:
    """P-14: what the space leaves open is the site's; audited, with the space."""
    assert _holding(stage) == InForce()
    stored = _change(stage).settings
    assert stored == replace(WANTED, version=1)
    assert _seen(stage) == StoredSpaceSettings(stored, _row(stage))
    assert _holding(stage).rules == SpaceRules(unlock_after_hours=8, warn_after_hours=4)
    row = stage.world.tables.audit_of(ACME)[0]
    assert (row.kind, row.account, row.seq, row.detail) == (
        AuditKind.SETTINGS_CHANGED, DANA, 1, f"space/{_space(stage)}",
    )  # fmt: skip
    untouched(stage)


@pytest.mark.parametrize("who", [ALICE, BOB, CHARLIE])
def test_nobody_else_sees_or_changes_them(stage: Stage, who: str) -> None:
    """§4: a lock manager manages locks, not the space."""
    _change(stage)
    assert isinstance(refusal_of(_seen, stage, who), NotAllowed)
    assert isinstance(refusal_of(_change, stage, replace(WANTED, version=1), who), NotAllowed)
    assert _seen(stage).settings.version == 1


def test_a_site_admin_sees_them_and_writes_where_confluence_lets_them(stage: Stage) -> None:
    """Written as the person: Confluence decides."""
    assert _seen(stage, SAM).settings == SpaceSettings()
    assert isinstance(refusal_of(_change, stage, WANTED, SAM), NotAllowed)
    stage.world.site().space_admins.add(SAM)
    assert _change(stage, who=SAM).settings.version == 1


def test_two_admins_at_once(stage: Stage) -> None:
    """The second is told what differs from what they would have stored."""
    _change(stage)
    other = replace(WANTED, own={"unlock_after_hours": 8, "warn_after_hours": 2, "strict": True})
    refusal = refusal_of(_change, stage, other)
    assert isinstance(refusal, SettingsChanged)
    assert refusal.details == {"differs": ["strict", "warn_after_hours"]}
    assert _change(stage, replace(other, version=1)).settings == replace(other, version=2)


def test_an_admin_who_saves_between_read_and_write(stage: Stage) -> None:
    """Confluence's version decides, also for the first write."""
    stage.taps.before["properties.create", 1] = lambda: _change(stage, replace(WANTED, managers=(CHARLIE,)))
    refusal = refusal_of(_change, stage)
    assert isinstance(refusal, SettingsChanged)
    assert refusal.details == {"differs": ["managers"]}
    stage.taps.before["properties.replace", 1] = lambda: _change(stage, replace(WANTED, version=1))
    assert isinstance(refusal_of(_change, stage, replace(WANTED, version=1, managers=())), SettingsChanged)
    assert _seen(stage).settings == replace(WANTED, version=2)


def test_an_admin_who_lost_the_right_between_read_and_write(stage: Stage) -> None:
    stage.taps.before["properties.create", 1] = lambda: stage.world.site().space_admins.discard(DANA)
    assert isinstance(refusal_of(_change, stage), NotAllowed)
    assert _holding(stage) == InForce()


@pytest.mark.parametrize(
    ("own", "field"),
    [({"unlock_after_hours": 24}, "warn_after_hours"), ({"unlock_after_hours": 721}, "unlock_after_hours")],
)
def test_a_contradiction_with_what_is_inherited(stage: Stage, own: dict[str, int], field: str) -> None:
    """Named by its field; nothing is stored."""
    refusal = refusal_of(_change, stage, SpaceSettings(own=own))
    assert isinstance(refusal, Invalid)
    assert [wrong["field"] for wrong in refusal.details["fields"]] == [field]
    assert _seen(stage).settings == SpaceSettings()


def test_an_older_value_that_is_put_back_does_not_hold(stage: Stage) -> None:
    """F4: the rules that we remember hold, nobody is a lock manager, and saving again heals."""
    _change(stage)
    old = _row(stage)
    newer = replace(WANTED, own={"strict": True}, managers=(CHARLIE,), version=1)
    _change(stage, newer)
    stage.world.clock.advance(minutes=10)
    _put(stage, replace(old, version=3, created=stage.world.site().moment()))
    for _ in range(2):
        stage.world.services.settings_memory.forget(ACME)
        assert _holding(stage).space == SpaceSettings(own={"strict": True}, version=3)
    seen = _seen(stage)
    assert seen.altered
    healed = _change(stage, replace(newer, version=seen.settings.version)).settings
    assert healed == replace(newer, version=4)
    assert not _seen(stage).altered


def test_what_a_newer_version_saved_is_obeyed_and_not_written_over(stage: Stage) -> None:
    """lock-semantics §3, F39: as for the site; its lock managers count, and Postgres learns nothing unknown."""
    _change(stage)
    fields = {**space_fields(replace(WANTED, own={"strict": True}, schema=2)), "unheard_of": [CHARLIE]}
    place = f"{KEY}/{ACME.site_key}/{_space(stage)}"
    value = signed_json.sign_dated(fields, place, 2, stage.world.clock.now(), KEYS)
    row = replace(_row(stage), version=2, value=value, created=stage.world.site().moment())
    _put(stage, row)
    newest = replace(WANTED, own={"strict": True}, version=2, schema=2)
    stage.world.services.settings_memory.forget(ACME)
    assert (_holding(stage).space, _seen(stage).altered) == (newest, False)
    assert isinstance(refusal_of(_change, stage, replace(WANTED, version=2)), NewerSettings)
    assert _row(stage) == row
    (note,) = stage.world.tables.space_settings.values()
    assert CHARLIE not in note.fields


def test_settings_that_were_deleted_still_hold(stage: Stage) -> None:
    _change(stage)
    _put(stage)
    seen = _seen(stage)
    assert (seen.altered, seen.settings.own, seen.settings.managers) == (True, WANTED.own, ())
    assert _change(stage, replace(WANTED, version=seen.settings.version)).settings.own == WANTED.own


def test_what_is_saved_after_a_deletion_holds_though_versions_begin_again(stage: Stage) -> None:
    """What the answer says is in force, lock managers included."""
    for _ in range(3):
        _change(stage, replace(WANTED, version=_seen(stage).settings.version))
    _put(stage)
    later = {"unlock_after_hours": 30}
    saved = _change(stage, SpaceSettings(own=later, managers=(CHARLIE,), version=_seen(stage).settings.version))
    stage.world.clock.advance(seconds=5)
    assert saved.settings.version == 1
    assert (_holding(stage).space.own, _holding(stage).space.managers) == (later, (CHARLIE,))
    assert not _seen(stage).altered


def test_another_spaces_value_is_not_obeyed(stage: Stage) -> None:
    """L-05: signed for its place."""
    other = make_stage()
    site = other.world.site(GLOBEX)
    site.space_admins = {GINA}
    space_settings.change(other.world.services, other.world.actor(GINA, GLOBEX), site.space_id, WANTED)
    _put(stage, site.rows[PropertyHost.SPACE, site.space_id, KEY][0])
    assert _holding(stage).space.own == {}
    assert _seen(stage).altered


def test_settings_hold_while_confluence_cannot_show_them(stage: Stage) -> None:
    """S10: rules as they are remembered; without any, nobody can tell."""

    def down() -> None:
        raise HostUnavailable("down")

    unknown = make_stage()
    unknown.taps.before["properties.read", 0] = down
    with pytest.raises(HostUnavailable):
        _holding(unknown)
    _change(stage)
    stage.taps.before["properties.read", 0] = down
    assert _holding(stage).space == SpaceSettings(own=WANTED.own, version=1)


def _down() -> None:
    raise HostUnavailable("down")


def test_lock_managers_are_back_minutes_after_confluence(stage: Stage) -> None:
    """S10, P-03: a moment of trouble takes a right away for minutes, not for the hour that settings are remembered."""
    _change(stage)
    stage.taps.before["properties.read", stage.taps.calls["properties.read"] + 1] = _down
    assert _holding(stage).space == SpaceSettings(own=WANTED.own, version=1)
    stage.world.clock.advance(minutes=4, seconds=59)
    asked = stage.taps.calls["properties.read"]
    assert _holding(stage).space.managers == ()
    assert stage.taps.calls["properties.read"] == asked
    stage.world.clock.advance(seconds=4)
    assert _holding(stage).space == replace(WANTED, version=1)


def test_what_was_read_before_the_change_showed_is_read_again_within_five_seconds(stage: Stage) -> None:
    """lock-semantics §2: a write may not be visible to the next read. That is no replay, and costs nobody a right."""
    _change(stage)
    newest = replace(WANTED, own={"strict": True}, managers=(CHARLIE,), version=1)
    before = _row(stage)
    _change(stage, newest)
    after = _row(stage)
    _put(stage, before)
    assert _holding(stage).space.own == {"strict": True}
    _put(stage, after)
    stage.world.clock.advance(seconds=5)
    assert _holding(stage).space == replace(newest, version=2)


def test_altered_settings_are_read_twelve_times_an_hour(stage: Stage) -> None:
    """Quota: an outsider's value may lie there for ever."""
    _change(stage)
    row = _row(stage)
    _change(stage, replace(WANTED, own={}, version=1))
    stage.world.clock.advance(minutes=1)
    _put(stage, row)
    stage.taps.clear()
    for _ in range(60):
        _holding(stage)
        stage.world.clock.advance(minutes=1)
    assert stage.taps.calls["properties.read"] == 12


def test_a_change_counts_in_another_process_within_five_seconds(stage: Stage) -> None:
    """Between two changes Confluence is not asked again."""
    other = replace(stage.world.services, settings_memory=SettingsMemory())
    for revision, hours in enumerate((10, 20)):
        space = in_force(other, ACME, _space(stage), priority=Priority.EVENT)
        asked = len(stage.taps.order)
        assert in_force(other, ACME, _space(stage), priority=Priority.EVENT) == space
        assert len(stage.taps.order) == asked
        _change(stage, SpaceSettings(own={"warn_after_hours": hours}, version=revision))
        stage.world.clock.advance(seconds=5)
        assert in_force(other, ACME, _space(stage), priority=Priority.EVENT).rules.warn_after_hours == hours
    sam = stage.world.actor(SAM)
    site_settings.change(stage.world.services, sam, revision=0, changes={"longest_days": 9})
    stage.world.clock.advance(seconds=5)
    assert in_force(other, ACME, None, priority=Priority.EVENT).site == SiteSettings(longest_days=9, revision=1)


def test_a_read_that_was_under_way_does_not_hide_a_change_of_this_process(stage: Stage) -> None:
    """P-15: whoever changed something sees it at once, whatever another request had read just before."""
    _holding(stage)
    stage.world.clock.advance(hours=1)
    stage.taps.after["properties.read", stage.taps.calls["properties.read"] + 1] = lambda: _change(stage)
    assert _holding(stage).space == SpaceSettings()
    assert _holding(stage).space == replace(WANTED, version=1)
    checked = stage.world.clock.now()
    stage.world.clock.advance(seconds=3)
    again = stage.taps.calls["site_states.revisions"] + 1
    stage.taps.after["site_states.revisions", again] = lambda: _change(stage, replace(WANTED, own={}, version=1))
    assert stage.world.clock.now() > checked
    _holding(stage)
    assert _holding(stage).space.own == {}


def test_what_is_remembered_costs_no_call(stage: Stage) -> None:
    """An hour later Confluence is asked once."""
    _change(stage)
    _holding(stage)
    for minutes, reads in ((1, 1), (58, 1), (2, 2)):
        stage.world.clock.advance(minutes=minutes)
        _holding(stage)
        _holding(stage)
        assert stage.taps.calls["properties.read_app"] == reads + 1, minutes


def test_postgres_knows_no_lock_manager(stage: Stage) -> None:
    """Privacy: people of settings stand in Confluence alone."""
    _change(stage)
    (note,) = stage.world.tables.space_settings.values()
    assert BOB not in note.fields
    assert "editors" not in note.fields


def test_a_crash_at_any_call_leaves_the_old_or_the_new_settings() -> None:
    """F38: and they stay changeable."""
    whole = make_stage()
    _change(whole)
    for point in range(1, len(whole.taps.order) + 1):
        for before in (True, False):
            crashed = make_stage()
            crashed.taps.die_before, crashed.taps.die_after = (point, None) if before else (None, point)
            with pytest.raises(ProcessDied):
                _change(crashed)
            crashed.taps.die_before = crashed.taps.die_after = None
            crashed.world.services.settings_memory.forget(ACME)
            found = _holding(crashed).space
            assert found in (SpaceSettings(), replace(WANTED, version=1))
            assert _change(crashed, replace(WANTED, version=found.version)).settings.own == WANTED.own


@pytest.mark.parametrize(("who", "key"), [(GINA, "DOCS"), (DANA, "NONE")])
def test_a_space_that_is_not_there(stage: Stage, who: str, key: str) -> None:
    assert isinstance(refusal_of(space_settings.id_of, stage.world.services, stage.world.actor(who), key), NotFound)
    assert space_settings.id_of(stage.world.services, stage.world.actor(DANA), "DOCS") == _space(stage)

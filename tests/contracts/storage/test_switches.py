"""What was switched on again, by itself or with its site; both by the storage's clock."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain.settings import SiteSettings, SpaceRules, SpaceSettings, site_fields, space_fields
from lockpoint.services.ports.locks import Effects, Protection
from lockpoint.services.ports.tenancy import SettingsNote, Switches
from tests.contracts.storage.stores import Store
from tests.storage.builders import witness


def _space(space: str, revision: int, **own: bool) -> SettingsNote:
    fields = json.dumps(space_fields(SpaceSettings(own=own)))
    return SettingsNote(revision, fields, space, returns=own.get("active", False), strict_begins=False)


def _site(revision: int, *, returns: bool = False, strict: bool = False) -> SettingsNote:
    fields = json.dumps(site_fields(SiteSettings(rules=SpaceRules(strict=strict))))
    return SettingsNote(revision, fields, returns=returns, strict_begins=strict)


def _note(store: Store, *notes: SettingsNote) -> None:
    for note in notes:
        store.effects.record(store.acme, Effects(settings=note))


def test_nothing_was(store: Store) -> None:
    assert store.site_states.switches(store.acme, "7") == Switches()


def test_a_site_that_returns_brings_the_spaces_that_do_not_decide(store: Store) -> None:
    _note(store, _space("8", 1, active=False), _site(1, returns=True, strict=True))
    seven, eight, site = (store.site_states.switches(store.acme, one) for one in ("7", "8", None))
    assert seven == site
    assert seven.returned_at is not None
    assert (eight.returned_at, seven.spaces_decide) == (None, True)
    assert eight.strict_at == seven.strict_at is not None
    assert store.site_states.switches(store.globex, "7") == Switches()


def test_when_a_space_was_noted_last_is_known(store: Store) -> None:
    """Each note begins anew, by the storage's clock."""
    times = []
    for version in (1, 2):
        _note(store, _space("8", version))
        found = store.site_states.space_settings(store.acme, "8")
        assert found is not None
        times.append(found.noted_at)
        store.clock.advance(seconds=1)
    assert None not in times
    assert times == sorted(times)
    assert times[0] != times[1]


def test_a_space_returns_alone(store: Store) -> None:
    _note(store, _space("8", 1, active=True))
    eight, seven = (store.site_states.switches(store.acme, one) for one in ("8", "7"))
    assert eight.returned_at is not None
    assert seven.returned_at is None


def test_what_counted_before_a_space_decided_goes_on_to_count(store: Store) -> None:
    """And what its site began while the space decided itself never does."""
    _note(store, _site(1, returns=True))
    first = store.site_states.switches(store.acme, "8").returned_at
    store.clock.advance(seconds=1)
    _note(store, replace(_space("8", 1, active=True), returns=False))
    assert store.site_states.switches(store.acme, "8").returned_at == first is not None
    store.clock.advance(seconds=1)
    _note(store, _site(2, returns=True))
    store.clock.advance(seconds=1)
    _note(store, _space("8", 2))
    assert store.site_states.switches(store.acme, "8").returned_at == first


def test_an_older_note_begins_nothing(store: Store) -> None:
    _note(store, _space("8", 3), _space("8", 2, active=True))
    assert store.site_states.switches(store.acme, "8") == Switches()


@pytest.mark.parametrize(
    ("own", "differ"),
    [
        ({}, False),
        ({"strict": True, "undo_trash": False}, False),
        ({"active": True}, True),
        ({"unlock_after_hours": None}, True),
        ({"warn_after_hours": 3}, True),
    ],
)
def test_where_a_page_is_matters_to_a_lock(store: Store, own: dict[str, Any], differ: bool) -> None:
    """Of rules that a space decides itself those count that say whether and how long a lock lives."""
    _note(store, _space("8", 1, **own))
    assert store.site_states.switches(store.acme, None).spaces_differ is differ
    assert not store.site_states.switches(store.globex, None).spaces_differ


@pytest.mark.parametrize(("who", "unchecked"), [("7", {"1"}), (None, {"1", "3"})])
def test_locks_are_not_read_since(store: Store, who: str | None, unchecked: set[str]) -> None:
    """Of the space; with a site, of those that do not decide themselves."""
    _note(store, _space("8", 1, active=False))
    for number, space in (("1", "7"), ("2", "8"), ("3", None)):
        lock = witness(number, space_id=space)
        store.effects.record(store.acme, Effects(witness=lock))
        store.effects.record(store.globex, Effects(witness=lock))
    _note(store, _space(who, 5, active=True) if who else _site(5, returns=True))
    assert store.witnesses.marked(store.acme, (Protection.UNCHECKED,)) == unchecked
    assert store.witnesses.marked(store.globex, (Protection.UNCHECKED,)) == frozenset()


@pytest.mark.parametrize("returns", [True, False])
def test_a_file_is_elsewhere(store: Store, returns: bool) -> None:
    store.effects.record(store.acme, Effects(witness=witness("1", space_id="7")))
    store.witnesses.move(store.acme, "1", "8", returns=returns)
    store.witnesses.move(store.globex, "1", "9", returns=True)
    found = store.witnesses.get(store.acme, "1")
    assert found is not None
    assert (found.space_id, found.returned_at is not None) == ("8", returns)
    assert (found.protection is Protection.UNCHECKED) is returns
    assert [one.attachment_id for one in store.witnesses.live(store.acme, space_id="8")] == ["1"]
    assert store.witnesses.live(store.acme, space_id="7") == []
    store.effects.record(store.acme, Effects(witness=witness("1", space_id="8")))
    again = store.witnesses.get(store.acme, "1")
    assert again is not None
    assert again.returned_at == found.returned_at

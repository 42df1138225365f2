"""Sites and spaces: their state and settings."""

from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.tenancy import SettingsNote, SiteState
from tests.contracts.storage.stores import Store
from tests.fakes.world import START


def test_the_state_of_a_site_is_kept(store: Store) -> None:
    assert store.site_states.get(store.acme) == SiteState()
    note = SettingsNote(2, "{}")
    store.site_states.note_test(store.acme, works=True, at=START, scratch_id="7")
    store.site_states.note_place(store.acme, "walk:1:")
    store.effects.record(store.acme, Effects(settings=note))
    store.site_states.note_test(store.acme, works=False, at=START, scratch_id=None)
    assert store.site_states.get(store.acme) == SiteState(
        settings=note, restore_works=False, tested_at=START, scratch_id="7", cursor="walk:1:"
    )
    assert store.site_states.get(store.globex) == SiteState()


def test_older_settings_do_not_replace_newer_ones(store: Store) -> None:
    """Amendment 6: the stored revision only grows."""
    store.effects.record(store.acme, Effects(settings=SettingsNote(3, '{"a": 1}')))
    store.effects.record(store.acme, Effects(settings=SettingsNote(2, "{}")))
    assert store.site_states.get(store.acme).settings == SettingsNote(3, '{"a": 1}')


def test_older_settings_of_a_space_do_not_replace_newer_ones(store: Store) -> None:
    """By space; the site's own are others."""
    notes = [SettingsNote(3, '{"a": 1}', "7"), SettingsNote(2, "{}", "7"), SettingsNote(1, "{}", "8")]
    for note in notes:
        store.effects.record(store.acme, Effects(settings=note))
    states, acme = store.site_states, store.acme
    assert [states.space_settings(acme, one) for one in ("7", "8", "9")] == [notes[0], notes[2], None]
    assert states.revisions(acme, "7") == (None, 3)
    store.effects.record(acme, Effects(settings=SettingsNote(5, "{}")))
    assert [states.revisions(acme, one) for one in ("7", "9", None)] == [(5, 3), (5, None), (5, None)]
    assert states.space_settings(store.globex, "7") is None
    assert states.revisions(store.globex, "7") == (None, None)


def test_installations_are_found(store: Store) -> None:
    assert store.tenants.by_id(store.acme.id) == store.acme
    assert store.tenants.by_id(99) is None
    both = [store.acme.id, store.globex.id]
    assert [tenant.id for tenant in store.tenants.active()] == both
    assert [tenant.id for tenant in store.tenants.installed()] == both

"""Settings of a site and its spaces: inheritance, sources, ranges, and what is read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.settings import (
    MOST_ACCOUNTS,
    InForce,
    SiteSettings,
    Source,
    SpaceRules,
    SpaceSettings,
    changed,
    difference,
    kinds_of,
    problems_of,
    site_fields,
    site_settings_from,
    space_fields,
    space_settings_from,
)

OTHER_VALUES = {
    "active": False,
    "warn_after_hours": None,
    "unlock_after_hours": 72,
    "strict": True,
    "undo_trash": False,
    "undo_rename": False,
}
"""For each rule one that is not its default."""


def test_the_defaults_are_those_of_the_product() -> None:
    """P-14, P-15: warned after 24 h, unlocked after 48 h, 30 days at most, active, nothing optional is on."""
    assert SpaceRules() == SpaceRules(
        active=True, warn_after_hours=24, unlock_after_hours=48, strict=False, undo_trash=True, undo_rename=True
    )
    site = SiteSettings()
    assert (site.longest_days, site.restores, site.allowed_apps) == (30, 3, ())
    assert not any((site.endless, site.admins_may_overwrite, site.copy_mode, site.comments, site.usage_counts))


def test_every_rule_has_another_value() -> None:
    assert OTHER_VALUES.keys() == kinds_of(SpaceRules).keys()
    assert all(getattr(SpaceRules(), name) != value for name, value in OTHER_VALUES.items())


@pytest.mark.parametrize("name", OTHER_VALUES)
@pytest.mark.parametrize(
    ("of_site", "of_space", "value", "source"),
    [
        (False, False, "default", Source.DEFAULT),
        (True, False, "other", Source.SITE),
        (False, True, "other", Source.SPACE),
        (True, True, "default", Source.SPACE),
    ],
)
def test_a_space_inherits_what_it_does_not_decide(
    name: str, of_site: bool, of_space: bool, value: str, source: Source
) -> None:
    """P-14, P-15: each rule by itself, an hour that is switched off included."""
    known: dict[str, Any] = {"default": getattr(SpaceRules(), name), "other": OTHER_VALUES[name]}
    site = changed(SiteSettings(), {name: known["other"]} if of_site else {})
    holding = InForce(site, SpaceSettings(own={name: known[value]} if of_space else {}))
    assert getattr(holding.rules, name) == known[value]
    assert holding.source(name) is source
    others = [one for one in OTHER_VALUES if one != name]
    assert [holding.source(one) for one in others] == [Source.DEFAULT] * len(others)


@pytest.mark.parametrize(
    ("unlock", "endless", "default", "never"),
    [
        (5, False, timedelta(hours=5), False),
        (None, False, timedelta(days=7), False),
        (None, True, timedelta(days=7), True),
        (5, True, timedelta(hours=5), False),
    ],
)
def test_how_long_locks_live(unlock: int | None, endless: bool, default: timedelta, never: bool) -> None:
    """P-14: without an automatic unlock the longest life ends a lock, or nothing where that is allowed."""
    rules = SpaceRules(unlock_after_hours=unlock, warn_after_hours=None)
    limits = InForce(SiteSettings(rules=rules, longest_days=7, endless=endless)).limits
    assert (limits.default, limits.longest, limits.endless) == (default, timedelta(days=7), never)


@pytest.mark.parametrize(
    ("warn", "unlock", "days", "wrong"),
    [
        (24, 48, 30, []),
        (48, 48, 30, ["warn_after_hours"]),
        (49, 48, 30, ["warn_after_hours"]),
        (None, 48, 30, []),
        (24, None, 30, []),
        (24, 48, 2, []),
        (24, 49, 2, ["unlock_after_hours"]),
        (60, 49, 2, ["warn_after_hours", "unlock_after_hours"]),
    ],
)
def test_rules_that_contradict_each_other(warn: int | None, unlock: int | None, days: int, wrong: list[str]) -> None:
    """Each problem names its field."""
    rules = SpaceRules(warn_after_hours=warn, unlock_after_hours=unlock)
    assert [problem.field for problem in problems_of(rules, days)] == wrong


HOURS = st.none() | st.integers(1, 8760)
RULES = st.builds(
    SpaceRules,
    active=...,
    warn_after_hours=HOURS,
    unlock_after_hours=HOURS,
    strict=...,
    undo_trash=...,
    undo_rename=...,
)
IDS = st.lists(st.text("abc0:-", min_size=1, max_size=20), max_size=5, unique=True).map(sorted).map(tuple)
SITES = st.builds(
    SiteSettings,
    rules=RULES,
    longest_days=st.integers(1, 365),
    endless=...,
    admins_may_overwrite=...,
    allowed_apps=IDS,
    restores=st.integers(1, 20),
    copy_mode=...,
    comments=...,
    usage_counts=...,
    revision=st.integers(0, 2**31 - 1),
)


@given(SITES)
def test_a_sites_settings_come_back(settings: SiteSettings) -> None:
    assert site_settings_from(site_fields(settings)) == settings


@given(RULES, IDS, IDS, st.integers(0, 9))
def test_a_spaces_settings_come_back(rules: SpaceRules, people: Any, groups: Any, version: int) -> None:
    own = {name: getattr(rules, name) for name in ("warn_after_hours", "strict")}
    settings = SpaceSettings(own=own, managers=people, manager_groups=groups, version=version)
    assert space_settings_from(space_fields(settings), version) == settings


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ODD = st.recursive(SCALARS, st.lists, max_leaves=4)


@given(st.dictionaries(st.sampled_from([*kinds_of(SpaceRules), *kinds_of(SiteSettings), "revision", "x"]), ODD))
def test_what_is_of_another_kind_has_its_default(stored: dict[str, object]) -> None:
    """Settings of an earlier or later version of the app: every value is within its range all the same."""
    found = site_settings_from(stored)
    assert site_settings_from(site_fields(found)) == found
    for name in OTHER_VALUES:
        value = getattr(found.rules, name)
        assert value == getattr(SpaceRules(), name) or value == stored[name]


@pytest.mark.parametrize("value", [0, 8761, True, "24", 24.0, [24]])
def test_a_number_beyond_its_range_is_not_obeyed(value: object) -> None:
    assert site_settings_from({"warn_after_hours": value}).rules.warn_after_hours == 24
    assert space_settings_from({"rules": {"warn_after_hours": value}}, 1).own == {}


@pytest.mark.parametrize("value", [None, "x", {"a": 1}, [None, 1, "", "x" * 129]])
def test_what_is_no_account_is_none(value: object) -> None:
    assert space_settings_from({"managers": value}, 1).managers == ()


def test_accounts_are_sorted_and_bounded() -> None:
    found = space_settings_from({"managers": [f"a{number:03}" for number in reversed(range(200))] + ["a000"]}, 1)
    assert found.managers == tuple(f"a{number:03}" for number in range(MOST_ACCOUNTS))


def test_what_differs() -> None:
    assert difference({"a": 1, "b": 2}, {"b": 3, "c": None}) == ("a", "b")

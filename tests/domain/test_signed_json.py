"""Small signed values where others can write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.signed_json import (
    ALL_DATED_SINCE,
    STORED_WITHIN,
    Flaw,
    MacKeys,
    flaw_of,
    sign,
    sign_dated,
    verify,
    verify_dated,
)
from tests.domain.build import KEYS

FIELDS = {"schema": 1, "askers": ["bob"]}


def test_round_trip() -> None:
    """Also after a key rotation."""
    assert verify(sign(FIELDS, "here", KEYS), "here", KEYS) == FIELDS
    assert verify(sign(FIELDS, "here", MacKeys("k1", KEYS.keys)), "here", KEYS) == FIELDS


def test_elsewhere() -> None:
    assert verify(sign(FIELDS, "here", KEYS), "there", KEYS) is None


def test_the_signature_of_a_stored_value_stays_valid() -> None:
    """Stored before: the same bytes are signed."""
    stored = FIELDS | {"mac": "k2:a7e31917a33a0ea9a6c1164d3f3da5a7dda05b72e9ee84f43cd89d3d254dbe75"}
    assert sign(FIELDS, "here", KEYS) == stored
    assert verify(stored, "here", KEYS) == FIELDS


NOT_OURS = [None, [], {}, FIELDS, FIELDS | {"mac": 1}, FIELDS | {"mac": "k9:00"}, FIELDS | {"mac": "k2:00"}]


@pytest.mark.parametrize("value", [*NOT_OURS, {"mac": "k2:00", "set": {1, 2}}])
def test_unsigned(value: object) -> None:
    assert verify(value, "here", KEYS) is None


def test_changed() -> None:
    assert verify(sign(FIELDS, "here", KEYS) | {"askers": ["eve"]}, "here", KEYS) is None


@given(st.dictionaries(st.text(), st.text() | st.floats()))
def test_total(value: dict[str, object]) -> None:
    """No value that outsiders can store raises."""
    assert verify(value | {"mac": "k2:ü"}, "here", KEYS) is None
    assert verify(value | {"mac": "k2:\ud800"}, "here", KEYS) is None


NOW = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize("stored", [NOW, NOW + STORED_WITHIN, NOW - STORED_WITHIN, None])
def test_a_dated_value_counts_where_and_when_it_was_stored(stored: datetime | None) -> None:
    """The host's time may be off by a deadline and two clocks; a host that tells no time is believed."""
    value = sign_dated(FIELDS, "here", 4, NOW, KEYS)
    assert verify_dated(value, "here", 4, stored, KEYS) == FIELDS | {"seq": 4, "at": NOW.isoformat()}


@pytest.mark.parametrize(
    ("version", "stored"),
    [
        (3, NOW),
        (5, NOW),
        (1, None),
        (4, NOW + STORED_WITHIN + MOMENT),
        (4, NOW - STORED_WITHIN - MOMENT),
        (4, NOW + timedelta(9)),
    ],
)
def test_a_dated_value_that_was_put_back_does_not_count(version: int, stored: datetime | None) -> None:
    """L-05: another version, or the same version written another time."""
    assert verify_dated(sign_dated(FIELDS, "here", 4, NOW, KEYS), "here", version, stored, KEYS) is None


def test_a_date_cannot_be_changed_or_taken_away() -> None:
    """The signature covers version and date."""
    value = sign_dated(FIELDS, "here", 4, NOW, KEYS)
    undated = {name: member for name, member in value.items() if name not in {"at", "seq"}}
    long_ago = ALL_DATED_SINCE - timedelta(1)
    for changed in (value | {"seq": 5}, value | {"at": "2027-03-02T09:00:01+00:00"}, undated):
        assert verify_dated(changed, "here", 5, NOW, KEYS) is None
        assert verify_dated(changed, "here", 4, long_ago, KEYS) is None


def test_a_value_without_a_date_counts_if_the_host_took_it_before_all_were_dated() -> None:
    """What earlier versions wrote stays readable; what is put back later, or at a time nobody tells, does not count."""
    value = sign(FIELDS, "here", KEYS)
    assert verify_dated(value, "here", 4, ALL_DATED_SINCE - MOMENT, KEYS) == FIELDS
    assert verify_dated(value, "here", 4, ALL_DATED_SINCE, KEYS) is None
    assert verify_dated(value, "here", 4, None, KEYS) is None


@pytest.mark.parametrize("value", [None, "x", 5, [1]])
def test_what_is_no_object_has_that_flaw(value: object) -> None:
    assert flaw_of(value, "here", KEYS) is Flaw.NOT_AN_OBJECT

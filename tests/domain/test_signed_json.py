"""Small signed values where others can write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.signed_json import MacKeys, sign, verify
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

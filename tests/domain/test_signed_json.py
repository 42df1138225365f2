"""Small signed values where others can write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.signed_json import sign, verified
from lockpoint.domain.signed_record import MacKeys
from tests.domain.build import KEYS

FIELDS = {"schema": 1, "askers": ["bob"]}


def test_round_trip() -> None:
    """A signed value verifies at its place, also after key rotation."""
    assert verified(sign(FIELDS, "here", KEYS), "here", KEYS) == FIELDS
    assert verified(sign(FIELDS, "here", MacKeys("k1", KEYS.keys)), "here", KEYS) == FIELDS


def test_elsewhere() -> None:
    """A value copied elsewhere is invalid."""
    assert verified(sign(FIELDS, "here", KEYS), "there", KEYS) is None


@pytest.mark.parametrize(
    "value", [None, [], {}, FIELDS, FIELDS | {"mac": 1}, FIELDS | {"mac": "k9:00"}, FIELDS | {"mac": "k2:00"}]
)
def test_unsigned(value: object) -> None:
    """Any other value is invalid."""
    assert verified(value, "here", KEYS) is None


def test_changed() -> None:
    """Changing any field breaks the signature."""
    assert verified(sign(FIELDS, "here", KEYS) | {"askers": ["eve"]}, "here", KEYS) is None


@given(st.dictionaries(st.text(), st.text() | st.floats()))
def test_total(value: dict[str, object]) -> None:
    """No stored value raises."""
    assert verified(value | {"mac": "k2:ü"}, "here", KEYS) is None

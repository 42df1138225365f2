"""The marker in our versions' comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.version_marker import marker, source_of
from tests.domain.build import L1, at


@pytest.mark.parametrize("seconds", [0, 0.001, 0.000001])
def test_round_trip(seconds: float) -> None:
    """The marker names the source to the microsecond."""
    assert source_of(marker(L1, at(seconds))) == at(seconds)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Quarterly figures",
        f"[lockpoint {L1} 2026-03-02]",
        f"[lockpoint {L1} 2026-03-02T09:00:00]",
        f"[lockpoint {L1} 2026-99-02T09:00:00+00:00]",
        "[lockpoint xyz 2026-03-02T09:00:00+00:00]",
    ],
)
def test_other_comments(message: str) -> None:
    """Any other comment names no source."""
    assert source_of(message) is None


@given(st.text())
def test_source_is_total(message: str) -> None:
    """No comment raises."""
    assert source_of(message) is None

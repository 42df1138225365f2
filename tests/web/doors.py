"""Journeys that both doors run: `pytestmark = BOTH_DOORS` in a file whose tests use `live`."""

from __future__ import annotations

import pytest

BOTH_DOORS = pytest.mark.parametrize(
    "live", [{}, {"acme": "forge"}], ids=["connect", "forge"], indirect=True, scope="module"
)
"""Acme comes by the door, the other site by Connect."""

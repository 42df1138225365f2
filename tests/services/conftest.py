"""One stage per test; at its end the other site is unchanged."""

from collections.abc import Iterator

import pytest

from tests.services.stage import Stage, make_stage, untouched


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Two sites, the usual people, one file; I18: nothing of the second site was read, stored or changed."""
    made = make_stage()
    yield made
    assert untouched(made)

from collections.abc import Iterator

import pytest

from tests.services.stage import Stage, make_stage, untouched


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Two sites, the usual people, one file. I18: the second site is neither read nor changed."""
    made = make_stage()
    yield made
    assert untouched(made)

import pytest

from tests.confluence.doubles import Kit


@pytest.fixture
def kit() -> Kit:
    return Kit()

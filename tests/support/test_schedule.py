"""The order of the run."""

from tests.support.checkout import ROOT
from tests.support.schedule import FIRST


def test_the_slowest_tests_are_where_the_order_says() -> None:
    assert [name for name in FIRST if not (ROOT / name).exists()] == []

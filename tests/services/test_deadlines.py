import math

import pytest

from lockpoint.services.deadlines import answering_within, bounded, seconds_left


def test_the_narrowest_bound_counts_and_ends_with_its_block() -> None:
    """An inner block cannot extend an outer one."""
    assert seconds_left() == math.inf
    with answering_within(20):
        with answering_within(5):
            assert 4 < seconds_left() <= 5
        with answering_within(60):
            assert 19 < seconds_left() <= 20
    assert seconds_left() == math.inf


def test_time_outs_end_with_the_time() -> None:
    """What is late gets a moment, since no library takes a negative one."""
    assert bounded((3, 10)) == (3, 10)
    with answering_within(5):
        assert bounded((3, 10)) == (3, pytest.approx(5, abs=0.5))
    with answering_within(-1):
        assert all(0 < seconds < 0.1 for seconds in bounded((3, 10)))

"""What a restore of ours buried that came after its lock's end."""

from __future__ import annotations

import pytest

from lockpoint.domain.history.buried_version import buried_version, restored_late
from lockpoint.domain.history.judge import Version
from lockpoint.domain.history.version_marker import marker
from tests.domain.build import ALICE, APP, BOB, DANA, L1, at, version

END = at(minutes=5)
US = frozenset({APP})
BASE, OVERWRITE, FREE = version(2, DANA), version(4, BOB), version(6, BOB)


def _ours(number: int, source: Version) -> Version:
    return version(number, APP, file_id=source.file_id, message=marker(L1, source.created))


def _buried(*versions: Version) -> Version | None:
    return buried_version(versions, end=END, holder=ALICE, us=US)


HOLDERS, LATE = version(3, ALICE), _ours(8, BASE)


@pytest.mark.parametrize(
    ("versions", "right"),
    [
        ((BASE, FREE, LATE), FREE),
        ((BASE, FREE, LATE, version(9, BOB, file_id=BASE.file_id)), FREE),
        ((BASE, FREE, version(7, DANA, file_id=FREE.file_id), LATE), FREE),
        ((BASE, HOLDERS, LATE), HOLDERS),
        ((BASE, HOLDERS, version(4, BOB, file_id=HOLDERS.file_id), LATE), HOLDERS),
        ((HOLDERS, OVERWRITE, _ours(5, HOLDERS), LATE), None),
        ((BASE, FREE, version(8, BOB, message=LATE.message, file_id=BASE.file_id)), None),
        ((BASE, FREE, LATE, version(9, DANA)), None),
        ((BASE, FREE, LATE, _ours(9, FREE)), None),
        ((BASE, OVERWRITE, LATE), None),
        ((BASE, LATE), None),
        ((BASE, FREE), None),
        ((BASE,), None),
        ((), None),
    ],
)
def test_what_comes_back(versions: tuple[Version, ...], right: Version | None) -> None:
    """G1: what others made since the end, and what was the holder's before; no overwrite, and no new name."""
    assert _buried(*versions) == right


def test_what_came_just_before_the_end_was_in_time() -> None:
    early = version(8, APP, at(minutes=4, seconds=59), message=LATE.message)
    assert [restored_late(each, END, US) for each in (early, LATE, version(5, APP, message=LATE.message))] == [
        False,
        True,
        True,
    ]
    assert not restored_late(version(8, APP), END, US)

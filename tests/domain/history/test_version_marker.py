"""The comment of restored versions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.history.version_marker import marker, source_of
from tests.domain.build import L1, at

MOMENTS = st.datetimes(timezones=st.just(UTC))
LOCK_IDS = st.uuids().map(lambda lock_id: lock_id.hex)
FORMER = "Lockpoint restored the protected version. [lockpoint {lock} {created}]"


@given(LOCK_IDS, MOMENTS)
def test_round_trip(lock_id: str, created: datetime) -> None:
    """To the microsecond: versions are compared for equality."""
    assert source_of(marker(lock_id, created)) == created


def test_other_time_zone() -> None:
    created = at().astimezone(timezone(timedelta(hours=9)))
    assert source_of(marker(L1, created)) == created


@given(LOCK_IDS, MOMENTS)
def test_people_can_read_it(lock_id: str, created: datetime) -> None:
    """A sentence, then a code of at most 20 characters that begins like the lock's id."""
    sentence, code = marker(lock_id, created).split(" (")
    assert sentence == "Restored by Lockpoint: the version before was uploaded while the file was locked"
    assert re.fullmatch(rf"L-{lock_id[:4]}[0-9a-z]+\)", code)
    assert len(code.rstrip(")")) <= 20


@given(LOCK_IDS, MOMENTS, MOMENTS)
def test_another_source_has_another_code(lock_id: str, one: datetime, other: datetime) -> None:
    assert (marker(lock_id, one) == marker(lock_id, other)) is (one == other)


@given(LOCK_IDS, MOMENTS)
def test_comment_of_earlier_versions(lock_id: str, created: datetime) -> None:
    assert source_of(FORMER.format(lock=lock_id, created=created.isoformat())) == created


def test_both_formats_as_they_are_written() -> None:
    """Comments stay in Confluence for years."""
    sentence = "Restored by Lockpoint: the version before was uploaded while the file was locked"
    assert marker(L1, at()) == f"{sentence} (L-11111ooc0n7feh00)"
    former = f"Lockpoint restored the protected version. [lockpoint {L1} 2026-03-02T09:00:00.123000+00:00]"
    assert source_of(former) == at(0.123)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Quarterly figures",
        f"[lockpoint {L1} 2026-03-02]",
        f"[lockpoint {L1} 2026-03-02T09:00:00]",
        f"[lockpoint {L1} 2026-99-02T09:00:00+00:00]",
        "[lockpoint xyz 2026-03-02T09:00:00+00:00]",
        "(L-1111vvvvvvvvvvvv)",  # a moment after the year 9999
        "(L-11111ooc0n7feh0)",
        "(L-11111ooc0n7feh00",
        "L-11111ooc0n7feh00",
        "(L-11111ooc0n7feh0z)",
        "(L-11111OQL2OOC2G00)",
    ],
)
def test_other_comments(message: str) -> None:
    assert source_of(message) is None


@given(st.text())
def test_any_text_names_no_source(message: str) -> None:
    assert source_of(message) is None


@given(
    st.from_regex(r"\(L-[0-9a-f]{4}[0-9a-v]{12}\)", fullmatch=True)
    | st.from_regex(r"\[lockpoint [0-9a-f]{32} [0-9T:.+Z-]{19,40}\]", fullmatch=True)
)
def test_any_code_is_read_without_an_error(message: str) -> None:
    """A moment with a time zone, or nothing."""
    source = source_of(message)
    assert source is None or source.tzinfo is not None

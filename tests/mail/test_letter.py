"""Dates and times of mails, over changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel import Locale

from lockpoint.mail.letter import moment


@pytest.mark.parametrize(
    ("at", "zone", "locale", "expected"),
    [
        ((2027, 3, 28, 0, 59), "Europe/Berlin", "de", "28. März 2027, 01:59 MEZ"),
        ((2027, 3, 28, 1, 0), "Europe/Berlin", "de", "28. März 2027, 03:00 MESZ"),
        ((2027, 10, 31, 0, 30), "Europe/Berlin", "de", "31. Oktober 2027, 02:30 MESZ"),
        ((2027, 10, 31, 1, 30), "Europe/Berlin", "de", "31. Oktober 2027, 02:30 MEZ"),
        ((2027, 3, 14, 9, 59), "America/Los_Angeles", "en_US", "March 14, 2027, 1:59\u202fAM PST"),
        ((2027, 3, 14, 10, 0), "America/Los_Angeles", "en_US", "March 14, 2027, 3:00\u202fAM PDT"),
        ((2027, 4, 3, 15, 0), "Australia/Sydney", "en_AU", "4 April 2027, 2:00\u202fam AEDT"),
        ((2027, 4, 3, 16, 0), "Australia/Sydney", "en_AU", "4 April 2027, 2:00\u202fam AEST"),
        ((2027, 3, 28, 1, 0), "Asia/Tokyo", "ja", "2027年3月28日 10:00 JST"),
        ((2027, 3, 28, 1, 0), "Mars/Olympus", "fr", "28 mars 2027, 01:00 TU"),
    ],
)
def test_the_hour_is_the_readers(at: tuple[int, int, int, int, int], zone: str, locale: str, expected: str) -> None:
    """M-01, D5: the hour that is left out, and the one that comes twice, which only the zone's name tells apart."""
    shown = moment(datetime(*at, tzinfo=UTC), zone, Locale.parse(locale))
    assert shown.replace(" um ", ", ").replace(" at ", ", ").replace(" à ", ", ") == expected


def test_no_time_is_no_text() -> None:
    """M-01."""
    assert moment(None, "Europe/Berlin", Locale("de")) == ""

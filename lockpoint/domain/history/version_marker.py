"""The comment of a version that we restored: a sentence for people, and a code that names its source without Postgres.

The comment is evidence only on a version by the app's own account: anybody can copy it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_SENTENCE: Final = "Restored by Lockpoint: the version before was uploaded while the file was locked"
_STRICT: Final = "Restored by Lockpoint: in this space a file is locked before it is changed"
_MARKER: Final = re.compile(r"\((?P<kind>[LS])-[0-9a-f]{4}(?P<created>[0-9a-v]{12})\)")
_FORMER_MARKER: Final = re.compile(r"\[lockpoint [0-9a-f]{32} (?P<created>[0-9T:.+Z-]{19,40})\]")

# Twelve digits of five bits hold every microsecond of `datetime`.
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_SHIFTS: Final = range(55, -1, -5)
_ORIGIN: Final = datetime.min.replace(tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def marker(lock_id: str, source_created: datetime) -> str:
    """Return a version comment: its code is the start of the lock's id and when the restored version was made."""
    return f"{_SENTENCE} (L-{lock_id[:4]}{_digits(source_created)})"


def strict_marker(source_created: datetime) -> str:
    """Return the comment of a version restored on a file that nobody had locked."""
    return f"{_STRICT} (S-0000{_digits(source_created)})"


def is_strict(message: str) -> bool:
    found = _MARKER.search(message)
    return found is not None and found["kind"] == "S"


def source_of(message: str) -> datetime | None:
    """Return when the restored version was made, to the microsecond; None for a comment that is not ours."""
    if found := _MARKER.search(message):
        return _moment(found["created"])
    if found := _FORMER_MARKER.search(message):
        return _former_moment(found["created"])
    return None


def _digits(moment: datetime) -> str:
    microseconds = (moment - _ORIGIN) // _MICROSECOND
    return "".join(_DIGITS[microseconds >> shift & 31] for shift in _SHIFTS)


def _moment(digits: str) -> datetime | None:
    try:
        return _ORIGIN + int(digits, 32) * _MICROSECOND
    except OverflowError:
        return None


def _former_moment(written: str) -> datetime | None:
    """Read a moment as earlier versions of Lockpoint wrote it, in ISO 8601."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None

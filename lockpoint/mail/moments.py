"""Dates and times as their reader writes them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_datetime_format


def moment(at: datetime | None, time_zone: str, locale: Locale) -> str:
    """Return date, time without seconds, and zone; UTC where the zone is unknown, "" for no time."""
    if at is None:
        return ""
    zone = _zone(time_zone)
    short = format_datetime(at, "z", zone, locale)
    name = format_datetime(at, "ZZZZ", zone, locale) if short.startswith(("+", "-")) else short
    day, hour = format_date(at.astimezone(zone), "long", locale), format_time(at, "short", zone, locale)
    return f"{str(get_datetime_format('long', locale)).format(hour, day)} {name}"


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

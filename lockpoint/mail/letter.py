"""A mail as text, before it has a form; names and dates as they stand in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, get_datetime_format

from lockpoint.domain.mails.mail_templates import visible

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`lines`: small facts under the story; `between`: what stands between two sentences.

    `body` are the paragraphs of a text of the site's, which has neither story nor advice.
    """

    language: str
    direction: str
    between: str
    subject: str
    heading: str
    greeting: str
    story: tuple[str, ...]
    lines: tuple[str, ...]
    advice: tuple[str, ...]
    button: str
    url: str | None
    fallback: str
    footer: tuple[str, ...]
    unsubscribe: str
    unsubscribe_url: str | None
    privacy: str
    privacy_url: str | None
    body: tuple[str, ...] = ()


def clean(text: str, longest: int = LONGEST_NAME) -> str:
    """Remove control and reordering characters and lone surrogates, for one line."""
    shown = "".join(" " if char.isspace() else char for char in text if char.isspace() or visible(char))
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def moment(at: datetime | None, time_zone: str, locale: Locale) -> str:
    """Return date, time without seconds, and zone, as the person writes them; nothing for None."""
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


def web_address(urls: tuple[str, ...]) -> str | None:
    """Anything but a web address would be an unexpected link."""
    return next((url for url in urls if urlsplit(url).scheme in {"http", "https"}), None)

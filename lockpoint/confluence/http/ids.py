"""Ids. Confluence writes attachments as `att123`, `123` or the number 123."""

from __future__ import annotations

import re

_FORM = re.compile(r"(?:att)?([0-9]{1,19})", re.ASCII)


def normalise_attachment_id(value: object) -> str:
    """Return bare digits; raises ValueError.

    REST uses `att…`, events and page addresses the bare number.
    """
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("not an attachment id")
    return str(int(match.group(1)))


def rest_attachment_id(attachment_id: str) -> str:
    """Return the form for REST paths; raises ValueError."""
    return f"att{normalise_attachment_id(attachment_id)}"


def content_id(value: str) -> str:
    """Return digits, safe in paths; raises ValueError."""
    if not re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
        raise ValueError("not a content id")
    return value

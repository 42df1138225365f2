"""Attachment ids: Confluence writes them as `att123`, `123` or the number 123, depending on where they come from."""

from __future__ import annotations

import re

_FORM = re.compile(r"(?:att)?([0-9]{1,19})", re.ASCII)


def normalise_attachment_id(value: object) -> str:
    """Give the bare digits of an attachment id; ValueError when `value` is not one.

    REST gives and takes `att…`, events and page addresses use the bare number, so both (and integers) are accepted.
    """
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("not an attachment id")
    return str(int(match.group(1)))


def rest_attachment_id(attachment_id: str) -> str:
    """Give the form that paths of the REST API take; ValueError when `attachment_id` is not one."""
    return f"att{normalise_attachment_id(attachment_id)}"


def content_id(value: str) -> str:
    """Give the digits of a page's, post's, space's or property's id; ValueError when `value` is anything else.

    Ids are put into paths, so nothing but digits may pass.
    """
    if not re.fullmatch(r"[0-9]{1,19}", value, re.ASCII):
        raise ValueError("not a content id")
    return value

"""What events of both doors say of files and people: read, and believed for nothing."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from lockpoint.services.errors import Invalid

_ID: Final = re.compile(r"(?:att)?([1-9][0-9]{0,19})")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}")


def event_fields(body: bytes) -> dict[str, Any]:
    """Raises Invalid when the body is no JSON object."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise Invalid("The body is not a JSON object.")
    return fields


def claimed_account(value: object) -> str | None:
    """Return the claimed actor; the job believes it only where all else agrees."""
    return value if isinstance(value, str) and _ACCOUNT.fullmatch(value) else None


def bare_id(value: object) -> str | None:
    """Return bare digits: ids come as numbers, digits, or `att` and digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        match = _ID.fullmatch(str(value))
    except ValueError:  # more digits than Python prints
        return None
    return match[1] if match else None

"""Names of hosts, as DNS allows them: labels of 1 to 63 characters, 253 together."""

from __future__ import annotations

import re
from typing import Final

LONGEST_NAME: Final = 253

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def is_host_name(text: str) -> bool:
    """Lower-case ASCII only."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None

"""The host's time: the machine's clock plus an offset."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate


@dataclass(slots=True)
class Clock:
    """For contents, webhooks and the Date header; for tokens only with `tokens`."""

    offset_seconds: float = 0.0
    tokens: bool = False

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int((time.time() + self.offset_seconds) * 1000)

    def token_now(self) -> int:
        """Seconds since the epoch, for tokens."""
        return int(time.time() + (self.offset_seconds if self.tokens else 0))

    def http_date(self) -> str:
        return formatdate(self.now_ms() / 1000, usegmt=True)


def iso(milliseconds: int) -> str:
    """Confluence's format: UTC with milliseconds and Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_moment(value: object) -> int:
    """Milliseconds from a number or ISO text; ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("a moment is ISO text or milliseconds")  # noqa: TRY004 - one error type for bad input
    if isinstance(value, str):
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    return int(value)

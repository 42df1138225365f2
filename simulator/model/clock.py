"""Time of the simulated host: the machine's clock plus an offset that tests choose."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate


@dataclass(slots=True)
class Clock:
    """The host's clock; contents, webhooks and the Date header follow it, tokens only when `tokens` is set."""

    offset_seconds: float = 0.0
    tokens: bool = False

    def now_ms(self) -> int:
        """Milliseconds since the epoch on the host's clock."""
        return int((time.time() + self.offset_seconds) * 1000)

    def token_now(self) -> int:
        """Seconds since the epoch that tokens are made and judged with."""
        return int(time.time() + (self.offset_seconds if self.tokens else 0))

    def http_date(self) -> str:
        """Value of the Date header of every answer."""
        return formatdate(self.now_ms() / 1000, usegmt=True)


def iso(milliseconds: int) -> str:
    """Confluence's way of writing a moment: UTC with milliseconds and a Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_moment(value: object) -> int:
    """Milliseconds since the epoch from a number of milliseconds or ISO text; raises ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("a moment is ISO text or milliseconds")  # noqa: TRY004 - one error type for bad input
    if isinstance(value, str):
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    return int(value)

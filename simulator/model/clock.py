"""The host's time: the machine's clock, moved together with the app's or alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SharedTime:
    """How many seconds host and app are ahead of the machine, in a file that both read."""

    file: Path

    @property
    def ahead(self) -> float:
        try:
            return float(self.file.read_text())
        except FileNotFoundError:
            return 0.0

    def set(self, ahead: float) -> None:
        """Replace the file whole; the database may read it under another account."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(str(ahead))
        draft.chmod(0o644)
        draft.replace(self.file)


@dataclass(slots=True)
class Clock:
    """The offset is for contents, webhooks and the Date header; for tokens only with `tokens`."""

    offset_seconds: float = 0.0
    tokens: bool = False
    shared: SharedTime | None = None

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int((self._time() + self.offset_seconds) * 1000)

    def token_now(self) -> int:
        """Seconds since the epoch, for tokens."""
        return int(self._time() + (self.offset_seconds if self.tokens else 0))

    def _time(self) -> float:
        return time.time() + (self.shared.ahead if self.shared else 0)

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

"""Time, random names, mutual exclusion, and the request ids of writing calls."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Tenant


class Clock(Protocol):
    """Our own time; it decides expiry and nothing else."""

    def now(self) -> datetime:
        """The present, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Ids(Protocol):
    """128-bit random names."""

    def new(self) -> str:
        """A fresh one, 32 lower-case hex digits."""
        ...

    def fraction(self) -> float:
        """Evenly spread in [0, 1); for jitter."""
        ...


class RequestState(StrEnum):
    """What is known of a request id."""

    FRESH = "fresh"
    RUNNING = "running"
    DONE = "done"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRequest:
    """What came of a request: `lock_id` and `op_id` were chosen before the first write; `error` is an error code."""

    state: RequestState
    digest: str
    lock_id: str
    op_id: str
    status: int | None = None
    error: str | None = None


class Requests(Protocol):
    """Idempotency of writing calls, unique by (tenant, account, request id), kept for 24 hours."""

    def begin(
        self, tenant: Tenant, account: str, request_id: str, *, digest: str, lock_id: str, op_id: str
    ) -> BegunRequest:
        """Claim the request id, or tell what became of it.

        FRESH: go on with the given ids. RESUMED: an earlier attempt died; go on with the ids in the answer.
        RUNNING: a twin is at work. DONE: the stored outcome. A differing digest is for the caller to notice.
        """
        ...

    def abandon(self, tenant: Tenant, account: str, request_id: str) -> None:
        """Let a repeated call resume at once (the outcome is unknown)."""
        ...


class Mutexes(Protocol):
    """Best-effort exclusion; when Redis is away everybody gets in, and nothing goes wrong but efficiency."""

    def hold(self, name: str, seconds: float) -> AbstractContextManager[bool]:
        """Whether this caller got it, for the duration of the block."""
        ...

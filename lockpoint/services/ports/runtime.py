"""Time, random names, mutual exclusion, request ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from lockpoint.services.context import Tenant

T = TypeVar("T")


class Clock(Protocol):
    """Our own time; it decides expiry and nothing else."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    def new(self) -> str:
        """128 random bits in 32 lower-case hex digits."""
        ...

    def fraction(self) -> float:
        """Evenly spread in [0, 1)."""
        ...


class Parallel(Protocol):
    def each(self, work: Callable[[T], None], items: Iterable[T]) -> None:
        """Do the work for all items, some at a time, in the caller's context.

        After an error no further item begins; the first one is raised when those at work have ended.
        """
        ...


class RequestState(StrEnum):
    FRESH = "fresh"
    RUNNING = "running"
    DONE = "done"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunRequest:
    """`lock_id` and `op_id` were chosen before the first write; `error` is a code."""

    state: RequestState
    digest: str
    lock_id: str
    op_id: str
    status: int | None = None
    error: str | None = None


class Requests(Protocol):
    """Idempotency of writing calls, by (tenant, account, request id), for 24 hours."""

    def begin(
        self, tenant: Tenant, account: str, request_id: str, *, digest: str, lock_id: str, op_id: str
    ) -> BegunRequest:
        """Claim the request id, or return what became of it.

        FRESH: use the given ids. RESUMED: an attempt died; use the ids returned. RUNNING: another one runs. DONE: the
        outcome is stored. The caller compares the digest.
        """
        ...

    def abandon(self, tenant: Tenant, account: str, request_id: str) -> None:
        """The outcome is unknown: a repeated call may resume at once."""
        ...

    def lock_began(self, tenant: Tenant, account: str, request_id: str) -> bool:
        """Whether others found that the lock of this call began, although the call has no outcome."""
        ...


class Mutexes(Protocol):
    """Best-effort exclusion: without Redis everybody gets in, which costs only efficiency."""

    def hold(self, name: str, seconds: float) -> AbstractContextManager[bool]:
        """True for one caller, for the block."""
        ...

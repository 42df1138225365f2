"""Durable jobs: what is queued, and who works it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class JobKind(StrEnum):
    """The durable jobs; each takes ids only."""

    RECONCILE = "reconcile"
    TRASHED = "trashed"
    SWEEP = "sweep"
    REDISCOVER = "rediscover"
    SELF_TEST = "self_test"
    PAGE_HINT = "page_hint"
    SEND_MAIL = "send_mail"
    CONFIRM = "confirm"
    PROFILE = "profile"
    ERASE = "erase"
    REPORT_ACCOUNTS = "report_accounts"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; `subject` is an attachment id, container (`page:123`), or intent id; "" for the whole tenant.

    A `TRASHED` job names the file and who is said to have thrown it away (`123:<account id>`); a `CONFIRM` job names
    the file and the write that may have landed unnoticed (`123:<op id>`); a `PROFILE` job names the account, an `ERASE`
    job the number of the request.

    Two waiting jobs of the same kind, tenant and subject are one.
    """

    kind: JobKind
    tenant_id: int
    subject: str = ""
    delay: timedelta = timedelta()


class Jobs(Protocol):
    """Work for later that needs no other effect in its transaction."""

    def defer(self, jobs: Sequence[Job]) -> None:
        """Put the jobs into the queue, coalescing equal ones; `StorageUnavailable`."""
        ...


JobHandler = Callable[[int, str], None]
"""Does one job of a kind: tenant id and subject."""


class JobRunner(Protocol):
    """The worker's side of the queue."""

    def run(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        """Work until the process is asked to stop; every kind needs its handler.

        What a handler raises decides: dropped, tried later, or parked as failed with the name of the error.
        """
        ...

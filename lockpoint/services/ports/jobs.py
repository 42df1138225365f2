"""Durable jobs: what is queued, and who works it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Tenant


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
class JobSubject:
    """A subject of two words, stored as `first:second`; an account id as the second may have colons of its own.

    `TRASHED`: the file, and who is said to have trashed it. `CONFIRM`: the file, and the op id of a write that may have
    landed unnoticed, so that no two writes share one look. `PAGE_HINT`: the container's kind and id.
    """

    first: str
    second: str

    def encode(self) -> str:
        """Return the subject as a job has it."""
        return f"{self.first}:{self.second}"

    @classmethod
    def parse(cls, subject: str) -> JobSubject:
        """Read what `encode` wrote; `ValueError` for a subject of one word."""
        first, second = subject.split(":", 1)
        return cls(first, second)


@dataclass(frozen=True, slots=True)
class Job:
    """One job; two that wait with the same kind, tenant and subject are one.

    `subject` is an encoded `JobSubject`, or one word: an attachment id (`RECONCILE`), an intent (`SEND_MAIL`), an
    account (`PROFILE`), a request (`ERASE`); "" for the whole site.
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

    def pending(self, tenant: Tenant, kind: JobKind) -> bool:
        """Whether such a job of the site waits or runs; `StorageUnavailable`."""
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

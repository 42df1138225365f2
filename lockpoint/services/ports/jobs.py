"""The queue of durable jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from lockpoint.services.context import Tenant


class JobKind(StrEnum):
    """Each takes ids only."""

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
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True)
class JobSubject:
    """A subject of two words, stored as `first:second`; the second, an account id, may have colons.

    `TRASHED`: file and who is said to have trashed it. `CONFIRM`: file and the op id of a write that may land.
    `PAGE_HINT`: kind and id of the container.
    """

    first: str
    second: str

    def encode(self) -> str:
        return f"{self.first}:{self.second}"

    @classmethod
    def parse(cls, subject: str) -> JobSubject:
        """Raises `ValueError` for one word."""
        first, second = subject.split(":", 1)
        return cls(first, second)


@dataclass(frozen=True, slots=True)
class Job:
    """Waiting jobs of the same kind, tenant and subject are one.

    `subject` is an encoded `JobSubject`, or an attachment id (`RECONCILE`), intent (`SEND_MAIL`), account (`PROFILE`),
    request (`ERASE`), installation on Forge (`GOODBYE`), "" for the whole site.
    """

    kind: JobKind
    tenant_id: int
    subject: str = ""
    delay: timedelta = timedelta()


class Jobs(Protocol):
    """Every method raises `StorageUnavailable`."""

    def defer(self, jobs: Sequence[Job]) -> None:
        """Equal waiting jobs become one."""
        ...

    def pending(self, tenant: Tenant, kind: JobKind) -> bool:
        """Whether one waits or runs."""
        ...


class HeldFileJobs(Protocol):
    def defer(self, tenant: Tenant, jobs: Mapping[str, Job]) -> int:
        """Queue the jobs of those files, by attachment id, that are known as locked; return how many.

        One round trip; writes nothing for files that are not locked. `StorageUnavailable`.
        """
        ...


JobHandler = Callable[[int, str], None]
"""Takes tenant id and subject."""


class JobRunner(Protocol):
    def run(self, handlers: Mapping[JobKind, JobHandler]) -> None:
        """Work until the process is asked to stop; every kind needs its handler.

        A handler's error decides: drop, retry, or park under the error's name.
        """
        ...

"""The queue of durable jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.context import Tenant


class JobKind(StrEnum):
    """Each takes ids only."""

    RECONCILE = "reconcile"
    TRASHED = "trashed"
    SWEEP = "sweep"
    SWITCHED = "switched"
    MOVED = "moved"
    REDISCOVER = "rediscover"
    SELF_TEST = "self_test"
    PAGE_HINT = "page_hint"
    SEND_MAIL = "send_mail"
    CONFIRM = "confirm"
    PROFILE = "profile"
    ERASE = "erase"
    TOMBSTONES = "tombstones"
    HOLDERS = "holders"
    HOLDER_GONE = "holder_gone"
    REPORT_ACCOUNTS = "report_accounts"
    GOODBYE = "goodbye"
    COPY_TEXTS = "copy_texts"


ABOUT_PEOPLE = frozenset({JobKind.TRASHED, JobKind.PROFILE, JobKind.HOLDER_GONE})
"""Their subjects have an account id; `job_about_person` makes them."""


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

    `subject` is an encoded `JobSubject`, or an attachment id (`RECONCILE`, `MOVED`), intent (`SEND_MAIL`), account
    (`PROFILE`, `HOLDER_GONE`), request (`ERASE`), space (`SWITCHED`), installation on Forge (`GOODBYE`), "" for the
    whole site.
    """

    kind: JobKind
    tenant_id: int
    subject: str = ""
    delay: timedelta = timedelta()
    name: str | None = field(default=None, compare=False)
    """Stands for the subject in the queue's indexes, whose keys a database server may log."""


def job_about_person(kind: JobKind, tenant_id: int, subject: str, keys: MacKeys, delay: timedelta = timedelta()) -> Job:
    """Return a job of `ABOUT_PEOPLE`, whose name is a keyed hash."""
    text = f"job/{kind.value}/{tenant_id}/{subject}"
    return Job(kind, tenant_id, subject, delay, name=keys.digests(text.encode())[keys.newest])


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

        Where the site or one of its spaces is strict, others are looked at, too (`RECONCILE`). One round trip; writes
        nothing for other files. `StorageUnavailable`.
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

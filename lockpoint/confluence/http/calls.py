"""Calls before they become HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant

CORE_OBJECT: Final = 1
IDENTITY_OBJECT: Final = 2
NO_OBJECT: Final = 0

QueryPairs = tuple[tuple[str, str], ...]
Part = tuple[str | None, bytes | str, str]
"""File name, content, media type."""


class Repeat(Enum):
    """When a failed try may be repeated.

    FREELY: reads, and writes that name the version they replace (harmless twice). ONLY_UNDONE: if it certainly changed
    nothing.
    """

    FREELY = "freely"
    ONLY_UNDONE = "only_undone"


class Objects(IntEnum):
    """Points per object read, on top of 1 per request.

    Published: page, space, attachment 1; user, group, permission 2. Assumed: version 1; properties, permitted
    operations 0.
    """

    NONE = NO_OBJECT
    CORE = CORE_OBJECT
    IDENTITY = IDENTITY_OBJECT


@dataclass(frozen=True, slots=True)
class Caller:
    """`account` None is the app itself."""

    tenant: Tenant
    priority: Priority
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`name` is for logs, errors and counters; `path` is below the tenant's base address.

    `of_all_sites`: below what the addresses of all sites on Forge have in common.
    """

    name: str
    method: str
    path: str
    query: QueryPairs = ()
    body: object | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    repeat: Repeat = Repeat.ONLY_UNDONE
    objects: Objects = Objects.NONE
    count: Callable[[Answer], int] = lambda _: 1
    fetches_file: bool = False
    of_all_sites: bool = False

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    @property
    def carries_bytes(self) -> bool:
        return bool(self.parts)

    def asking(self, query: QueryPairs) -> Call:
        return replace(self, query=query)

    def points(self, answer: Answer | None) -> int:
        """Return the points of one try; a failed read costs 1."""
        if not self.reads or answer is None:
            return 1
        return 1 + self.objects * self.count(answer)


@dataclass(frozen=True, slots=True)
class Reply:
    """`host_time` is None when the header is missing or unreadable."""

    answer: Answer
    host_time: datetime | None


def count_results(answer: Answer) -> int:
    return len(answer.items())


def get(
    name: str, path: str, *, query: QueryPairs = (), objects: Objects = Objects.NONE, listing: bool = False
) -> Call:
    count = count_results if listing else (lambda _: 1)
    return Call(name=name, method="GET", path=path, query=query, repeat=Repeat.FREELY, objects=objects, count=count)

"""What one call to Confluence is, before it becomes HTTP."""

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
"""One part of a multipart body: file name, content, media type."""


class Repeat(Enum):
    """When a failed try may be made again without asking anybody.

    FREELY: reads, and writes that name the version they replace (a second one cannot do harm).
    ONLY_UNDONE: everything else; again only when the failed try certainly changed nothing.
    """

    FREELY = "freely"
    ONLY_UNDONE = "only_undone"


class Objects(IntEnum):
    """Points that each object of a read costs on top of the one for the request.

    The published formula: a page, space or attachment costs 1, a user, group or permission 2. That a version costs 1
    like the object it belongs to, and properties and permitted operations nothing, is an assumption.
    """

    NONE = NO_OBJECT
    CORE = CORE_OBJECT
    IDENTITY = IDENTITY_OBJECT


@dataclass(frozen=True, slots=True)
class Caller:
    """On which site and in which lane; `account` None is the app itself, otherwise the person to act as."""

    tenant: Tenant
    priority: Priority
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation: `name` is what logs, errors and counters say; `path` is relative to the tenant's base address."""

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

    @property
    def reads(self) -> bool:
        """Whether the operation is a GET."""
        return self.method == "GET"

    @property
    def carries_bytes(self) -> bool:
        """Whether a file travels with it."""
        return bool(self.parts)

    def asking(self, query: QueryPairs) -> Call:
        """Give the same operation with another query, for the next page."""
        return replace(self, query=query)

    def points(self, answer: Answer | None) -> int:
        """Points of one try: 1, and for a read the objects that came back (none when it failed)."""
        if not self.reads or answer is None:
            return 1
        return 1 + self.objects * self.count(answer)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the host's clock when it was given (None when the header is missing or unreadable)."""

    answer: Answer
    host_time: datetime | None


def count_results(answer: Answer) -> int:
    """Count the objects of a list."""
    return len(answer.items())


def get(
    name: str, path: str, *, query: QueryPairs = (), objects: Objects = Objects.NONE, listing: bool = False
) -> Call:
    """Describe a read of one object, or of a list when `listing`."""
    count = count_results if listing else (lambda _: 1)
    return Call(name=name, method="GET", path=path, query=query, repeat=Repeat.FREELY, objects=objects, count=count)

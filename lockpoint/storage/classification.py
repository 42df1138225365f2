"""Words for stored data: whose, how long, what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    PERSON = "a person, by AccountID or a pseudonym"
    FILE = "a file or page, by id"
    SITE = "a Confluence site"
    NOBODY = "nobody"


class Kept(StrEnum):
    DAYS = "30 days at most, fewer by setting"
    WORKING_DAYS = "30 days after it was last confirmed or made, at most"
    LOCK = "30 days after it was made, at most; while its lock or its successor lives longer, but then without people"
    PROFILE = "30 days at most since the person last used locking"
    DAY = "25 hours at most"
    HOUR = "an hour at most"
    HOURS = "3 hours"
    JOB = "until the job is done, 30 days at most"
    INSTALLED = "while the app is installed and 30 days after"
    YEAR = "a year; at most 30 days after the app was uninstalled"
    ERASED_AT_ONCE = "until uninstalled, then erased at once"
    EXPIRY = "until it expires, six hours at most, then erased by the next hourly purge; at once when uninstalled"
    CHANGE = "accepted for three minutes after a new secret replaced it, erased by the next hourly purge after that"
    ERASURE = (
        "until the erasure is complete, however long Confluence keeps it from that; where the app is switched off,"
        " until it is on again or 30 days uninstalled"
    )
    HELD = "as long as another row names the account"
    LOG = "as long as the service runs; it says nothing about people"
    COUNTS = "30 days at most, erased at once when switched off"
    FILE_LIFE = "as long as the file; it survives uninstalling"
    WAITING = "until served or cancelled; a request and its answer at most as long as the lock"
    CONFLUENCE = "as long as what it hangs on"
    CHOICE = "until changed or erased; that of a closed account until Confluence deletes it"


@dataclass(frozen=True, slots=True)
class Field:
    """One column, member of a JSON value or part of a key."""

    name: str
    whose: Whose
    what: str
    kept: Kept | None = None
    """Where it differs from the whole."""
    members: tuple[Field, ...] = ()
    """Of a JSON object, or of each object in a list."""

    @property
    def leaves(self) -> Iterator[Field]:
        for member in self.members:
            yield from member.leaves
        if not self.members:
            yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One table, Redis key pattern, kind of job arguments or Confluence property."""

    name: str
    what: str
    why: str
    kept: Kept
    fields: tuple[Field, ...]
    place: str = ""
    value: str = ""
    """Of Redis keys: a regular expression for the value, or for each name in a hash."""

    @property
    def leaves(self) -> Iterator[Field]:
        for field in self.fields:
            yield from field.leaves


def redis_key(kind: Kind, *parts: object) -> str:
    """Make a key of this kind; `ValueError` for one that the inventory does not know."""
    key = ":".join(("lockpoint", *map(str, parts)))
    if re.fullmatch(kind.name, key, re.ASCII) is None:
        raise ValueError(f"not a key of this kind: {kind.what}")
    return key

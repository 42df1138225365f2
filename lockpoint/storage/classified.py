"""How stored things are described: whose they are, how long they stay, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Whose(StrEnum):
    """Whom a value tells something about."""

    PERSON = "a person, by AccountID or a pseudonym"
    FILE = "a file or page, by id"
    SITE = "a Confluence site"
    NOBODY = "nobody"


class Kept(StrEnum):
    """How long something stays at most."""

    DAYS = "30 days at most, fewer by setting"
    WORKING_DAYS = "30 days after it was last confirmed or made, at most"
    PROFILE = "30 days at most since the person last used locking"
    DAY = "25 hours at most"
    HOUR = "an hour at most"
    HOURS = "3 hours"
    JOB = "until the job is done, 30 days at most"
    INSTALLED = "while the app is installed and 30 days after"
    ERASED_AT_ONCE = "until uninstalled, then erased at once"
    CHANGE = "accepted for three minutes after a new secret replaced it, erased by the next hourly purge after that"
    ERASURE = (
        "until the erasure is complete; where the app is switched off, until it is on again or 30 days uninstalled"
    )
    HELD = "as long as another row names the account"
    LOG = "as long as the service runs; it says nothing about people"
    COUNTS = "30 days at most, erased at once when switched off"
    FILE_LIFE = "as long as the file; it survives uninstalling"
    WAITING = "until served or cancelled"
    CONFLUENCE = "as long as what it hangs on"
    CHOICE = "until changed or erased; that of a closed account until Confluence lets go of it"


@dataclass(frozen=True, slots=True)
class Field:
    """One column, one member of a JSON value or one part of a key."""

    name: str
    whose: Whose
    what: str
    kept: Kept | None = None
    """Where it differs from the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One table, one Redis key pattern, one kind of job arguments or one Confluence property."""

    name: str
    what: str
    why: str
    kept: Kept
    fields: tuple[Field, ...]
    place: str = ""

"""Pseudonyms of erased persons in records and rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lockpoint.domain.lock import Base, Ended, Free, Held, Record

PREFIX: Final = "erased-"
"""No account id begins so: theirs are hexadecimal digits, or digits before a colon."""


NOBODY: Final = PREFIX + "ended"
"""Stands for the last owner in a record that has long ended."""


def pseudonym_from(random_name: str) -> str:
    """Return a pseudonym that links the rows of one person after one erasure, and nothing else."""
    return PREFIX + random_name


def is_pseudonym(account: str) -> bool:
    return account.startswith(PREFIX)


def names(record: Record, account: str) -> bool:
    """Return whether the record names the account: as a holder, as who ended a lock, or as an author."""
    ended = record.ended
    if ended is not None and account in {ended.by, ended.holder}:
        return True
    return isinstance(record, Held) and account in {record.holder, record.base.author}


def without(record: Record, account: str, pseudonym: str) -> Record:
    """Return the record with the pseudonym for the account, and without words that the person wrote.

    The author of the protected version becomes None: its number leads to the author in Confluence's own history, and
    so would a pseudonym beside it.
    """
    if isinstance(record, Free):
        return replace(record, ended=_ended(record.ended, account, pseudonym))
    return replace(
        record,
        holder=pseudonym if record.holder == account else record.holder,
        note=None if record.holder == account else record.note,
        base=_base(record.base, account),
        ended=None if record.ended is None else _ended(record.ended, account, pseudonym),
    )


def tombstone(record: Free) -> Free:
    """Return the record of an ended lock without persons and words."""
    return replace(record, ended=replace(record.ended, by=None, why=None, holder=NOBODY))


def _ended(ended: Ended, account: str, pseudonym: str) -> Ended:
    return replace(
        ended,
        by=pseudonym if ended.by == account else ended.by,
        why=None if ended.by == account else ended.why,
        holder=pseudonym if ended.holder == account else ended.holder,
    )


def _base(base: Base, account: str) -> Base:
    return replace(base, author=None) if base.author == account else base

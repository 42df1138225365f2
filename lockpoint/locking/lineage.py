"""Whose version is whose: a file's history traced against one hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lockpoint.locking.lock import MARGIN, Held
from lockpoint.locking.marker import source_of
from lockpoint.locking.versions import History, KnownRestoration, Policy, Version


class Standing(StrEnum):
    """What a version is to a hold."""

    PAST = "past"  # the protected base, or older
    HOLDERS = "holders"  # of the holder, or of an account that counts as the holder
    LATE = "late"  # made when the protection was over
    RESTORATION = "restoration"  # our own, and it is known what it brought back
    OWN = "own"  # our own, and it is not known what it brought back
    FOREIGN = "foreign"  # everybody else's, also anonymous


_AUTHORISED = frozenset({Standing.PAST, Standing.HOLDERS, Standing.LATE})


@dataclass(frozen=True, slots=True)
class Traced:
    """One version, what it is, and when the content it carries was made (for a restoration: that of its source)."""

    version: Version
    standing: Standing
    content: datetime


@dataclass(frozen=True, slots=True)
class Lineage:
    """What became of the protected content.

    `head` carries the newest authorised content that still exists. `unreplaced` are the versions since that content
    was last current: none when it is current now. `offenders` are the unauthorised ones of them, `replaced` those
    that were followed by the right content again. `renamer` is the last foreign version after the head.
    """

    head: Traced | None
    unreplaced: tuple[Traced, ...]
    offenders: tuple[Version, ...]
    replaced: tuple[Version, ...]
    renamer: Version | None

    @property
    def newest_is_holders(self) -> bool:
        """Whether the content to protect was made by the holder during the hold."""
        return self.head is not None and self.head.standing is Standing.HOLDERS


def trace(
    history: History,
    held: Held,
    *,
    policy: Policy,
    own_account: str | None,
    restorations: tuple[KnownRestoration, ...],
    until: datetime | None,
) -> Lineage:
    """Trace a history against a hold; pure and total."""
    end = _end_of_protection(held, until)
    holders = policy.allowed | {held.holder}
    sources = {known.created: known.source_created for known in restorations}
    traced = []
    for version in history.versions:
        source = _source(version, own_account, sources)
        standing = _standing(version, held.base.created, end, holders, own_account, source)
        restored = source is not None and standing is Standing.RESTORATION
        traced.append(Traced(version, standing, source if source and restored else version.created))
    return _lineage(tuple(traced))


def same_content(one: Version, other: Version) -> bool:
    """Whether two versions are known to carry the same bytes."""
    return one.file_id is not None and one.file_id == other.file_id


def _end_of_protection(held: Held, until: datetime | None) -> datetime | None:
    ends = [until, held.expires_at - MARGIN if held.expires_at else None]
    return min((end for end in ends if end is not None), default=None)


def _source(version: Version, own_account: str | None, sources: dict[datetime, datetime]) -> datetime | None:
    """Whose content a version of ours brought back: as we wrote it down, else as its comment says."""
    if own_account is not None and version.author != own_account:
        return None
    marked = source_of(version.message) if own_account is not None else None
    return sources.get(version.created) or marked


def _standing(
    version: Version,
    base: datetime,
    end: datetime | None,
    holders: frozenset[str],
    own_account: str | None,
    source: datetime | None,
) -> Standing:
    if version.created <= base:
        return Standing.PAST
    if source is not None:
        return Standing.RESTORATION
    if end is not None and version.created >= end:
        return Standing.LATE
    if version.author in holders:
        return Standing.HOLDERS
    own = own_account is not None and version.author == own_account
    return Standing.OWN if own else Standing.FOREIGN


def _lineage(traced: tuple[Traced, ...]) -> Lineage:
    head = _head(traced)
    right = [index for index, each in enumerate(traced) if head and _carries(each, head)]
    since = right[-1] + 1 if right else 0
    first = right[0] + 1 if right else 0
    intruders = _intruders(traced, head)
    foreign = [each.version for each in traced[first:] if each.standing is Standing.FOREIGN]
    return Lineage(
        head=head,
        unreplaced=traced[since:],
        offenders=tuple(version for index, version in intruders if index >= since),
        replaced=tuple(version for index, version in intruders if index < since),
        renamer=foreign[-1] if foreign else None,
    )


def _head(traced: tuple[Traced, ...]) -> Traced | None:
    """The newest authorised content: a version of the history's own, else our restoration of one that was deleted."""
    present = {each.version.created for each in traced}
    candidates = [
        each
        for each in traced
        if each.standing in _AUTHORISED or (each.standing is Standing.RESTORATION and each.content not in present)
    ]
    return max(reversed(candidates), key=lambda each: each.content, default=None)


def _carries(each: Traced, head: Traced) -> bool:
    """Whether a version carries the content of the head."""
    restored = each.standing is Standing.RESTORATION and each.content == head.content
    return each is head or restored or same_content(each.version, head.version)


def _intruders(traced: tuple[Traced, ...], head: Traced | None) -> list[tuple[int, Version]]:
    """Foreign versions with their places, without those known to have changed no content."""
    intruders = []
    for index, each in enumerate(traced):
        before = traced[index - 1].version if index else None
        alike = [other for other in (head.version if head else None, before) if other is not None]
        if each.standing is Standing.FOREIGN and not any(same_content(each.version, other) for other in alike):
            intruders.append((index, each.version))
    return intruders

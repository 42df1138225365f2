"""Whose version is whose: a file's history traced against one lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from lockpoint.domain.history.file_names import stands_for
from lockpoint.domain.history.version_marker import source_of
from lockpoint.domain.history.versions import History, KnownRestoration, Policy, Version
from lockpoint.domain.lock import MARGIN, Held


class Standing(StrEnum):
    PAST = "past"  # the protected base, or older
    HOLDERS = "holders"  # of the holder, or of an account that counts as the holder
    LATE = "late"  # made when the protection was over
    FREE = "free"  # anybody's, from when the app was not at work
    EARLIER = "earlier"  # authorised under the lock that this one took over, after its base was read
    RESTORATION = "restoration"  # our own, and it is known which content it carries
    OWN = "own"  # our own, and it is not known which
    FOREIGN = "foreign"  # everybody else's, also anonymous


_AUTHORISED_LATER = frozenset({Standing.HOLDERS, Standing.LATE, Standing.FREE, Standing.EARLIER})
_AUTHORISED = _AUTHORISED_LATER | {Standing.PAST}


@dataclass(frozen=True, slots=True)
class Traced:
    """One version; `content` is when its content was made.

    A version that changes no content (a new name, an edited comment) has the standing of the one before it; `by` says
    whether its author may name the file.
    """

    version: Version
    standing: Standing
    content: datetime
    by: Standing


@dataclass(frozen=True, slots=True)
class Lineage:
    """What became of the protected content.

    `head` carries the newest authorised content that still exists. `unreplaced` are the versions since that content was
    last current; `offenders` are the unauthorised ones of them, `replaced` those that were followed by the right
    content again. `renamer` is the last foreign version after the head, else the foreign one that gave the present
    name. `free` are others' versions from an absence. `named` has the name and the media type that the file should
    have; `holder_uploaded` says that the holder made content since the lock began, `name_is_ours` that we gave the
    present name.
    """

    head: Traced | None
    unreplaced: tuple[Traced, ...]
    offenders: tuple[Version, ...]
    replaced: tuple[Version, ...]
    renamer: Version | None
    free: tuple[Version, ...]
    named: Version | None
    holder_uploaded: bool
    newest_is_ours: bool
    name_is_ours: bool

    @property
    def newest_is_holders(self) -> bool:
        """Whether the holder made the content to protect, during the lock."""
        return self.head is not None and self.head.standing is Standing.HOLDERS


@dataclass(frozen=True, slots=True)
class _View:
    """From where a history is looked at: one lock, and what we know of ourselves.

    `base` is what the lock protects: the newest version from before it began, which is newer than the recorded one
    where somebody uploaded between read and write. A lock that took over another begins there with `earlier` holders.
    """

    base: datetime
    began: datetime | None
    earlier: frozenset[str]
    end: datetime | None
    absence_until: datetime | None
    holder: str
    holders: frozenset[str]
    own_accounts: frozenset[str]
    sources: Mapping[datetime, datetime]


def trace(
    history: History,
    held: Held,
    *,
    policy: Policy,
    own_accounts: frozenset[str],
    restorations: tuple[KnownRestoration, ...],
    until: datetime | None,
) -> Lineage:
    """Trace a history against a lock; pure and total."""
    view = _View(
        base=_protected_since(history, held),
        began=held.began if held.taken_from else None,
        earlier=policy.allowed | {held.holder, held.taken_from or held.holder},
        end=_end_of_protection(held, until),
        absence_until=policy.absence_until,
        holder=held.holder,
        holders=policy.allowed | {held.holder},
        own_accounts=own_accounts,
        sources={known.created: known.source_created for known in restorations},
    )
    traced: list[Traced] = []
    for version in history.versions:
        traced.append(_traced(version, traced, view))
    return _lineage(_without_undone(traced), view.base, held.holder)


def _protected_since(history: History, held: Held) -> datetime:
    """Return the newest version that the lock found in place.

    Under a lock that took over another, what lies between is settled against the lock before.
    """
    began = None if held.taken_from else held.began
    found = [version.created for version in history.versions if began is not None and version.created <= began]
    return max((held.base.created, *found))


def same_content(one: Version, other: Version) -> bool:
    """Return whether two versions are known to carry the same bytes."""
    return one.file_id is not None and one.file_id == other.file_id


def _end_of_protection(held: Held, until: datetime | None) -> datetime | None:
    ends = [until, held.expires_at - MARGIN if held.expires_at else None]
    return min((end for end in ends if end is not None), default=None)


def _without_undone(traced: list[Traced]) -> tuple[Traced, ...]:
    """What we undid was made while we protected the file, however long a later absence was."""
    return tuple(
        _as_foreign(each)
        if each.by is Standing.FREE and any(_undoes(later, each) for later in traced[index + 1 :])
        else each
        for index, each in enumerate(traced)
    )


def _as_foreign(each: Traced) -> Traced:
    standing = Standing.FOREIGN if each.standing is Standing.FREE else each.standing
    return replace(each, standing=standing, by=Standing.FOREIGN)


def _undoes(ours: Traced, other: Traced) -> bool:
    """Return whether our version brought back older content, or the name that the other one had changed."""
    if ours.by is not Standing.RESTORATION:
        return False
    renamed = same_content(ours.version, other.version) and ours.version.title != other.version.title
    return ours.content < other.content or renamed


def _traced(version: Version, earlier: list[Traced], view: _View) -> Traced:
    content = None if version.created == view.base else _restored_content(version, earlier, view)
    if content is not None:
        return Traced(version, Standing.RESTORATION, content, Standing.RESTORATION)
    by, before = _standing(version, view), earlier[-1] if earlier else None
    if by in _AUTHORISED_LATER and before and same_content(before.version, version):
        return Traced(version, before.standing, before.content, by)
    return Traced(version, by, version.created, by)


def _standing(version: Version, view: _View) -> Standing:
    if version.created <= view.base:
        return Standing.PAST
    if view.end is not None and version.created >= view.end:
        return Standing.LATE
    if view.began is not None and version.created <= view.began and version.author in view.earlier:
        return Standing.EARLIER
    if version.author in view.holders:
        return Standing.HOLDERS
    own = version.author in view.own_accounts
    if not own and view.absence_until is not None and version.created <= view.absence_until:
        return Standing.FREE
    return Standing.OWN if own else Standing.FOREIGN


def _restored_content(version: Version, earlier: list[Traced], view: _View) -> datetime | None:
    """Return when the content of a version of ours was made; None for others' versions, and where it is unknown.

    Bytes are better evidence than our row: when an admin deletes a version just before we name its number, Confluence
    restores another content than we meant. Bytes also identify our changes of the name alone. Where the meant version
    is gone, our row counts, since it was written after a look at the numbers; the comment alone counts only where no
    other version has these bytes.
    """
    source = _source(version, view)
    if source is None and version.author not in view.own_accounts:
        return _restored_as_holder(version, earlier, view)
    meant = next((each for each in reversed(earlier) if each.version.created == source), None)
    if meant and not _contradicted(meant.version, version):
        return meant.content
    if meant is None and version.created in view.sources:
        return source
    alike = [each for each in earlier if same_content(each.version, version)]
    if alike:
        return alike[-1].content
    if meant is None:
        return source
    return version.created if _differ(meant.version.size, version.size) else meant.content


def _contradicted(source: Version, version: Version) -> bool:
    """Return whether the bytes are known to differ from the source's, or may well do."""
    return _differ(source.file_id, version.file_id) or _differ(source.size, version.size)


def _differ(one: str | int | None, other: str | int | None) -> bool:
    return one is not None and other is not None and one != other


def _source(version: Version, view: _View) -> datetime | None:
    """Return whose content a version of ours was to bring back: as recorded, else as its comment says."""
    written = view.sources.get(version.created)
    if not view.own_accounts or (written and version.author == view.holder):
        return written
    return (written or source_of(version.message)) if version.author in view.own_accounts else None


def _restored_as_holder(version: Version, earlier: list[Traced], view: _View) -> datetime | None:
    """A crash may have lost the row of what we restored as the holder: the comment counts where the bytes agree."""
    source = source_of(version.message) if version.author == view.holder else None
    named = (each for each in earlier if each.version.created == source and same_content(each.version, version))
    return next((each.content for each in named), None)


def _lineage(traced: tuple[Traced, ...], base: datetime, holder: str) -> Lineage:
    head = _head(traced, base)
    right = [index for index, each in enumerate(traced) if head and _carries(each, head)]
    since = right[-1] + 1 if right else 0
    first = right[0] + 1 if right else 0
    overwrites = _overwrites(traced, head)
    foreign = [each.version for each in traced[first:] if each.by is Standing.FOREIGN]
    namer = _namer(traced)
    return Lineage(
        head=head,
        unreplaced=traced[since:],
        offenders=tuple(version for index, version in overwrites if index >= since),
        replaced=tuple(version for index, version in overwrites if index < since),
        renamer=foreign[-1] if foreign else namer.version if namer and namer.by is Standing.FOREIGN else None,
        free=tuple(each.version for each in traced if each.by is Standing.FREE),
        named=_named(traced) or (head.version if head else None),
        newest_is_ours=bool(traced) and traced[-1].by is Standing.RESTORATION,
        name_is_ours=namer is not None and namer.by in {Standing.RESTORATION, Standing.OWN},
        holder_uploaded=any(each.standing is Standing.HOLDERS and each.version.author == holder for each in traced),
    )


def _named(traced: tuple[Traced, ...]) -> Version | None:
    """Return a version with the right name and type: who uploads under a name that is there does not choose it.

    The name that we gave back was the right one, also where the protected version has another.
    """
    named = before = None
    for each in traced:
        if each.by in _AUTHORISED:
            named = _chosen(each.version, before, named) if named and before else each.version
        elif named and before and _renamed_by_us(each, before, named):
            named = replace(named, title=each.version.title)
        before = each.version
    return named


def _renamed_by_us(each: Traced, before: Version, named: Version) -> bool:
    """Return whether we gave back a name, not one that stands for another; a restored content keeps what is there."""
    title, changed = each.version.title, _differ(each.version.title, before.title)
    another = stands_for(title, named.title) or stands_for(title, before.title)
    return changed and not another and each.by is Standing.RESTORATION and same_content(each.version, before)


def _chosen(version: Version, before: Version, named: Version) -> Version:
    """Return the version with what its author left as it was taken from `named`; new content brings its own type."""
    title, media_type = version.title, version.media_type
    if not _differ(title, before.title):
        title = named.title or title
    if same_content(version, before) and not _differ(media_type, before.media_type):
        media_type = named.media_type or media_type
    return replace(version, title=title, media_type=media_type)


def _namer(traced: tuple[Traced, ...]) -> Traced | None:
    """Return the version that gave the present name; where it was always so, the oldest."""
    for each, before in zip(reversed(traced), reversed(traced[:-1]), strict=False):
        if _differ(each.version.title, before.version.title):
            return each
    return traced[0] if traced else None


def _head(traced: tuple[Traced, ...], base: datetime) -> Traced | None:
    """Return the newest authorised content: of the history's own, else our restoration of a deleted one.

    What we marked was authorised, and so is what is not newer than the base; any other version of ours, after a rename
    or a return from the trash, carries whatever was there.
    """
    present = {each.version.created for each in traced}
    candidates = [each for each in traced if each.standing in _AUTHORISED or _stands_in(each, present, base)]
    return max(reversed(candidates), key=lambda each: each.content, default=None)


def _stands_in(each: Traced, present: set[datetime], base: datetime) -> bool:
    orphan = each.standing is Standing.RESTORATION and each.content not in present
    return orphan and (source_of(each.version.message) is not None or each.content <= base)


def _carries(each: Traced, head: Traced) -> bool:
    restored = each.standing is Standing.RESTORATION and each.content == head.content
    return each is head or restored or same_content(each.version, head.version)


def _overwrites(traced: tuple[Traced, ...], head: Traced | None) -> list[tuple[int, Version]]:
    """Return foreign versions with their places, without those known to have changed no content."""
    overwrites = []
    for index, each in enumerate(traced):
        before = traced[index - 1].version if index else None
        alike = [other for other in (head.version if head else None, before) if other is not None]
        if each.by is Standing.FOREIGN and not any(same_content(each.version, other) for other in alike):
            overwrites.append((index, each.version))
    return overwrites

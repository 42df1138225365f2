"""Overwrites that are past undoing: recorded, and told unless the holder replaced them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import History, Judgement, Nothing, Verdict, Version
from lockpoint.domain.history.lineage import same_content
from lockpoint.domain.history.version_marker import source_of
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.overwrite_effects import attempts, conflicts, overwrite_mails, row_about
from lockpoint.services.ports.locks import Effects, Restoration


def record_superseded(
    held_file: HeldFile,
    history: History,
    judgement: Judgement,
    own_accounts: frozenset[str],
    *,
    until: datetime | None = None,
) -> None:
    """Record each replaced version once, also what a crash kept from being recorded; `until` as for the judge.

    Every row and mail has the key that it would have had then, so repeating changes nothing. What nothing replaced
    under the lock stands, since the lock or its protection ended: both sides are told.
    """
    known = held_file.services.restorations.known(held_file.tenant, held_file.attachment.id)
    recorded = frozenset(own.created for own in known)
    by_holder = _uploads_of_holder(held_file, history, until) - recorded
    last = max(by_holder, default=held_file.held.base.created)
    by_others = _note_all_undone(
        held_file, history, judgement, lambda version: _undone_by(history, version, by_holder, own_accounts, recorded)
    )
    standing = tuple(v for v in by_others if v.created > last)
    replaced = tuple(v for v in by_others if v.created <= last)
    effects = Effects(
        audit=(
            *conflicts(held_file.attachment, held_file.held, replaced, "overruled"),
            *conflicts(held_file.attachment, held_file.held, standing, "ended"),
        ),
        intents=overwrite_mails(held_file.attachment, held_file.held, standing, "not_undone"),
    )
    if by_others:
        held_file.services.effects.record(held_file.tenant, effects)
    _note_free(held_file, judgement)


def _uploads_of_holder(held_file: HeldFile, history: History, until: datetime | None) -> frozenset[datetime]:
    """Return when the holder made content under the lock: a new name or comment replaces nothing."""
    return frozenset(
        version.created
        for before, version in zip((None, *history.versions), history.versions, strict=False)
        if version.author == held_file.held.holder
        and not (before and same_content(before, version))
        and (until is None or version.created < until)
    )


def _note_free(held_file: HeldFile, judgement: Judgement) -> None:
    """Tell the holder of the newest upload from an absence; it accuses nobody."""
    if judgement.free:
        effects = Effects(
            audit=conflicts(held_file.attachment, held_file.held, judgement.free, "while_away"),
            intents=attempts(held_file.attachment, held_file.held, judgement.free[-1:], "while_away"),
        )
        held_file.services.effects.record(held_file.tenant, effects)


def _note_all_undone(
    held_file: HeldFile, history: History, judgement: Judgement, undone_by: Callable[[Version], Version | None]
) -> tuple[Version, ...]:
    """Record what our versions replaced; return the rest."""
    by_us: dict[Version, list[Version]] = {}
    by_others: list[Version] = []
    for version in judgement.superseded:
        restored = undone_by(version)
        by_us.setdefault(restored, []).append(version) if restored else by_others.append(version)
    for made, offenders in by_us.items():
        _note_undone(held_file, history, made, tuple(offenders), judgement.verdict)
    return tuple(by_others)


def _undone_by(
    history: History,
    offender: Version,
    by_holder: frozenset[datetime],
    own_accounts: frozenset[str],
    recorded: frozenset[datetime],
) -> Version | None:
    """Return our version that replaced this one, unless the holder was faster."""
    for version in history.versions:
        if version.created > offender.created:
            if source_of(version.message) and (version.author in own_accounts or version.created in recorded):
                return version
            if version.created in by_holder:
                return None
    return None


def _note_undone(
    held_file: HeldFile, history: History, made: Version, offenders: tuple[Version, ...], verdict: Verdict
) -> None:
    """Record what our version undid, and the version itself unless more than its content needs a look.

    Once the source is deleted a row outweighs the comment, so the bytes must not be known as another version's.
    """
    unfinished = made.created == held_file.attachment.head.created and not isinstance(verdict, Nothing)
    source = source_of(made.message)
    if source is None:
        return
    there = {version.created for version in history.versions}
    alike = {v.created for v in history.versions if v.created < made.created and same_content(v, made)}
    proven = source in (alike or there)
    restoration = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=made.created,
        source_created=source,
        offenders=tuple(sorted({v.author for v in offenders if v.author})),
        at=held_file.services.clock.now(),
    )
    effects = Effects(
        restorations=(restoration,) if proven and not unfinished else (),
        audit=(
            *conflicts(held_file.attachment, held_file.held, offenders, "undone"),
            row_about(held_file.attachment, held_file.held, AuditKind.RESTORED, made),
        ),
        intents=overwrite_mails(held_file.attachment, held_file.held, offenders, "undone"),
    )
    held_file.services.effects.record(held_file.tenant, effects)

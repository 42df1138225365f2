"""Overwrites that something has replaced already: recorded, and told where our undoing replaced them."""

from __future__ import annotations

from datetime import datetime

from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import History, Judgement, Version
from lockpoint.domain.version_marker import source_of
from lockpoint.services.enforcement.held_file import HeldFile
from lockpoint.services.enforcement.overwrite_effects import attempts, conflicts, overwrite_mails, row_about
from lockpoint.services.ports.locks import Effects, Restoration


def record_superseded(held_file: HeldFile, history: History, judgement: Judgement, own_account: str) -> None:
    """Record each replaced version once, also what a crash kept from being recorded.

    Every row and mail has the key that it would have had then, so repeating changes nothing.
    """
    by_others = _note_all_undone(held_file, history, judgement, own_account)
    if by_others:
        rows = conflicts(held_file.attachment, held_file.held, by_others, "overruled")
        held_file.services.effects.record(held_file.tenant, Effects(audit=rows))
    _note_free(held_file, judgement)


def note_left_standing(held_file: HeldFile, history: History, judgement: Judgement, own_account: str) -> None:
    """Do the same for a lock that is over: what was not replaced under it stands, and both sides are told."""
    holder = held_file.held.holder
    last = max((v.created for v in history.versions if v.author == holder), default=held_file.held.base.created)
    by_others = _note_all_undone(held_file, history, judgement, own_account)
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


def _note_free(held_file: HeldFile, judgement: Judgement) -> None:
    """Tell the holder of the newest upload from an absence; it accuses nobody."""
    if judgement.free:
        effects = Effects(
            audit=conflicts(held_file.attachment, held_file.held, judgement.free, "while_away"),
            intents=attempts(held_file.attachment, held_file.held, judgement.free[-1:], "while_away"),
        )
        held_file.services.effects.record(held_file.tenant, effects)


def _note_all_undone(
    held_file: HeldFile, history: History, judgement: Judgement, own_account: str
) -> tuple[Version, ...]:
    """Record what our versions replaced; return the rest."""
    by_us: dict[Version, list[Version]] = {}
    by_others: list[Version] = []
    known = held_file.services.restorations.known(held_file.tenant, held_file.attachment.id)
    recorded = {own.created for own in known}
    for version in judgement.superseded:
        restored = _undone_by(history, version, held_file.held.holder, own_account, recorded)
        by_us.setdefault(restored, []).append(version) if restored else by_others.append(version)
    for made, offenders in by_us.items():
        _note_undone(held_file, made, tuple(offenders))
    return tuple(by_others)


def _undone_by(
    history: History, offender: Version, holder: str, own_account: str, recorded: set[datetime]
) -> Version | None:
    """Return our version that replaced this one, unless the holder was faster."""
    for version in history.versions:
        if version.created > offender.created:
            if source_of(version.message) and (version.author == own_account or version.created in recorded):
                return version
            if version.author == holder:
                return None
    return None


def _note_undone(held_file: HeldFile, made: Version, offenders: tuple[Version, ...]) -> None:
    source = source_of(made.message)
    if source is None:
        return
    restoration = Restoration(
        attachment_id=held_file.attachment.id,
        lock_id=held_file.held.lock_id,
        created=made.created,
        source_created=source,
        offenders=tuple(sorted({v.author for v in offenders if v.author})),
        at=held_file.services.clock.now(),
    )
    effects = Effects(
        restorations=(restoration,),
        audit=(
            *conflicts(held_file.attachment, held_file.held, offenders, "undone"),
            row_about(held_file.attachment, held_file.held, AuditKind.RESTORED, made),
        ),
        intents=overwrite_mails(held_file.attachment, held_file.held, offenders, "undone"),
    )
    held_file.services.effects.record(held_file.tenant, effects)

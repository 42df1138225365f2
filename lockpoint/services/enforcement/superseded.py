"""Intruding versions that something has replaced already: written down, and told where our own undoing did it."""

from __future__ import annotations

from lockpoint.domain.events import AuditKind
from lockpoint.domain.judge import History, Judgement, Version
from lockpoint.domain.version_marker import source_of
from lockpoint.services.enforcement.held_file import Case
from lockpoint.services.enforcement.overwrite_effects import attempts, conflicts, row_about, tell
from lockpoint.services.ports.locks import Effects, Restoration


def note_overruled(case: Case, history: History, judgement: Judgement, own_account: str) -> None:
    """Write down each replaced version once; what we undid without living to write it down is caught up here.

    Every row and mail has the key that it would have had then, so repeating all this changes nothing.
    """
    by_others = _note_all_undone(case, history, judgement, own_account)
    if by_others:
        rows = conflicts(case.attachment, case.held, by_others, "overruled")
        case.services.ledger.record(case.tenant, Effects(audit=rows))
    _note_free(case, judgement)


def note_left_standing(case: Case, history: History, judgement: Judgement, own_account: str) -> None:
    """The same for a hold that is over: what nobody replaced under it stands, and both sides are told so."""
    holder = case.held.holder
    last = max((v.created for v in history.versions if v.author == holder), default=case.held.base.created)
    by_others = _note_all_undone(case, history, judgement, own_account)
    standing = tuple(v for v in by_others if v.created > last)
    replaced = tuple(v for v in by_others if v.created <= last)
    effects = Effects(
        audit=(
            *conflicts(case.attachment, case.held, replaced, "overruled"),
            *conflicts(case.attachment, case.held, standing, "ended"),
        ),
        intents=tell(case.attachment, case.held, standing, "not_undone"),
    )
    if by_others:
        case.services.ledger.record(case.tenant, effects)
    _note_free(case, judgement)


def _note_free(case: Case, judgement: Judgement) -> None:
    """What others uploaded while the app was not at work: nobody is accused, and the holder is told of the newest."""
    if judgement.free:
        effects = Effects(
            audit=conflicts(case.attachment, case.held, judgement.free, "while_away"),
            intents=attempts(case.attachment, case.held, judgement.free[-1:], "while_away"),
        )
        case.services.ledger.record(case.tenant, effects)


def _note_all_undone(case: Case, history: History, judgement: Judgement, own_account: str) -> tuple[Version, ...]:
    """Write down what our own versions replaced; answers the rest."""
    by_us: dict[Version, list[Version]] = {}
    by_others: list[Version] = []
    for version in judgement.overruled:
        restored = _undone_by(history, version, case.held.holder, own_account)
        by_us.setdefault(restored, []).append(version) if restored else by_others.append(version)
    for made, offenders in by_us.items():
        _note_undone(case, made, tuple(offenders))
    return tuple(by_others)


def _undone_by(history: History, offender: Version, holder: str, own_account: str) -> Version | None:
    """Our own version that replaced this one, unless the holder was faster."""
    for version in history.versions:
        if version.created > offender.created:
            if version.author == holder:
                return None
            if version.author == own_account and source_of(version.message):
                return version
    return None


def _note_undone(case: Case, made: Version, offenders: tuple[Version, ...]) -> None:
    source = source_of(made.message)
    if source is None:
        return
    restoration = Restoration(
        attachment_id=case.attachment.id,
        lock_id=case.held.lock_id,
        created=made.created,
        source_created=source,
        offenders=tuple(sorted({v.author for v in offenders if v.author})),
        at=case.services.clock.now(),
    )
    effects = Effects(
        restorations=(restoration,),
        audit=(
            *conflicts(case.attachment, case.held, offenders, "undone"),
            row_about(case.attachment, case.held, AuditKind.RESTORED, made),
        ),
        intents=tell(case.attachment, case.held, offenders, "undone"),
    )
    case.services.ledger.record(case.tenant, effects)

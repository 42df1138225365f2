"""Machine 5: broken ends, extensions and warnings."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lockpoint.domain import rules, snapshots
from lockpoint.domain.expiry import lock_times
from lockpoint.domain.lock import EndReason, Free, Held, Limits, Phase, Snapshot
from lockpoint.domain.next_record import ended, tombstone
from lockpoint.domain.settings import SpaceRules
from tests.properties import time_model
from tests.properties.mutants.mutant import Mutant, Run, replaced


def _over_without_margin(state: Snapshot, *, lock_id: str, op_id: str) -> rules.Decision:
    held = state.found
    if isinstance(held, Held) and held.lock_id == lock_id and held.expires_at and state.now >= held.expires_at:
        return rules.Write(tombstone(state, op_id, ended(held, state, EndReason.EXPIRED, by=None)))
    return rules.LockLost(held)


def _no_margin_for_sweeps(seed: int) -> None:
    early = snapshots.phase

    def over(record: Held | Free, now: datetime) -> Phase:
        found = early(record, now)
        return Phase.EXPIRED if found is Phase.ENDING else found

    time_model.run(seed, expire=_over_without_margin, phase=over)


def _extend_from_the_old_end(state: Snapshot, *, limits: Limits, **values: Any) -> rules.Decision:
    """As if what is left of a lock were added; this outlives the longest life."""
    decision = rules.extend(state, limits=limits, **values)
    if not isinstance(decision, rules.Write) or not isinstance(state.found, Held) or not state.found.expires_at:
        return decision
    return rules.Write(replace(decision.record, expires_at=state.found.expires_at + limits.default))


def _shorten_at_once(state: Snapshot, **values: Any) -> rules.Decision:
    with replaced(lock_times, LEAST=timedelta()):
        return rules.shorten(state, **values)


def _shorten_what_was_chosen(state: Snapshot, **values: Any) -> rules.Decision:
    held = state.found
    return rules.shorten(
        replace(state, found=replace(held, chosen=False)) if isinstance(held, Held) else state, **values
    )


def _warned_whenever(held: Held, space: SpaceRules, now: datetime) -> bool:
    at = lock_times.warning_at(held, space)
    return at is not None and at <= now


def _time(**changes: Any) -> Run:
    return lambda seed: time_model.run(seed, **changes)


MACHINE_5 = (
    Mutant("a sweep ends locks without the margin", _no_margin_for_sweeps, ("I10",), 100),
    Mutant("an extension adds to the old end", _time(extend=_extend_from_the_old_end), ("L-31",), 200),
    Mutant("shorter settings count at once", _time(shorten=_shorten_at_once), ("I10: a running lock keeps",), 200),
    Mutant("shorter settings cut what was chosen", _time(shorten=_shorten_what_was_chosen), ("P-14",), 400),
    Mutant("one warning for a lock", _time(warning_key=lambda held: held.lock_id), ("L-33: each end",), 400),
    Mutant("warned of what is over", _time(warning_due=_warned_whenever), ("L-33: nobody",), 1000),
)

"""The limit on undoing: two programs that undo each other would never stop."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from lockpoint.domain.judge import Version
from lockpoint.services.enforcement.held_file import HeldFile

PER_PERSON, PERSON_WINDOW, PER_LOCK = 3, timedelta(minutes=10), 10


def over_budget(held_file: HeldFile, offenders: tuple[Version, ...]) -> bool:
    """Return whether one more undoing, of whatever kind, would continue such a fight."""
    done = held_file.services.restorations.recent(held_file.tenant, held_file.held.lock_id)
    since = held_file.services.clock.now() - PERSON_WINDOW
    lately = Counter(person for r in done if r.at >= since for person in r.offenders)
    return len(done) >= PER_LOCK or any(lately[v.author] >= PER_PERSON for v in offenders if v.author)

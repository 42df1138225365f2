"""Machine 7: people who upload to a locked file again and again, and the budget that pauses its undoing.

The bounds are those of P-20, counted from what the host stored, not from what our rows say.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from lockpoint.domain.history.restore_budget import A_DAY, AT_ONCE, LONGEST_PAUSE, USUALLY_AT_ONCE
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.confluence.site import APP_ACCOUNT
from tests.fakes.world import ALICE, BOB, CHARLIE
from tests.properties.oracle import require
from tests.services.stage import Stage, make_stage

OF_A_DAY: Final = 27
PAUSES: Final = (3, 20, 110, 300, 700, 3 * 3600)
"""Seconds between two steps: a program, a person, somebody who comes back."""


@dataclass
class BudgetModel:
    """Alice holds the file; Bob and Charlie upload. Each upload is looked at when its pause is over, or at once."""

    stage: Stage = field(default_factory=make_stage)
    uploads: int = 0
    last_of_alice: bytes = b"first"
    restored: list[datetime] = field(default_factory=list)
    after: dict[str, list[datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stage.lock(life=timedelta(days=20))
        self.stage.world.clock.advance(minutes=1)

    def upload(self, who: str) -> None:
        self.uploads += 1
        content = str(self.uploads).encode()
        self.stage.upload(who, content)
        if who == ALICE:
            self.last_of_alice = content
        before = len(self._ours())
        self.look()
        if who != ALICE and len(self._ours()) > before:
            self.after.setdefault(who, []).append(self.stage.world.clock.now())

    def look(self) -> None:
        """A webhook came, or a sweep."""
        self.stage.reconcile()
        self.stage.run_jobs(JobKind.RECONCILE)

    def check(self) -> None:
        """At most three undoings in ten minutes, and twenty-seven in a day, follow on what one person does."""
        for who, times in self.after.items():
            for span, most in ((AT_ONCE, USUALLY_AT_ONCE), (A_DAY, OF_A_DAY)):
                worst = max(sum(begin - span < other <= begin for other in times) for begin in times)
                require(worst <= most, "I13: no more restores than the budget has", who, span, worst)

    def settle(self) -> None:
        """Nobody uploads any more; the longest pause ends, and a sweep comes."""
        self.stage.world.clock.at += LONGEST_PAUSE + timedelta(minutes=1)
        self.stage.sweep()
        self.stage.run_jobs(JobKind.RECONCILE)
        require(
            self.stage.content == self.last_of_alice,
            "P-20: the last word is the protected version",
            self.stage.content,
            self.last_of_alice,
        )

    def _ours(self) -> list[datetime]:
        return [version.created for version in self.stage.file.versions if version.author == APP_ACCOUNT]


def run(seed: int, steps: int = 16) -> BudgetModel:
    """Run one random schedule; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = BudgetModel()
    often = rng.choice(PAUSES[:3])
    for _ in range(steps):
        model.upload(rng.choice((BOB, BOB, BOB, CHARLIE, ALICE) if seed % 2 else (BOB,)))
        model.stage.world.clock.advance(seconds=rng.choice((often, often, often, *PAUSES)))
        model.check()
    model.settle()
    return model

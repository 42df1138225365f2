"""Machine 5: what time does to one lock: extended, shortened and ended by nodes whose clocks differ.

Each node reads, decides and writes in separate steps; a write lands on condition of the read. Settings change for all
nodes at once; a node may have read them before. Warnings go to a ledger, as to Postgres.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from lockpoint.domain import rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.expiry import lock_times
from lockpoint.domain.lock import Absent, Base, Held, Phase, Record, Snapshot
from lockpoint.domain.settings import InForce, SiteSettings, SpaceRules
from lockpoint.domain.snapshots import phase
from tests.properties.oracle import Stored, check_step, require

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SKEW = timedelta(seconds=15)  # half the margin: a node further off refuses writes
NODES = (timedelta(), SKEW, -SKEW)
PEOPLE = ("alice", "bob")
VERBS = ("acquire", "extend", "sweep", "sweep", "sweep")
HOURS = (2, 4, 24, 48, 96)
LIVES = (None, None, 3, 60)
STEPS = (1, 14, 15, 16, 29, 30, 31, 600, 900, 3600, 3600, 10_000, 40_000)
HEAD = Base(START, "bob", 1, 1)
LEAST = timedelta(hours=1)
"""What the specification promises after a change of settings."""


def design(**changes: Any) -> SimpleNamespace:
    right = {
        "extend": rules.extend,
        "shorten": rules.shorten,
        "expire": rules.expire,
        "warning_key": lock_times.warning_key,
        "warning_due": lock_times.warning_due,
        "phase": phase,
    }
    return SimpleNamespace(**right | changes)


def settings(hours: int) -> InForce:
    site = SiteSettings(rules=SpaceRules(warn_after_hours=hours // 2, unlock_after_hours=hours), longest_days=5)
    return InForce(site)


@dataclass
class Look:
    """One call or sweep between its read and its write."""

    verb: str
    person: str
    node: timedelta
    read: Record | None
    settings: InForce
    life: int | None


@dataclass
class TimeModel:
    """World of machine 5; every method is a step with checks."""

    rules: SimpleNamespace = field(default_factory=design)
    now: datetime = START
    record: Record | None = None
    settings: InForce = field(default_factory=lambda: settings(48))
    looks: list[Look] = field(default_factory=list)
    ledger: set[str] = field(default_factory=set)
    told: list[tuple[str, datetime]] = field(default_factory=list)
    """Warnings: of which lock and of which end."""
    numbers: int = 0

    def begin(self, verb: str, person: str, node: int, life: int | None) -> Look:
        look = Look(verb, person, NODES[node], self.record, self.settings, life)
        self.looks.append(look)
        return look

    def finish(self, look: Look) -> None:
        if look in self.looks:
            self.looks.remove(look)
        if look.verb == "sweep":
            self._sweep(look)
        else:
            self._write(look, self._asked(look))
        self.check()

    def change(self, hours: int) -> None:
        self.settings = settings(hours)

    def tick(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.check()

    def random_step(self, rng: random.Random) -> None:
        roll = rng.random()
        if roll < 0.35:
            self.finish(self.begin(rng.choice(VERBS), rng.choice(PEOPLE), rng.randrange(3), rng.choice(LIVES)))
        elif roll < 0.5:
            self.begin(rng.choice(VERBS), rng.choice(PEOPLE), rng.randrange(3), rng.choice(LIVES))
        elif roll < 0.65 and self.looks:
            self.finish(rng.choice(self.looks))
        elif roll < 0.72:
            self.change(rng.choice(HOURS))
        else:
            self.tick(rng.choice(STEPS))

    def check(self) -> None:
        """I10: no two readers at one moment, one for whom the lock lives and one for whom it is over."""
        if self.record is not None:
            seen = {self.rules.phase(self.record, self.now + node) for node in NODES}
            require(not {Phase.HELD, Phase.EXPIRED} <= seen, "I10: readers agree", self.record, self.now)

    # --- internals -----------------------------------------------------------------------------------------------

    def _sweep(self, look: Look) -> None:
        """As `services.reconciliation` does: end it, or shorten it; then warn of the end it has."""
        held = look.read
        if not isinstance(held, Held):
            return
        if self.rules.phase(held, self.now + look.node) is Phase.EXPIRED:
            self._write(look, self.rules.expire(self._snapshot(look), lock_id=held.lock_id, op_id=self._name()))
            return
        limits = look.settings.limits
        decision = self.rules.shorten(self._snapshot(look), lock_id=held.lock_id, op_id=self._name(), limits=limits)
        written = self._write(look, decision)
        self._warn(written if isinstance(written, Held) else held, look)

    def _warn(self, held: Held, look: Look) -> None:
        now = self.now + look.node
        if not self.rules.warning_due(held, look.settings.rules, now) or self.rules.warning_key(held) in self.ledger:
            return
        self.ledger.add(self.rules.warning_key(held))
        present = self.record  # checked again when the mail leaves
        if isinstance(present, Held) and (present.lock_id, present.expires_at) == (held.lock_id, held.expires_at):
            assert held.expires_at is not None
            require(now < held.expires_at, "L-33: nobody is warned of an end that has passed", held, now)
            require((held.lock_id, held.expires_at) not in self.told, "L-33: one warning for each end", held)
            self.told.append((held.lock_id, held.expires_at))

    def _asked(self, look: Look) -> rules.Decision:
        values: dict[str, Any] = {
            "holder": look.person,
            "op_id": self._name(),
            "limits": look.settings.limits,
            "life": None if look.life is None else timedelta(hours=look.life),
        }
        held = look.read
        if look.verb == "extend" and isinstance(held, Held):
            decision: rules.Decision = self.rules.extend(self._snapshot(look), lock_id=held.lock_id, **values)
            return decision
        return rules.acquire(self._snapshot(look), lock_id=self._name(), **values)

    def _snapshot(self, look: Look) -> Snapshot:
        found = Absent() if look.read is None else look.read
        return Snapshot(found=found, head=HEAD, now=self.now + look.node)

    def _write(self, look: Look, decision: rules.Decision) -> Record | None:
        """Like the host: a write lands when nothing else was written since the read."""
        if not isinstance(decision, rules.Write) or look.read != self.record:
            return None
        before, record = self.record, decision.record
        person = None if look.verb == "sweep" else look.person
        check_step(before, Stored(record, self.now, person), managers=frozenset(), skew=SKEW)
        if isinstance(before, Held) and isinstance(record, Held) and before.lock_id == record.lock_id:
            self._check_end(before, record, look)
        self.record = record
        return record

    def _check_end(self, before: Held, after: Held, look: Look) -> None:
        if after.kind is AuditKind.SHORTENED:
            longest = before.acquired_at + look.settings.limits.longest
            bounded = after.expires_at is not None and (not before.chosen or after.expires_at >= longest)
            require(bounded, "P-14: a chosen life is bounded by the longest alone", before, after)
            kept = after.expires_at is not None and after.expires_at >= self.now + LEAST - SKEW
            require(kept, "I10: a running lock keeps an hour", before, after, self.now)
        elif after.expires_at is not None:
            most = max(before.expires_at or after.expires_at, before.acquired_at + look.settings.limits.longest)
            require(after.expires_at <= most, "L-31: an extension stays within the longest life", before, after)
            if look.life is None:
                fresh = min(self.now + look.node + look.settings.limits.default, most)
                require(after.expires_at >= fresh, "L-31: an extension counts from now", before, after)

    def _name(self) -> str:
        self.numbers += 1
        return f"n{self.numbers}"

    def settle(self) -> None:
        """Sweep on time until the lock is over; whoever was to be warned in that time was."""
        self.looks.clear()
        held, began = self.record, self.now
        while isinstance(self.record, Held):
            held = self.record
            self.finish(self.begin("sweep", "nobody", 0, None))
            self.tick(600)
        at = lock_times.warning_at(held, self.settings.rules) if isinstance(held, Held) else None
        if isinstance(held, Held) and held.expires_at is not None and at is not None and at >= began:
            soon = held.expires_at - at < timedelta(minutes=20)
            require(soon or (held.lock_id, held.expires_at) in self.told, "L-33: each end has its warning", held)


def run(seed: int, steps: int = 120, **changes: Any) -> TimeModel:
    """Run one random schedule; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = TimeModel(rules=design(**changes))
    for _ in range(steps):
        model.random_step(rng)
    model.settle()
    return model

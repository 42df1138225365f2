"""Machine 1: the pure rules over one conditionally written property, with other writers.

Each call reads, decides and writes in separate steps; a write may be applied without its caller's knowledge.
Outsiders write only while the witness is current: after a crash in between the semantics accept imprecision.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from lockpoint.domain import rules
from lockpoint.domain.lock import (
    Absent,
    Base,
    EndReason,
    FoundRecord,
    Free,
    Held,
    Limits,
    Phase,
    Record,
    Snapshot,
    Subject,
    Unreadable,
)
from lockpoint.domain.signed_json import MacKeys
from lockpoint.domain.signed_record import decode, encode
from lockpoint.domain.snapshots import intact, phase, trusted
from tests.properties.oracle import Stored, check_step, require

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = ("alice", "bob", "dana")
MANAGERS = frozenset({"dana"})
SUBJECT = Subject("acme", "1")
KEYS = MacKeys("k", {"k": b"0123456789abcdef0123456789abcdef"})
LIMITS = Limits(default=timedelta(seconds=120), longest=timedelta(seconds=400))
VERBS = ("acquire", "extend", "release", "break", "take_over", "expire", "hand_over")
WAYS = ("applied", "applied", "applied", "answer lost", "never arrived")
STEPS = (1, 29, 30, 31, 89, 90, 119, 120, 121, 150)


def design(**changes: Any) -> SimpleNamespace:
    """Return the rules with replacements, and how locks are ended."""
    names = ("acquire", "extend", "release", "end", "expire", "take_over", "hand_over", "heal")
    return SimpleNamespace(**({name: getattr(rules, name) for name in names} | {"delete_to_end": False} | changes))


@dataclass
class Row:
    id: int
    version: int
    value: object
    read: FoundRecord | None = None


@dataclass
class Call:
    """One open call; `named`: its lock, `to`: who gets it in a hand-over, `answer`: its result."""

    verb: str
    person: str
    lock_id: str
    op_id: str
    named: str
    to: str = ""
    state: Snapshot | None = None
    row: tuple[int, int] | None = None
    held_at_read: Record | None = None
    rounds: int = 0
    answer: str | None = None


@dataclass
class LockModel:
    """World of machine 1; every method is a step with checks."""

    rules: SimpleNamespace = field(default_factory=design)
    now: datetime = START
    row: Row | None = None
    witness: Record | None = None
    stored: list[Stored] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    told: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)  # locks whose holder was told of their release
    granted: dict[str, int] = field(default_factory=dict)
    old: list[object] = field(default_factory=list)
    head: Base = field(default_factory=lambda: Base(START, "bob", 1, 1))
    names: int = 0

    # --- steps -----------------------------------------------------------------------------------------------

    def begin(self, verb: str, person: str, pick: int = 0) -> Call:
        """Start a request naming a known lock (own, another's, or old)."""
        known = sorted({*self.granted, "none"})
        mine = [lock_id for lock_id, (owner, _) in self.told.items() if owner == person]
        named = mine[-1] if mine and pick % 3 else known[pick % len(known)]
        others = verb == "hand_over" and person in MANAGERS
        if (others or verb in {"break", "take_over", "expire"}) and isinstance(self.last(), Held) and pick % 4:
            named = self._last_held().lock_id
        to = PEOPLE[(PEOPLE.index(person) + 1 + pick % 2) % len(PEOPLE)]
        call = Call(verb, person, self._name("lock"), self._name("op"), named, to)
        self.calls.append(call)
        self.read(call)
        return call

    def read(self, call: Call) -> None:
        found = self.found()
        call.state = Snapshot(found=found, head=self.head, now=self.now, witness=self.witness)
        call.row = (self.row.id, self.row.version) if self.row else None
        call.held_at_read = self.last()

    def decide(self, call: Call, way: str) -> None:
        """`way`: the write's fate."""
        assert call.state is not None
        decision = self._decision(call, replace(call.state, now=self.now))
        call.rounds += 1
        if isinstance(decision, rules.Damaged):
            self._heal(call, decision.witness)
            self.read(call)
        elif isinstance(decision, rules.Write):
            self._write(call, decision.record, way)
        else:
            self._answer(call, decision)
        if call.rounds >= 4 and call.answer is None:
            call.answer = "unknown"
        self.check()

    def tick(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.check()

    def garble(self, value: object) -> None:
        """Write a foreign value."""
        if self.row and self.undisturbed():
            self.row = Row(self.row.id, self.row.version + 1, value)
            self.check()

    def replay(self, pick: int) -> None:
        """Write an old value of ours as the next version."""
        if self.row and self.old and self.undisturbed():
            self.row = Row(self.row.id, self.row.version + 1, self.old[pick % len(self.old)])
            self.check()

    def remove(self) -> None:
        """As an outsider."""
        if self.undisturbed():
            self.row = None
            self.check()

    def remove_and_replay(self, pick: int) -> None:
        """The old value becomes the first version (or a later one)."""
        if self.old and self.undisturbed():
            value = self.old[pick % len(self.old)]
            seq = value.get("seq", 1) if isinstance(value, dict) else 1
            self.row = Row(self._number(), seq if pick % 2 else 1, value)
            self.check()

    def random_step(self, rng: random.Random) -> None:
        open_calls = [call for call in self.calls if call.answer is None]
        roll = rng.random()
        if open_calls and roll < 0.55:
            call = rng.choice(open_calls)
            if call.rounds and rng.random() < 0.5:
                self.read(call)
            self.decide(call, rng.choice(WAYS))
        elif roll < 0.80:
            self.begin(rng.choice(VERBS), rng.choice(PEOPLE), rng.randrange(12))
        elif roll < 0.93:
            self.tick(rng.choice(STEPS))
        else:
            foreign = (lambda: self.garble("x"), lambda: self.replay(rng.randrange(9)), self.remove)
            rng.choice((*foreign, lambda: self.remove_and_replay(rng.randrange(9))))()

    # --- internals -----------------------------------------------------------------------------------------------

    def last(self) -> Record | None:
        """Return our newest record, whatever the property says."""
        return self.stored[-1].record if self.stored else None

    def found(self) -> FoundRecord:
        if self.row is None:
            return Absent()
        if self.row.read is None:
            self.row.read = decode(self.row.value, self.row.version, SUBJECT, KEYS)
        return self.row.read

    def undisturbed(self) -> bool:
        """Whether the witness is the newest record."""
        return self.witness == self.last()

    def _decision(self, call: Call, state: Snapshot) -> rules.Decision:
        if call.verb in {"break", "take_over"} and call.person not in MANAGERS:
            return rules.LockLost(state.found)
        named, new = {"lock_id": call.named}, {"lock_id": call.lock_id, "limits": LIMITS}
        breaking = {"reason": EndReason.BROKEN, "by": call.person, "why": "w"}
        asked: dict[str, tuple[Any, dict[str, Any]]] = {
            "acquire": (self.rules.acquire, new | {"holder": call.person, "used": call.lock_id in self.granted}),
            "extend": (self.rules.extend, named | {"holder": call.person, "limits": LIMITS}),
            "release": (self.rules.release, named | {"holder": call.person}),
            "expire": (self.rules.expire, named),
            "break": (self.rules.end, named | breaking),
            "take_over": (self.rules.take_over, new | {"by": call.person, "old_lock_id": call.named, "why": "w"}),
            "hand_over": (self.rules.hand_over, new | _handing(call)),
        }
        rule, values = asked[call.verb]
        decision: rules.Decision = rule(state, op_id=call.op_id, **values)
        return decision

    def _write(self, call: Call, record: Record, way: str) -> None:
        if isinstance(record, Free) and self.rules.delete_to_end:
            self._delete(call)
            return
        stored = way != "never arrived" and self._unguarded(call) and self._store(call.row, record, call.person)
        if stored and way == "applied":
            self._say_yes(call, record)
        else:
            self.read(call)

    def _unguarded(self, call: Call) -> bool:
        """Whether the creation guard permits a create: the witness must be as the caller saw it."""
        assert call.state is not None
        return call.row is not None or call.state.witness == self.witness

    def _store(self, expected: tuple[int, int] | None, record: Record, person: str | None) -> bool:
        """Like the host: a create needs no row, a replace the version read."""
        present = (self.row.id, self.row.version) if self.row else None
        if present != expected:
            return False
        row_id = self.row.id if self.row else self._number()
        version = self.row.version + 1 if self.row else 1
        require(record.seq == version, "I5: seq is the property version", record, version)
        value = encode(record, SUBJECT, KEYS)
        self.row = Row(row_id, version, value)
        self.old.append(value)
        self._note(record, person)
        return True

    def _note(self, record: Record, person: str | None) -> None:
        before = self.last()
        stored = Stored(record, self.now, person if _of_a_person(record) else None)
        check_step(before, replace(stored, person=person), managers=MANAGERS, skew=timedelta())
        self.stored.append(stored)
        self.witness = record
        if isinstance(record, Held):
            self._note_lock(before, record)
        if record.ended is not None:
            self.ended.add(record.ended.lock_id)

    def _note_lock(self, before: Record | None, held: Held) -> None:
        """Check one lock per request, and that released locks stay released."""
        if isinstance(before, Held) and before.lock_id == held.lock_id:
            require(held.lock_id not in self.freed, "I7: a released lock stays released", held)
            return
        require(held.lock_id not in self.freed, "I7: a released lock stays released", held)
        require(held.lock_id not in self.granted, "I8: one request, one lock", held)
        self.granted[held.lock_id] = self.granted.get(held.lock_id, 0) + 1
        self.ended.discard(held.lock_id)
        self.freed.discard(held.lock_id)

    def _delete(self, call: Call) -> None:
        """Delete unconditionally, as the naive design does."""
        live = self._live()
        if call.row and self.row and self.row.id == call.row[0]:
            require(live is None or live.lock_id == call.named, "I2: a live lock vanished", call, live)
            self.ended.add(call.named)
            self.row, self.witness = None, None
            self.stored.clear()
        self._say_yes(call, None)

    def _heal(self, call: Call, witness: Held) -> None:
        state = replace(call.state, found=self.found(), witness=self.witness, now=self.now)
        decision = self.rules.heal(state, witness=witness, op_id=self._name("op"))
        if isinstance(decision, rules.Write):
            self._store((self.row.id, self.row.version) if self.row else None, decision.record, None)

    def _answer(self, call: Call, decision: rules.Decision) -> None:
        if isinstance(decision, rules.Already):
            if decision.record.op_id == call.op_id or call.verb in {"release", "break", "expire", "hand_over"}:
                self._say_yes(call, decision.record)
            return
        if isinstance(decision, rules.AlreadyLocked | rules.Ending):
            held = call.held_at_read
            other = isinstance(held, Held) and held.holder != call.person
            require(other, "I3, I4: a refusal names another holder", call, held)
            if isinstance(decision, rules.Ending):
                require(phase(decision.held, self.now) is Phase.ENDING, "I10: ending is ending", decision)
        call.answer = "no"

    def _say_yes(self, call: Call, record: Record | None) -> None:
        call.answer = "yes"
        if isinstance(record, Held) and call.verb in {"acquire", "extend", "take_over"}:
            require(record.lock_id in self.granted, "I3: a yes has its record", call, record)
            self.told[record.lock_id] = (call.person, record.expires_at or datetime.max.replace(tzinfo=UTC))
        if isinstance(record, Held) and call.verb == "hand_over":
            gives = (record.holder, record.lock_id) == (call.to, call.lock_id)
            require(gives, "I3: a file is handed over to the named person", call, record)
            self.told[record.lock_id] = (call.to, record.expires_at or datetime.max.replace(tzinfo=UTC))
        if call.verb == "release":
            self.freed.add(call.named)
            self.ended.add(call.named)

    def check(self) -> None:
        """Check I1, I9, I10 in the present state."""
        yes = {who for lock_id, (who, until) in self.told.items() if lock_id not in self.ended and self.now < until}
        require(len(yes) <= 1, "I1: one holder at most", self.told, self.ended)
        found = trusted(self.found(), self.witness)
        if isinstance(found, Held | Free) and self.undisturbed():
            require(found == self.last(), "I9: only our newest record is believed", found, self.last())
        live = self._live()
        if live is not None and self.undisturbed() and not self.rules.delete_to_end:
            state = Snapshot(found=self.found(), head=self.head, now=self.now, witness=self.witness)
            result = intact(state, "nobody")
            damaged = isinstance(result, rules.Damaged) and isinstance(found, Absent | Unreadable)
            require(damaged or result == live, "I9: damage is seen as damage", found, live)

    def _live(self) -> Held | None:
        last = self.last()
        return last if isinstance(last, Held) and phase(last, self.now) is Phase.HELD else None

    def _last_held(self) -> Held:
        last = self.last()
        assert isinstance(last, Held)
        return last

    def _name(self, kind: str) -> str:
        return f"{kind}-{self._number()}"

    def _number(self) -> int:
        self.names += 1
        return self.names


def _handing(call: Call) -> dict[str, Any]:
    """Whether the new holder asked is not the rule's to say."""
    return {"by": call.person, "to": call.to, "old_lock_id": call.named, "managed": call.person in MANAGERS}


def _of_a_person(record: Record) -> bool:
    return isinstance(record, Held) or record.ended.by is not None


def run(seed: int, steps: int = 90, **changes: Any) -> LockModel:
    """Run one random schedule; raise `Violation`."""
    rng = random.Random(seed)  # noqa: S311 - randomness for a test
    model = LockModel(rules=design(**changes))
    for _ in range(steps):
        model.random_step(rng)
    return model

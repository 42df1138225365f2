"""Linearizability: what people were told about locks, against the order in which Confluence stored the records."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.e2e.history import BrokenHistoryError, holds_of
from tests.storm.evidence import Call, Evidence, Finding, HostFile, Outcome, Write

STALE: Final = 6_000.0
"""Reads lag by five seconds at most; then a refusal names a holder of the past."""
LATEST: Final = 60_000.0
"""A request to Confluence lands within this time, or never."""
SLACK: Final = 2.0
BEGINS: Final = frozenset({"acquire", "take_over"})


@dataclass(frozen=True)
class Tenure:
    """One lock from the write that began it to the write that ended it."""

    file: str
    lock: str
    holder: str
    began: float
    last: Write
    ended: float = math.inf
    end: Write | None = None

    def lived(self, begin: float, end: float) -> bool:
        """Whether the lock was live at some moment between these."""
        return self.began <= end + SLACK and self.ended >= begin - SLACK


def lock_findings(evidence: Evidence) -> list[Finding]:
    """R4: every answer has its place in the one order of the records."""
    return [Finding(figure="R4", words=words) for words in _check(evidence)]


def tenures_of(file: HostFile) -> list[Tenure]:
    """`BrokenHistoryError` where the records contradict each other, as with two holders at once."""
    writes = sorted(file.writes, key=lambda write: (write.value["epoch"], write.value["seq"]))
    if [write.at for write in writes] != sorted(write.at for write in writes):
        raise BrokenHistoryError("the records are not in the order of their places")
    found = []
    for hold in holds_of([write.value for write in writes]):
        end = None if hold.ended is None else writes[hold.ended]
        last = writes[(len(writes) if hold.ended is None else hold.ended) - 1]
        tenure = Tenure(file.id, hold.lock_id, hold.holder, writes[hold.began].at, last)
        found.append(Tenure(**{**vars(tenure), "ended": end.at, "end": end}) if end else tenure)
    return found


def _check(evidence: Evidence) -> Iterator[str]:
    tenures: dict[str, Tenure] = {}
    for file in evidence.files:
        try:
            tenures |= {tenure.lock: tenure for tenure in tenures_of(file)}
        except BrokenHistoryError as broken:
            yield f"file {file.id}: {broken}"
    first: dict[str, float] = {}
    for call in evidence.calls:
        first[call.request] = min(call.begin, first.get(call.request, call.begin))
    for call in evidence.calls:
        words = _wrong(call, first[call.request], tenures)
        if words:
            yield f"{words}: {call}"
    yield from _out_of_nothing(evidence, tenures)


def _wrong(call: Call, begin: float, tenures: dict[str, Tenure]) -> str:
    """Say what of an answer cannot be; the request was first sent at `begin`."""
    if call.outcome is Outcome.OK:
        return _wrong_yes(call, begin, tenures)
    if call.outcome is Outcome.FAIL:
        return _wrong_no(call, begin, tenures)
    return "an error of ours" if call.status == 500 else ""


def _wrong_yes(call: Call, begin: float, tenures: dict[str, Tenure]) -> str:
    if call.verb in BEGINS and call.state == "mine":
        got = tenures.get(call.lock)
        if got is None or (got.holder, got.file) != (call.person, call.file):
            return "a yes without a record"
        if not got.lived(begin, call.end):
            return "a yes for a lock of another time"
        if call.status == 201 and got.began < begin - SLACK:
            return "a new lock that is older than its call"
    named = tenures.get(call.named)
    if call.verb in {"release", "break", "take_over"} and (named is None or named.ended > call.end + SLACK):
        return "an end that did not happen"
    if call.verb == "extend" and (named is None or not named.lived(begin, call.end)):
        return "an extension of nothing"
    return ""


def _wrong_no(call: Call, begin: float, tenures: dict[str, Tenure]) -> str:
    if call.error == "already_locked" and call.state == "other":
        winner = tenures.get(call.lock)
        if winner is None or winner.holder == call.person or not winner.lived(begin - STALE, call.end):
            return "a no that names a holder who was none"
    named = tenures.get(call.named)
    if call.error == "lock_lost" and named and named.began < begin - STALE and named.ended > call.end + SLACK:
        return "called lost while it was held"
    return ""


def _out_of_nothing(evidence: Evidence, tenures: dict[str, Tenure]) -> Iterator[str]:
    """Yield the locks that nobody asked for, and the ends that nobody caused."""
    by_file: dict[str, list[Call]] = defaultdict(list)
    for call in evidence.calls:
        by_file[call.file].append(call)
    trashers = {file.id: set(file.trashed_by) for file in evidence.files}
    for tenure in tenures.values():
        calls = by_file[tenure.file]
        if not _asked(calls, BEGINS, tenure.holder, tenure.began):
            yield f"nobody asked for {tenure}"
        if tenure.end is not None and not _caused(tenure, tenure.end, calls, trashers[tenure.file]):
            yield f"nobody ended {tenure}"


def _asked(calls: Sequence[Call], verbs: frozenset[str], person: str, at: float, lock: str = "") -> bool:
    return any(
        call.verb in verbs
        and call.person == person
        and call.begin <= at + SLACK
        and at <= call.end + LATEST
        and lock in {"", call.named}
        for call in calls
    )


def _caused(tenure: Tenure, end: Write, calls: Sequence[Call], trashers: set[str]) -> bool:
    ended = end.value["ended"]
    reason, by = ended["reason"], ended["by"]
    if reason == "released":
        by_itself = tenure.last.value["unlock_on_upload"] or tenure.holder in trashers
        released = _asked(calls, frozenset({"release"}), tenure.holder, end.at, tenure.lock)
        return by == tenure.holder and (by_itself or released)
    verb = {"broken": "break", "taken_over": "take_over"}.get(reason)
    return verb is not None and _asked(calls, frozenset({verb}), by, end.at, tenure.lock)

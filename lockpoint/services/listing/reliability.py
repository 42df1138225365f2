"""What is claimed about reliability: what measures it, what an installation's own data say, what tests found.

Nothing is estimated: a figure that nobody measured has no result, but the command that measures it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lockpoint.services.ports.maintenance import ReliabilityReadings

STORM_COMMAND: Final = "bin/test --storm"
MEASURE: Final = "bin/lockpoint report reliability --measure --only"
SOON_SECONDS, SWEEP_SECONDS, MOST_RESTORES = 15, 900, 1.05
ENOUGH: Final = 20
"""Overwrites: of fewer, the 95th percentile is the longest."""


class ClaimOutcome(StrEnum):
    HOLDS = "holds"
    SO_FAR = "holds so far"
    """In fewer cases than the target asks for, or in a part of what it asks for."""
    FAILS = "fails"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure; `schedules` are those that its target asks for."""

    number: str
    what: str
    target: str
    schedules: int | None = None
    by_storm: bool = False

    @property
    def command(self) -> str:
        if self.by_storm:
            return STORM_COMMAND
        return f"{MEASURE} {self.number}" + (f" --schedules {self.schedules}" if self.schedules else "")


CLAIMS: Final[Mapping[str, Claim]] = {
    claim.number: claim
    for claim in (
        Claim("R1", "violations of I1-I10 per schedule", "0 in 10⁶", schedules=1_000_000),
        Claim("R2", "wrong final content per schedule", "0 in 10⁵", schedules=100_000),
        Claim("R3", "restores per overwrite; stale", "≤ 1.05; ≤ 10⁻³, healed"),
        Claim("R4", "anomalies in histories of 8 clients", "0", by_storm=True),
        Claim("R5", "seconds until an overwrite is undone", "p95 ≤ 15 with an event, else ≤ 900"),
        Claim("R9", "Confluence's points per use case", "acquire ≤ 8, sweep 2, event 0"),
        Claim("R10", "crash points tried; inconsistent one sweep later", "all; 0"),
        Claim("R11", "audit rows lost, doubled, recovered", "0, 0, count", by_storm=True),
        Claim("R12", "mails lost, doubled in the ledger, doubled on the wire", "0, 0, rate", by_storm=True),
        Claim("R13", "seconds until well again after a kill", "≤ 30 each", by_storm=True),
        Claim("R19", "broken rules of structure", "0"),
        Claim("R20", "faults of the catalogue with passing tests", "54 of 54"),
        Claim("R22", "wrong decisions by nodes with clocks that are off", "0"),
        Claim("R23", "rows left after their time", "0"),
        Claim("R24", "canaries in tables, cache, logs, backup, metrics", "0"),
        Claim("R25", "calls that fit Atlassian's documents", "100 %"),
        Claim("R27", "broken designs that the checkers catch", "all"),
    )
}


@dataclass(frozen=True, slots=True)
class Found:
    """A result; one of tests says on which commit and when."""

    outcome: ClaimOutcome
    result: str
    n: int | None = None
    commit: str | None = None
    at: str | None = None


def of_installation(seen: ReliabilityReadings) -> dict[str, Found]:
    """Return what an installation's own data answer, of the days that they are kept."""
    return {"R3": _restores(seen), "R5": _undoing(seen), "R11": _audit(seen), "R12": _mails(seen), "R23": _purge(seen)}


def _restores(seen: ReliabilityReadings) -> Found:
    told = f"{seen.restores} for {seen.undone} overwrites that were undone; {seen.standing} more stand"
    if not seen.undone:
        return Found(ClaimOutcome.NOT_MEASURED, told, 0)
    each = seen.restores / seen.undone
    return Found(_held(each <= MOST_RESTORES, in_part=True), f"{each:.3f} each: {told}", seen.undone)


def _undoing(seen: ReliabilityReadings) -> Found:
    """Nothing says which overwrites had an event: between both targets, and of few, it holds so far."""
    if seen.undo_seconds is None:
        return Found(ClaimOutcome.NOT_MEASURED, "no overwrite was undone", 0)
    median, most, worst = seen.undo_seconds
    told = f"p50 {median:.1f}, p95 {most:.1f}, worst {worst:.1f} of {seen.undone} overwrites"
    in_part = most > SOON_SECONDS or seen.undone < ENOUGH
    return Found(_held(most <= SWEEP_SECONDS, in_part=in_part), told, seen.undone)


def _audit(seen: ReliabilityReadings) -> Found:
    """A gap is between kept rows of one file: what is missing at an end cannot be seen here."""
    told = f"{seen.gaps} gaps, {seen.doubled} doubled, {seen.recovered} recovered of {seen.writes} records"
    if not seen.writes:
        return Found(ClaimOutcome.NOT_MEASURED, "no lock record was written", 0)
    return Found(_held(not seen.gaps and not seen.doubled, in_part=True), told, seen.writes)


def _mails(seen: ReliabilityReadings) -> Found:
    """What was doubled on the wire only the mail server knows."""
    told = f"{seen.mails_lost} without a job that sends them, {seen.mails_parked} parked, {seen.mails_waiting} waiting"
    results = ", ".join(f"{count} {result}" for result, count in sorted(seen.mails.items()))
    n = sum(seen.mails.values()) + seen.mails_waiting
    if not n:
        return Found(ClaimOutcome.NOT_MEASURED, "no mail was owed", 0)
    return Found(_held(not seen.mails_lost, in_part=True), f"{told}; {results or 'no mail has left'}", n)


def _purge(seen: ReliabilityReadings) -> Found:
    left = {place: count for place, count in {**seen.overdue, **seen.late}.items() if count}
    told = ", ".join(f"{place}: {count}" for place, count in sorted(left.items())) or "none in any place"
    return Found(_held(not left), told, sum(left.values()))


def _held(holds: bool, *, in_part: bool = False) -> ClaimOutcome:  # noqa: FBT001 - a judgement
    if not holds:
        return ClaimOutcome.FAILS
    return ClaimOutcome.SO_FAR if in_part else ClaimOutcome.HOLDS


def of_results(document: Any) -> dict[str, Found]:
    """Read reports/reliability.json or reports/storm.json; `ValueError` for anything else."""
    try:
        commit, at, figures = str(document["commit"]), str(document["at"]), document["figures"]
        by_number = figures if isinstance(figures, dict) else {one["number"]: one for one in figures}
        found = {
            number: Found(_outcome(one), str(one["result"]), one.get("n"), commit, at)
            for number, one in by_number.items()
            if number in CLAIMS
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("neither reports/reliability.json nor reports/storm.json") from error
    return {number: one for number, one in found.items() if one.outcome is not ClaimOutcome.NOT_MEASURED}


def _outcome(figure: Mapping[str, Any]) -> ClaimOutcome:
    """A storm says only whether it held; what is more than its time proves nothing less."""
    return ClaimOutcome(figure["outcome"]) if "outcome" in figure else _held(figure["holds"] is True)


def newest(results: Iterable[Mapping[str, Found]]) -> dict[str, Found]:
    """Join results; of one figure the one that was measured last."""
    joined: dict[str, Found] = {}
    for one in results:
        for number, found in one.items():
            if number not in joined or (joined[number].at or "") <= (found.at or ""):
                joined[number] = found
    return joined

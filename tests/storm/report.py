"""The figures of a storm, in the form that the report of reliability reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Final

from tests.storm.content_checks import content_findings, replay_of
from tests.storm.evidence import Evidence, Finding, Json, Outcome
from tests.storm.ledger_checks import (
    audit_places,
    ledger_duplicates,
    ledger_findings,
    lost_mails,
    wire_duplicates,
    write_places,
)
from tests.storm.lock_checks import lock_findings

MOST_RESTORES: Final = 1.05


def findings(evidence: Evidence) -> list[Finding]:
    """Return every broken promise."""
    return [*lock_findings(evidence), *content_findings(evidence), *ledger_findings(evidence)]


def figures(evidence: Evidence, found: Sequence[Finding], seed: int) -> dict[str, Json]:
    """Return `{"R4": {"result", "holds", "n", "violations", "seeds"}}`."""
    by = Counter(one.figure for one in found)
    made = {"R3": _restores, "R4": _answers, "R11": _audit, "R12": _mails, "R13": _recovery}
    result = {number: figure(evidence) for number, figure in made.items()}
    for number, figure in result.items():
        figure |= {"violations": by[number], "holds": figure.get("holds", True) and not by[number], "seeds": str(seed)}
    return result


def _answers(evidence: Evidence) -> Json:
    outcomes = Counter(call.outcome for call in evidence.calls)
    writes = sum(len(file.writes) for file in evidence.files)
    told = ", ".join(f"{outcomes[one]:,} {one}" for one in Outcome)
    anomalies = len(lock_findings(evidence))
    return {
        "result": f"{anomalies} anomalies in {len(evidence.calls):,} calls ({told}) and {writes:,} records",
        "n": len(evidence.calls),
    }


def _restores(evidence: Evidence) -> Json:
    """Stale ones are counted: while calls are slowed by seconds their share says little, but all must be healed."""
    replays = [replay_of(file, evidence) for file in evidence.files]
    overwrites, made = sum(one.overwrites for one in replays), sum(len(one.restores) for one in replays)
    stale, wrong = sum(one.stale for one in replays), len(content_findings(evidence))
    share = made / max(1, overwrites)
    return {
        "result": f"{share:.3f} for each of {overwrites:,} overwrites, {stale} of {made:,} stale, {wrong} not healed",
        "n": overwrites,
        "holds": share <= MOST_RESTORES,
    }


def _audit(evidence: Evidence) -> Json:
    rows, writes = audit_places(evidence), write_places(evidence)
    lost, doubled = len(writes.keys() - rows.keys()), sum(count - 1 for count in rows.values())
    recovered = sum(row.recovered for row in evidence.audit if row.epoch)
    return {
        "result": f"{lost} lost, {doubled} doubled, {recovered} recovered of {len(writes):,} records",
        "n": len(writes),
    }


def _mails(evidence: Evidence) -> Json:
    lost, doubled, again = len(lost_mails(evidence)), len(ledger_duplicates(evidence)), wire_duplicates(evidence)
    sent = len(evidence.wire)
    rate = again / max(1, sent)
    told = f"{lost} lost, {doubled} doubled in the ledger, {again} of {sent:,} doubled on the wire ({rate:.1%})"
    return {"result": f"{told}; {len(evidence.intents):,} events", "n": len(evidence.intents)}


def _recovery(evidence: Evidence) -> Json:
    """Median and longest time of each kind of kill."""
    times: dict[str, list[float]] = {}
    for kill in evidence.kills:
        if kill.well is not None:
            times.setdefault(kill.what, []).append((kill.well - kill.at) / 1000)
    told = [f"{what} {median(each):.1f}/{max(each):.1f} ({len(each)} times)" for what, each in sorted(times.items())]
    return {"result": f"median/longest: {', '.join(told) or 'nothing was killed'}", "n": sum(map(len, times.values()))}

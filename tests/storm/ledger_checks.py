"""Audit rows, mails, jobs and recovery, against what Confluence and the mail server saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from lockpoint.domain.events import AuditKind, MailKind
from tests.storm.evidence import Call, Evidence, Finding, HostFile, Outcome

Place = tuple[str, int, int]
END_MAILS: Final = {"broken": MailKind.LOCK_ENDED_BY_OTHER, "taken_over": MailKind.LOCK_ENDED_BY_OTHER}
WELL_WITHIN: Final = 30_000.0


def audit_places(evidence: Evidence) -> Counter[Place]:
    return Counter((row.file or "", row.epoch, row.seq) for row in evidence.audit if row.epoch)


def write_places(evidence: Evidence) -> Counter[Place]:
    return Counter((f.id, write.value["epoch"], write.value["seq"]) for f in evidence.files for write in f.writes)


def ledger_findings(evidence: Evidence) -> list[Finding]:
    checks = {"R11": _audit, "R12": _mails, "R13": _recovery, "S2": _jobs}
    return [Finding(figure=figure, words=words) for figure, check in checks.items() for words in check(evidence)]


def _audit(evidence: Evidence) -> Iterator[str]:
    """I16"""
    rows, writes = audit_places(evidence), write_places(evidence)
    yield from (f"a record without its row: {place}" for place in sorted(writes.keys() - rows.keys()))
    yield from (f"a row without its record: {place}" for place in sorted(rows.keys() - writes.keys()))
    yield from (f"{count} rows of one record: {place}" for place, count in sorted(rows.items()) if count > 1)
    kinds = {(f.id, w.value["epoch"], w.value["seq"]): w.value["kind"] for f in evidence.files for w in f.writes}
    for row in evidence.audit:
        wrote = kinds.get((row.file or "", row.epoch, row.seq))
        if wrote not in {None, row.kind} and row.kind != AuditKind.RECOVERED:
            yield f"a row that says {row.kind} of a record that says {wrote}: {row}"


def wire_duplicates(evidence: Evidence) -> int:
    return sum(count - 1 for count in Counter(mail.message for mail in evidence.wire).values())


def lost_mails(evidence: Evidence) -> list[str]:
    """Mails of the ledger that never reached the mail server, and events that never reached the ledger."""
    on_wire = {mail.message for mail in evidence.wire}
    unsent = [one for one in evidence.intents if not (one.done and str(one.told_by) in on_wire)]
    return [f"never sent: {one}" for one in unsent] + [*_ends_untold(evidence), *_waits_untold(evidence)]


def ledger_duplicates(evidence: Evidence) -> list[str]:
    """I17"""
    events = Counter((one.kind, one.event, one.recipient) for one in evidence.intents)
    return [f"{count} ledger rows: {event}" for event, count in events.items() if count > 1]


def _wrong_log(evidence: Evidence) -> Iterator[str]:
    """The log has a row for each mail that left: at least one of each, and as many as came at most."""
    mails, sent = sum(one.done and one.told_by == one.id for one in evidence.intents), evidence.results.get("sent", 0)
    if not mails <= sent <= len(evidence.wire):
        yield f"the log says {sent} mails, the ledger {mails}, and {len(evidence.wire)} came"


def _mails(evidence: Evidence) -> Iterator[str]:
    yield from lost_mails(evidence)
    yield from ledger_duplicates(evidence)
    yield from _wrong_log(evidence)
    known = {str(one.id) for one in evidence.intents}
    yield from (f"a mail of no event: {mail}" for mail in evidence.wire if mail.message not in known)
    yield from (f"{count} mails were {result}" for result, count in evidence.results.items() if result != "sent")
    cuts = [kill for kill in evidence.kills if kill.what.rpartition(" ")[2] in {"worker", "worker-2", "postgres"}]
    excused = len(cuts) + sum(mail.dropped for mail in evidence.wire)
    doubled = wire_duplicates(evidence)
    if doubled > excused:
        yield f"{doubled} mails came twice, and only {excused} were cut between sending and marking"


def _ends_untold(evidence: Evidence) -> Iterator[str]:
    """L-21: a holder whose lock somebody else ended is told."""
    told = {(one.kind, one.event, one.recipient) for one in evidence.intents}
    for file in evidence.files:
        for before, after in pairwise(write.value for write in file.writes):
            ended = after["ended"]
            new = ended and before["state"] == "held" and ended["lock_id"] == before["lock_id"]
            if new and ended["reason"] in END_MAILS and ended["by"] != ended["holder"]:
                owed = (END_MAILS[ended["reason"]], ended["lock_id"], ended["holder"])
                if owed not in told:
                    yield f"a holder was not told of the end of a lock: {ended}"


def _waits_untold(evidence: Evidence) -> Iterator[str]:
    """L-26: whoever asked to be told, and did not take it back, is told or still waits."""
    files = {file.id: file for file in evidence.files}
    last: dict[tuple[str, str], Call] = {}
    for call in sorted(evidence.calls, key=lambda call: call.begin):
        if call.verb in {"notify", "forget"}:
            last[call.file, call.person] = call
    for call in last.values():
        if call.verb == "notify" and call.outcome is Outcome.OK and not _settled(files[call.file], call, evidence):
            yield f"somebody waits in vain: {call}"


def _settled(file: HostFile, call: Call, evidence: Evidence) -> bool:
    """Whether the person still waits, was told, held or ended the lock since, or asked for a file that was free."""
    since = [write.value for write in file.writes if write.at >= call.begin]
    before = [write.value for write in file.writes if write.at < call.begin]
    ends = [value["ended"]["lock_id"] for value in since if value["ended"]]
    told = {
        one.event for one in evidence.intents if (one.recipient, one.kind) == (call.person, MailKind.FILE_AVAILABLE)
    }
    own = any(call.person in {value.get("holder"), *_ender(value)} for value in since)
    never_locked = not since and (not before or before[-1]["state"] == "free")
    return call.person in file.waiting or own or never_locked or not told.isdisjoint(ends)


def _ender(value: dict[str, object]) -> tuple[object, ...]:
    ended = value["ended"]
    return (ended["by"], ended["holder"]) if isinstance(ended, dict) else ()


def _recovery(evidence: Evidence) -> Iterator[str]:
    for kill in evidence.kills:
        if kill.awaited and (kill.well is None or kill.well - kill.at > WELL_WITHIN):
            yield f"not well again within {WELL_WITHIN / 1000:g} s: {kill}"


def _jobs(evidence: Evidence) -> Iterator[str]:
    """S2"""
    yield from (f"a parked job: {job}" for job in evidence.parked)
    if not evidence.quiet:
        yield f"the queue did not become quiet: {', '.join(evidence.waiting_jobs) or 'something changes all the time'}"

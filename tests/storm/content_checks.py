"""What each file must be in the end, replayed from Confluence's own history."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.history.version_marker import source_of
from lockpoint.domain.lock import Held, Record
from lockpoint.domain.record_json import Fields, read_held, read_tombstone
from lockpoint.services.ports.confluence import Container, ContainerKind
from tests.fakes.confluence.site import APP_ACCOUNT, StoredFile, StoredVersion
from tests.properties.host_history import HostHistory, Offence
from tests.storm.evidence import Evidence, FileVersion, Finding, HostFile, Json, Outcome, Write

ORIGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
PAGE: Final = Container(ContainerKind.PAGE, "1")


@dataclass(frozen=True)
class Replay:
    """A file and its judged history."""

    file: HostFile
    history: HostHistory

    @property
    def restores(self) -> list[tuple[StoredVersion, datetime]]:
        """Our versions that restored another, with the time of that one."""
        ours = [version for version in self.history.file.versions if version.author == APP_ACCOUNT]
        return [(version, source) for version in ours if (source := source_of(version.message))]

    @property
    def overwrites(self) -> int:
        return sum(offence.content for offence in self.history.offences.values())

    @property
    def stale(self) -> int:
        """How often we restored over an upload of the holder that was newer than what we restored."""
        uploads = set(self.history.holders_content.values())
        return sum(any(source < at < made.created for at in uploads) for made, source in self.restores)


def moment(milliseconds: float) -> datetime:
    return ORIGIN + timedelta(milliseconds=round(milliseconds))


def content_findings(evidence: Evidence) -> list[Finding]:
    """No byte is lost, the newest authorised content is current or flagged and told, the second site is untouched."""
    found = [Finding(figure="R3", words=words) for words in _lost_bytes(evidence)]
    for file in evidence.files:
        replay = replay_of(file, evidence)
        found += [Finding(figure="R3", words=f"file {file.id}: {words}") for words in _wrong(replay, evidence)]
    found += [Finding(figure="I18", words=f"the second site has changed: {words}") for words in evidence.other_site]
    return found


def replay_of(file: HostFile, evidence: Evidence) -> Replay:
    """Tell the history of the file to the judge, in the host's order."""
    first, *later = file.versions
    stored = StoredFile(file.id, PAGE, [_version(first, evidence.app)], FileStatus(file.status))
    history = HostHistory(stored)
    history.trashers.update(file.trashed_by)
    answered = _answered(evidence)
    events: list[Write | FileVersion] = sorted([*file.writes, *later], key=lambda event: event.at)
    together = Counter(event.at for event in events)
    for event in events:
        if isinstance(event, Write):
            history.stored(_record(event.value), moment(event.at))
            continue
        made, before, held = _version(event, evidence.app), stored.versions[-1], history.held
        stored.versions.append(made)
        beginning = held is not None and event.at <= answered.get(held.lock_id, math.inf)
        history.version(made, before, beginning=beginning or together[event.at] > 1)
    return Replay(file, history)


def _answered(evidence: Evidence) -> dict[str, float]:
    """When its holder first was told of each lock."""
    told: dict[str, float] = {}
    for call in evidence.calls:
        if call.outcome is Outcome.OK and call.state == "mine":
            told[call.lock] = min(call.end, told.get(call.lock, call.end))
    return told


def _version(version: FileVersion, app: str) -> StoredVersion:
    author = APP_ACCOUNT if version.author == app else version.author
    content = version.digest.encode()
    return StoredVersion(moment(version.at), author, content, version.file_id, version.title, version.message)


def _record(value: Json) -> Record:
    return read_held(Fields(value)) if value["state"] == "held" else read_tombstone(Fields(value))


def _lost_bytes(evidence: Evidence) -> Iterator[str]:
    """I21"""
    there = {(file.id, version.digest) for file in evidence.files for version in file.versions}
    for upload in evidence.uploads:
        if (upload.file, upload.digest) not in there:
            yield f"bytes have vanished: {upload}"


def _wrong(replay: Replay, evidence: Evidence) -> Iterator[str]:
    yield from _wrong_file(replay, evidence)
    told = Told.of(replay.file.id, evidence)
    false = told.conflicts.keys() - replay.history.may_be_told()
    if false:
        yield f"somebody is accused of what was allowed: {_seen(replay, sorted(false))}"
    for offence in replay.history.must_be_told():
        count = told.conflicts[offence.version.created]
        if count != 1:
            yield f"an overwrite has {count} rows: {_words(offence)} {_seen(replay)}"
        if not offence.overruled and not told.about(offence):
            yield f"nobody was told of an overwrite: {_words(offence)}"


def _wrong_file(replay: Replay, evidence: Evidence) -> Iterator[str]:
    """I11, I12"""
    history, file = replay.history, replay.file
    if history.should_have_ended():
        yield f"the holder's upload did not end the lock: {_seen(replay)}"
    if history.held is not None and file.protection != "protected":
        if file.protection in {None, "restoring"} or not _told_why(history.held, evidence):
            yield f"unprotected ({file.protection}), and its holder was not told"
        return
    if history.held is not None and file.status != "current":
        yield f"locked and {file.status}"
    if not (history.content_is_right() or _buried_and_told(file, evidence)):
        yield f"the content is not the newest authorised one: {_seen(replay)}"
    if not history.title_is_right():
        yield f"the name is not the right one: {_seen(replay)}"


def _told_why(held: Held, evidence: Evidence) -> bool:
    """Whether the holder has a mail that the lock does not protect."""
    kinds = {MailKind.UNPROTECTED, MailKind.PAUSED}
    return any(one.kind in kinds and one.event.startswith(f"{held.lock_id}/") for one in evidence.intents)


def _buried_and_told(file: HostFile, evidence: Evidence) -> bool:
    return any(
        row.kind == AuditKind.FLAGGED and row.detail == "buried" and row.file == file.id for row in evidence.audit
    )


@dataclass(frozen=True)
class Told:
    """What was recorded and mailed about overwrites of one file."""

    file: str
    conflicts: Counter[datetime]
    mails: frozenset[tuple[str, str, str | None]]

    @classmethod
    def of(cls, file: str, evidence: Evidence) -> Told:
        rows = (row for row in evidence.audit if row.file == file and row.kind == AuditKind.CONFLICT)
        mails = ((one.kind, one.event, one.recipient) for one in evidence.intents if one.file == file)
        return cls(file, Counter(moment(row.at) for row in rows), frozenset(mails))

    def about(self, offence: Offence) -> bool:
        """Whether author and holder have mail; after a take-over, one of the holders."""
        event, author = f"{self.file}/{offence.version.created.isoformat()}", offence.version.author
        holder = any((MailKind.OVERWRITE_ATTEMPT, event, one) in self.mails for one in offence.holders)
        return holder and (author is None or (MailKind.UPLOAD_UNDONE, event, author) in self.mails)


def _words(offence: Offence) -> str:
    return f"{offence.version.created:%H:%M:%S.%f} by {offence.version.author} under {offence.held.lock_id}"


def _seen(replay: Replay, more: Sequence[object] = ()) -> str:
    """The history in words."""
    told = [
        (v.created, f"{(v.author or 'anonymous')[-4:]} {v.content[:8]!r} {v.title}")
        for v in replay.history.file.versions
    ]
    for stored in replay.history.records:
        holder = f" {stored.record.holder[-4:]}" if isinstance(stored.record, Held) else ""
        told.append((stored.at, f"{stored.kind}{holder}"))
    lines = [f"{at:%H:%M:%S.%f} {words}" for at, words in sorted(told)]
    return "\n    ".join(["", *map(str, more), *lines[-60:]])

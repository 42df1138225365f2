"""What a storm leaves: what people were told, what Confluence stored, what Lockpoint wrote down.

Moments are milliseconds since the epoch, by the one clock of the machine; files are bare ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]


class Outcome(StrEnum):
    """`INFO`: nobody knows whether the call had its effect."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One attempt; `named` is the lock that it was about, `lock` and `state` are what the answer showed."""

    person: str
    verb: str
    file: str
    request: str
    begin: float
    end: float
    outcome: Outcome
    status: int = 0
    error: str = ""
    named: str = ""
    lock: str = ""
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A person's bytes that Confluence took."""

    file: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Write:
    """A value that the lock's property had."""

    at: float
    value: Json


@dataclass(frozen=True, kw_only=True)
class FileVersion:
    at: float
    author: str | None
    title: str
    message: str
    file_id: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class HostFile:
    """A file at the end; `waiting` is its waitlist, `protection` what our witness of a live lock says."""

    id: str
    status: str
    writes: Sequence[Write]
    versions: Sequence[FileVersion]
    waiting: Sequence[str] = ()
    protection: str | None = None
    trashed_by: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    at: float
    kind: str
    file: str | None
    epoch: int
    seq: int
    detail: str | None = None
    recovered: bool = False


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A mail of the ledger; `told_by` is the intent whose mail tells it."""

    id: int
    kind: str
    event: str
    recipient: str | None
    file: str
    done: bool
    told_by: int | None


@dataclass(frozen=True, kw_only=True)
class WireMail:
    """What the mail server took; `dropped`: it hung up before it said so."""

    message: str
    to: str
    at: float
    dropped: bool = False


@dataclass(frozen=True, kw_only=True)
class Kill:
    """What was done to a process or database; `well`: when it answered again, None: never, or nothing showed it."""

    what: str
    at: float
    well: float | None = None
    awaited: bool = True


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A broken promise."""

    figure: str
    words: str

    def __str__(self) -> str:
        return f"{self.figure}: {self.words}"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`results` counts the mail log by result; `other_site` names what changed on the second site."""

    app: str
    calls: Sequence[Call] = ()
    uploads: Sequence[Upload] = ()
    files: Sequence[HostFile] = ()
    audit: Sequence[AuditRow] = ()
    intents: Sequence[Intent] = ()
    results: Mapping[str, int] = field(default_factory=dict)
    wire: Sequence[WireMail] = ()
    kills: Sequence[Kill] = ()
    parked: Sequence[str] = ()
    waiting_jobs: Sequence[str] = ()
    other_site: Sequence[str] = ()
    quiet: bool = True


def read(folder: Path) -> Evidence:
    """Read what `write` kept."""
    kept: Json = {field.name: json.loads((folder / f"{field.name}.json").read_text()) for field in fields(Evidence)}
    for name, kind in KINDS.items():
        kept[name] = [kind(**one) for one in kept[name]]
    kept["calls"] = [replace(call, outcome=Outcome(call.outcome)) for call in kept["calls"]]
    files = [
        HostFile(
            **{
                **one,
                "writes": [Write(**write) for write in one["writes"]],
                "versions": [FileVersion(**version) for version in one["versions"]],
            }
        )
        for one in kept["files"]
    ]
    return Evidence(**{**kept, "files": files})


def write(evidence: Evidence, folder: Path) -> None:
    for name, value in asdict(evidence).items():
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1), encoding="utf-8")


KINDS: Final = {
    "calls": Call,
    "uploads": Upload,
    "audit": AuditRow,
    "intents": Intent,
    "wire": WireMail,
    "kills": Kill,
}

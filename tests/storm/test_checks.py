"""R27: the judge of a storm finds every planted fault, and nothing in a good history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.reliability import from_storm
from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.version_marker import marker
from lockpoint.domain.lock import Base, Ended, EndReason, Free, Held, Record
from lockpoint.domain.record_json import record_fields
from tests.fakes.world import ALICE, BOB, CHARLIE, DANA
from tests.storm import __main__ as command
from tests.storm import evidence as kept
from tests.storm.content_checks import moment
from tests.storm.evidence import (
    AuditRow,
    Call,
    Evidence,
    FileVersion,
    HostFile,
    Intent,
    Json,
    Kill,
    Outcome,
    Upload,
    WireMail,
    Write,
)
from tests.storm.report import figures, findings
from tests.storm.storm import Result

START = 1_700_000_000_000
APP = "app"
FILE = "7"
LOCK, NEXT = "a" * 32, "b" * 32
OVERWRITE = f"{FILE}/{moment(START + 2000).isoformat()}"

Plant = Callable[[Evidence], Evidence]


def value(record: Record) -> Json:
    state = "held" if isinstance(record, Held) else "free"
    return {**record_fields(record), "seq": record.seq, "state": state}


def held(holder: str, lock: str, seq: int, ended: Ended | None = None) -> Json:
    at = moment(START + 1050)
    return value(
        Held(
            epoch=1, seq=seq, op_id=f"{seq}" * 32, at=at, lock_id=lock, holder=holder, acquired_at=at,
            expires_at=at + timedelta(days=2), base=Base(moment(START), ALICE, 2, 1), ended=ended,
        )
    )  # fmt: skip


def broken(reason: EndReason = EndReason.BROKEN) -> Ended:
    return Ended(reason, DANA, moment(START + 5000), LOCK, ALICE, "storm")


def call(person: str, verb: str, at: float, **values: object) -> Call:
    known = {"person": person, "verb": verb, "file": FILE, "begin": START + at, "end": START + at + 100}
    return Call(**{"request": f"{verb}{at}", "outcome": Outcome.OK, "status": 200, **known, **values})


def version(at: float, author: str, digest: str, message: str = "") -> FileVersion:
    return FileVersion(
        at=START + at, author=author, title="plan.txt", message=message, file_id=f"id of {digest}", digest=digest
    )


def intent(number: int, kind: str, event: str, recipient: str) -> Intent:
    return Intent(id=number, kind=kind, event=event, recipient=recipient, file=FILE, done=True, told_by=number)


def row(at: float, kind: str, seq: int = 0, detail: str | None = None) -> AuditRow:
    return AuditRow(at=START + at, kind=kind, file=FILE, epoch=int(seq > 0), seq=seq, detail=detail)


GOOD = Evidence(
    app=APP,
    calls=(
        call(ALICE, "acquire", 1000, status=201, lock=LOCK, state="mine"),
        call(BOB, "acquire", 1500, status=409, outcome=Outcome.FAIL, error="already_locked", lock=LOCK, state="other"),
        call(CHARLIE, "notify", 4000),
        call(DANA, "break", 4950, named=LOCK, state="free"),
        call(ALICE, "extend", 6000, status=412, outcome=Outcome.FAIL, error="lock_lost", named=LOCK),
    ),
    uploads=(Upload(file=FILE, digest="b1"),),
    files=(
        HostFile(
            id=FILE,
            status="current",
            writes=(
                Write(at=START + 1050, value=held(ALICE, LOCK, 1)),
                Write(
                    at=START + 5000,
                    value=value(
                        Free(
                            epoch=1,
                            seq=2,
                            op_id="2" * 32,
                            at=moment(START + 5000),
                            kind=AuditKind.BROKEN,
                            ended=broken(),
                        )
                    ),
                ),
            ),
            versions=(
                version(0, ALICE, "a1"),
                version(2000, BOB, "b1"),
                version(3000, APP, "a1", marker(LOCK, moment(START))),
            ),
        ),
    ),
    audit=(row(1050, "acquired", 1), row(5000, "broken", 2), row(2000, "conflict", detail="undone")),
    intents=(
        intent(1, "overwrite_attempt", OVERWRITE, ALICE),
        intent(2, "upload_undone", OVERWRITE, BOB),
        intent(3, "lock_ended_by_other", LOCK, ALICE),
        intent(4, "file_available", LOCK, CHARLIE),
    ),
    results={"sent": 4},
    wire=tuple(WireMail(message=str(number), to="x@acme.example", at=START) for number in range(1, 5)),
    kills=(Kill(what="kill web", at=START, well=START + 4000),),
)


def with_calls(*more: Call) -> Plant:
    return lambda good: replace(good, calls=(*good.calls, *more))


def with_file(**values: object) -> Plant:
    return lambda good: replace(good, files=(replace(good.files[0], **values),))


def with_writes(*more: Write) -> Plant:
    return lambda good: with_file(writes=(*good.files[0].writes[:1], *more))(good)


def without(name: str, place: int) -> Plant:
    def plant(good: Evidence) -> Evidence:
        values: Sequence[object] = getattr(good, name)
        return replace(good, **{name: tuple(one for at, one in enumerate(values) if at != place)})

    return plant


def twice(name: str) -> Plant:
    return lambda good: replace(good, **{name: (*getattr(good, name), getattr(good, name)[0])})


PLANTS: dict[str, tuple[str, str, Plant]] = {
    "two holders": ("R4", "without ending", with_writes(Write(at=START + 1100, value=held(BOB, NEXT, 2)))),
    "records out of order": ("R4", "order", with_writes(Write(at=START + 900, value=held(ALICE, LOCK, 2)))),
    "a yes without a record": (
        "R4",
        "a yes without a record",
        with_calls(call(BOB, "acquire", 7000, status=201, lock=NEXT, state="mine")),
    ),
    "a new lock of another call": (
        "R4",
        "older than its call",
        with_calls(call(ALICE, "acquire", 2000, status=201, lock=LOCK, state="mine")),
    ),
    "a yes after the end": (
        "R4",
        "of another time",
        with_calls(call(ALICE, "acquire", 6000, lock=LOCK, state="mine")),
    ),
    "an end that did not happen": ("R4", "did not happen", with_calls(call(ALICE, "release", 3000, named=LOCK))),
    "an extension after the end": ("R4", "of nothing", with_calls(call(ALICE, "extend", 6000, named=LOCK))),
    "a holder who was none": (
        "R4",
        "names a holder",
        with_calls(
            call(
                BOB,
                "acquire",
                20_000,
                status=409,
                outcome=Outcome.FAIL,
                error="already_locked",
                lock=LOCK,
                state="other",
            )
        ),
    ),
    "lost while it was held": (
        "R4",
        "called lost",
        lambda good: with_file(writes=(Write(at=START - 9000, value=held(ALICE, LOCK, 1)),))(
            with_calls(call(ALICE, "extend", 300, status=412, outcome=Outcome.FAIL, error="lock_lost", named=LOCK))(
                good
            )
        ),
    ),
    "a lock that nobody asked for": ("R4", "nobody asked", without("calls", 0)),
    "an end that nobody caused": ("R4", "nobody ended", without("calls", 3)),
    "an error of ours": ("R4", "error of ours", with_calls(call(BOB, "extend", 9, status=500, outcome=Outcome.INFO))),
    "lost bytes": (
        "R3",
        "vanished",
        lambda good: replace(good, uploads=(*good.uploads, Upload(file=FILE, digest="b2"))),
    ),
    "the overwrite stays": (
        "R3",
        "not the newest authorised",
        lambda good: with_file(
            versions=good.files[0].versions[:2], writes=good.files[0].writes[:1], protection="protected"
        )(good),
    ),
    "a silent flag": (
        "R3",
        "unprotected",
        lambda good: with_file(writes=good.files[0].writes[:1], protection="paused")(good),
    ),
    "left in the trash": (
        "R3",
        "locked and trashed",
        lambda good: with_file(writes=good.files[0].writes[:1], protection="protected", status="trashed")(good),
    ),
    "an overwrite without a row": ("R3", "has 0 rows", without("audit", 2)),
    "an overwrite nobody was told of": ("R3", "nobody was told", without("intents", 0)),
    "an author who was not told": ("R3", "nobody was told", without("intents", 1)),
    "a false accusation": ("R3", "accused", lambda good: replace(good, audit=(*good.audit, row(9, "conflict")))),
    "the second site": ("I18", "second site", lambda good: replace(good, other_site=("its files",))),
    "a lost row": ("R11", "without its row", without("audit", 1)),
    "a doubled row": ("R11", "2 rows", twice("audit")),
    "a row of nothing": (
        "R11",
        "without its record",
        lambda good: replace(good, audit=(*good.audit, row(9, "broken", 9))),
    ),
    "a row of another kind": (
        "R11",
        "says released of a record that says broken",
        lambda good: replace(good, audit=(good.audit[0], row(5000, "released", 2), good.audit[2])),
    ),
    "a mail that never left": ("R12", "never sent", without("wire", 2)),
    "a doubled event": ("R12", "2 ledger rows", twice("intents")),
    "a mail that the log lacks": (
        "R12",
        "the log says 3",
        lambda good: replace(good, results={"sent": 3}),
    ),
    "a mail logged twice": ("R12", "the log says 5", lambda good: replace(good, results={"sent": 5})),
    "a mail that was not delivered": (
        "R12",
        "were not_visible",
        lambda good: replace(good, results={"sent": 4, "not_visible": 1}),
    ),
    "a mail sent twice without a cause": ("R12", "came twice", twice("wire")),
    "a mail of no event": ("R12", "of no event", without("intents", 3)),
    "a holder who was not told of the end": ("R12", "end of a lock", without("intents", 2)),
    "somebody waits in vain": ("R12", "waits in vain", without("intents", 3)),
    "never well again": ("R13", "not well again", lambda good: replace(good, kills=(Kill(what="kill web", at=START),))),
    "slowly well again": (
        "R13",
        "not well again",
        lambda good: replace(good, kills=(Kill(what="kill web", at=START, well=START + 31_000),)),
    ),
    "a parked job": ("S2", "a parked job", lambda good: replace(good, parked=("reconcile",))),
    "no rest": ("S2", "did not become quiet", lambda good: replace(good, quiet=False)),
}


def test_a_good_history_has_no_finding() -> None:
    assert findings(GOOD) == []
    made = figures(GOOD, [], 7)
    assert [number for number, figure in made.items() if figure["holds"]] == ["R3", "R4", "R11", "R12", "R13"]
    assert made["R11"]["result"] == "0 lost, 0 doubled, 0 recovered of 2 records"
    assert made["R13"]["result"] == "median/longest: kill web 4.0/4.0 (1 times)"


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_found(name: str) -> None:
    figure, words, plant = PLANTS[name]
    found = findings(plant(GOOD))
    assert any(one.figure == figure and words in one.words for one in found), found
    if figure in {"R3", "R4", "R11", "R12", "R13"}:
        assert not figures(plant(GOOD), found, 7)[figure]["holds"]


def test_a_mail_that_came_twice_for_a_reason_is_counted() -> None:
    """The server hung up after it had taken the mail, or the worker was killed before it noted it."""
    for reason in (
        {"wire": (*GOOD.wire, replace(GOOD.wire[0], dropped=True))},
        {"kills": (Kill(what="kill worker", at=1, well=2),)},
    ):
        wire = reason.get("wire", (*GOOD.wire, GOOD.wire[0]))
        again = replace(GOOD, **{**reason, "wire": wire})
        assert findings(again) == []
        assert "1 of 5 doubled on the wire" in figures(again, [], 7)["R12"]["result"]


@pytest.mark.parametrize("name", [None, "two holders", "a doubled row"])
def test_the_report_is_written_and_the_exit_code_tells(
    name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report of reliability reads what a storm wrote."""
    evidence = PLANTS[name][2](GOOD) if name else GOOD
    found = findings(evidence)
    result = Result(evidence, found, figures(evidence, found, 7), tmp_path / "traces", 1.0)
    monkeypatch.setattr(command, "run", lambda *_: result)
    assert command.main(["30", "--seed", "7"], reports=tmp_path) == int(name is not None)
    said = capsys.readouterr().out
    assert str(tmp_path / "traces") in said
    assert all(str(one) in said for one in found)
    read = {number: from_storm(number, tmp_path / "storm.json") for number in ("R3", "R4", "R11", "R12", "R13")}
    assert {number for number, one in read.items() if not one.holds} == {one.figure for one in found} & read.keys()
    assert read["R4"].n == len(evidence.calls)


def test_what_was_judged_can_be_judged_again(tmp_path: Path) -> None:
    """From the traces."""
    kept.write(GOOD, tmp_path)
    assert findings(kept.read(tmp_path)) == findings(GOOD)
    planted = PLANTS["two holders"][2](GOOD)
    kept.write(planted, tmp_path)
    assert findings(kept.read(tmp_path)) == findings(planted) != []

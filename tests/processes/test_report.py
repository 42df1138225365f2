"""`lockpoint report reliability`: what is measured is reported as it is, what is not as missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bench import measures, reliability, requirements, schedules
from bench.figures import Figure, Line, Measured, NotMeasuredError, as_json, as_table, line_of
from bench.reliability import Budget, Plan
from lockpoint.cli import main
from lockpoint.services.listing.reliability import CLAIMS, ClaimOutcome, Found, of_results
from tests.commands.run import lockpoint
from tests.properties.mutants.catalogue import MUTANTS
from tests.support.checkout import ROOT
from tests.web.live_app import LiveApp, live_app

PROMISED = [*(f"R{n}" for n in (1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 19, 20, 22, 23, 24, 25, 27))]
NAIVE = {mutant.name: mutant for mutant in MUTANTS}
STORM = {
    "commit": "0123456789abcdef",
    "figures": {
        "R4": {"result": "0 anomalies in 9,000 calls", "holds": True, "n": 9000, "violations": 0, "seeds": "7"},
        "R11": {"result": "1 lost", "holds": False, "n": 400, "violations": 1},
    },
}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is planted here stays here."""
    monkeypatch.setattr(measures, "WORKERS", 1)


def line(number: str, reports: Path, budget: Budget = Budget(60, quick=True)) -> Line:  # noqa: B008 - frozen
    return line_of(next(one for one in Plan(budget, reports).figures() if one.number == number))


def test_every_promised_figure_is_there_with_its_command(tmp_path: Path) -> None:
    figures = Plan(Budget(60, quick=False), tmp_path).figures()
    assert [figure.number for figure in figures] == PROMISED == list(CLAIMS)
    assert all(figure.command.startswith("bin/") and figure.target for figure in figures)


def test_no_violation_has_a_bound_and_its_seeds(tmp_path: Path) -> None:
    """Zero in N is reported with N and 3/N, and holds only so far while N is below the target's."""
    found = line("R2", tmp_path)
    assert (found.outcome, found.n, found.violations, found.seeds) == (ClaimOutcome.SO_FAR, 60, 0, "0-59")
    assert found.bound_95 == 3 / 60
    assert "--measure --only R2 --schedules 60" in found.command


@pytest.mark.parametrize(
    ("number", "machine", "broken"),
    [
        ("R1", "rules", "a lock is ended by deleting its property"),
        ("R2", "enforcement", "react to each event without a fresh read"),
    ],
)
def test_a_planted_violation_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, machine: str, broken: str
) -> None:
    """R27: with a design that is known to be wrong in the machine's place, the figure fails and counts."""
    monkeypatch.setitem(schedules.MACHINES, machine, NAIVE[broken].run)
    found = line(number, tmp_path)
    assert found.outcome is ClaimOutcome.FAILS
    assert found.violations
    assert found.bound_95 is None
    assert any(name in found.result for name in NAIVE[broken].found)
    table = as_table([found], {"commit": "x"})
    assert f"| {number} | {found.what} | {found.target} | fails |" in table


def test_a_broken_design_that_gets_away_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checker that catches nothing fails R27."""
    monkeypatch.setattr(measures, "hunt", lambda mutant: None if mutant is MUTANTS[0] else mutant.found[0])
    found = line("R27", tmp_path)
    assert found.outcome is ClaimOutcome.FAILS
    assert MUTANTS[0].name in found.result


def test_a_planted_crash_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def amiss(_stage: object) -> None:
        raise AssertionError

    monkeypatch.setattr(measures.test_crashes, "JOURNEYS", {"acquire": measures.test_crashes.JOURNEYS["acquire"]})
    assert line("R10", tmp_path).outcome is ClaimOutcome.HOLDS
    monkeypatch.setattr(measures.test_crashes, "_consistent", amiss)
    found = line("R10", tmp_path)
    assert (found.outcome, found.violations) == (ClaimOutcome.FAILS, found.n)


def test_a_clock_that_nobody_checks_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R22: where the guard is missing, the figure fails."""
    assert line("R22", tmp_path).outcome is ClaimOutcome.HOLDS
    monkeypatch.setattr("lockpoint.services.lock_record.compare_and_set._require_the_time", lambda *_: None)
    assert line("R22", tmp_path).outcome is ClaimOutcome.FAILS


def test_what_a_storm_measures_is_missing_without_one(tmp_path: Path) -> None:
    """Nothing is invented: not measured, with the command to run."""
    for number in ("R4", "R11", "R12", "R13"):
        found = line(number, tmp_path)
        assert (found.outcome, found.n, found.violations) == (ClaimOutcome.NOT_MEASURED, None, None)
        assert "bin/test --storm" in found.result
        assert found.command == "bin/test --storm"


def test_a_storm_is_read_as_it_is(tmp_path: Path) -> None:
    """Its numbers and its commit; a figure that it lacks is not measured."""
    (tmp_path / "storm.json").write_text(json.dumps(STORM))
    good, bad, missing = (line(number, tmp_path) for number in ("R4", "R11", "R12"))
    assert (good.outcome, good.result, good.bound_95) == (
        ClaimOutcome.HOLDS, "0 anomalies in 9,000 calls (commit 01234567)", 3 / 9000,
    )  # fmt: skip
    assert (bad.outcome, bad.violations) == (ClaimOutcome.FAILS, 1)
    assert missing.outcome is ClaimOutcome.NOT_MEASURED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"commit": "x", "figures": {"R4": {}}}', '{"figures": 1}'])
def test_a_storm_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "storm.json").write_text(text)
    assert line("R4", tmp_path).outcome is ClaimOutcome.NOT_MEASURED


def test_what_breaks_is_not_measured() -> None:
    """A measurement that raises is never good, and hides no other."""

    def breaks() -> Measured:
        raise OSError("no room")

    def lacks() -> Measured:
        raise NotMeasuredError("set X")

    broken, lacking = (
        line_of(Figure(number="R0", what="w", target="t", command="c", measure=measure)) for measure in (breaks, lacks)
    )
    assert (broken.outcome, broken.result) == (ClaimOutcome.NOT_MEASURED, "the measurement broke: OSError: no room")
    assert (lacking.outcome, lacking.result) == (ClaimOutcome.NOT_MEASURED, "set X")
    told = as_json([broken, lacking], {"commit": "x"})
    assert [one["outcome"] for one in told["figures"]] == ["not measured"] * 2


def test_the_catalogue_counts_what_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """R20: a fault without a test is named, one with a reason is waived, one shown in part is counted."""
    known = requirements.Listed({"L-01": "x", "F01": "a", "F02": "b", "F03": "c"}, {"F02": "later"}, {"F01": "no load"})
    monkeypatch.setattr(requirements, "listed", lambda: known)
    monkeypatch.setattr(
        requirements, "named_by_tests", lambda: {"L-01": ["tests/x"], "F01": ["tests/test_x.py::test_a"]}
    )
    found = measures.catalogue(run=False)
    assert (found.result, found.holds) == ("1 by 1 tests, 1 of them in part, 1 waived; without: F03", False)
    assert found.details == {"F01 a": ["tests/test_x.py::test_a", "no load"], "F02 b": "later", "F03 c": []}


def test_the_report_is_written_and_a_failure_is_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reliability, "configure_logs", lambda *_, **__: None)
    monkeypatch.setattr(measures, "baselines", lambda: Measured(result="1 got away", holds=False, n=2))
    assert reliability.main(["--quick", "--only", "R27", "--only", "R13"], tmp_path) == 1
    assert "R27  fails" in capsys.readouterr().out
    report = json.loads((tmp_path / "reliability-R27-R13.json").read_text())
    assert [(one["number"], one["outcome"]) for one in report["figures"]] == [("R13", "not measured"), ("R27", "fails")]
    assert report["commit"]
    assert of_results(report) == {"R27": Found(ClaimOutcome.FAILS, "1 got away", 2, report["commit"], report["at"])}
    assert "| R27 |" in (tmp_path / "reliability-R27-R13.md").read_text()
    with pytest.raises(SystemExit):
        reliability.main(["--only", "R99"], tmp_path)


def test_the_command_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs the benchmark with its options and passes the exit code on."""
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr("lockpoint.report.subprocess.run", run)
    done = CliRunner().invoke(main, ["report", "reliability", "--quick", "--schedules", "9", "--only", "R1"])
    assert done.exit_code == 1
    assert ran[0][1:] == ["-m", "bench.reliability", "--quick", "--schedules", "9", "--only", "R1"]
    assert CliRunner().invoke(main, ["report", "reliability", "--measure", "--only", "R19"]).exit_code == 1
    assert ran[1][1:] == ["-m", "bench.reliability", "--only", "R19"]
    assert CliRunner().invoke(main, ["report", "reliability", "--measure", "--json"]).exit_code == 2
    assert len(ran) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "reliability", "--quick"], "measuring needs a checkout with its test packages"),
        (["dev"], "`lockpoint dev` runs in a checkout of the project only; use `bin/run` there."),
    ],
)
def test_an_installed_app_says_what_it_lacks(tmp_path: Path, words: list[str], said: str) -> None:
    """Without a checkout there is a sentence and exit code 1."""
    alone = tmp_path / "lockpoint"
    alone.symlink_to(ROOT / "lockpoint")
    command = [sys.executable, "-P", "-c", "from lockpoint.cli import main; main()", *words]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {said}")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def live(database_url: str, redis_url: str) -> Iterator[LiveApp]:
    with live_app(database_url, redis_url) as app:
        yield app


def told(live: LiveApp, *options: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Exit code, state and figures by number."""
    done = lockpoint(live, "report", "reliability", "--json", *options)
    found = json.loads(done.stdout)
    return done.exit_code, found, {one["number"]: one for one in found["figures"]}


def test_an_installation_reports_from_its_own_data(live: LiveApp) -> None:
    """Overwrites of both sites are undone and counted; nobody measured the rest, so it has a command and no result."""
    for site, holder, intruder in (("acme", "alice", "bob"), ("globex", "gina", "hank")):
        page = live.page(site=site, author=holder)
        file = live.file(page, "plan.txt", site=site, author=holder)
        live.lock(holder, file, site=site)
        live.file(page, "plan.txt", site=site, author=intruder, text="by another")
        live.settle()
    code, state, figures = told(live)
    assert (code, list(figures)) == (0, PROMISED)
    assert state["liveLocks"] == 3
    here = {number: one["here"] for number, one in figures.items() if one["here"]}
    assert list(here) == ["R3", "R5", "R11", "R12", "R23"]
    assert (here["R3"]["n"], here["R3"]["outcome"], here["R5"]["n"]) == (2, "holds so far", 2)
    assert here["R11"]["result"].startswith("0 gaps, 0 doubled, 0 recovered")
    assert here["R12"]["result"].startswith("0 without a job that sends them, 0 parked")
    assert (here["R23"]["outcome"], here["R23"]["result"]) == ("holds", "none in any place")
    assert all(one["measured"] is None for one in figures.values())
    assert figures["R4"]["command"] == "bin/test --storm"
    assert figures["R1"]["command"] == "bin/lockpoint report reliability --measure --only R1 --schedules 1000000"


def test_results_of_tests_stand_beside_them_with_date_and_commit(live: LiveApp, tmp_path: Path) -> None:
    """A failing one is exit code 1; a file of something else is wrong usage."""
    file = tmp_path / "storm.json"
    file.write_text(json.dumps({**STORM, "at": "2026-11-28T10:00:00Z"}))
    code, _, figures = told(live, "--results", str(file), "--only", "R4", "--only", "R12")
    assert (code, list(figures)) == (0, ["R4", "R12"])
    assert figures["R4"]["measured"] == {
        "outcome": "holds", "result": "0 anomalies in 9,000 calls", "n": 9000, "commit": "0123456789abcdef",
        "at": "2026-11-28T10:00:00Z",
    }  # fmt: skip
    text = lockpoint(live, "report", "reliability", "--results", str(file))
    assert text.exit_code == 1
    assert "measured  holds: 0 anomalies in 9,000 calls (2026-11-28T10:00:00Z, commit 0123456789abcdef)" in text.stdout
    assert "measured  fails: 1 lost" in text.stdout
    assert "measured  not yet, by bin/lockpoint report reliability --measure --only R27" in text.stdout
    file.write_text("[1]")
    wrong = lockpoint(live, "report", "reliability", "--results", str(file))
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "neither reports/reliability.json nor reports/storm.json" in wrong.stderr
    assert lockpoint(live, "report", "reliability", "--only", "R99").exit_code == 2

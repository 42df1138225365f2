"""The figures of reliability, measured: writes reports/reliability.json and .md (`--only R1`: reliability-R1).

    bin/lockpoint report reliability --quick
    bin/lockpoint report reliability --measure
    bin/lockpoint report reliability --schedules 1000000 --only R1

What takes minutes of its own (the storm: R4, R11, R12, R13) is read from reports/storm.json, where `bin/test --storm`
writes it. What was not measured is reported as not measured. Exit code 1 when a figure fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import measures
from bench.figures import Figure, Line, Measured, NotMeasuredError, as_json, as_table, line_of
from lockpoint.logs import configure_logs
from lockpoint.services.listing.reliability import CLAIMS, MEASURE, STORM_COMMAND, ClaimOutcome

ROOT: Final = Path(__file__).parents[1]
REPORTS: Final = ROOT / "reports"
STORM: Final = "storm.json"
QUICK, USUAL = 1_000, 20_000  # schedules for each machine


@dataclass(frozen=True)
class Budget:
    """How much to measure; `quick` runs no tests of the catalogue and few overwrites."""

    schedules: int
    quick: bool


@dataclass(frozen=True)
class Plan:
    """Makes figures; `reports` is where a storm left its own."""

    budget: Budget
    reports: Path

    def figures(self) -> list[Figure]:
        """Return every figure, in the order of its number."""
        quick, count = self.budget.quick, self.budget.schedules
        exclusivity, content = (partial(one, quick=quick) for one in (measures.exclusivity, measures.content))
        return [
            self._scheduled("R1", exclusivity, count),
            self._scheduled("R2", content, count),
            self._scheduled("R3", measures.restores, count),
            self._storm("R4"),
            self._own("R5", partial(measures.undoing, quick=quick)),
            self._own("R9", measures.points),
            self._own("R10", measures.crashes),
            self._storm("R11"),
            self._storm("R12"),
            self._storm("R13"),
            self._own("R19", measures.structure),
            self._own("R20", partial(measures.catalogue, run=not quick)),
            self._scheduled("R22", measures.clocks, count),
            self._own("R23", measures.purge),
            self._own("R24", measures.canaries),
            self._own("R25", measures.fidelity),
            self._own("R27", measures.baselines),
        ]

    def _own(self, number: str, measure: Callable[[], Measured], more: str = "") -> Figure:
        quick = " --quick" if self.budget.quick else ""
        return _figure(number, f"{MEASURE} {number}{more}{quick}", measure)

    def _scheduled(self, number: str, measure: Callable[[int], Measured], count: int) -> Figure:
        return self._own(number, partial(measure, count), f" --schedules {count}")

    def _storm(self, number: str) -> Figure:
        return _figure(number, STORM_COMMAND, partial(from_storm, number, self.reports / STORM))


def _figure(number: str, command: str, measure: Callable[[], Measured]) -> Figure:
    claim = CLAIMS[number]
    return Figure(number=number, what=claim.what, target=claim.target, command=command, measure=measure)


def from_storm(number: str, file: Path) -> Measured:
    """Read one figure: `{"commit": …, "figures": {"R4": {"result", "holds", "n"?, "violations"?, "seeds"?}}}`."""
    if not file.is_file():
        raise NotMeasuredError(f"no {file.name}: run `{STORM_COMMAND}`")
    try:
        storm = json.loads(file.read_text(encoding="utf-8"))
        found, commit = dict(storm["figures"][number]), str(storm["commit"])[:8]
        return Measured(
            result=f"{found['result']} (commit {commit})",
            holds=found["holds"] is True,
            n=found.get("n"),
            violations=found.get("violations"),
            seeds=str(found.get("seeds", "")),
            details=found,
        )
    except (ValueError, KeyError, TypeError):
        raise NotMeasuredError(f"{file.name} says nothing about it: run `{STORM_COMMAND}`") from None


def circumstances(budget: Budget, seconds: float) -> dict[str, Any]:
    """Say on what, when and how much was measured."""
    head = _git("rev-parse", "HEAD")
    return {
        "commit": head + (" with changes" if _git("status", "--porcelain") else ""),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251 - when a person measured
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "budget": f"{budget.schedules} schedules for each machine{', quick' if budget.quick else ''}",
        "seconds": round(seconds, 1),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def write(lines: Sequence[Line], around: dict[str, Any], report: Path) -> None:
    text = json.dumps(as_json(lines, around), indent=2, default=str, ensure_ascii=False)
    report.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    report.with_suffix(".md").write_text(as_table(lines, around), encoding="utf-8")


def main(arguments: Sequence[str] | None = None, reports: Path = REPORTS) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, about two minutes")
    parser.add_argument("--schedules", type=int, help=f"for each machine (default {USUAL}, quick {QUICK})")
    parser.add_argument("--only", action="append", metavar="R1", help="only these figures")
    wanted = parser.parse_args(arguments)
    budget = Budget(wanted.schedules or (QUICK if wanted.quick else USUAL), wanted.quick)
    known = Plan(budget, reports).figures()
    chosen = [figure for figure in known if not wanted.only or figure.number in wanted.only]
    if len(chosen) < len(set(wanted.only or ())):
        parser.error(f"figures are {', '.join(figure.number for figure in known)}")
    reports.mkdir(exist_ok=True)
    return _run(chosen, budget, reports / "-".join(["reliability", *(wanted.only or ())]))


def _run(chosen: Sequence[Figure], budget: Budget, report: Path) -> int:
    started, lines = time.perf_counter(), []
    with report.with_suffix(".log").open("w", encoding="utf-8") as log:
        configure_logs("warning", stream=log)
        for figure in chosen:
            lines.append(line_of(figure))
            print(f"{figure.number:<4} {lines[-1].outcome:<13} {lines[-1].result}", flush=True)
    write(lines, circumstances(budget, time.perf_counter() - started), report)
    print(f"written to {report}.json and .md")
    return 1 if any(line.outcome is ClaimOutcome.FAILS for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())

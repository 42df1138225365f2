"""`bin/test --storm [SECONDS]`: 12 clients, intruders, host faults and kills of everything, then the judgement.

Writes reports/storm.json, which the report of reliability reads, and traces to reports/storm. Exit code 1 when a
promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from devstack.stack import ROOT
from tests.storm.evidence import Finding, read
from tests.storm.report import findings
from tests.storm.storm import Result, run

REPORTS: Final = ROOT / "reports"


def main(words: Sequence[str] | None = None, reports: Path = REPORTS) -> int:
    parser = argparse.ArgumentParser(prog="bin/test --storm", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=600.0, help="of storm, before healing (default 600)")
    parser.add_argument("--seed", type=int, default=None, help="which storm (default: a new one)")
    parser.add_argument(
        "--lag", type=float, default=0.0, help="Confluence shows versions so many seconds late at times"
    )
    parser.add_argument(
        "--again", type=Path, metavar="TRACES", help="judge what an earlier storm left, without a new one"
    )
    asked = parser.parse_args(words)
    if asked.again:
        return _print_findings(findings(read(asked.again)))
    seed = secrets.randbelow(1_000_000) if asked.seed is None else asked.seed
    traces = reports / "storm" / f"{seed}-{time.time():.0f}"
    traces.mkdir(parents=True)
    with (traces / "steps.log").open("w", encoding="utf-8") as steps:

        def say(line: str) -> None:
            print(line, file=steps, flush=True)
            _print(line)

        say(f"storm of {asked.seconds:g} s, seed {seed}")
        result = run(asked.seconds, seed, traces, say, asked.lag)
    report = reports / "storm.json"
    report.write_text(
        json.dumps(_report(result, seed, asked.seconds), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return _conclude(result, report)


def _conclude(result: Result, report: Path) -> int:
    for number, figure in result.figures.items():
        _print(f"{number:<4} {'holds' if figure['holds'] else 'FAILS'}  {figure['result']}")
    _print(f"written to {report}; traces in {result.traces}")
    return max(_print_findings(result.findings), int(not all(figure["holds"] for figure in result.figures.values())))


def _print_findings(found: Sequence[Finding]) -> int:
    for finding in found:
        _print(f"BROKEN  {finding}")
    return int(bool(found))


def _report(result: Result, seed: int, seconds: float) -> dict[str, object]:
    return {
        "commit": _git("rev-parse", "HEAD") + ("-changed" if _git("status", "--porcelain") else ""),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "seconds": seconds,
        "figures": result.figures,
        "broken": [str(finding) for finding in result.findings],
        "traces": str(result.traces),
    }


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return done.stdout.strip()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

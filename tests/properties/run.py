"""Run many random schedules of a machine and write what was found.

python -m tests.properties.run --model file --calm --schedules 20000 --processes 2 --json reports/calm.json
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.properties import (
    budget_model,
    enforcement_model,
    lock_model,
    schedule_model,
    space_model,
    system_model,
    time_model,
)
from tests.properties.oracle import Violation

Run = Callable[[int], Any]
Finding = tuple[int, str]

MODELS: dict[str, Run] = {
    "rules": lock_model.run,
    "record": schedule_model.run,
    "beginnings": schedule_model.run_rush,
    "enforcement": enforcement_model.run,
    "file": system_model.run,
    "time": time_model.run,
    "spaces": space_model.run,
    "budget": budget_model.run,
}
CHUNK = 250


def violations(run: Run, seeds: Sequence[int]) -> list[Finding]:
    """Run one schedule a seed; anything a schedule raises is a finding."""
    logging.disable(logging.CRITICAL)
    found: list[Finding] = []
    for seed in seeds:
        try:
            run(seed)
        except Violation as violation:
            found.append((seed, str(violation)))
        except Exception as trouble:  # noqa: BLE001 - whatever a use case raises belongs into the report
            found.append((seed, f"{type(trouble).__name__}: {trouble}"))
    return found


def report(model: str, *, calm: bool, first: int, schedules: int, processes: int) -> dict[str, object]:
    """Run the seeds from `first` on, and return figures and violations."""
    run = partial(MODELS[model], calm=True) if calm else MODELS[model]
    began = time.monotonic()
    found = [finding for chunk in _chunks(run, range(first, first + schedules), processes) for finding in chunk]
    seconds = time.monotonic() - began
    return {
        "model": model,
        "calm": calm,
        "seeds": [first, first + schedules - 1],
        "schedules": schedules,
        "seconds": round(seconds, 1),
        "perSecond": round(schedules / seconds, 1),
        "violations": [{"seed": seed, "found": words} for seed, words in found],
    }


def _chunks(run: Run, seeds: range, processes: int) -> Iterator[list[Finding]]:
    pieces = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    if processes == 1:
        yield from map(partial(violations, run), pieces)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(partial(violations, run), pieces)


def main(words: Sequence[str] | None = None) -> int:
    """Return 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.properties.run", description=__doc__)
    parser.add_argument("--model", choices=sorted(MODELS), default="file")
    parser.add_argument("--calm", action="store_true", help="the file only: no faults, only concurrency")
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write the report")
    asked = parser.parse_args(words)
    if asked.calm and asked.model != "file":
        parser.error("only the file has calm schedules")
    found = report(asked.model, calm=asked.calm, first=asked.seed, schedules=asked.schedules, processes=asked.processes)
    text = json.dumps(found, indent=2)
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(text + "\n")
    sys.stdout.write(text + "\n")
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())

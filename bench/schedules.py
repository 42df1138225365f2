"""Violations of the lock's invariants per schedule: figures R1 and R2.

    python -m bench.schedules --schedules 100000

Each schedule has its own seed; `--first SEED` repeats a violation. For no violation in N schedules the 95 % bound is
3/N. Needs the development environment: it uses the tests' fakes and machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial
from typing import Any

from tests.properties import enforcement_model, lock_model, schedule_model
from tests.properties.mutants.catalogue import MUTANTS
from tests.properties.mutants.mutant import hunt
from tests.properties.oracle import Violation

MACHINES: dict[str, Callable[[int], Any]] = {
    "rules": lock_model.run,
    "use-cases": schedule_model.run,
    "beginnings": schedule_model.run_rush,
    "enforcement": enforcement_model.run,
}
CHUNK = 250


def _chunk(machine: str, seeds: range) -> Counter[str]:
    """Count schedules of these seeds by broken invariant."""
    found: Counter[str] = Counter()
    for seed in seeds:
        try:
            MACHINES[machine](seed)
        except Violation as violation:
            invariant = str(violation).split(" | ", maxsplit=1)[0]
            found[invariant] += 1
            print(f"{machine} seed {seed}: {invariant}", file=sys.stderr)
    return found


def measure(machine: str, first: int, schedules: int, workers: int) -> dict[str, object]:
    """Run schedules, on several cores with more than one worker; return violations and time."""
    chunks = [range(at, min(at + CHUNK, first + schedules)) for at in range(first, first + schedules, CHUNK)]
    started, found = time.perf_counter(), Counter[str]()
    with ProcessPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
        parts = (pool.map if pool else map)(partial(_chunk, machine), chunks)
        for done, part in enumerate(parts, start=1):
            found.update(part)
            if sys.stderr.isatty():
                print(f"\r{machine}: {min(done * CHUNK, schedules)}/{schedules}", end="", file=sys.stderr)
    violations = sum(found.values())
    return {
        "machine": machine,
        "schedules": schedules,
        "first_seed": first,
        "violations": violations,
        "by_invariant": dict(found),
        "bound_95": 3 / schedules if not violations else None,
        "seconds": round(time.perf_counter() - started, 1),
    }


def mutants() -> dict[str, object]:
    """Count broken designs caught within their budgets (R27)."""
    missed = [mutant.name for mutant in MUTANTS if hunt(mutant) is None]
    return {"mutants": len(MUTANTS), "caught": len(MUTANTS) - len(missed), "missed": missed}


def main() -> int:
    """Print one JSON line per machine; return 1 for any violation or uncaught broken design."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=10_000, help="per machine")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--machine", choices=MACHINES, action="append", help="only these (default: all)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--mutants", action="store_true", help="also count which broken designs are caught")
    wanted = parser.parse_args()
    print(json.dumps({"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}))
    failed = False
    for machine in wanted.machine or MACHINES:
        figures = measure(machine, wanted.first, wanted.schedules, wanted.workers)
        failed |= bool(figures["violations"])
        print(json.dumps(figures), flush=True)
    if wanted.mutants:
        figures = mutants()
        failed |= bool(figures["missed"])
        print(json.dumps(figures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

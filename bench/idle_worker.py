"""A worker whose jobs do nothing: `python -m bench.idle_worker URL FIRST LAST` prints the seconds between two."""

from __future__ import annotations

import itertools
import os
import sys
import time

from lockpoint.services.ports.jobs import JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.runner import ProcrastinateRunner


def main(url: str, first: int, last: int) -> None:
    numbers, began = itertools.count(1), time.monotonic()

    def handle(_tenant_id: int, _subject: str) -> None:
        nonlocal began
        number = next(numbers)
        if number == first:
            began = time.monotonic()
        elif number == last:
            print(time.monotonic() - began, flush=True)
            os._exit(0)

    ProcrastinateRunner(Database(url)).run(dict.fromkeys(JobKind, handle))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))

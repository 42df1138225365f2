"""A worker process: each job writes a mark, then does what its subject says."""

import logging
import sys
import time

from sqlalchemy import text

from lockpoint.services.errors import QuotaExceeded
from lockpoint.services.ports.jobs import JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.runner import ProcrastinateRunner


def main(url: str, grace: float) -> None:
    database = Database(url)

    def mark(subject: str, what: str) -> None:
        with database.single() as connection:
            connection.execute(text("INSERT INTO mark (subject, what) VALUES (:s, :w)"), {"s": subject, "w": what})

    def handle(_tenant_id: int, subject: str) -> None:
        mark(subject, "began")
        deed, _, value = subject.partition(" ")
        if deed == "sleep":
            time.sleep(float(value))
        elif deed == "quota":
            raise QuotaExceeded("wait", float(value))
        elif deed == "bug":
            raise ValueError("CANARY: the value that was wrong")
        mark(subject, "ended")

    mark("worker", "ready")
    ProcrastinateRunner(database, places=2, grace=grace).run(dict.fromkeys(JobKind, handle))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stdout)
    main(sys.argv[1], float(sys.argv[2]))

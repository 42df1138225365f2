"""A storm: people, intruders and faults of everything for some time, then healing, then the judgement."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from devstack.stack import ROOT
from tests.e2e.system import Json
from tests.storm.clients import NAMES, Client, Intruder, Log
from tests.storm.collect import Books, Recorder, host_files
from tests.storm.evidence import Evidence, Finding, write
from tests.storm.host_faults import HostFaults
from tests.storm.processes import LONGEST_STOP, WORKERS, Processes
from tests.storm.report import figures, findings

FILES: Final = 6
INTRUDERS: Final = 2
HOST_EVERY: Final = 1.0
CALM_FIRST: Final = 2.0
HEAL_SECONDS: Final = 240.0
WELL_SECONDS: Final = 60.0
MAIL_TROUBLE: Final = 0.15
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private folder in it


@dataclass(frozen=True)
class Result:
    """What a storm found, and where its traces are."""

    evidence: Evidence
    findings: Sequence[Finding]
    figures: dict[str, Json]
    traces: Path
    seconds: float


def run(seconds: float, seed: int, traces: Path, say: Callable[[str], None], lag: float = 0.0) -> Result:
    """Let one storm pass and judge it; `say` gets each step as it comes, `lag` is for `HostFaults`."""
    traces.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with _processes(random.Random(f"{seed} mail"), traces) as processes:
        evidence = Storm(processes, seconds, seed, say, lag).pass_by()
    found = findings(evidence)
    write(evidence, traces)
    (traces / "findings.txt").write_text("\n\n".join(map(str, found)), encoding="utf-8")
    return Result(evidence, found, figures(evidence, found, seed), traces, time.monotonic() - began)


@contextmanager
def _processes(chance: random.Random, traces: Path) -> Iterator[Processes]:
    folder = Path(tempfile.mkdtemp(prefix="lockpoint-storm-", dir=MEMORY if MEMORY.is_dir() else None))
    processes = Processes(folder, chance, traces)
    try:
        processes.start()
        yield processes
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Storm:
    """Every choice follows from the seed; in what order the processes meet does not."""

    def __init__(self, processes: Processes, seconds: float, seed: int, say: Callable[[str], None], lag: float) -> None:
        self._processes, self._system = processes, processes.system
        self._seconds, self._say = seconds, say
        self._began = time.monotonic()
        self._over = threading.Event()
        self._log = Log()
        self._chance = random.Random(f"{seed} processes")
        page = self._new_page("Storm")
        self._files = [self._new_file(page, f"storm-{number}.txt") for number in range(FILES)]
        self._recorder, self._books = Recorder(self._system), Books(self._system)
        ids = [page, *(str(file["id"]).removeprefix("att") for file in self._files)]
        self._host = HostFaults(self._system, random.Random(f"{seed} host"), ids, seconds / 4, lag)
        self._workers = [
            Client(self._system, name, self._files, self._log, random.Random(f"{seed} client {number}")).work
            for number, name in enumerate(NAMES)
        ] + [
            Intruder(self._system, self._files, self._log, random.Random(f"{seed} intruder {number}")).work
            for number in range(INTRUDERS)
        ]

    def pass_by(self) -> Evidence:
        other = self._system.people_files("globex")
        self._processes.mails.trouble = MAIL_TROUBLE
        works = (*self._workers, self._recorder.work, self._break_host, self._break_processes)
        threads = [threading.Thread(target=self._guarded, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        time.sleep(self._seconds)
        self._over.set()
        for thread in threads:
            thread.join()
        quiet = self._heal()
        return self._evidence(other, quiet=quiet)

    def _guarded(self, work: Callable[[threading.Event], None]) -> None:
        """A client that breaks ends the storm, and is said."""
        try:
            work(self._over)
        except BaseException as error:
            self._tell(f"the storm itself broke: {type(error).__name__}: {error}")
            self._over.set()
            raise

    # --- faults ----------------------------------------------------------------------------------------------------

    def _break_host(self, over: threading.Event) -> None:
        while not over.wait(HOST_EVERY):
            self._tell(f"host      {self._host.step()}")

    def _break_processes(self, over: threading.Event) -> None:
        """Every kind once, in a new order each time."""
        pause = max(3.0, min(6.0, self._seconds / 10))
        over.wait(CALM_FIRST)
        while not over.is_set():
            for name, harm in self._chance.sample(self._harms(), len(self._harms())):
                if over.is_set():
                    break
                self._tell(f"processes {name}")
                harm()
                over.wait(pause * self._chance.uniform(0.7, 1.3))

    def _harms(self) -> list[tuple[str, Callable[[], None]]]:
        processes = self._processes
        stopped = min(LONGEST_STOP, self._seconds / 6) * self._chance.uniform(0.3, 1)
        return [
            ("kill the web", processes.kill_web),
            ("kill one web process", processes.kill_web_process),
            ("kill worker", lambda: processes.kill_program("worker")),
            ("kill worker-2", lambda: processes.kill_program("worker-2")),
            ("kill clock", lambda: processes.kill_program("clock")),
            ("kill Valkey", processes.kill_cache),
            ("flush Valkey", processes.flush_cache),
            ("kill Postgres", processes.kill_database),
            ("cut all connections to Postgres", processes.cut_connections),
            (
                f"stop a worker for {stopped:.1f} s",
                lambda: processes.pause_program(self._chance.choice(WORKERS), stopped),
            ),
        ]

    # --- healing and judgement -------------------------------------------------------------------------------------

    def _heal(self) -> bool:
        """End all faults and let everything come to rest; return whether it did."""
        self._tell("healing")
        self._processes.mails.trouble = 0.0
        self._host.end()
        self._processes.wait_until_well(WELL_SECONDS)
        until, before = time.monotonic() + HEAL_SECONDS, ""
        while time.monotonic() < until:
            self._reconcile()
            self._books.let_an_hour_pass()
            time.sleep(2)
            now, waiting = self._fingerprint(), self._books.waiting()
            self._tell(f"{len(waiting)} jobs wait, {'nothing' if now == before else 'something'} has changed")
            if not waiting and now == before:
                return True
            before = now
        return False

    def _reconcile(self) -> None:
        command = [sys.executable, "-m", "lockpoint", "site", "reconcile", self._system.confluence.hosts[0]]
        environment = self._system.stack.environment
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        self._tell(f"reconcile {(done.stdout + done.stderr).strip()}")

    def _fingerprint(self) -> str:
        """All that must not change any more."""
        self._recorder.read()
        files = [self._system.file(file) for file in self._files]
        seen = [[len(file["versions"]), file["status"], file["properties"]] for file in files]
        return json.dumps([seen, len(self._books.audit()), [asdict(one) for one in self._books.intents()]])

    def _evidence(self, other: list[Json], *, quiet: bool) -> Evidence:
        books, system = self._books, self._system
        wire = books.numbered(self._processes.mails.mails)
        strangers = [f"mail to {mail.to}" for mail in wire if mail.to.endswith("@globex.example")]
        changed = [] if system.people_files("globex") == other else ["its files"]
        apps = system.confluence.site("acme")["apps"]
        return Evidence(
            app=apps[0]["accountId"],
            calls=tuple(self._log.calls),
            uploads=tuple(self._log.uploads),
            files=tuple(host_files(system, self._files, self._log, self._recorder, books)),
            audit=tuple(books.audit()),
            intents=tuple(books.intents()),
            results=books.results(),
            wire=wire,
            kills=tuple(self._processes.kills),
            parked=tuple(books.parked()),
            waiting_jobs=tuple(books.waiting()),
            other_site=(*changed, *strangers, *books.of_other_site()),
            quiet=quiet,
        )

    def _tell(self, words: str) -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {words}")

    def _new_page(self, title: str) -> str:
        made = self._system.confluence.post("/_sim/sites/acme/page", {"account": "alice", "title": title})
        return str(made["id"])

    def _new_file(self, page: str, name: str) -> Json:
        body = {"account": "alice", "pageId": page, "fileName": name, "text": f"first of {name}"}
        return dict(self._system.confluence.post("/_sim/sites/acme/upload", body))

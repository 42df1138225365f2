"""Sentry gets what the log shows of an error, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from devstack.environment import app_environment, spare_ports
from lockpoint.cli import main
from lockpoint.crash_reports import reporter
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.privacy.scan import Sight, Words
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from tests.devstack.processes import wait_until
from tests.support.checkout import ROOT

CANARY = "Kanarienvogel"
CRASHES = """
import logging, os
import lockpoint.app, lockpoint.clock, lockpoint.worker
from lockpoint.services.ports.jobs import JobKind

def crash(*args, **kwargs):
    hidden = "Kanarienvogel in a variable"
    logging.getLogger("lockpoint.x").error("a line about %s", hidden)
    try:
        raise LookupError(hidden)
    except LookupError:
        logging.getLogger("lockpoint.x").exception("a line about %s", hidden, extra={"who": hidden})
        logging.getLogger("some.library").exception(f"a line about {hidden}")
    raise ValueError("Kanarienvogel in a message " + hidden) from KeyError("Kanarienvogel in a cause")

if os.environ["CRASH_IN"] == "start":
    lockpoint.clock.bootstrap.build_clock = crash
lockpoint.app.Response = crash
lockpoint.worker.USE_CASES[JobKind.SWEEP] = crash
lockpoint.clock.Ticks.rescue = crash
"""
"""Python imports this when a process starts."""


class Sentry:
    """A server for the requests of Sentry's library."""

    def __init__(self, port: int) -> None:
        self.dsn = f"http://key@127.0.0.1:{port}/1"
        self.paths: set[str] = set()
        self.bodies: list[bytes] = []
        self.headers: list[str] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events; envelopes add only id and time."""
        lines = [[json.loads(line) for line in body.splitlines()] for body in self.bodies]
        assert [len(envelope) for envelope in lines] == [3] * len(lines)
        assert {envelope[1]["type"] for envelope in lines} <= {"event"}
        assert {name for envelope in lines for name in envelope[0]} <= {"event_id", "sent_at"}
        return [envelope[2] for envelope in lines]

    def holds(self, *words: str) -> bool:
        """In any writing."""
        wanted = Words(words)
        return any(wanted.look_in(one) is not Sight.NOTHING for one in (*self.bodies, *self.headers, *self.paths))


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.paths.add(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.headers.append(str(self.headers))
            received.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Sentry(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def environment(sentry: Sentry, database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """Some variables ask Sentry's library for more than it may report."""
    (tmp_path / "sitecustomize.py").write_text(CRASHES)
    settings = app_environment({}, spare_ports(), database_url=database_url, redis_url=redis_url, secret_keys="k" * 64)
    more = {"SENTRY_SPOTLIGHT": sentry.dsn.removesuffix("/1") + "/stream", "SENTRY_DEBUG": "1"}
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    return {**settings, **more, **paths, "SENTRY_DSN": sentry.dsn, "CRASH_IN": "work"}


@contextmanager
def running(environment: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "lockpoint", *command], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(40)


def kinds(sentry: Sentry) -> set[str]:
    return {event["exception"]["values"][0]["type"] for event in sentry.events}


def check(sentry: Sentry) -> None:
    """Wait for the report of `crash` and check everything that arrived."""
    wait_until(lambda: "ValueError" in kinds(sentry), "the report of the crash", 60)
    assert not sentry.holds(CANARY)
    assert sentry.paths == {"/api/1/envelope/"}
    for event in sentry.events:
        assert set(event) == {"event_id", "timestamp", "platform", "level", "logger", "release", "exception"}
        (error,) = event["exception"]["values"]
        assert set(error) == {"type", "value", "stacktrace"}
        assert error["value"].split(",")[0] == error["type"]
        assert all(set(frame) == {"filename", "lineno", "function"} for frame in error["stacktrace"]["frames"])
        if error["type"] == "ValueError":
            assert error["stacktrace"]["frames"][-1]["function"] == "crash"


@pytest.mark.processes
def test_a_crash_of_the_web_process_arrives_without_values(environment: dict[str, str], sentry: Sentry) -> None:
    """Under granian."""
    address = environment["LOCKPOINT_BASE_URL"]
    with running(environment, "web", "--host", "127.0.0.1", "--workers", "1", "--threads", "2"):
        wait_until(lambda: answers(f"{address}/healthz") == 200, "the web process", 60)
        headers = {"X-Who": CANARY, "Cookie": f"a={CANARY}", "Authorization": f"JWT {CANARY}", "User-Agent": CANARY}
        answer = requests.get(f"{address}/?name={CANARY}", headers=headers, data=f"{CANARY} in a body", timeout=10)
        assert answer.status_code == 500
        check(sentry)
    assert "lockpoint.web.errors" in {event["logger"] for event in sentry.events}


def answers(address: str) -> int | None:
    try:
        return requests.get(address, timeout=2).status_code
    except requests.RequestException:
        return None


@pytest.mark.processes
def test_a_crash_of_a_job_arrives_without_values(
    environment: dict[str, str], sentry: Sentry, acme: Tenant, database: Database
) -> None:
    """At its first failure."""
    PostgresJobs(database).defer([Job(JobKind.SWEEP, acme.id, CANARY)])
    with running(environment, "worker"):
        check(sentry)


@pytest.mark.processes
def test_a_crash_of_the_clock_arrives_without_values(environment: dict[str, str], sentry: Sentry) -> None:
    """The process continues."""
    with running(environment, "clock") as process:
        check(sentry)
        assert process.poll() is None


@pytest.mark.processes
def test_the_crash_that_ends_a_process_arrives(environment: dict[str, str], sentry: Sentry) -> None:
    """The process waits for its last report."""
    with running({**environment, "CRASH_IN": "start"}, "clock") as process:
        assert process.wait(60) == 1
        check(sentry)
    assert {event["level"] for event in sentry.events if event["logger"] == "lockpoint.crash"} == {"fatal"}


LEAKS: dict[str, str] = {
    "message": "client.capture_event({'message': CANARY})",
    "encoded": "client.capture_event({'message': __import__('base64').b64encode(CANARY.encode()).decode()})",
    "variable": "sentry_sdk.init(sys.argv[1])\ntry: 1 / 0\nexcept ArithmeticError: sentry_sdk.capture_exception()",
    "breadcrumb": "sentry_sdk.init(sys.argv[1], include_local_variables=False, server_name='')\n"
    "import logging; logging.getLogger('x').warning('about %s', CANARY)\nsentry_sdk.capture_message('x')",
}


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_the_check_sees_a_leak(sentry: Sentry, leak: str) -> None:
    """The same check finds what Sentry's library sends without our builder."""
    start = f"import sys, sentry_sdk; CANARY = {CANARY!r}; client = sentry_sdk.Client(sys.argv[1])\n"
    end = "\nclient.flush(5); sentry_sdk.flush(5)"
    command = [sys.executable, "-c", f"{start}{leak}{end}", sentry.dsn]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sentry.holds(CANARY)


def test_without_a_dsn_nothing_is_made() -> None:
    assert reporter(None) is None


def test_a_report_that_fails_costs_no_log_line() -> None:
    program = (
        "import logging; from lockpoint.logs import configure_logs; configure_logs(report=lambda line: 1 / 0)\n"
        "logging.getLogger('lockpoint.x').error('failed', exc_info=ValueError())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout)["exception"] == "ValueError"
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["web", "worker", "clock", "migrate"])
def test_a_missing_library_stops_the_start(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The release phase fails first."""
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    refused = CliRunner(env=environment).invoke(main, [command])
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: SENTRY_DSN: is set, but sentry-sdk is not installed")
    assert "install lockpoint[sentry]" in refused.stderr

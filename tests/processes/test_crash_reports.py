"""Crash reports: what the log shows of an error arrives at Sentry, and nothing else does."""

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
from typing import Any

import pytest

from lockpoint.crash_reports import CrashReportsUnavailableError, reporter
from tests.support.checkout import ROOT

CANARY = "Kanarienvogel"
START = """
import logging, sys
from lockpoint.crash_reports import reporter
from lockpoint.logs import configure_logs
configure_logs(report=reporter(sys.argv[1]))
"""
WEB = (
    START
    + f"""
from flask import Flask, request
from lockpoint.web.errors import handle_errors
app = Flask("x")
handle_errors(app)
@app.post("/crash")
def crash():
    {CANARY.lower()} = request.get_data(as_text=True) + " {CANARY} local"
    raise RuntimeError("{CANARY} message " + {CANARY.lower()})
answer = app.test_client().post("/crash?name={CANARY}", data="{CANARY} body", headers={{"X-Who": "{CANARY}"}})
assert answer.status_code == 500, answer.status_code
"""
)
WORKER = (
    START
    + f"""
logging.getLogger("procrastinate.worker").error(
    "Job {CANARY} failed",
    extra={{"action": "job_error", "job": {{"task_name": "sweep", "id": 7, "args": "{CANARY}"}}}},
    exc_info=KeyError("{CANARY}"),
)
"""
)
CLOCK = (
    START
    + f"""
import threading
def tick():
    raise ValueError("{CANARY} in a thread")
one = threading.Thread(target=tick)
one.start()
one.join()
"""
)
LEAK = (
    START
    + f"""
from sentry_sdk import Client
client = Client(dsn=sys.argv[1], default_integrations=False)
client.capture_event({{"message": "{CANARY}"}})
client.close(2)
"""
)


class Sentry:
    """A server that takes envelopes; `bodies` are what arrived, unpacked."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.dsn = ""

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body.splitlines()[2]) for body in self.bodies]


@contextmanager
def listening() -> Iterator[Sentry]:
    sentry = Sentry()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            sentry.bodies.append((gzip.decompress(body) if packed else body).decode() + str(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    sentry.dsn = f"http://key@127.0.0.1:{server.server_port}/1"
    try:
        yield sentry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(program: str, dsn: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOSTNAME": CANARY}
    done = subprocess.run(
        [sys.executable, "-c", program, dsn], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("program", "kind"),
    [(WEB, "RuntimeError"), (WORKER, "KeyError"), (CLOCK, "ValueError")],
    ids=["web", "worker", "clock"],
)
def test_a_crash_arrives_without_values(program: str, kind: str) -> None:
    """An unhandled error of each process arrives with its kind and places; no message, local, header, body or name."""
    with listening() as sentry:
        run(program, sentry.dsn)
        (event,) = sentry.events
        (error,) = event["exception"]["values"]
        assert error["type"].startswith(kind)
        assert event["release"].startswith("lockpoint@")
        assert CANARY.lower() not in "".join(sentry.bodies).lower()
        if program is not WORKER:
            assert error["stacktrace"]["frames"][-1]["function"] in {"crash", "tick"}


def test_the_check_sees_a_leak() -> None:
    """A message that is sent past the scrubber is found by the same look."""
    with listening() as sentry:
        run(LEAK, sentry.dsn)
        assert CANARY in "".join(sentry.bodies)


def test_without_a_dsn_nothing_is_made() -> None:
    """Crash reports are the operator's choice."""
    assert reporter(None) is None


def test_a_missing_library_and_a_wrong_address_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start stops with the variable's name and what to do, and without the value."""
    with pytest.raises(CrashReportsUnavailableError, match="SENTRY_DSN is no address") as wrong:
        reporter("http://secret-part")
    assert "secret-part" not in str(wrong.value)
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(CrashReportsUnavailableError, match=r"lockpoint\[sentry\]"):
        reporter("http://key@127.0.0.1/1")

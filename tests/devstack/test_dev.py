"""`lockpoint dev` from the command line."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from devstack.confluence import SITES
from devstack.environment import app_environment, spare_ports
from devstack.ports import free_ports
from devstack.stack import Stack
from tests.devstack.processes import alive, descendants, leads_its_group, wait_until
from tests.support.checkout import ROOT

pytestmark = pytest.mark.processes

START_SECONDS = 120

FIRST = free_ports(4)
PROGRAM = f"""
from devstack import environment
environment.USUAL_CONFLUENCE, environment.USUAL_SMTP, environment.USUAL_MAILS = {FIRST}, {FIRST + 2}, {FIRST + 3}
from lockpoint.cli import main
main()
"""
"""Ports that differ from the usual ones, which other programs may take at any moment."""


@dataclass
class Dev:
    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    def follow(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines += iter(output.readline, "")

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_until_up(self) -> None:
        wait_until(lambda: "Ctrl-C" in self.text or self.process.poll() is not None, self.text, START_SECONDS)
        assert "Ctrl-C" in self.text, self.text

    def children(self) -> dict[str, int]:
        """Return the process id of each service."""
        marks = {
            "postgres": "pginstall",
            "valkey": "valkey-server",
            "mails": "mailcatcher",
            "confluence": "-m simulator",
            "web": "-m lockpoint web",
            "worker": "-m lockpoint worker",
            "clock": "-m lockpoint clock",
            "guardian": "guardian.py",
        }
        own = {pid: line for pid, line in descendants(self.process.pid).items() if leads_its_group(pid)}
        return {name: pid for name, mark in marks.items() for pid, line in own.items() if mark in line and pid in own}

    def page(self) -> str:
        found = re.search(r"Open +(http://localhost:[0-9]+)/", self.text)
        assert found
        return found[1]

    def lock(self, method: str) -> dict[str, Any]:
        """Read (GET) or take (POST) Alice's lock on the first file, through the API."""
        result: dict[str, Any] = self.call("alice", method, "/lock", {} if method == "POST" else None)["lock"]
        return result

    def call(self, person: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the API about the first file."""
        asked = {"site": "acme", "kind": "context", "account": person}
        token = requests.post(f"{self.page()}/_sim/tokens", json=asked).json()["token"]
        once = {"requestId": secrets.token_hex(16)}
        answer = requests.request(
            method,
            f"http://127.0.0.1:{self.port}/api/v1/attachments/131203{path}",
            json=None if body is None else once | body,
            headers={"Authorization": f"JWT {token}"},
        )
        assert answer.ok, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def move_time(self, **by: float) -> None:
        assert requests.post(f"{self.page()}/_sim/time", json=by).ok

    def ahead_of_machine(self) -> float:
        """By what the app says."""
        told = datetime.fromisoformat(self.call("alice", "GET", "/lock")["serverTime"])
        return told.timestamp() - time.time()

    def mails(self) -> dict[str, datetime]:
        """When each was sent, by subject."""
        found = re.search(r"Mails +(http://\S+)/ ", self.text)
        assert found
        mails = requests.get(f"{found[1]}/mails").json()["mails"]
        return {mail["subject"]: parsedate_to_datetime(mail["date"]) for mail in mails}

    def healthy(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).ok
        except requests.RequestException:
            return False


@pytest.fixture
def started() -> Iterator[list[Dev]]:
    """Kills what still runs after the test; the guardian then ends its children."""
    running: list[Dev] = []
    yield running
    for dev in running:
        dev.process.kill()
        dev.process.wait()


def _start(started: list[Dev], state: Path) -> Dev:
    port = free_ports()
    command = [sys.executable, "-c", PROGRAM, "dev", "--port", str(port), "--state", str(state)]
    clean = {"PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    dev = Dev(process, port)
    started.append(dev)
    threading.Thread(target=dev.follow, daemon=True).start()
    return dev


def test_it_survives_every_death_and_leaves_nothing(started: list[Dev], tmp_path: Path) -> None:
    """Killed children are restarted, a killed supervisor ends its children, and a lock survives both."""
    dev = _start(started, tmp_path / "state")
    dev.wait_until_up()
    assert {"Alice", "Bob", "Charlie"} <= set(re.findall(r"\w+", dev.text))
    held = dev.lock("POST")
    assert held["state"] == "mine"

    before = dev.children()
    assert len(before) == 8, before
    for name in ("web", "worker", "clock", "postgres", "valkey", "guardian"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: len(dev.children()) == 8, "the children to come back", 120)
    wait_until(dev.healthy, "the app to be ready again", 120)
    after = dev.children()
    assert all(after[name] != before[name] for name in ("web", "worker", "clock", "postgres", "valkey", "guardian"))
    assert dev.lock("GET")["lockId"] == held["lockId"]

    everything = [*descendants(dev.process.pid)]
    dev.process.kill()
    wait_until(lambda: not any(map(alive, everything)), "everything to end with its supervisor", 60)

    again = _start(started, tmp_path / "state")
    again.wait_until_up()
    assert again.lock("GET")["lockId"] == held["lockId"]

    everything = [*descendants(again.process.pid)]
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0
    assert not any(map(alive, everything))
    assert "Traceback" not in dev.text + again.text


def test_time_moves_in_all_processes_and_stays_over_a_restart(started: list[Dev], tmp_path: Path) -> None:
    """Charlie is told within seconds of the end; back in time the app starts again and tells the machine's time.

    A busy machine explains warnings of others: granian calls a worker stuck that has just ended, for one, since two of
    its threads wait for the same process.
    """
    dev = _start(started, tmp_path / "state")
    dev.wait_until_up()
    assert dev.lock("POST")["state"] == "mine"
    dev.call("charlie", "PUT", "/notify-me", {})
    dev.move_time(advanceSeconds=24 * 3600 + 60)
    wait_until(lambda: list(dev.mails()) == ["Your lock on budget.xlsx will end soon"], "the warning")
    (sent,) = dev.mails().values()
    assert sent.timestamp() == pytest.approx(time.time() + 24 * 3600 + 60, abs=30)
    assert dev.lock("GET")["state"] == "mine"
    dev.move_time(advanceSeconds=24 * 3600)
    wait_until(lambda: "budget.xlsx is available again" in dev.mails(), "the mail to Charlie")
    assert dev.lock("GET")["state"] == "free"
    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(60) == 0

    again = _start(started, tmp_path / "state")
    again.wait_until_up()
    assert "2 d 0 h ahead" in again.text
    assert again.ahead_of_machine() == pytest.approx(48 * 3600 + 60, abs=30)
    before = again.children()
    again.move_time(aheadSeconds=0)
    wait_until(
        lambda: all(_renewed(before, again.children(), name) for name in ("web", "worker", "clock")), "a restart"
    )
    wait_until(again.healthy, "the app to be ready again")
    assert again.ahead_of_machine() == pytest.approx(0, abs=30)
    assert "time       | was moved back; web, worker, clock start again" in again.text
    said = dev.text + again.text
    assert not [word for word in ("has died", "NoTokenYet", "Traceback") if word in said], said


def _renewed(before: dict[str, int], after: dict[str, int], name: str) -> bool:
    return name in after and after[name] != before[name]


@pytest.mark.parametrize(
    "given", [{"DATABASE_URL": "postgresql:///x"}, {"LOCKPOINT_BASE_URL": "https://x.example.com"}]
)
def test_time_is_the_machines_where_others_may_depend_on_it(tmp_path: Path, given: dict[str, str]) -> None:
    """A given database has its own time; an app with a public address may have real sites."""
    movable, given_one = (
        Stack(tmp_path / name, spare_ports(), settings, lambda *_: None, movable_time=True)
        for name, settings in (("a", {}), ("b", given))
    )
    assert movable.moves_time
    assert not given_one.moves_time


def test_a_second_one_on_the_same_state_is_refused(started: list[Dev], tmp_path: Path) -> None:
    """The second start ends with a reason and code 1."""
    dev = _start(started, tmp_path / "state")
    wait_until((tmp_path / "state" / "lock").exists, "the first one to take the folder")
    second = _start(started, tmp_path / "state")
    assert second.process.wait(60) == 1
    wait_until(lambda: "already running" in second.text, second.text)
    dev.process.send_signal(signal.SIGTERM)
    assert dev.process.wait(60) == 0


@pytest.mark.parametrize(
    ("given", "folder", "said"),
    [
        ({"LOCKPOINT_RETENTION_DAYS": "99"}, "state", "LOCKPOINT_RETENTION_DAYS: "),
        ({}, "file/state", "Not a directory"),
    ],
)
def test_a_start_that_cannot_work_says_one_sentence(
    tmp_path: Path, given: dict[str, str], folder: str, said: str
) -> None:
    """Settings are looked at before the databases start."""
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "lockpoint", "dev", "--state", str(tmp_path / folder)],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **given}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state" / "postgres").exists()


def test_a_site_that_is_renamed_is_still_allowed() -> None:
    """By the address that the local Confluence then has."""
    made = app_environment({}, spare_ports(), database_url="x", redis_url="x", secret_keys="x")
    hosts = made["LOCKPOINT_ALLOWED_HOSTS"].split(",")
    assert len([host for host in hosts if host.startswith(("localhost:", "127.0.0.1:"))]) == 2 * len(SITES)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """A requested port in use ends the start with a reason."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "lockpoint", "dev", "--state", str(tmp_path), "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr

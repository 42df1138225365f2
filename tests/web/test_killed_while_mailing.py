"""kill -9 at each step of sending a mail: the real worker process, a real mail server that stops there, Postgres.

The server keeps a mail once it has all of it, as servers do: whoever dies before they note its answer sends it again.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from pydantic import SecretStr

from lockpoint.services.ports.jobs import JobKind
from lockpoint.settings import Settings
from lockpoint.storage.engine import libpq_url
from tests.support import databases
from tests.web.live_app import LiveApp, live_app

HOST = "127.0.0.1"
PATIENCE = 90.0
NOTHING_SAID = ("greeting", "MAIL", "DATA")
"""Steps of the conversation at which the server does not have the mail yet."""

KEPT = ("content", "QUIT")
"""The server has the mail; the worker does not know, or has not noted it."""


class HeldPost:
    """A mail server that stops before one answer until the client is gone, or until it is let go."""

    def __init__(self) -> None:
        self.held_at: str | None = None
        self.reached = threading.Event()
        self.kept: list[bytes] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def hold(self, step: str | None) -> None:
        self.reached.clear()
        self.held_at = step

    def close(self) -> None:
        self._listener.close()

    def names(self) -> list[str]:
        return [str(message_from_bytes(content)["Message-ID"]) for content in self.kept]

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as lines:
            if not self._answer(client, "greeting", "220 here"):
                return
            for line in lines:
                word = line.split(b" ")[0].strip().upper().decode()
                if not self._answer(client, word, "354 go on" if word == "DATA" else "250 good"):
                    return
                if word == "DATA":
                    self.kept.append(b"".join(iter(lines.readline, b".\r\n")))
                    if not self._answer(client, "content", "250 kept"):
                        return

    def _answer(self, client: socket.socket, step: str, text: str) -> bool:
        """Return whether the client is still there."""
        if self.held_at == step:
            self.reached.set()
            client.settimeout(0.05)
            while self.held_at == step:
                try:
                    if client.recv(1, socket.MSG_PEEK) == b"":
                        return False
                except TimeoutError:
                    continue
                except ConnectionError:
                    return False
            client.settimeout(None)
        try:
            client.sendall(f"{text}\r\n".encode())
        except OSError:
            return False
        return True


@dataclass
class Scene:
    live: LiveApp
    post: HeldPost
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    owed: int = 0

    def start(self) -> None:
        """A worker process, once nobody believes in the dead one any more."""
        self.live.sql("update procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 minute'")
        command = [sys.executable, "-m", "lockpoint", "worker"]
        with self.log.open("ab") as output:
            environment = os.environ | environment_of(self.live.settings)
            self.workers.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))

    def kill(self) -> None:
        self.workers[-1].kill()
        self.workers[-1].wait()

    def owe(self) -> None:
        """Dana ends a lock of Alice's, who has to be told: one mail."""
        file = self.live.file(self.live.page())
        body = {"lockId": self.live.lock("alice", file), "reason": "needed"}
        answer = self.live.call("dana", "POST", f"/attachments/{file}/lock/break", body)
        assert answer.status_code == 200, answer.text
        self.owed += 1

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.live.database.execute(query.encode()).fetchall()

    @property
    def queued(self) -> list[tuple[Any, ...]]:
        return self.ask("select id, status from procrastinate_jobs where task_name = 'send_mail' order by id")

    @property
    def ledger(self) -> list[tuple[Any, ...]]:
        return self.ask("select kind, result from email_log")

    def wait(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, self.log.read_text()[-5000:]
            time.sleep(0.05)

    def told(self) -> None:
        """Wait until every mail is in the ledger, once, and nothing is left to do."""
        self.wait(lambda: not self.queued)
        assert self.ledger == [("lock_ended_by_other", "sent")] * self.owed
        assert self.ask("select count(*) from email_intent where done") == [(self.owed,)]
        assert len(set(self.post.names())) == self.owed


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that say what these settings say."""
    given = {field.alias: getattr(settings, name) for name, field in Settings.model_fields.items()}
    return {str(name): _text(value) for name, value in given.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


@pytest.fixture
def scene(servers: databases.Addresses, worker_id: str, tmp_path: Path) -> Iterator[Scene]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    post = HeldPost()
    with ExitStack() as stack:
        stack.callback(post.close)
        url = stack.enter_context(databases.database(servers, worker_id))
        live = stack.enter_context(live_app(url, cache, LOCKPOINT_MAIL_URL=f"smtp://{HOST}:{post.port}"))
        made = Scene(live, post, tmp_path / "worker.log")
        stack.callback(lambda: [(worker.kill(), worker.wait()) for worker in made.workers])
        live.settle()
        yield made


def test_a_worker_that_is_killed_while_it_sends_loses_and_doubles_nothing(scene: Scene) -> None:
    """S8, F38, F45, L-65: 0 lost, each in the ledger once.

    On the wire it is twice only from the mail's last byte to its row in the ledger, under the same Message-ID.
    """
    post = scene.post
    scene.start()
    doubled = 0
    for step in (*NOTHING_SAID, *KEPT):
        post.hold(step)
        scene.owe()
        scene.wait(post.reached.is_set)
        assert len(scene.ledger) == scene.owed - 1, step
        scene.kill()
        post.hold(None)
        scene.start()
        scene.told()
        doubled += step in KEPT
        assert len(post.kept) == scene.owed + doubled, step
        last = post.names()[-1 - (step in KEPT) :]
        assert len(set(last)) == 1, step


def test_a_worker_that_is_killed_before_it_connects_or_after_the_ledger_sends_once(scene: Scene) -> None:
    """S8, F38: while it decides what to tell, and when only its job is left to be struck off."""
    _before_it_connects(scene)
    _after_the_ledger(scene)
    assert len(scene.post.kept) == scene.owed == 2


def _before_it_connects(scene: Scene) -> None:
    scene.owe()
    with _other(scene) as other:
        other.execute("select * from email_intent for update")
        scene.start()
        scene.wait(lambda: _waits(scene, "email_intent"))
        scene.kill()
        _forget_what_waits(scene)
    assert (scene.post.kept, scene.ledger) == ([], [])
    scene.start()
    scene.told()


def _after_the_ledger(scene: Scene) -> None:
    scene.post.hold("QUIT")
    scene.owe()
    scene.wait(scene.post.reached.is_set)
    with _other(scene) as other:
        other.execute("select * from procrastinate_jobs where task_name = %s for update", [JobKind.SEND_MAIL.value])
        scene.post.hold(None)
        scene.wait(lambda: len(scene.ledger) == scene.owed and _waits(scene, "procrastinate"))
        scene.kill()
        _forget_what_waits(scene)
    assert [status for _, status in scene.queued] == ["doing"]
    scene.start()
    scene.told()


def _other(scene: Scene) -> psycopg.Connection:
    """A connection whose transaction holds what it selects."""
    return psycopg.connect(libpq_url(scene.live.settings.database_url))


def _forget_what_waits(scene: Scene) -> None:
    """End the dead worker's statements, which Postgres would carry out: it notices a dead client when it answers."""
    scene.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where wait_event_type = 'Lock' and datname = current_database()"
    )
    scene.wait(lambda: not _waits(scene, ""))


def _waits(scene: Scene, what: str) -> bool:
    """Whether somebody waits for a lock in a statement about this."""
    waiting = "select query from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    return any(what in query for (query,) in scene.ask(waiting))

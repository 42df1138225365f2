"""A lock's life by the clock: over HTTP, with Postgres, a mail server, the local Confluence and real clock processes.

The clocks of the application and of Confluence are moved together, into a spring in which summer time begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import ClassVar
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
import redis
import requests
from aiosmtpd.controller import Controller

from devstack.ports import free_ports
from lockpoint import bootstrap, clock, worker
from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE
from tests.support import databases
from tests.web.api.test_mails import Post, subjects, text_of
from tests.web.live_app import CALL_SECONDS, LiveApp, live_app

BEGIN = datetime(2027, 3, 26, 18, 0, tzinfo=UTC)
"""In Berlin 19:00, winter time; summer time begins on the 28th at 01:00 UTC."""


REAL = bootstrap.SystemClock()


class MovedClock:
    by: ClassVar[timedelta] = timedelta()

    def now(self) -> datetime:
        return REAL.now() + self.by

    def sleep(self, seconds: float) -> None:
        REAL.sleep(seconds)


@dataclass
class Journey:
    """An application whose time passes as the test says."""

    live: LiveApp
    post: Post
    clocks: list[clock.Ticks] = field(default_factory=list)

    def at(self, hours: float) -> None:
        """Move all clocks to so many hours after the beginning; what waits in the queue is due."""
        MovedClock.by = BEGIN + timedelta(hours=hours) - REAL.now()
        self.live.control("clock", offsetSeconds=MovedClock.by.total_seconds())
        self.live.sql("update procrastinate_jobs set scheduled_at = null where scheduled_at is not null")

    def tick(self) -> None:
        """Let every clock process ask for its sweeps, then the worker work."""
        for ticks in self.clocks:
            ticks.sweep()
        self.live.settle()
        self.live.run_jobs(JobKind.SEND_MAIL)

    def run(self, first: float, last: float, step: float = 0.5) -> None:
        hours = first
        while hours <= last:
            self.at(hours)
            self.tick()
            hours += step

    def told(self, person: str) -> list[str]:
        return subjects(self.post.to(person))

    def link(self, letter: EmailMessage) -> str:
        found = re.search(r"https?://\S+/mail/\S+", text_of(letter))
        assert found is not None
        return f"{self.live.url}{urlsplit(found[0]).path}"

    def end(self, file: str) -> datetime:
        lock = self.live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]
        return datetime.fromisoformat(lock["expiresAt"])


@pytest.fixture(params=[1, 2], ids=["one clock", "two clocks"])
def journey(request: pytest.FixtureRequest, servers: databases.Addresses, worker_id: str) -> Iterator[Journey]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    post = Post()
    mail = Controller(post, hostname="127.0.0.1", port=free_ports())
    mail.start()
    with ExitStack() as stack:
        stack.callback(mail.stop)
        stack.enter_context(patch.object(bootstrap, "SystemClock", MovedClock))
        url = stack.enter_context(databases.database(servers, worker_id))
        MovedClock.by = timedelta()
        app = stack.enter_context(live_app(url, cache, LOCKPOINT_MAIL_URL=f"smtp://127.0.0.1:{mail.port}"))
        made = Journey(app, post)
        made.at(0)
        # What was heard of Confluence's time belongs to the time before.
        app.handlers = worker.handlers(bootstrap.build(app.settings))
        made.clocks = [ticks(app) for _ in range(request.param)]
        yield made


def ticks(app: LiveApp) -> clock.Ticks:
    services, upkeep = bootstrap.build_clock(app.settings)
    return clock.Ticks(services, upkeep, app.settings)


def test_from_the_lock_to_its_end(journey: Journey) -> None:
    """P-12, P-14, L-33, L-65, M-01 to M-03: each told once, in their language and zone, over a change of the clocks."""
    live, post = journey.live, journey.post
    chosen = {"locale": "de-DE", "timeZone": "Europe/Berlin"}
    assert live.call("alice", "PUT", "/me/preferences", chosen).status_code == 200
    assert live.call("charlie", "PUT", "/me/preferences", {"locale": "fr", "timeZone": "Asia/Tokyo"}).status_code == 200
    file = live.file(live.page(), "plan.txt")
    live.lock("alice", file)
    assert live.call("charlie", "PUT", f"/attachments/{file}/notify-me").status_code == 200
    journey.run(22, 25)
    assert journey.told("alice") == ["Ihre Sperre von „plan.txt“ endet bald"]
    # Told in winter time, of an end in summer time.
    (first,) = post.to("alice")
    assert re.search(r"^Endet: 28\. März 2027( um|,) 20:00 MESZ\s*$", text_of(first), re.MULTILINE), text_of(first)

    link = journey.link(first)
    before, calls = live.properties(file), live.audit()
    for _ in range(3):  # a robot looks at what the mail leads to
        shown = requests.get(link, timeout=CALL_SECONDS)
        assert (shown.status_code, "<h1>Ihre Sperre verlängern?</h1>" in shown.text) == (200, True)
        assert '<html lang="de-DE" dir="ltr">' in shown.text
        assert "script" not in shown.headers["Content-Security-Policy"]
        assert "form-action 'self'" in shown.headers["Content-Security-Policy"]
    assert (live.properties(file), live.audit()) == (before, calls)
    assert ALICE not in link + shown.text
    for _ in range(2):
        done = requests.post(link, timeout=CALL_SECONDS)
        assert (done.status_code, "Ihre Sperre ist verlängert" in done.text) == (200, True)
    assert sum("extended" in row for row in live.audit()) == 1
    extended = journey.end(file)
    assert timedelta(hours=72.9) < extended - BEGIN < timedelta(hours=73.1)
    assert re.search(r"29\. März 2027( um|,) 2[01]:\d\d MESZ", done.text), done.text

    journey.run(25.5, 72.5, step=2)
    assert journey.told("alice") == ["Ihre Sperre von „plan.txt“ endet bald"] * 2
    assert journey.link(post.to("alice")[1]) != link
    assert journey.told("charlie") == []
    journey.run(73.5, 76)
    assert journey.told("alice")[2:] == ["Ihre Sperre von „plan.txt“ ist beendet"]
    assert journey.told("charlie") == ["«\u00a0plan.txt\u00a0» est de nouveau disponible"]
    journey.run(80, 120, step=20)
    assert (len(journey.told("alice")), len(journey.told("charlie"))) == (3, 1)

    over = requests.post(link, timeout=CALL_SECONDS)
    assert (over.status_code, "Ihre Sperre ist beendet" in over.text) == (409, True)
    assert re.search(r"Die Sperre endete: 29\. März 2027( um|,) 2[01]:\d\d MESZ", over.text), over.text


def test_a_clock_that_was_dead_for_31_hours(journey: Journey) -> None:
    """F41, L-33, L-65: it catches up without a storm, and doubles nothing."""
    live = journey.live
    page = live.page()
    early, late = live.file(page, "early.txt"), live.file(page, "late.txt")
    live.lock("alice", early)
    assert live.call("bob", "PUT", f"/attachments/{early}/notify-me").status_code == 200
    journey.run(1, 17, step=16)
    live.lock("alice", late)
    journey.run(18, 19)
    assert journey.told("alice") == []
    # Nobody sweeps from hour 19 to hour 50: the first lock is over, the warning of the second is due.
    journey.run(50, 52)
    assert sorted(journey.told("alice")) == ["Your lock on early.txt has ended", "Your lock on late.txt will end soon"]
    assert journey.told("bob") == ["early.txt is available again"]
    journey.run(60, 70, step=2)
    assert journey.told("alice")[2:] == ["Your lock on late.txt has ended"]
    assert len(journey.told("alice")) == 3

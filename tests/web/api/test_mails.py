"""How many mails people get: real uploads, the real queue, a real mail server."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from devstack.ports import free_ports
from lockpoint import bootstrap
from lockpoint.services.notifications.mail_health import mail_health
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailUnavailable
from lockpoint.services.tenancy.settings_in_force import UNASKED
from simulator.world.seed import ALICE, BOB
from tests.support import databases
from tests.web.live_app import LiveApp, live_app


@dataclass
class Post:
    """A mail server's other side: keeps the letters of each address."""

    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    trouble: str = ""
    """What is answered instead of taking a letter."""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.trouble:
            return self.trouble
        letter = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters += [(address, letter) for address in envelope.rcpt_tos]
        return "250 OK"

    def to(self, person: str) -> list[EmailMessage]:
        return [letter for address, letter in self.letters if address.startswith(person)]


@pytest.fixture(scope="module")
def post() -> Post:
    return Post()


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str, post: Post) -> Iterator[LiveApp]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    mail = Controller(post, hostname="127.0.0.1", port=free_ports())
    mail.start()
    try:
        with (
            databases.database(servers, worker_id) as url,
            live_app(url, cache, LOCKPOINT_MAIL_URL=f"smtp://127.0.0.1:{mail.port}") as app,
        ):
            yield app
    finally:
        mail.stop()


@pytest.fixture(autouse=True)
def _an_hour_later(live: LiveApp, post: Post, other_site_untouched: None) -> Iterator[None]:  # noqa: ARG001
    """Each test begins with no mail of the last hour."""
    post.letters.clear()
    yield
    later(live)


def later(live: LiveApp, minutes: int = 60) -> None:
    """Let time go by, for the queue and for what was told."""
    for table, column in (("email_intent", "told_at"), ("restoration", "at"), ("procrastinate_jobs", "scheduled_at")):
        live.sql(f"update {table} set {column} = {column} - interval '{minutes} minutes'")  # noqa: S608 - constants
    work(live)


def work(live: LiveApp) -> None:
    live.settle()
    live.run_jobs(JobKind.SEND_MAIL)


def overwrite(live: LiveApp, page: str, name: str, times: int) -> None:
    for number in range(times):
        live.file(page, name, author="bob", text=f"Bob's {number} of {name}")
        work(live)


def subjects(letters: list[EmailMessage]) -> list[str]:
    return [str(letter["Subject"]) for letter in letters]


def test_fifteen_uploads_are_one_mail_and_a_digest(live: LiveApp, post: Post) -> None:
    """F6, L-65: and one that undoing is paused; every upload is in the audit log."""
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    before = len([row for row in live.audit() if "conflict" in row])
    overwrite(live, page, "plan.txt", 15)
    assert sorted(subjects(post.to("alice"))) == [
        "Bob Baker tried to overwrite plan.txt",
        "Protection of plan.txt is paused",
    ]
    assert len(post.to("bob")) == 1
    assert len([row for row in live.audit() if "conflict" in row]) == before + 15
    later(live, minutes=9)
    assert len(post.to("alice")) == 2
    later(live, minutes=1)
    assert subjects(post.to("alice"))[2:] == ["Bob Baker changed plan.txt 14 times"]
    assert subjects(post.to("bob"))[1:] == ["Your 14 changes of plan.txt met a lock"]
    assert f"/pages/viewpageattachments.action?pageId={page}" in text_of(post.to("alice")[-1])
    assert live.running.world.sites["acme"].attachments[int(file)].versions[-1].data == b"first"


def test_ten_overwrites_in_ten_minutes_are_one_mail_with_their_number(live: LiveApp, post: Post) -> None:
    """A burst: the first is told at once, the other nine together when the ten minutes are over, and then no more."""
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    for _ in range(10):
        overwrite(live, page, "plan.txt", 1)
        later(live, minutes=1)
    told = [subject for subject in subjects(post.to("alice")) if "paused" not in subject]
    assert told == ["Bob Baker tried to overwrite plan.txt", "Bob Baker changed plan.txt 9 times"]
    later(live)
    assert [subject for subject in subjects(post.to("alice")) if "paused" not in subject] == told


def test_each_reads_the_mail_in_their_own_language(live: LiveApp, post: Post) -> None:
    """D5, C9: by preference, whatever the others chose, with the reason why; dates in their zone, without seconds."""
    page = live.page()
    file = live.file(page, "plan.txt")
    tastes = {"alice": ("de-AT", "Europe/Vienna"), "bob": ("ja", "Asia/Tokyo")}
    for person, (locale, zone) in tastes.items():
        assert live.call(person, "PUT", "/me/preferences", {"locale": locale, "timeZone": zone}).status_code == 200
    live.lock("alice", file)
    overwrite(live, page, "plan.txt", 4)
    later(live)
    for person in tastes:
        assert live.call(person, "PUT", "/me/preferences", {"locale": None, "timeZone": None}).status_code == 200
    (first, pause, digest), (undone, *_) = post.to("alice"), post.to("bob")
    assert subjects([first, pause, digest, undone]) == [
        "Bob Baker wollte „plan.txt“ überschreiben",
        "Der Schutz von „plan.txt“ pausiert",
        "Bob Baker hat „plan.txt“ 3 Mal geändert",
        "「plan.txt」のアップロードは取り消されました",
    ]
    assert re.search(r"^Bis: \d+\. \w+ \d{4}, \d\d:\d\d ME", text_of(pause), re.MULTILINE)
    assert "weil Sie diese Datei gesperrt haben" in text_of(pause)
    assert "Alice Arden さんが「plan.txt」をロックしている間に" in text_of(undone)


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_many_files_are_twenty_mails(live: LiveApp, post: Post) -> None:
    """F6: Alice gets 20 in the hour, the last a summary; the rest comes in one an hour later; no name is stored."""
    page = live.page()
    names = [f"secret-plan-{number}.txt" for number in range(22)]
    for name in names:
        live.lock("alice", live.file(page, name))
    for name in names:
        overwrite(live, page, name, 2)
    assert len(post.to("alice")) == 20
    assert "more messages about locked files" in subjects(post.to("alice"))[-1]
    later(live)
    assert sorted(subjects(post.to("alice"))[20:]) == [
        *(f"Bob Baker changed secret-plan-{number}.txt 2 times" for number in (20, 21)),
        "Bob Baker tried to overwrite secret-plan-19.txt",
    ]
    assert not [row for row in live.rows()["email_intent"] if ",f," in row and ALICE in row]
    assert "secret-plan" not in str(live.rows())


def test_who_has_no_address_is_told_on_the_page(live: LiveApp, post: Post) -> None:
    """F46: once, as the app, where the site wants it; Postgres and the second site know nothing of it."""
    revision = live.call("sam", "GET", "/settings").json()["revision"]
    live.call("sam", "PUT", "/settings", {"revision": revision, "comments": True})
    live.control("sites/acme/behaviour", emailLookup="not_approved")
    time.sleep(UNASKED.total_seconds())  # the worker has just read the settings
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    overwrite(live, page, "plan.txt", 1)
    work(live)
    assert post.letters == []
    comments = [one for one in live.site_state("acme")["comments"] if one["pageId"] == page]
    assert [one["authorId"] for one in comments] == [live.app_user, live.app_user]
    assert sorted(re.findall(r'account-id="([^"]+)"', one["body"])[0] for one in comments) == sorted((ALICE, BOB))
    assert all("Bob" not in one["body"] and "plan.txt" in one["body"] for one in comments)
    assert live.site_state("globex")["comments"] == []
    assert "lockpoint-" not in str(live.rows()["email_intent"])
    live.control("sites/acme/behaviour", emailLookup="allowed")
    live.call("sam", "PUT", "/settings", {"revision": revision + 1, "comments": False})


@pytest.mark.parametrize("answer", ["421 busy", "452 full", "550 no such person", "554 policy"])
def test_what_the_mail_server_answers_decides(live: LiveApp, post: Post, answer: str) -> None:
    """F45: 4xx: nothing is lost, it is sent later, once; 5xx: refused for good, logged and counted."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock = live.lock("alice", file)
    live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "x"})
    intent = str(live.database.execute("select max(id) from email_intent").fetchone()[0])
    services = bootstrap.build(live.settings)
    tenant = services.tenants.by_id(live.tenant_id("acme"))
    assert tenant is not None
    before, post.trouble = mail_health(services, tenant), answer
    passing = answer.startswith("4")
    with pytest.raises(MailUnavailable) if passing else nullcontext():
        live.work(JobKind.SEND_MAIL, intent)
    after = mail_health(services, tenant)
    assert (after.waiting, after.refused) == (before.waiting - (not passing), before.refused + (not passing))
    post.trouble = ""
    for _ in range(2):
        live.work(JobKind.SEND_MAIL, intent)
    assert subjects(post.to("alice")) == (["Dana Diaz unlocked plan.txt"] if passing else [])
    assert mail_health(services, tenant).waiting == before.waiting - 1
    live.sql("delete from procrastinate_jobs where task_name = 'send_mail'")

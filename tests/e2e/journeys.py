"""All actions of people, admins and operators, with names that occur nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
import requests
from click.testing import CliRunner, Result

from lockpoint import bootstrap
from lockpoint.cli import main
from lockpoint.services.context import Actor
from lockpoint.services.idempotency import RequestKey
from lockpoint.services.locks.acquire import acquire
from lockpoint.services.locks.action import LockOptions
from lockpoint.settings import Settings
from tests.e2e.system import CALL_SECONDS, Json, System, request_id, wait_for
from tests.support.installed import wait_for_installs

OURS: Final = frozenset({"web", "worker", "clock"})
"""Processes with our logs; the local Confluence and the mail catcher may log names."""

SPACE: Final = "Zaunkönigs Gelege"
PAGE: Final = "Zaunkönig & Söhne: plans"
OTHER_PAGE: Final = "Wiedehopf: more plans"
DOMAIN: Final = "nachtigall.example.com"
NAMES: Final = {
    "alice": "Alicia Kanarienvogel",
    "bob": "Bobby Nachtigall",
    "charlie": "Charly Zaunkönig",
    "dana": "Danuta Kolibri",
    "sam": "Samira Eisvogel",
}
FILES: Final = {
    "main": "Kanarienvogel-quarterly-figures.xlsx",
    "asked": "Specht-offer.odt",
    "moved": "Wendehals (draft) 2.docx",
    "renamed": "Wendehals renamed by a stranger.docx",
    "copied": "Kopfweide-minutes.txt",
    "expired": "Eintagsfliege.pdf",
    "refused": "Ablehnung & Rohrdommel.odt",
    "parked": "Standvogel.pptx",
    "returned": "Zugvogel.vsdx",
}
NOTE: Final = "note-with-a-hummingbird"
REASON: Final = "reason-with-a-nightingale"
REQUEST: Final = "request-with-a-woodpecker"
ANSWER: Final = "answer-with-a-lapwing"
CONTENT: Final = "Bob was here with a goldfinch"
PROTECTED: Final = "Alice wrote of a bullfinch"
CANARIES: Final = frozenset(
    {
        *(SPACE, PAGE, OTHER_PAGE, DOMAIN, NOTE, REASON, REQUEST, ANSWER, CONTENT, PROTECTED),
        *FILES.values(),
        *NAMES.values(),
        *(part for name in NAMES.values() for part in name.split()),
        *(f"{name}@{DOMAIN}" for name in NAMES),
    }
)


@dataclass
class Journeys:
    """The steps; each depends on the state that the previous one leaves."""

    system: System
    page: str = ""
    other_page: str = ""
    results: Json = field(default_factory=dict)
    """Results of steps for the tests."""

    def run(self) -> None:
        self.page, self.other_page = self._new_page(PAGE), self._new_page(OTHER_PAGE)
        self.choose()
        short = self.lock_for_a_second()
        self.share()
        self.ask_for_it()
        self.throw_about()
        self.be_refused()
        self.copy()
        self.park()
        self.expire(short)
        self.unsubscribe()
        self.erase()
        self.leave_and_return()

    def choose(self) -> None:
        chosen = {"mails": {"overwriteAttempt": True}, "locale": "de", "timeZone": "Europe/Vienna"}
        self._ask("charlie", "PUT", "/me/preferences", chosen)
        for name, address in (("charlie", "/me/preferences"), ("alice", "/me/data"), ("sam", "/settings")):
            self._ask(name, "GET", address)
        self._set("sam", usageCounts=True)

    def share(self) -> None:
        """Lock, join and leave the waitlist, overwrite, restore, extend, break, take over, unlock."""
        file = self._new_file("main")
        path = f"/attachments/{file['id']}"
        lock = self._lock("alice", file, note=NOTE)
        self._ask("charlie", "PUT", f"{path}/notify-me")
        self._ask("bob", "PUT", f"{path}/notify-me")
        self._ask("bob", "DELETE", f"{path}/notify-me")
        self.system.upload(file, "bob", CONTENT)
        wait_for("the overwrite to be undone", lambda: self._at_version(file, 3))
        self._mail("bob", FILES["main"])
        self._ask("alice", "POST", f"{path}/lock/extend", {"lockId": lock["lockId"], "hours": 4})
        for name in ("alice", "bob", "charlie"):
            self._ask(name, "GET", f"/pages/{self.page}/attachments")
        self._ask("dana", "POST", f"{path}/lock/break", {"lockId": lock["lockId"], "reason": REASON})
        assert FILES["main"] in self._mail("alice", REASON)["text"]
        self._mail("charlie", FILES["main"])
        lock = self._lock("bob", file)
        asked = {"lockId": lock["lockId"], "reason": REASON}
        taken = self._ask("dana", "POST", f"{path}/lock/take-over", asked, expected=201)["lock"]
        self._ask("dana", "POST", f"{path}/lock/release", {"lockId": taken["lockId"]})

    def ask_for_it(self) -> None:
        """Ask the owner, be declined, ask again, and get the file."""
        file = self._new_file("asked")
        path = f"/attachments/{file['id']}/lock"
        named = {"lockId": self._lock("alice", file)["lockId"]}
        bob = {**named, "accountId": self.system.account_of("bob")}
        self._ask("bob", "POST", f"{path}/request", {**named, "message": REQUEST})
        assert REQUEST in self._mail("alice", FILES["asked"])["text"]
        self._ask("alice", "POST", f"{path}/decline", {**bob, "note": ANSWER})
        assert ANSWER in self._mail("bob", FILES["asked"])["text"]
        self._ask("bob", "POST", f"{path}/request", {**named, "message": f"{REQUEST}!"})
        self._ask("dana", "POST", f"{path}/request", {**named, "message": REQUEST})
        self._ask("dana", "POST", f"{path}/cancel-request", named)
        self._ask("alice", "POST", f"{path}/hand-over", bob)
        assert self._lock_of("bob", path)["state"] == "mine"

    def throw_about(self) -> None:
        file = self._new_file("moved")
        self._lock("alice", file, note=NOTE)
        self._act("rename", attachmentId=file["id"], title=FILES["renamed"])
        wait_for("the old name", lambda: self.system.file(file)["title"] == FILES["moved"] or None)
        self._act("move", attachmentId=file["id"], pageId=self.other_page)
        self._act("trash", attachmentId=file["id"])
        wait_for("the file to be back", lambda: self.system.file(file)["status"] == "current" or None)
        for name in ("alice", "charlie"):
            self._ask(name, "GET", f"/pages/{self.other_page}/attachments")

    def lock_for_a_second(self) -> Json:
        """Lock for one second; the margin after its end passes during the next steps."""
        file = self._new_file("expired")
        with bootstrap.operating(Settings.model_validate(self.system.stack.environment)) as working:
            services = working.services
            host = self.system.confluence.hosts[0]
            tenant = next(tenant for tenant in services.tenants.active() if host in tenant.base_url)
            actor = Actor(tenant, self.system.account_of("alice"))
            options = LockOptions(life=timedelta(seconds=1), note=NOTE)
            acquire(services, actor, file["id"].removeprefix("att"), RequestKey(request_id(), "x"), options)
        return file

    def expire(self, file: Json) -> None:
        """The owner gets mail."""
        wait_for("the end of the lock", lambda: self._state("alice", file) == "free" or None)
        assert self.command("site", "reconcile", self.system.confluence.hosts[0]).exit_code == 0
        self._mail("alice", FILES["expired"])

    def unsubscribe(self) -> None:
        """By the link of a mail."""
        (link,) = self._mail("alice", FILES["expired"])["headers"]["list-unsubscribe"].split(",")
        address = f"{self.system.app_url}{urlsplit(link.strip(' <>')).path}"
        for method in ("GET", "POST"):
            body = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
            answer = requests.request(method, address, data=body, timeout=CALL_SECONDS)
            assert answer.status_code == 200, answer.text
        assert self._ask("alice", "GET", "/me/preferences")["mails"]["lockEnded"] is False

    def be_refused(self) -> None:
        """The mail server does not know an address."""
        file = self._new_file("refused")
        with self._address("bob", f"refused@{DOMAIN}"):
            self._lock("alice", file)
            self.system.upload(file, "bob", CONTENT)
            wait_for("a refusal", lambda: self._count("email_log WHERE result = 'refused'") or None)

    def copy(self) -> None:
        """Confluence refuses to restore; copy mode restores the bytes."""
        self._behave("refused")
        try:
            file = self._new_file("copied", text=PROTECTED)
            self._lock("alice", file)
            self.system.upload(file, "bob", CONTENT)
            path = f"/attachments/{file['id']}/lock"
            wait_for("the lock to be unprotected", lambda: self._lock_of("alice", path)["unprotectedReason"])
            self.results["left alone at"] = self.system.file(file)["version"]
            self.results["self-test"] = self._ask("sam", "GET", "/settings")["restoreSelfTest"]["result"]
            self._set("sam", copyMode=True)
            self.system.upload(file, "bob", f"{CONTENT}, again")
            restored = wait_for("the copy", lambda: self._at_version(file, 4))
            self.results["copied"] = self.system.confluence.download(restored["downloadUrl"], "alice").decode()
            self.results["protection"] = self._lock_of("alice", path)["protection"]
        finally:
            self._behave("allowed")
            self._set("sam", copyMode=False)

    def park(self) -> None:
        """Confluence answers 500 for one file."""
        file = self._new_file("parked")
        self._lock("alice", file)
        number = file["id"].removeprefix("att")
        fault = {"kind": "status", "status": 500, "caller": "app", "path": f"/{file['id']}|/{number}", "times": None}
        self.system.confluence.post("/_sim/faults", fault)
        try:
            self.system.upload(file, "bob", CONTENT)
            wait_for("the job to be parked", lambda: self._hurry(number))
        finally:
            requests.delete(f"{self.system.confluence.origin}/_sim/faults", timeout=CALL_SECONDS)

    def erase(self) -> None:
        charlie = self.system.account_of("charlie")
        assert self.command("privacy", "export", "--account-id", charlie, "--json").exit_code == 0
        erased = self.command("privacy", "erase", "--account-id", charlie, "--now", "--yes")
        assert erased.exit_code == 0, erased.output

    def leave_and_return(self) -> None:
        file = self._new_file("returned")
        self._lock("bob", file, note=NOTE)
        self.system.confluence.post("/_sim/sites/acme/uninstall", {})
        self.system.upload(file, "dana", CONTENT)
        self.system.confluence.post("/_sim/sites/acme/install", {})
        wait_for_installs(self.system.stack)
        self._ask("bob", "GET", f"/attachments/{file['id']}/lock")

    def command(self, *arguments: str) -> Result:
        """Run `lockpoint …` in the environment of the running processes."""
        return CliRunner(env=self.system.stack.environment).invoke(main, arguments)

    def _new_page(self, title: str) -> str:
        return str(self.system.confluence.post("/_sim/sites/acme/page", {"account": "alice", "title": title})["id"])

    def _new_file(self, name: str, *, text: str = "first\n") -> Json:
        body = {"account": "alice", "pageId": self.page, "fileName": FILES[name], "text": text}
        return dict(self.system.confluence.post("/_sim/sites/acme/upload", body))

    def _act(self, what: str, **body: object) -> None:
        self.system.confluence.post(f"/_sim/sites/acme/{what}", {"account": "bob", **body})

    def _ask(self, name: str, method: str, path: str, body: Json | None = None, expected: int = 200) -> Any:
        answer = self.system.person(name).insist(method, path, body)
        assert answer.status_code == expected, answer.text
        return answer.json()

    def _lock(self, name: str, file: Json, **body: object) -> Json:
        lock: Json = self._ask(name, "POST", f"/attachments/{file['id']}/lock", dict(body), expected=201)["lock"]
        return lock

    def _lock_of(self, name: str, path: str) -> Json:
        lock: Json = self._ask(name, "GET", path)["lock"]
        return lock

    def _state(self, name: str, file: Json) -> str:
        return str(self._lock_of(name, f"/attachments/{file['id']}/lock")["state"])

    def _set(self, name: str, **settings: bool) -> None:
        revision = self._ask(name, "GET", "/settings")["revision"]
        self._ask(name, "PUT", "/settings", {"copyMode": False, **settings, "revision": revision})

    def _at_version(self, file: Json, version: int) -> Json | None:
        now = self.system.file(file)
        return now if now["version"] >= version else None

    def _mail(self, name: str, text: str) -> Json:
        mails = wait_for(
            f"mail to {name}", lambda: [mail for mail in self.system.mails_to(name) if text in mail["text"]] or None
        )
        return mails[0]

    @contextmanager
    def _address(self, name: str, address: str) -> Iterator[None]:
        for email in (address, f"{name}@{DOMAIN}"):
            self.system.confluence.post("/_sim/sites/acme/person", {"account": name, "email": email})
            if email == address:
                yield

    def _behave(self, restore: str) -> None:
        self.system.confluence.post("/_sim/sites/acme/behaviour", {"restoreAttachments": restore})

    def _count(self, rows: str) -> int:
        return int(self._sql(f"SELECT count(*) FROM {rows}")[0][0])  # noqa: S608 - words of this module

    def _hurry(self, number: str) -> bool | None:
        """Make the next attempt the last, and due now; return True if the job is parked."""
        self._sql(
            "UPDATE procrastinate_jobs SET attempts = 4, scheduled_at = now()"
            " WHERE status = 'todo' AND attempts BETWEEN 1 AND 3 AND args->>'subject' = %s RETURNING id",
            number,
        )
        parked = self._sql(
            "SELECT id FROM procrastinate_jobs WHERE status = 'failed' AND args->>'subject' = %s", number
        )
        return bool(parked) or None

    def _sql(self, statement: str, *values: str) -> list[Any]:
        with psycopg.connect(self.system.stack.environment["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(statement.encode(), values).fetchall()


@contextmanager
def disguised(system: System) -> Iterator[None]:
    """Give people and the space names that occur nowhere else."""
    people = {person["name"]: person for person in system.confluence.site("acme")["people"] if person["name"] in NAMES}
    (space,) = [space for space in system.confluence.site("acme")["spaces"] if space["key"] == "DS"]
    for name, shown in NAMES.items():
        _rename(system, name, shown, f"{name}@{DOMAIN}")
    system.confluence.post("/_sim/sites/acme/space-name", {"spaceKey": "DS", "name": SPACE})
    try:
        yield
    finally:
        system.confluence.post("/_sim/sites/acme/space-name", {"spaceKey": "DS", "name": space["name"]})
        for name, person in people.items():
            _rename(system, name, person["displayName"], person["email"])


def _rename(system: System, name: str, shown: str, address: str) -> None:
    system.confluence.post("/_sim/sites/acme/person", {"account": name, "displayName": shown, "email": address})

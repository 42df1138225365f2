"""`bin/run --check`: the main job by HTTP on the running system, one printed line a step."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click
import requests

from devstack.confluence import CONNECT, FORGE, SITES
from devstack.errors import EmbeddedError
from devstack.stack import Stack

ACME, GLOBEX = SITES
PATIENCE_SECONDS: Final = 45.0
POLL_SECONDS: Final = 0.2
CALL_SECONDS: Final = 30.0
STOPPED: Final = "stopped before the main job was done"
DAY_SECONDS: Final = 24 * 3600
OVERWRITE: Final = "What Bob wrote over it\n"

_INSTALLED: Final = {CONNECT: (["enabled"], []), FORGE: ([], [True])}
"""States of the app's installations by Connect and by Forge, by door."""

Json = dict[str, Any]
Found = TypeVar("Found")


def run_check(stack: Stack, stop: threading.Event) -> None:
    """Perform every step until `stop` is set; raise EmbeddedError at the first that fails."""
    started = time.monotonic()
    job = MainJob(stack, stop)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("installed", job.installed),
        ("locked", job.alice_locks),
        ("refused", job.bob_is_refused),
        ("overwritten", job.bob_overwrites),
        ("undone", job.overwrite_is_undone),
        ("told", job.both_are_told),
        ("waiting", job.charlie_waits),
        ("unlocked", job.alice_unlocks),
        ("told", job.charlie_is_told),
        ("warned", job.alice_is_warned),
        ("expired", job.lock_expires),
        ("untouched", job.second_site_is_untouched),
    )
    for name, step in steps:
        if stop.is_set():
            raise EmbeddedError(STOPPED)
        click.echo(f"ok  {name:<12} {step()}")
    click.echo(f"The main job works ({time.monotonic() - started:.1f} s).")


@dataclass(frozen=True, slots=True)
class SiteUser:
    name: str
    account_id: str
    email: str


class MainJob:
    """Steps in order; each returns the sentence to print."""

    def __init__(self, stack: Stack, stop: threading.Event) -> None:
        self._stack = stack
        self._stop = stop
        self._confluence = stack.confluence
        self._people = {person["name"]: _person(person) for person in self._confluence.site(ACME)["people"]}
        self._file = self._first_file()
        self._bytes = self._download(self._file["downloadUrl"])
        self._files_before = {site: self._files(site) for site in SITES}
        self._lock_id = ""
        self._told = Counter[str]()

    def installed(self) -> str:
        by_door = {site: self._stack.doors.get(site, CONNECT) for site in SITES}
        for site, door in by_door.items():
            found = self._confluence.site(site)
            states = [app.get("state") for app in found["apps"]]
            here = [app.get("installed") for app in found["forgeApps"]]
            _expect((states, here) == _INSTALLED[door], f"the app is {states} and {here} on {site}")
        return (
            ", ".join(f"on {site} by {door.title()}" for site, door in by_door.items()) + ", each with a signed request"
        )

    def alice_locks(self) -> str:
        answer = self._api("alice", "POST", "/lock", {"seenVersion": self._file["version"]}, 201)
        _expect(answer["lock"]["state"] == "mine", f"Alice sees {answer['lock']}")
        self._lock_id = answer["lock"]["lockId"]
        return f"Alice locks {self._file['title']}, version {self._file['version']}"

    def bob_is_refused(self) -> str:
        answer = self._api("bob", "POST", "/lock", {}, 409)
        _expect(answer["error"] == "already_locked", f"Bob is told {answer['error']}")
        _expect(answer["lock"]["holder"]["accountId"] == self._people["alice"].account_id, "Bob is told another holder")
        return "Bob may not lock it as well, and is told that Alice has it"

    def bob_overwrites(self) -> str:
        body = {"account": "bob", "attachmentId": self._file["id"], "fileName": self._file["title"], "text": OVERWRITE}
        made = self._confluence.post(f"/_sim/sites/{ACME}/upload", body)
        _expect(made["version"] == self._file["version"] + 1, "the upload did not make a version")
        return f"Bob uploads version {made['version']} over it in Confluence"

    def overwrite_is_undone(self) -> str:
        """The protected bytes are current; Bob's are in the history."""
        file = self._wait_for("the protected bytes to be current again", self._restored)
        theirs = next(item for item in file["versions"] if item["number"] == self._file["version"] + 1)
        _expect(theirs["authorId"] == self._people["bob"].account_id, "Bob's version is not his any more")
        _expect(self._download(theirs["downloadUrl"]) == OVERWRITE.encode(), "Bob's bytes are not in the history")
        return f"version {file['version']} has the bytes Alice protected; version {theirs['number']} keeps Bob's"

    def both_are_told(self) -> str:
        undone, tried = self._mail_to("bob"), self._mail_to("alice")
        return f"mail to Bob: “{undone}”; to Alice: “{tried}”"

    def charlie_waits(self) -> str:
        """Charlie, a viewer, asks to be notified."""
        answer = self._api("charlie", "PUT", "/notify-me", {}, 200)
        _expect(answer["notifyMe"]["asked"] is True, f"Charlie is told {answer}")
        _expect(self._mails("charlie") == [], "Charlie has mail too early")
        return "Charlie asks to be told when it is free"

    def alice_unlocks(self) -> str:
        answer = self._api("alice", "POST", "/lock/release", {"lockId": self._lock_id}, 200)
        _expect(answer["lock"]["state"] == "free", f"after unlocking Alice sees {answer['lock']}")
        return "Alice unlocks"

    def charlie_is_told(self) -> str:
        return f"mail to Charlie: “{self._mail_to('charlie')}”"

    def alice_is_warned(self) -> str:
        """A day after she locked again; Charlie waits again."""
        self._api("alice", "POST", "/lock", {}, 201)
        self._api("charlie", "PUT", "/notify-me", {}, 200)
        self._wait_a_day()
        return f"a day after Alice locked it again, mail to her: “{self._mail_to('alice')}”"

    def lock_expires(self) -> str:
        self._wait_a_day()
        told = self._mail_to("charlie")
        answer = self._api("charlie", "GET", "/lock", {}, 200)
        _expect(answer["lock"]["state"] == "free", f"after two days Charlie sees {answer['lock']}")
        return f"another day later it is free by itself; mail to Charlie: “{told}”"

    def second_site_is_untouched(self) -> str:
        """Files with equal ids on the other site are unchanged; nobody there has mail."""
        now = self._files(GLOBEX)
        before = self._files_before[GLOBEX]
        changed = {key: now.get(key) for key in before if now.get(key) != before[key]}
        _expect(not changed, f"files of {GLOBEX} have changed: {changed}")
        for person in self._confluence.site(GLOBEX)["people"]:
            _expect(not person["email"] or self._mails_at(person["email"]) == [], f"{person['name']} has mail")
        return f"{len(before)} files on {GLOBEX}, and nobody there has mail"

    def _restored(self) -> Json | None:
        """Return the file once a version after Bob's has the protected bytes."""
        file = self._files(ACME)[self._file["id"]]
        newer = file["version"] > self._file["version"] + 1
        return file if newer and self._download(file["downloadUrl"]) == self._bytes else None

    def _wait_for(self, what: str, read: Callable[[], Found | None]) -> Found:
        """Poll until a result; raise EmbeddedError after a time-out."""
        until = time.monotonic() + PATIENCE_SECONDS
        while (found := read()) is None:
            if time.monotonic() > until:
                msg = f"waited {PATIENCE_SECONDS:g} s for {what}"
                raise EmbeddedError(msg)
            if self._stop.wait(POLL_SECONDS):
                raise EmbeddedError(STOPPED)
        return found

    def _wait_a_day(self) -> None:
        """Move the time; by a minute more, which is between the end of a lock and the moment when it is free."""
        self._confluence.post("/_sim/time", {"advanceSeconds": DAY_SECONDS + 60})

    def _mail_to(self, name: str) -> str:
        """The subject of the next one."""
        known = self._told[name]
        mails = self._wait_for(f"mail to {name}", lambda: self._more_mails(name, known))
        _expect(len(mails) == known + 1, f"{name} has {len(mails) - known} new mails")
        self._told[name] = len(mails)
        newest = max(mails, key=lambda mail: int(mail["id"]))
        _expect(self._file["title"] in newest["text"], f"the mail to {name} does not name the file")
        return str(newest["subject"])

    def _more_mails(self, name: str, known: int) -> list[Json] | None:
        mails = self._mails(name)
        return mails if len(mails) > known else None

    def _mails(self, name: str) -> list[Json]:
        return self._mails_at(self._people[name].email)

    def _mails_at(self, address: str) -> list[Json]:
        answer = requests.get(f"{self._stack.ports.mails_url}/mails", params={"to": address}, timeout=CALL_SECONDS)
        mails: list[Json] = answer.json()["mails"]
        return mails

    def _api(self, name: str, method: str, path: str, body: Json, expected: int) -> Json:
        """Call the app as its dialog's script does, with the person's token."""
        prefix, headers = self._forge(name) if self._stack.doors.get(ACME) == FORGE else self._connect(name)
        url = f"{self._stack.ports.app_url}{prefix}/attachments/{self._file['id']}{path}"
        content = {"requestId": uuid.uuid4().hex, **body}  # noqa: TID251 - a person's request, as a browser makes it
        answer = requests.request(method, url, json=content, headers=headers, timeout=CALL_SECONDS)
        _expect(answer.status_code == expected, f"{method} {path} as {name}: {answer.status_code} {answer.text[:300]}")
        result: Json = answer.json()
        return result

    def _connect(self, name: str) -> tuple[str, dict[str, str]]:
        asked = {"site": ACME, "kind": "context", "account": name}
        return "/api/v1", {"Authorization": f"JWT {self._confluence.post('/_sim/tokens', asked)['token']}"}

    def _forge(self, name: str) -> tuple[str, dict[str, str]]:
        """What Forge sends with a call of the screen."""
        place = {"content": {"id": self._file["pageId"]}}
        token = self._forge_token(kind="invocation", account=name, module="page-menu", extension=place)
        return "/forge/api/v1", {
            "Authorization": f"Bearer {token}",
            "x-forge-oauth-user": self._forge_token(kind="user", account=name),
            "x-forge-oauth-system": self._forge_token(kind="system"),
        }

    def _forge_token(self, **asked: object) -> str:
        return str(self._confluence.post("/_sim/forge/token", {"site": ACME, **asked})["token"])

    def _first_file(self) -> Json:
        """On an unrestricted page."""
        site = self._confluence.site(ACME)
        open_pages = {page["id"] for page in site["contents"] if not any(page["restrictions"].values())}
        file: Json = next(file for file in site["attachments"] if file["pageId"] in open_pages)
        return file

    def _files(self, site: str) -> dict[str, Json]:
        """By id, with versions and properties, without the app's own test file, which changes at every self-test."""
        content = self._confluence.site(site)
        drafts = {page["id"] for page in content["contents"] if page["status"] == "draft"}
        return {file["id"]: file for file in content["attachments"] if file["pageId"] not in drafts}

    def _download(self, path: str) -> bytes:
        return self._confluence.download(path, "alice")


def _person(person: Json) -> SiteUser:
    return SiteUser(person["name"], person["accountId"], person["email"] or "")


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise EmbeddedError(otherwise)

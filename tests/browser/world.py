"""The running system for the browser tests: both sites, their people, the mails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import requests

from devstack.stack import ROOT, Stack

ACME: Final = "acme"
GLOBEX: Final = "globex"
CALL_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 45.0

Json = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the first site, made for one test."""

    id: str
    url: str


class World:
    """Prepares pages and files and reads the results; people's own steps use the browser."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.origin = stack.confluence.origin
        self.app_url = stack.ports.app_url
        self.mails_url = stack.ports.mails_url

    def site(self, name: str = ACME) -> Json:
        return self._stack.confluence.site(name)

    def act(self, what: str, body: Json) -> Json:
        """Act as a person on the first site without a browser."""
        return self._stack.confluence.post(f"/_sim/sites/{ACME}/{what}", body)

    def delay(self, method: str, path: str, *, seconds: float) -> None:
        """Let Confluence take its time with the next call of this kind."""
        self._stack.confluence.post(
            "/_sim/faults", {"kind": "delay", "method": method, "path": path, "seconds": seconds}
        )

    def test_restoring(self) -> None:
        """Let the operator try Confluence's restore operation: a refusal is remembered until somebody does."""
        command = [sys.executable, "-m", "lockpoint", "site", "show", f"{self.origin}/wiki", "--test"]
        environment = {**os.environ, **self._stack.environment}
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)

    def public(self, *, on: bool) -> None:
        """Let people without an account see the pages of the first site, or no longer."""
        self.act("behaviour", {"public": on})

    def page(self, title: str, *files: str) -> Page:
        """Create a page by Alice with these files; each file's only version names its author."""
        made = self.act("page", {"account": "alice", "spaceKey": "DS", "title": title, "body": f"<p>{title}</p>"})
        page = Page(str(made["id"]), self.origin + str(made["url"]))
        for name in files:
            self.act("upload", {"account": "alice", "pageId": page.id, "fileName": name, "text": f"Alice: {name}"})
        return page

    def time(self) -> Json:
        """Where Confluence's clock is, and by how much it is ahead of the machine's together with the app's."""
        return self._stack.confluence.get("/_sim/clock")

    def macro(self, page: Page, **parameters: str) -> None:
        """Put the macro "Locked attachments" at the end of a page, as Alice."""
        view = f"{self.origin}/_sim/sites/{ACME}/pages/{page.id}/view"
        answer = requests.get(view, headers={"X-Sim-Account": "alice"}, timeout=CALL_SECONDS)
        (one,) = answer.json()["macros"]
        self.act("macro", {"account": "alice", "pageId": page.id, "key": one["key"], "parameters": parameters})

    def file(self, page: Page, title: str) -> Json:
        """Return a file with its versions, newest first."""
        files = self.site()["attachments"]
        found: Json = next(file for file in files if file["pageId"] == page.id and file["title"] == title)
        return found

    def text(self, version: Json) -> str:
        """Return the bytes of a version, as Alice reads them."""
        return self._stack.confluence.download(version["downloadUrl"], "alice").decode()

    def mails(self, name: str, site: str = ACME) -> list[Json]:
        person = next(person for person in self.site(site)["people"] if person["name"] == name)
        if not person["email"]:
            return []
        answer = requests.get(f"{self.mails_url}/mails", params={"to": person["email"]}, timeout=CALL_SECONDS)
        mails: list[Json] = answer.json()["mails"]
        return mails

    def mail_about(self, name: str, title: str) -> Json:
        """Wait for the one mail to a person that names this file."""
        found = wait_for(lambda: [mail for mail in self.mails(name) if title in mail["text"]], f"mail to {name}")
        assert len(found) == 1, [mail["subject"] for mail in found]
        return found[0]


def wait_for(look: Callable[[], Found], what: str) -> Found:
    """Return what `look` finds as soon as it is truthy."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.2)
    return found

"""The running system for tests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from devstack.stack import Stack

CALL_SECONDS = 60.0
BUSY = 503
Json = dict[str, Any]
Found = TypeVar("Found")


def request_id() -> str:
    return uuid.uuid4().hex  # noqa: TID251 - a person's own request, made as a browser makes it


@dataclass
class System:
    """`lines` is the output of its processes."""

    stack: Stack
    lines: list[str] = field(repr=False)

    @property
    def confluence(self) -> Any:
        return self.stack.confluence

    @property
    def app_url(self) -> str:
        return self.stack.ports.app_url

    def person(self, name: str, site: str = "acme") -> Person:
        return Person(self, name, site)

    def account_of(self, name: str, site: str = "acme") -> str:
        people = self.confluence.site(site)["people"]
        return next(str(p["accountId"]) for p in people if p["name"] == name)

    def new_file(self, name: str, *, site: str = "acme", text: str = "first\n", author: str = "alice") -> Json:
        """Return {"id": "att…", "version": 1, …}."""
        body = {"account": author, "pageId": "98311", "fileName": name, "text": text}
        return dict(self.confluence.post(f"/_sim/sites/{site}/upload", body))

    def upload(self, file: Json, account: str, text: str, site: str = "acme") -> Json:
        body = {"account": account, "attachmentId": file["id"], "fileName": file["title"], "text": text}
        return dict(self.confluence.post(f"/_sim/sites/{site}/upload", body))

    def file(self, file: Json, site: str = "acme") -> Json:
        files = self.confluence.site(site)["attachments"]
        return next(dict(one) for one in files if one["id"] == file["id"])

    def people_files(self, site: str) -> list[Json]:
        """Return the site's files without the app's scratch file."""
        drafts = {page["id"] for page in self.confluence.site(site)["contents"] if page["status"] == "draft"}
        return [dict(f) for f in self.confluence.site(site)["attachments"] if f["pageId"] not in drafts]

    def mails_to(self, name: str, site: str = "acme") -> list[Json]:
        people = self.confluence.site(site)["people"]
        address = next(p["email"] for p in people if p["name"] == name)
        answer = requests.get(f"{self.stack.ports.mails_url}/mails", params={"to": address}, timeout=CALL_SECONDS)
        return list(answer.json()["mails"])


@dataclass
class Person:
    """Somebody with the dialog open, with context tokens of their own."""

    system: System
    name: str
    site: str
    _token: str = ""
    _until: float = 0.0

    def call(self, method: str, path: str, body: Json | None = None, **headers: str) -> requests.Response:
        """Call below `/api/v1`; writing calls get a request id unless the body has one."""
        content = body if method == "GET" else {"requestId": request_id(), **(body or {})}
        return requests.request(
            method,
            f"{self.system.app_url}/api/v1{path}",
            json=content,
            headers={"Authorization": f"JWT {self.token()}", **headers},
            timeout=CALL_SECONDS,
        )

    def insist(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        """Call, and again with the same request id while the app is busy, as on a loaded machine."""
        same = body if method == "GET" else {"requestId": request_id(), **(body or {})}
        until = time.monotonic() + CALL_SECONDS
        while (answer := self.call(method, path, same)).status_code == BUSY and time.monotonic() < until:
            time.sleep(int(answer.headers["Retry-After"]))
        return answer

    def token(self) -> str:
        if time.monotonic() > self._until:
            asked = {"site": self.site, "kind": "context", "account": self.name}
            self._token = self.system.confluence.post("/_sim/tokens", asked)["token"]
            self._until = time.monotonic() + 60
        return self._token


def wait_for(what: str, look: Callable[[], Found | None], seconds: float = 120) -> Found:
    """Return what `look` finds as soon as it is not None."""
    until = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.1)
    return found

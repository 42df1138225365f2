"""A page and a site with as many locked files as a test wants: reading these lists is answered in the browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page as Tab
from playwright.sync_api import Route

Json = dict[str, Any]

ROWS: Final = 1_000
AT: Final = "2026-11-29T08:00:00Z"
ALICE: Final[Json] = {"accountId": "p0", "displayName": "Alice Arden"}
BOB: Final[Json] = {"accountId": "p1", "displayName": "Bob Baxter"}
_ACTS: Final = [
    "lock",
    "release",
    "extend",
    "break",
    "takeOver",
    "notifyMe",
    "giveAccess",
    "request",
    "cancelRequest",
    "decline",
    "handOver",
]


def _lock(number: int) -> Json:
    mine = number % 2 == 0
    can = dict.fromkeys(_ACTS, False) | {"release": mine, "extend": mine, "break": not mine, "notifyMe": not mine}
    return {
        "state": "mine" if mine else "other",
        "lockId": f"L{number}",
        "holder": ALICE if mine else BOB,
        "since": AT,
        "expiresAt": AT,
        "secondsLeft": 90_000,
        "note": "Adding the figures of the fourth quarter" if number % 5 == 0 else None,
        "unlockOnUpload": False,
        "protection": "protected",
        "unprotectedReason": None,
        "pausedUntil": None,
        "notifyMe": {"asked": False, "count": 0, "position": None},
        "requests": [],
        "can": can,
        "lastEnded": None,
    }


def name(number: int) -> str:
    return f"file {number:04}.txt"


def _row(number: int) -> Json:
    links = {"open": f"https://acme.example/wiki/open/{number}", "download": f"https://acme.example/wiki/get/{number}"}
    file = {"mediaType": "text/plain", "fileSize": 1_000, "version": 3, "versionCreated": AT, "links": links}
    listed = {"open": links["open"], "pageId": "9", "pageTitle": "Plans"}
    return {"id": str(100_000 + number), "title": name(number), **file, **listed, "lock": _lock(number)}


@dataclass
class ManyRows:
    """Rows in the order of their names; `asked` counts readings of the first part."""

    rows: list[Json] = field(default_factory=lambda: [_row(number) for number in range(1, ROWS + 1)])
    asked: int = 0

    def serve(self, tab: Tab) -> None:
        """Answer the app's calls of a tab, through either door."""
        tab.route("**/api/v1/**", self._by_connect)
        tab.route("**/_sim/forge/invoke/**", self._by_forge)

    def put_first(self) -> None:
        """Let a new file come before all others."""
        self.rows.insert(0, _row(0))

    def _by_connect(self, route: Route) -> None:
        body = self._answer(route.request.url)
        route.continue_() if body is None else route.fulfill(json=body)

    def _by_forge(self, route: Route) -> None:
        body = self._answer(str(route.request.post_data_json["request"]["path"]))
        answer = {"answer": {"status": 200, "headers": {}, "body": body}}
        route.continue_() if body is None else route.fulfill(json=answer)

    def _answer(self, url: str) -> Json | None:
        """Return what a list answers, or nothing where the server is asked for something else."""
        parts = urlsplit(url)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/attachments"):
            viewer = {"accountId": ALICE["accountId"], "mayEdit": True, "mayBreak": True}
            return self._part(asked) | {"title": "Plans", "total": len(self.rows), "active": True, "viewer": viewer}
        if parts.path.endswith("/api/v1/locks"):
            return self._part(asked) | {"searchedAll": True}
        return None

    def _part(self, asked: dict[str, str]) -> Json:
        start, limit = int(asked.get("cursor", 0)), int(asked.get("limit", 250))
        self.asked += start == 0
        found = [row for row in self.rows if asked.get("q", "") in row["title"]]
        following = str(start + limit) if start + limit < len(found) else None
        return {"items": found[start : start + limit], "nextCursor": following, "serverTime": AT}

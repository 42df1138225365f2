"""Quota points of each use case: `python -m bench.points` writes docs/costs.md.

The real application runs each use case once; the simulator counts by Atlassian's formula
(developer.atlassian.com/cloud/confluence/rate-limiting). Caches are warm, as on a busy day. An event's cost includes
the webhooks that our own changes raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests
import time_machine
from aiosmtpd.controller import Controller

from devstack.ports import free_ports
from lockpoint.bootstrap import SystemClock
from lockpoint.services.known_pages import KEPT
from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE, BOB
from tests.support import databases
from tests.web.live_app import Json, LiveApp, live_app

TARGET = Path(__file__).parents[1] / "docs" / "costs.md"
PEOPLE = ("alice", "bob", "charlie", "dana", "sam")
LISTED, LOCKED, MANY = 10, 3, 10
LONG = ((250, 50), (1000, 0))
"""Files of a page, and how many of them are locked."""

ENOUGH = {"LOCKPOINT_POINTS_PER_HOUR": "100000000"}
"""Nothing is measured of what stops for want of points."""

SWEEPS_PER_DAY = 96
OK = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """Confluence calls and points of one use case."""

    group: str
    name: str
    calls: int
    points: int


@dataclass
class Meter:
    """Counts points spent on acme."""

    live: LiveApp
    group: str = ""
    costs: list[Cost] = field(default_factory=list)

    def count(self, name: str, action: Callable[[], object], *, share: int = 1) -> None:
        """Measure one use case; `share`: how many equal things it did."""
        mark = self.live.mark()
        action()
        self.live.drain()
        asked = self.live.asked(mark, "acme")
        points = sum(exchange.points for exchange in asked)
        self.costs.append(Cost(self.group, name, len(asked) // share, points // share))

    def call(self, name: str, status: int, person: str, method: str, path: str, body: Json | None = None) -> Json:
        """Measure one API call, which must answer this status; return its body."""
        answers: list[requests.Response] = []
        self.count(name, lambda: answers.append(self.live.call(person, method, path, body)))
        if answers[0].status_code != status:
            raise RuntimeError(f"{name}: {answers[0].status_code} {answers[0].text}")
        return dict(answers[0].json()) if answers[0].content else {}


def measured(live: LiveApp) -> list[Cost]:
    """Return all costs in a fixed order; the application needs a mail catcher."""
    meter = Meter(live)
    _warm(live)
    for part in (_locks, _waiting, _requests, _lists, _many, _settings, _enforcement, _upkeep, _mails, _texts):
        part(meter)
    return meter.costs


def _warm(live: LiveApp) -> None:
    """Fill tokens and site caches before counting."""
    page = live.page()
    file = live.file(page, "warm.txt")
    for person in PEOPLE:
        live.call(person, "GET", f"/attachments/{file}/lock")
    _overwritten(live, page, "warm.txt")


def _overwritten(live: LiveApp, page: str, name: str) -> None:
    """The worker reads settings once for this."""
    file = live.file(page, name)
    lock = live.lock("alice", file)
    live.file(page, name, author="bob", text="warm")
    live.settle()
    live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock})
    live.settle()
    live.run_jobs(*JobKind)


def _locks(meter: Meter) -> None:
    meter.group = "A person and one file"
    file = meter.live.file(meter.live.page())
    path = f"/attachments/{file}/lock"
    meter.call("show, free", 200, "alice", "GET", path)
    lock = meter.call("acquire, first time", 201, "alice", "POST", path)["lock"]["lockId"]
    meter.count("the page's hint after it", lambda: meter.live.run_jobs(JobKind.PAGE_HINT))
    meter.call("show, one's own", 200, "alice", "GET", path)
    meter.call("show, another's", 200, "bob", "GET", path)
    meter.call("acquire, refused: another holds it", 409, "bob", "POST", path)
    meter.call("acquire, refused: viewer", 403, "charlie", "POST", path)
    meter.call("extend", 200, "alice", "POST", f"{path}/extend", {"lockId": lock})
    meter.call("release", 200, "alice", "POST", f"{path}/release", {"lockId": lock})
    meter.call("release again", 200, "alice", "POST", f"{path}/release", {"lockId": lock})
    lock = meter.call("acquire, locked before", 201, "alice", "POST", path)["lock"]["lockId"]
    lock = meter.call("take over, by a space admin", 201, "dana", "POST", f"{path}/take-over",
                      {"lockId": lock, "reason": "x"})["lock"]["lockId"]  # fmt: skip
    meter.call("break, by a site admin", 200, "sam", "POST", f"{path}/break", {"lockId": lock, "reason": "x"})
    meter.live.settle()


def _waiting(meter: Meter) -> None:
    meter.group = "Notify me"
    file = meter.live.file(meter.live.page())
    lock = meter.live.lock("alice", file)
    path = f"/attachments/{file}/notify-me"
    meter.call("ask, first in line", 200, "bob", "PUT", path)
    meter.call("ask, second in line", 200, "charlie", "PUT", path)
    meter.call("cancel", 200, "charlie", "DELETE", path)
    meter.call("release with somebody waiting", 200, "alice", "POST", f"/attachments/{file}/lock/release",
               {"lockId": lock})  # fmt: skip
    meter.live.settle()


def _requests(meter: Meter) -> None:
    meter.group = "Asking the owner for a file"
    file = meter.live.file(meter.live.page())
    lock = meter.live.lock("alice", file)
    path, named = f"/attachments/{file}/lock", {"lockId": lock}
    meter.call("request, first one", 200, "bob", "POST", f"{path}/request", {**named, "message": "please"})
    meter.call("request, second one", 200, "dana", "POST", f"{path}/request", named)
    meter.call("cancel", 200, "dana", "POST", f"{path}/cancel-request", named)
    bob = {**named, "accountId": BOB}
    meter.call("decline", 200, "alice", "POST", f"{path}/decline", bob)
    meter.live.call("bob", "POST", f"{path}/request", named)
    meter.call("hand over", 200, "alice", "POST", f"{path}/hand-over", bob)
    meter.live.settle()


def _lists(meter: Meter) -> None:
    meter.group = f"List of a page with {LISTED} files"
    live = meter.live
    page = live.page()
    files = [live.file(page) for _ in range(LISTED)]
    path = f"/pages/{page}/attachments"
    meter.call("nothing locked", 200, "alice", "GET", path)
    for file in files[:LOCKED]:
        live.lock("alice", file)
    meter.call(f"{LOCKED} of one's own", 200, "alice", "GET", path)
    meter.call(f"{LOCKED} of another", 200, "bob", "GET", path)
    meter.call(f"{LOCKED} of another, for a space admin", 200, "dana", "GET", path)
    tag = live.call("bob", "GET", path).headers["ETag"]
    meter.count("unchanged (304)", lambda: live.call("bob", "GET", path, headers={"If-None-Match": tag}))
    live.settle()
    for length, locked in LONG:
        _long_list(meter, length, locked)


def _long_list(meter: Meter, files: int, locked: int) -> None:
    live = meter.live
    meter.group = f"List of a page with {files} files, {locked} of them locked by another"
    page = live.page()
    made = [live.file(page) for _ in range(files)]
    for file in made[:locked]:
        live.lock("alice", file)
    path = f"/pages/{page}/attachments?limit=250"
    meter.call("the first time", 200, "bob", "GET", path)
    if locked:
        meter.count("the first time, no lock read or written lately", lambda: _later(live, path))
    meter.call("again", 200, "bob", "GET", path)
    live.file(page, author="alice")
    meter.call("after a new file", 200, "bob", "GET", path)
    live.settle()
    meter.count("an open tab, ten minutes, nothing changed", lambda: _open_tab(live, path))


def _later(live: LiveApp, path: str) -> None:
    """When nothing is remembered of the locks."""
    with time_machine.travel(SystemClock().now() + KEPT + timedelta(seconds=30), tick=False):
        live.forget_tokens()
        answer = live.call("charlie", "GET", path)
    live.forget_tokens()
    if answer.status_code != OK:
        raise RuntimeError(f"the list should be there: {answer.status_code} {answer.text}")


def _open_tab(live: LiveApp, path: str) -> None:
    """As a tab asks that nobody looks at: every 15 seconds."""
    start, tag = SystemClock().now().replace(microsecond=0), ""
    for seconds in range(15, 600, 15):
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            live.forget_tokens()
            answer = live.call("bob", "GET", path, headers={"If-None-Match": tag})
            tag = answer.headers["ETag"]
    live.forget_tokens()


def _many(meter: Meter) -> None:
    live = meter.live
    meter.group = f"Bulk: {MANY} files of one page"
    page = live.page()
    files = [live.file(page) for _ in range(MANY)]

    def bulk(name: str, person: str, action: str, **more: object) -> Json:
        items = [{"id": file, **({"lockId": locks[file]} if file in locks else {})} for file in files]
        body = {"action": action, "items": items, **more}
        return meter.call(name, 207, person, "POST", "/locks/bulk", body)

    locks: dict[str, str] = {}
    locked = bulk("lock", "alice", "lock")["items"]
    locks = {one["id"]: one["body"]["lock"]["lockId"] for one in locked}
    bulk("extend", "alice", "extend")
    bulk("break, by a space admin", "dana", "break", reason="x")
    live.settle()
    meter.group = f"Lists across pages: {MANY} locks of another on one page"
    locks = {}
    live.call("alice", "POST", "/locks/bulk", {"action": "lock", "items": [{"id": file} for file in files]})
    live.settle()
    for name in ("space, the first time", "space, again"):
        meter.call(name, 200, "dana", "GET", f"/spaces/DS/locks?page={page}")
    for name in ("site, the first time", "site, again"):
        meter.call(name, 200, "sam", "GET", f"/locks?scope=site&page={page}")
    meter.call("one's own, the first time", 200, "alice", "GET", f"/locks?scope=mine&page={page}")
    meter.call("one's own, found by name", 200, "alice", "GET", f"/locks?scope=mine&page={page}&q=file")
    meter.call("looking for those one waits for", 200, "bob", "GET", f"/locks?scope=waiting&page={page}")
    meter.call("looking for them again", 200, "bob", "GET", f"/locks?scope=waiting&page={page}")
    named = f"/files?ids={','.join(files)}"
    meter.call(f"names of {MANY} files in the audit log, the first time", 200, "sam", "GET", named)
    meter.call("names of them again", 200, "sam", "GET", named)
    meter.group = "Notices and health"
    meter.call("notices, nothing to tell", 200, "charlie", "GET", "/notices")
    meter.call(f"notices of {MANY} ended locks, the first time", 200, "alice", "GET", "/notices")
    tag = live.call("alice", "GET", "/notices").headers["ETag"]
    meter.count("unchanged (304)", lambda: live.call("alice", "GET", "/notices", headers={"If-None-Match": tag}))
    meter.call("health of the site", 200, "sam", "GET", "/health")
    meter.call("health of a space", 200, "dana", "GET", "/health?space=DS")


def _settings(meter: Meter) -> None:
    meter.group = "Settings"
    revision = meter.call("read", 200, "sam", "GET", "/settings")["revision"]
    meter.call("change", 200, "sam", "PUT", "/settings", {"copyMode": False, "revision": revision})
    with time_machine.travel(SystemClock().now() + timedelta(seconds=5)):  # a change counts everywhere by then
        _warm(meter.live)


def _enforcement(meter: Meter) -> None:
    meter.group = "Events and enforcement"
    live = meter.live
    page = live.page()
    live.file(page, "free.txt")
    file = live.file(page, "held.txt")
    meter.count("upload to a file that is not locked", lambda: _uploaded(live, page, "free.txt"))
    live.lock("alice", file)
    live.settle()
    meter.count("overwrite by another, undone", lambda: _uploaded(live, page, "held.txt"))
    _must(live, file, data=b"first")
    meter.count("the owner's own upload", lambda: _uploaded(live, page, "held.txt", "alice"))
    live.control("sites/acme/rename", attachmentId=file, title="other.txt", account="bob")
    meter.count("renamed by another, renamed back", live.settle)
    _must(live, file, title="held.txt")
    live.control("sites/acme/trash", attachmentId=file, account="bob")
    meter.count("thrown away by another, brought back", live.settle)
    _must(live, file, status="current")
    _restricted(meter)


def _restricted(meter: Meter) -> None:
    """Costs on a page that shuts the app out."""
    live = meter.live
    page = live.page()
    file = live.file(page, "held.txt")
    live.lock("alice", file)
    live.settle()
    live.restrict(page, "alice", "bob")
    for _ in range(2):
        live.work(JobKind.RECONCILE, file)
    meter.count("look at a closed page, as the app and as the owner", lambda: live.work(JobKind.RECONCILE, file))
    live.file(page, "held.txt", author="bob", text="by bob")
    meter.count("overwrite there, undone as the owner", lambda: live.work(JobKind.RECONCILE, file))
    _must(live, file, data=b"first")
    meter.call("access given to the app", 200, "bob", "POST", f"/pages/{page}/access")
    live.settle()


def _must(live: LiveApp, file: str, **wanted: object) -> None:
    """Raise RuntimeError unless the file is as expected after a measurement."""
    with live.running.world.lock:
        attachment = live.running.world.sites["acme"].attachments[int(file)]
        found = {"title": attachment.title, "status": attachment.status, "data": attachment.head.data}
    if any(found[name] != value for name, value in wanted.items()):
        raise RuntimeError(f"the file should be {wanted} and is {found}")


def _uploaded(live: LiveApp, page: str, name: str, author: str = "bob") -> None:
    live.file(page, name, author=author, text=f"by {author}")
    live.settle()


def _upkeep(meter: Meter) -> None:
    meter.group = "Upkeep"
    live = meter.live
    held = live.live_locks("acme")
    meter.count("sweep, for each live lock", lambda: live.work(JobKind.SWEEP), share=held)
    live.settle()
    meter.count("self-test after install", lambda: live.work(JobKind.SELF_TEST))
    meter.count("language and time zone of a person, once a day of use", lambda: live.work(JobKind.PROFILE, ALICE))
    meter.count("who of those with locks is deactivated, every four hours", lambda: live.work(JobKind.HOLDERS))


def _mails(meter: Meter) -> None:
    meter.group = "Mails"
    live = meter.live
    live.run_jobs(*JobKind)
    file = live.file(live.page())
    lock = live.lock("alice", file)
    live.call("bob", "PUT", f"/attachments/{file}/notify-me")
    live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock})
    meter.count("file is available", lambda: live.run_jobs(JobKind.SEND_MAIL))
    live.run_jobs()
    lock = live.lock("alice", file)
    live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "x"})
    meter.count("a manager ended your lock", lambda: live.run_jobs(JobKind.SEND_MAIL))
    _warned(meter, file)


def _warned(meter: Meter, file: str) -> None:
    """Costs of a warning; the lock's space warns after an hour, and the lock is said to be older."""
    live = meter.live
    revision = live.call("sam", "GET", "/settings").json()["revision"]
    live.call("sam", "PUT", "/settings", {"warnAfterHours": 1, "revision": revision})
    live.settle()
    live.lock("alice", file)
    with time_machine.travel(SystemClock().now() + timedelta(hours=1, seconds=1)):
        live.work(JobKind.RECONCILE, file)
        meter.count("your lock will end soon", lambda: live.run_jobs(JobKind.SEND_MAIL))


def _texts(meter: Meter) -> None:
    """Last: the worker reads the settings again after a change of the site's."""
    meter.group = "Settings"
    path, text = "/settings/templates", {"subject": "{attachment}", "body": "{owner}"}
    revision = meter.call("read the texts of mails", 200, "sam", "GET", path)["revision"]
    body = {"revision": revision, "language": "en", "templates": {"lock_ended": text}}
    meter.call("change a text", 200, "sam", "PUT", path, body)
    trial = {"language": "en", "mail": "lock_ended", **text}
    meter.call("preview of a text", 200, "sam", "POST", f"{path}/preview", trial)
    meter.call("test mail", 200, "sam", "POST", f"{path}/test", trial)


# The page


def page_of(costs: list[Cost]) -> str:
    """Return docs/costs.md."""
    sweep = next(cost.points for cost in costs if cost.name.startswith("sweep"))
    lines = [_HEAD.format(sweeps=SWEEPS_PER_DAY, day=SWEEPS_PER_DAY * sweep)]
    for group in dict.fromkeys(cost.group for cost in costs):
        lines += ["", f"## {group}", "", "| what | calls to Confluence | points |", "|---|---:|---:|"]
        lines += [f"| {cost.name} | {cost.calls} | {cost.points} |" for cost in costs if cost.group == group]
    return "\n".join(lines) + "\n"


_HEAD = """\
# What things cost

Confluence gives an app 65,000 points an hour for all its sites together. A call costs 1, and for reads 1 more for each
page, file, space or version and 2 more for each person or permission it returns. This page is written by
`python -m bench.points`: the real application does each thing once, and the local Confluence counts by the published
formula. A test measures again and fails when a number here has changed.

Tokens for acting as a person (one call per person and quarter of an hour) cost no points and are left out; longer-lived
site caches are full. Events include those that our own changes raise. The sweep reads a live lock {sweeps} times a day:
{day} points a day."""


class _Sink:
    """Accepts and drops every mail."""

    async def handle_DATA(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802 - aiosmtpd's
        return "250 OK"


@contextmanager
def mail_sink() -> Iterator[str]:
    """Yield the address of a mail sink, for LOCKPOINT_MAIL_URL."""
    port = free_ports()
    controller = Controller(_Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


def main() -> None:
    """Measure and write the page."""
    servers = databases.Servers()
    try:
        addresses = servers.addresses()
        with (
            databases.database(addresses, "bench") as url,
            mail_sink() as mails,
            live_app(url, addresses.valkey.format(0), None, LOCKPOINT_MAIL_URL=mails, **ENOUGH) as live,
        ):
            text = page_of(measured(live))
    finally:
        servers.close()
    TARGET.write_text(text)
    print(text)


if __name__ == "__main__":
    main()

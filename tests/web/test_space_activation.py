"""Spaces that are switched off, strict ones, and pages that move between: over HTTP, with the local Confluence.

Through both doors.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lockpoint import bootstrap, worker
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.tenancy.activity import is_on
from simulator.world.seed import SPACE_ID
from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.forge.test_macro_export import export as through_forge
from tests.web.live_app import Json, LiveApp
from tests.web.test_macro_export import export as through_connect

HERE, ELSEWHERE = "DS", "OTHER"
OTHER_ID = 987_654
COUNTS_WITHIN = 5.0
AGED = (
    "update installation set returned_at = returned_at - interval '1 minute'",
    "update site_state set returned_at = returned_at - interval '1 minute'",
    "update site_state set strict_at = strict_at - interval '1 minute'",
    "update space_state set returned_at = returned_at - interval '1 minute'",
    "update space_state set strict_at = strict_at - interval '1 minute'",
    "update lock_witness set returned_at = returned_at - interval '1 minute'",
)
"""Stands for a minute."""

NOBODY: Json = {"people": [], "groups": []}

pytestmark = BOTH_DOORS


@dataclass(frozen=True)
class Scene:
    """A page with one file of Alice's."""

    api: CheckedApi
    live: LiveApp
    page: str
    file: str

    def upload(self, who: str, text: str) -> None:
        body = {"account": who, "attachmentId": self.file, "fileName": "plan.txt", "text": text}
        self.live.control("sites/acme/upload", **body)
        self.live.settle()

    def decide(self, space: str = HERE, **rules: object) -> None:
        """As the space's admin; then time passes until all processes know, and until no clock is in doubt."""
        self.put_rules(space, **rules)
        self.pass_time()

    def put_rules(self, space: str = HERE, **rules: object) -> None:
        path = f"/spaces/{space}/settings"
        version = self.api("sam", "GET", path).json()["version"]
        body = {"version": version, "rules": rules, "managers": NOBODY}
        answer = self.api("dana" if space == HERE else "sam", "PUT", path, body)
        assert answer.status_code == 200, answer.text

    def decide_site(self, **changes: object) -> None:
        revision = self.api("sam", "GET", "/settings").json()["revision"]
        answer = self.api("sam", "PUT", "/settings", {"revision": revision, **changes})
        assert answer.status_code == 200, answer.text
        self.pass_time()

    def pass_time(self) -> None:
        self.live.handlers = worker.handlers(bootstrap.build(self.live.settings))
        self.live.settle()
        for place in AGED:
            self.live.sql(place)

    @property
    def tenant(self) -> Tenant:
        found = bootstrap.build(self.live.settings).tenants.by_id(self.live.tenant_id("acme"))
        assert found is not None
        return found

    @property
    def texts(self) -> list[str]:
        with self.live.running.world.lock:
            file = self.live.running.world.sites["acme"].attachments[int(self.file)]
            return [version.data.decode() for version in file.versions]

    @property
    def exported(self) -> str:
        """What an export of the page shows to Alice."""
        if self.live.doors.get("acme") == "forge":
            token = self.live.forge_token("user", account="alice")
            return through_forge(self.live, token, {"pageId": self.page}).text
        return through_connect(self.live, "alice", self.page).text

    @property
    def lock(self) -> Json:
        found: Json = self.api("alice", "GET", f"/attachments/{self.file}/lock").json()["lock"]
        return found

    def told(self) -> list[tuple[str, str | None]]:
        statement = "select kind, detail from email_intent where attachment_id = %s order by id"
        return [(row[0], row[1]) for row in self.live.database.execute(statement, [self.file]).fetchall()]


@pytest.fixture
def scene(api: CheckedApi, live: LiveApp) -> Iterator[Scene]:
    """At the end everything is switched on again, and nothing strict."""
    with live.running.world.lock:
        spaces = live.running.world.sites["acme"].spaces
        if OTHER_ID not in spaces:
            spaces[OTHER_ID] = other = copy.deepcopy(spaces[SPACE_ID])
            other.id, other.key = OTHER_ID, ELSEWHERE
    page = live.page()
    made = Scene(api, live, page, live.file(page, "plan.txt"))
    yield made
    made.decide()
    made.decide(ELSEWHERE)
    made.decide_site(active=True, strict=False)


def test_a_space_is_switched_off_and_on(scene: Scene) -> None:
    """P-15, L-71: nothing shown or undone, nothing asked of Confluence; what came between stands and is told."""
    live, lock_id = scene.live, scene.live.lock("alice", scene.file)
    scene.decide(active=False)
    mark = live.mark()
    scene.upload("bob", "meanwhile")
    assert [one.url for one in live.asked(mark, "acme")] == []
    assert scene.texts == ["first", "meanwhile"]
    shown = scene.lock
    assert (shown["protection"], shown["unprotectedReason"], shown["lockId"]) == ("suspended", "inactive", lock_id)
    assert shown["can"] == {**dict.fromkeys(shown["can"], False), "release": True}
    listed = scene.api("alice", "GET", f"/pages/{scene.page}/attachments").json()
    assert (listed["items"], listed["active"]) == ([], False)
    assert ("switched off" in scene.exported, "plan.txt" in scene.exported) == (True, False)
    refused = scene.api("bob", "POST", f"/attachments/{live.file(scene.page)}/lock")
    assert refusal(refused) == (403, "inactive")
    scene.decide()
    assert (scene.lock["protection"], scene.lock["lockId"]) == ("protected", lock_id)
    assert scene.told() == [("overwrite_attempt", "while_away")]
    scene.upload("bob", "against the lock")
    assert scene.texts == ["first", "meanwhile", "against the lock", "meanwhile"]


def test_a_space_decides_against_its_site(scene: Scene) -> None:
    """P-15: the site is off, the space on; and the reverse."""
    scene.decide(active=True)
    scene.decide_site(active=False)
    scene.live.lock("alice", scene.file)
    scene.upload("bob", "against the lock")
    assert scene.texts[-1] == "first"
    scene.decide(active=False)
    scene.decide_site(active=True)
    scene.upload("bob", "free for all")
    assert scene.texts[-1] == "free for all"


def test_a_page_moves_to_an_inactive_space_and_back(scene: Scene) -> None:
    """E22."""
    live, lock_id = scene.live, scene.live.lock("alice", scene.file)
    scene.decide(ELSEWHERE, active=False)
    live.control("sites/acme/page-move", account="alice", pageId=scene.page, spaceKey=ELSEWHERE)
    live.settle()
    scene.upload("bob", "meanwhile")
    assert (scene.texts[-1], scene.lock["protection"]) == ("meanwhile", "suspended")
    live.control("sites/acme/page-move", account="alice", pageId=scene.page, spaceKey=HERE)
    live.settle()
    scene.pass_time()
    assert (scene.lock["protection"], scene.lock["lockId"]) == ("protected", lock_id)
    assert scene.told() == [("overwrite_attempt", "while_away")]
    scene.upload("bob", "against the lock")
    assert scene.texts[-1] == "meanwhile"


def test_a_change_counts_everywhere_within_five_seconds(scene: Scene) -> None:
    """P-15: in a process that has read the settings just before and hears of nothing."""
    other = worker.handlers(bootstrap.build(scene.live.settings))
    tenant = scene.live.tenant_id("acme")
    scene.live.lock("alice", scene.file)
    scene.live.settle()
    other[JobKind.RECONCILE](tenant, scene.file)
    scene.decide(active=False)
    body = {"account": "bob", "attachmentId": scene.file, "fileName": "plan.txt", "text": "meanwhile"}
    scene.live.control("sites/acme/upload", **body)
    time.sleep(COUNTS_WITHIN)
    other[JobKind.RECONCILE](tenant, scene.file)
    assert scene.texts == ["first", "meanwhile"]


def test_ten_processes_see_a_switch_within_five_seconds_and_the_one_that_made_it_at_once(scene: Scene) -> None:
    """P-15: off and on again; each had read the settings at another moment."""
    scene.live.lock("alice", scene.file)
    space, tenant = str(SPACE_ID), scene.tenant
    others = [bootstrap.build(scene.live.settings) for _ in range(10)]
    for on, protection in ((False, "suspended"), (True, "protected")):
        for other in others:
            assert is_on(other, tenant, space, priority=Priority.EVENT) is not on
            time.sleep(0.1)
        scene.put_rules(active=on)
        switched = time.monotonic()
        assert scene.lock["protection"] == protection
        while {is_on(other, tenant, space, priority=Priority.EVENT) for other in others} != {on}:
            assert time.monotonic() - switched < COUNTS_WITHIN
            time.sleep(0.1)


def test_a_strict_space(scene: Scene) -> None:
    """P-09: without a lock an upload is undone and its author told to lock first; with one it stands."""
    scene.decide(strict=True)
    scene.upload("bob", "Bob's")
    assert scene.texts == ["first", "Bob's", "first"]
    assert scene.told() == [("upload_undone", "strict")]
    lock_id = scene.live.lock("bob", scene.file)
    scene.upload("bob", "Bob's, locked")
    body = {"lockId": lock_id}
    assert scene.api("bob", "POST", f"/attachments/{scene.file}/lock/release", body).status_code == 200
    scene.live.settle()
    scene.upload("erin", "Erin's")
    assert scene.texts[-1] == "Bob's, locked"
    fresh = scene.live.file(scene.page, text="new")
    scene.live.settle()
    assert _text_of(scene.live, fresh) == "new"


def test_a_site_without_strict_spaces_pays_nothing(scene: Scene) -> None:
    """P-09: the webhook of an upload to an unlocked file leads to no job and no call."""
    mark = scene.live.mark()
    scene.upload("bob", "Bob's")
    assert [one.url for one in scene.live.asked(mark, "acme")] == []
    assert scene.texts[-1] == "Bob's"


def _text_of(live: LiveApp, file: str) -> str:
    with live.running.world.lock:
        text: str = live.running.world.sites["acme"].attachments[int(file)].head.data.decode()
        return text

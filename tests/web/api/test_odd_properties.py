"""Odd and old values that people and apps of a site store under our keys, over real HTTP with nothing faked."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
import requests

from lockpoint.domain import signed_json
from lockpoint.storage.data_inventory import PROPERTIES
from simulator.world.seed import CHARLIE, SPACE_ID
from tests.support.odd_values import ODD
from tests.web.live_app import CALL_SECONDS, LiveApp

APP: Final = "/rest/atlassian-connect/1/addons/lockpoint/properties"
OF_APP: Final = {"lockpointsite", "lockpointmails"}
TEMPLATES: Final = "/settings/templates"
KEYS: Final = tuple(kind.name for kind in PROPERTIES)
SPACE: Final = "/spaces/DS/settings"
INHERITED: Final = {"value": False, "inherited": False}
CHOSEN: Final = {"mails": {"lockEnded": False, "overwriteAttempt": True, "unprotected": True}}

pytestmark = pytest.mark.usefixtures("other_site_untouched")


@pytest.fixture(scope="module", autouse=True)
def copy_mode(live: LiveApp) -> Iterator[None]:
    """Only copy mode undoes anything on acme."""
    live.control("sites/acme/behaviour", restoreAttachments="refused")
    revision = live.call("sam", "GET", "/settings").json()["revision"]
    assert live.call("sam", "PUT", "/settings", {"copyMode": True, "revision": revision}).status_code == 200
    yield
    live.control("sites/acme/behaviour", restoreAttachments="allowed")


class Stranger:
    """Somebody who writes with Confluence's own REST API: Bob, who may edit, and for the space Dana, its admin."""

    def __init__(self, live: LiveApp, page: str, file: str) -> None:
        self.live, self.base = live, live.running.world.sites["acme"].base_url
        self.places = {
            "lockpointlock": f"/api/v2/attachments/att{file}/properties",
            "lockpointwatch": f"/api/v2/attachments/att{file}/properties",
            "lockpointpage": f"/api/v2/pages/{page}/properties",
            "lockpointspace": f"/api/v2/spaces/{SPACE_ID}/properties",
        }

    def write(self, key: str, value: str) -> None:
        """Store the JSON under a key of ours; a Confluence that refuses it leaves what was there."""
        if key in OF_APP:
            self._ask("PUT", f"{APP}/{key}", value)
        elif key == "lockpointprefs":
            self._ask("PUT", f"/rest/api/user/{CHARLIE}/property/{key}", f'{{"value": {value}}}')
        else:
            row = self._row(key)
            version = row["version"]["number"] + 1
            body = f'{{"key": "{key}", "value": {value}, "version": {{"number": {version}}}}}'
            self._ask("PUT", f"{self.places[key]}/{row['id']}", body)

    def make_anew(self, key: str, value: str) -> None:
        """Delete the property and create it again with this value."""
        self._ask("DELETE", f"{self.places[key]}/{self._row(key)['id']}", None)
        self._ask("POST", self.places[key], f'{{"key": "{key}", "value": {value}}}')

    def value(self, key: str) -> str:
        """What lies there now."""
        if key in OF_APP:
            return json.dumps(self._ask("GET", f"{APP}/{key}?jsonValue=true", None).json()["value"])
        if key == "lockpointprefs":
            return json.dumps(self._ask("GET", f"/rest/api/user/{CHARLIE}/property/{key}", None).json()["value"])
        return json.dumps(self._row(key)["value"])

    def _row(self, key: str) -> Any:
        (row,) = self._ask("GET", f"{self.places[key]}?key={key}", None).json()["results"]
        return row

    def _ask(self, method: str, path: str, body: str | None) -> requests.Response:
        who = "dana" if "/spaces/" in path else "bob"
        headers = {"X-Sim-Account": who, **({"Content-Type": "application/json"} if body else {})}
        content = None if body is None else body.encode("utf-8", "surrogatepass")
        answer = self.live.http.request(method, self.base + path, data=content, headers=headers, timeout=CALL_SECONDS)
        assert answer.status_code < 300 or answer.status_code == 400, answer.text
        return answer


@pytest.fixture
def scene(live: LiveApp) -> tuple[str, str, Stranger]:
    """Alice holds, Charlie waits and has switched a mail off."""
    page = live.page()
    file = live.file(page)
    live.lock("alice", file)
    assert live.call("charlie", "PUT", f"/attachments/{file}/notify-me").status_code == 200
    lock_id = live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]["lockId"]
    asked = {"lockId": lock_id, "message": "please"}
    assert live.call("bob", "POST", f"/attachments/{file}/lock/request", asked).status_code == 200
    chosen = {**CHOSEN, "locale": None, "timeZone": None}
    assert live.call("charlie", "PUT", "/me/preferences", chosen).status_code == 200
    decided = {"rules": {"strict": False}, "managers": {"people": [], "groups": []}}
    version = live.call("dana", "GET", SPACE).json()["version"]
    assert live.call("dana", "PUT", SPACE, {"version": version, **decided}).status_code == 200
    texts = {"language": "en", "templates": {"lock_ended": {"subject": "x", "body": "y"}}}
    revision = live.call("sam", "GET", TEMPLATES).json()["revision"]
    assert live.call("sam", "PUT", TEMPLATES, {"revision": revision, **texts}).status_code == 200
    live.settle()
    return page, file, Stranger(live, page, file)


def everything_is_answered(live: LiveApp, page: str, file: str) -> None:
    for who in ("alice", "charlie"):
        assert live.call(who, "GET", f"/attachments/{file}/lock").json()["lock"]["state"] in {"mine", "other"}
    rows = live.call("charlie", "GET", f"/pages/{page}/attachments").json()["items"]
    assert [row["lock"]["state"] for row in rows] == ["other"]
    assert live.call("sam", "GET", "/settings").json()["copyMode"] is True
    assert live.call("dana", "GET", SPACE).json()["rules"]["strict"] == {**INHERITED, "source": "space"}
    assert live.call("sam", "GET", TEMPLATES).status_code == 200
    assert live.call("charlie", "GET", "/me/preferences").status_code == 200
    assert live.call("charlie", "GET", "/me/data").status_code == 200
    the_holder_is_asked(live, file)
    assert live.call("dana", "PUT", f"/attachments/{file}/notify-me").status_code == 200
    assert live.call("dana", "DELETE", f"/attachments/{file}/notify-me").status_code == 200


def the_holder_is_asked(live: LiveApp, file: str) -> None:
    path = f"/attachments/{file}/lock"
    named = {"lockId": live.call("bob", "GET", path).json()["lock"]["lockId"]}
    assert live.call("dana", "POST", f"{path}/request", {**named, "message": "now?"}).status_code == 200
    asked = live.call("alice", "GET", path).json()["lock"]["requests"]
    dana = next(one for one in asked if one["message"] == "now?")
    assert all(one["message"] in {"please", "now?"} for one in asked)
    decline = {**named, "accountId": dana["person"]["accountId"]}
    assert live.call("alice", "POST", f"{path}/decline", decline).status_code == 200
    assert live.call("dana", "POST", f"{path}/cancel-request", named).status_code == 200


def an_overwrite_is_undone(live: LiveApp, page: str, file: str) -> None:
    with live.running.world.lock:
        stored = live.running.world.sites["acme"].attachments[int(file)]
        name, before = stored.versions[-1].title, stored.versions[-1].size
    live.file(page, name, author="bob", text="Bob writes over it")
    live.settle()
    with live.running.world.lock:
        assert stored.versions[-1].size == before
        assert len(stored.versions) > 2


@pytest.mark.parametrize("key", KEYS)
def test_an_odd_value_stops_nothing(live: LiveApp, scene: tuple[str, str, Stranger], key: str) -> None:
    """F3: whatever Confluence takes, every answer is as before, and an overwrite is undone."""
    page, file, stranger = scene
    taken = 0
    for odd in ODD.values():
        before = stranger.value(key)
        stranger.write(key, odd)
        taken += stranger.value(key) != before
        assert live.call("charlie", "GET", f"/attachments/{file}/lock").json()["lock"]["state"] == "other"
        assert live.call("sam", "GET", "/settings").json()["copyMode"] is True
        assert live.call("charlie", "GET", "/me/preferences").status_code == 200
    assert taken >= 4
    everything_is_answered(live, page, file)
    stranger.write(key, '{"mac": "x"}')
    an_overwrite_is_undone(live, page, file)


@contextmanager
def fault(live: LiveApp, **rule: object) -> Iterator[None]:
    """Let the app's reads on acme fail."""
    live.control("faults", method="GET", site="acme", caller="app", times=None, **rule)
    try:
        yield
    finally:
        live.http.delete(f"{live.running.control_url}/_sim/faults", timeout=CALL_SECONDS).raise_for_status()


@pytest.mark.parametrize("path", [APP, "/property/lockpointprefs"])
@pytest.mark.parametrize("kind", ["nested lists", "nested objects", "long number"])
def test_what_no_simulator_keeps_stops_nothing(
    live: LiveApp, scene: tuple[str, str, Stranger], path: str, kind: str
) -> None:
    """F3: a Confluence that takes 5,000 brackets shows them as they are."""
    page, file, _ = scene
    body = f'{{"key": "x", "value": {ODD[kind]}}}'
    with fault(live, kind="garbage", path=path, body=body):
        everything_is_answered(live, page, file)
        an_overwrite_is_undone(live, page, file)


@pytest.mark.parametrize("spoilt", [{"kind": "status", "status": 500}, {"kind": "garbage"}])
def test_settings_that_confluence_cannot_show_hold(
    live: LiveApp, scene: tuple[str, str, Stranger], spoilt: dict[str, object]
) -> None:
    """F3: Confluence itself fails on the one property that somebody spoilt."""
    page, file, _ = scene
    with fault(live, path=APP, **spoilt):
        assert live.call("sam", "GET", "/settings").json()["copyMode"] is True
        an_overwrite_is_undone(live, page, file)


@pytest.mark.parametrize("way", [Stranger.write, Stranger.make_anew])
def test_a_waitlist_that_is_put_back_tells_nobody(
    live: LiveApp, scene: tuple[str, str, Stranger], monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    """F4: Charlie cancels, Bob puts the old list back: nobody waits, nobody gets mail, the next list is without her."""
    monkeypatch.setattr(signed_json, "STORED_WITHIN", timedelta(seconds=1))
    _, file, stranger = scene
    kept = stranger.value("lockpointwatch")
    assert CHARLIE in kept
    assert live.call("charlie", "DELETE", f"/attachments/{file}/notify-me").status_code == 200
    time.sleep(1.2)
    way(stranger, "lockpointwatch", kept)
    assert live.call("charlie", "GET", f"/attachments/{file}/lock").json()["lock"]["notifyMe"]["asked"] is False
    lock = live.call("alice", "GET", f"/attachments/{file}/lock").json()["lock"]["lockId"]
    assert live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock}).status_code == 200
    live.settle()
    assert CHARLIE not in stranger.value("lockpointwatch")
    waiting = live.database.execute("select count(*) from email_intent where recipient = %s", [CHARLIE]).fetchone()
    assert waiting == (0,)


def test_preferences_that_are_put_back_are_not_obeyed(
    live: LiveApp, scene: tuple[str, str, Stranger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F4: Charlie wants all mails again, an app puts her old choice back: it counts as nothing."""
    monkeypatch.setattr(signed_json, "STORED_WITHIN", timedelta(seconds=1))
    _, _, stranger = scene
    kept = stranger.value("lockpointprefs")
    time.sleep(1.2)
    kinds = live.call("charlie", "GET", "/me/preferences").json()["mails"]
    everything = {"mails": dict.fromkeys(kinds, True), "locale": "de", "timeZone": None, "restricted": False}
    assert live.call("charlie", "PUT", "/me/preferences", everything).json() == everything
    stranger.write("lockpointprefs", kept)
    assert live.call("charlie", "GET", "/me/preferences").json() == {**everything, "locale": None}
    assert live.call("charlie", "PUT", "/me/preferences", everything).status_code == 200
    assert live.call("charlie", "GET", "/me/preferences").json() == everything

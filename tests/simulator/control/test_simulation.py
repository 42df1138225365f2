"""Control API, page JSON, frames, Python interface."""

from __future__ import annotations

import base64
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from atlassian_jwt.url_utils import hash_url

from simulator import server
from simulator.model.clock import SharedTime
from simulator.world import seed
from tests.simulator.conftest import Sim, query_of

VIEW = f"/sites/acme/pages/{seed.PAGE_ID}/view"


def test_a_browser_becomes_somebody_by_cookie(sim: Sim) -> None:
    """The cookie is one site's session for pages, JSON and REST."""
    assert sim.control("/whoami")["me"] is None
    assert sim.control_raw(VIEW).status_code == 404
    me = sim.control("/be", {"account": "alice"})["me"]
    assert (me["displayName"], me["role"]) == ("Alice Arden", "editor")
    assert sim.control("/whoami")["me"]["name"] == "alice"
    assert sim.session.get(f"{sim.acme.base_url}/rest/api/user/current").json()["accountId"] == seed.ALICE
    globex = sim.running.sites["globex"].port
    assert sim.session.get(f"http://localhost:{globex}/_sim/whoami").json() == {
        "site": "globex",
        "siteName": "Globex",
        "me": None,
    }
    assert sim.control("/be", {"account": None})["me"] is None
    assert sim.control("/whoami")["me"] is None


def test_the_page_view_has_everything_the_page_shows(installed: Sim) -> None:
    installed.as_app(
        "POST",
        f"/api/v2/pages/{seed.PAGE_ID}/properties",
        json={"key": "testpage", "value": {"name": {"value": "1 locked"}}},
    )
    installed.control("/be", {"account": "charlie"})
    view = installed.control(VIEW)
    assert view["may"] == {"update": False, "delete": False, "administer": False}
    budget = view["attachments"][0]
    assert [(v["number"], v["author"], v["current"]) for v in budget["versions"]] == [
        (3, "Alice Arden", True),
        (2, "Bob Baker", False),
        (1, "Alice Arden", False),
    ]
    old = budget["versions"][-1]["downloadUrl"]
    assert installed.session.get(installed.acme.origin + old).content == b"budget, first draft"
    (byline,) = view["modules"]["bylineItems"]
    assert (byline["dialogKey"], byline["byline"]) == ("page-dialog", {"name": {"value": "1 locked"}})
    assert [m["key"] for m in view["modules"]["webItems"]] == ["menu"]
    assert view["apps"][0]["state"] == "enabled"


def test_home_lists_what_the_person_may_see(sim: Sim) -> None:
    """Only Alice's home lists the page restricted to her."""
    titles: dict[str, set[str]] = {}
    for name in ("alice", "bob"):
        sim.control("/be", {"account": name})
        titles[name] = {content["title"] for content in sim.control("/sites/acme/home")["contents"]}
    assert titles["alice"] - titles["bob"] == {"Board papers"}


def test_a_frame_is_resolved_with_a_signed_address_and_a_context_token(installed: Sim) -> None:
    """Unbound variables are empty; the token covers the whole query."""
    installed.control("/be", {"account": "alice"})
    frame = installed.control(f"/resolve?module_key=page-dialog&page.id={seed.PAGE_ID}&customData=7")
    query = query_of(frame["url"])
    assert (query["pageId"], query["spaceKey"], query["nothing"]) == (str(seed.PAGE_ID), "DS", "")
    assert (query["xdm_e"], query["cp"], query["lic"]) == (installed.acme.origin, "/wiki", "none")
    secret = installed.acme.installations["test-app"].shared_secret
    claims = jwt.decode(query["jwt"], secret, algorithms=["HS256"])
    target = frame["url"].removeprefix(installed.app.base_url)
    assert (claims["sub"], claims["qsh"]) == (seed.ALICE, hash_url("GET", target))
    assert claims["context"]["confluence"]["content"]["id"] == str(seed.PAGE_ID)
    options = frame["options"]
    context = jwt.decode(options["contextJwt"], secret, algorithms=["HS256"])
    assert (context["qsh"], context["sub"], context["exp"] - context["iat"]) == ("context-qsh", seed.ALICE, 900)
    assert (options["moduleType"], options["size"], options["customData"]) == ("dialogs", "large", "7")
    assert options["productContext"]["space.key"] == "DS"
    assert installed.control_raw("/resolve?module_key=unknown").status_code == 404


@pytest.mark.parametrize("kind", ["context", "surface", "webhook", "app", "bearer", "install"])
def test_tests_can_have_any_token(installed: Sim, kind: str) -> None:
    body = {"kind": kind, "account": "alice", "path": "/x", "context": {"page.id": str(seed.PAGE_ID)}}
    token = installed.control("/tokens", body)["token"]
    if kind == "bearer":
        assert (
            installed.with_token(f"Bearer {token}", "GET", "/rest/api/user/current").json()["accountId"] == seed.ALICE
        )
        return
    claims = jwt.decode(token, options={"verify_signature": False})
    expected = {"context": "context-qsh", "webhook": hash_url("POST", "/x"), "install": hash_url("POST", "/x")}
    assert claims["qsh"] == expected.get(kind, hash_url("GET", "/x"))
    assert jwt.get_unverified_header(token)["alg"] == ("RS256" if kind == "install" else "HS256")


def test_tokens_can_be_bent(installed: Sim) -> None:
    """Claims, life time and secret."""
    bent = {
        "kind": "context",
        "account": "bob",
        "claims": {"iss": "x", "qsh": None},
        "secret": "k" * 32,
        "expiresIn": 5,
    }
    claims = jwt.decode(installed.control("/tokens", bent)["token"], "k" * 32, algorithms=["HS256"])
    assert (claims["iss"], claims["exp"] - claims["iat"]) == ("x", 5)
    assert "qsh" not in claims
    assert installed.control_raw("/tokens", {"kind": "other"}).status_code == 400
    address = installed.control("/tokens", {"kind": "surface", "moduleKey": "page-dialog", "account": "bob"})
    assert query_of(address["url"])["jwt"] == address["token"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "charlie", "text": "x"}, 403),
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "charlie", "text": "x", "force": True}, 200),
        ("/sites/acme/upload", {"attachmentId": 1, "account": "bob", "text": "x"}, 404),
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "nobody", "text": "x"}, 404),
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "bob"}, 400),
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "bob", "base64": "%"}, 400),
        ("/sites/acme/upload", {"attachmentId": 131203, "account": "bob", "text": "x", "at": "never"}, 400),
        ("/sites/acme/upload", {"attachmentId": 131401, "account": "bob", "text": "x"}, 403),
        ("/sites/mars/upload", {"attachmentId": 131203, "account": "bob", "text": "x"}, 404),
        ("/sites/acme/purge", {"attachmentId": 131203, "account": "bob"}, 403),
        ("/sites/acme/purge", {"attachmentId": 131203, "account": "dana"}, 400),
        ("/sites/acme/rename", {"attachmentId": 131203, "account": "bob", "title": "brief.docx"}, 409),
        ("/sites/acme/page", {"account": "charlie", "title": "T"}, 403),
        ("/sites/acme/page-status", {"account": "dana", "pageId": 98311, "status": "molten"}, 400),
        ("/sites/acme/behaviour", {"nonsense": 1}, 400),
    ],
)
def test_actions_check_permissions_and_refuse_invalid_requests(
    sim: Sim, path: str, body: dict[str, Any], status: int
) -> None:
    """403 without permission, 404 for a missing thing, 400 for an invalid request."""
    answer = sim.control_raw(path, body)
    assert answer.status_code == status, answer.text


def test_uploads_take_text_bytes_and_forms_at_any_moment(sim: Sim) -> None:
    data = bytes(range(256))
    moment = "2026-01-02T03:04:05.678Z"
    body = {"pageId": seed.PAGE_ID, "account": "bob", "fileName": "a.bin", "base64": base64.b64encode(data).decode()}
    made = sim.control("/sites/acme/upload", {**body, "at": moment})
    assert (made["versions"][0]["createdAt"], made["fileSize"]) == (moment, 256)
    sim.control("/be", {"account": "alice"})
    url = f"{sim.running.control_url}/_sim/sites/acme/upload"
    form = {"pageId": str(seed.PAGE_ID), "comment": "from a form", "minorEdit": "true"}
    again = sim.session.post(url, files={"file": ("a.bin", b"short")}, data=form).json()
    newest = again["versions"][0]
    assert (newest["number"], newest["author"], newest["message"], newest["minorEdit"]) == (
        2,
        "Alice Arden",
        "from a form",
        True,
    )


def test_copies_have_properties_and_new_ids(sim: Sim) -> None:
    sim.control("/sites/acme/property", {"attachmentId": seed.BUDGET_ID, "key": "k", "value": 1, "account": "bob"})
    twin = sim.control("/sites/acme/page-copy", {"pageId": seed.PAGE_ID, "title": "Copy", "account": "bob"})
    sim.control("/be", {"account": "bob"})
    files = sim.control(f"/sites/acme/pages/{twin['id']}/view")["attachments"]
    assert next((f["title"], f["properties"], len(f["versions"])) for f in files) == ("budget.xlsx", {"k": 1}, 1)
    assert {f["id"] for f in files}.isdisjoint({"att131203", "att131204", "att131205"})


def test_an_app_access_rule_hides_contents_but_not_the_space(installed: Sim) -> None:
    """As for a blocked app: the space is readable, attachments are 404."""
    installed.control("/sites/acme/app-access", {"spaceKey": "DS", "blocked": True})
    assert installed.as_app("GET", f"/api/v2/spaces/{seed.SPACE_ID}").status_code == 200
    assert installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 404
    assert installed.as_user("alice", "GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 200
    installed.control("/sites/acme/app-access", {"spaceKey": "DS", "blocked": False})
    assert installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 200


def test_the_clock_moves_contents_and_the_date_header(sim: Sim) -> None:
    """Tokens use real time unless asked otherwise."""
    sim.control("/clock", {"advanceSeconds": 86_400})
    made = sim.upload("bob")["versions"][0]["createdAt"]
    answer = sim.as_person("alice", "GET", "/rest/api/user/current")
    tomorrow = time.gmtime(time.time() + 86_400)
    assert made.startswith(time.strftime("%Y-%m-%d", tomorrow))
    assert answer.headers["Date"].startswith(time.strftime("%a, %d %b %Y", tomorrow))


def test_time_moves_for_the_host_and_the_app_together(tmp_path: Path) -> None:
    """Contents, tokens and the Date header, by the file that the app reads; the clock's own offset comes on top."""
    file = tmp_path / "clock"
    running = server.start(shared=SharedTime(file))
    try:
        url = f"{running.control_url}/_sim"
        assert requests.get(f"{url}/clock").json()["aheadSeconds"] == 0
        requests.post(f"{url}/time", json={"aheadSeconds": 3600})
        answer = requests.post(f"{url}/time", json={"advanceSeconds": 82_800})
        assert (answer.json()["aheadSeconds"], float(file.read_text())) == (86_400, 86_400)
        assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == pytest.approx(time.time() + 86_400, abs=3)
        assert running.world.clock.token_now() == pytest.approx(time.time() + 86_400, abs=3)
        requests.post(f"{url}/clock", json={"offsetSeconds": -60})
        assert running.world.clock.now_ms() / 1000 == pytest.approx(time.time() + 86_340, abs=3)
        for wrong in ({"aheadSeconds": -1}, {"aheadSeconds": "nan"}, {"advanceSeconds": 1e12}):
            assert requests.post(f"{url}/time", json=wrong).status_code == 400
        assert requests.post(f"{url}/time", json={"aheadSeconds": 0}).json()["aheadSeconds"] == 0
        assert file.stat().st_mode & 0o777 == 0o644
    finally:
        running.stop()


def test_time_of_an_app_that_does_not_share_it_stays(sim: Sim) -> None:
    assert sim.control("/clock")["aheadSeconds"] is None
    assert sim.control_raw("/time", {"advanceSeconds": 60}).status_code == 409
    assert sim.control("/clock")["now"][:10] == time.strftime("%Y-%m-%d", time.gmtime())


def test_a_reset_brings_the_seed_back(installed: Sim) -> None:
    """Apps may stay registered."""
    installed.upload("bob")
    installed.control("/faults", {"kind": "drop"})
    installed.control("/clock", {"advanceSeconds": 5})
    installed.control("/reset", {"keepApps": True})
    state = installed.control("/state")
    assert state["clock"]["offsetSeconds"] == 0
    budget = next(a for a in state["sites"]["acme"]["attachments"] if a["id"] == "att131203")
    assert budget["version"] == 3
    assert state["sites"]["acme"]["apps"] == []
    assert installed.control("/faults")["faults"] == []
    assert [app["key"] for app in installed.control("/apps")["apps"]] == ["test-app"]
    assert installed.control("/sites/acme/install", {})["installed"]


def test_the_state_shows_no_secret(installed: Sim) -> None:
    secret = installed.acme.installations["test-app"].shared_secret
    assert secret not in installed.control_raw("/state").text


def test_every_exchange_is_recorded_with_bodies(installed: Sim) -> None:
    """Request, answer, caller and cost; binary bodies as base64."""
    installed.control("/requests", method="DELETE")
    path = f"/rest/api/content/{seed.PAGE_ID}/child/attachment/att{seed.BUDGET_ID}/data"
    headers = {"X-Atlassian-Token": "no-check"}
    parts = {"file": ("budget.xlsx", b"\xff\xfe")}
    installed.as_app("POST", path, files=parts, data={"minorEdit": "true"}, headers=headers)
    (exchange,) = installed.control("/requests?caller=app&method=POST")["exchanges"]
    assert (exchange["path"], exchange["status"], exchange["points"]) == ("/wiki" + path, 200, 1)
    assert b"\xff\xfe" in base64.b64decode(exchange["requestBodyBase64"])
    assert '"number": 4' in exchange["responseBody"]
    assert installed.control(f"/requests?since={exchange['id']}")["exchanges"] == []


def test_pages_for_people_are_served(sim: Sim) -> None:
    """Old addresses redirect."""
    base = sim.acme.base_url
    old = sim.session.get(f"{base}/pages/viewpageattachments.action?pageId={seed.PAGE_ID}", allow_redirects=False)
    assert old.headers["Location"] == f"/wiki/spaces/DS/pages/{seed.PAGE_ID}/Release+plan"
    assert sim.session.get(f"{sim.acme.origin}/_sim/nm/left-pad/index.js").status_code == 404
    assert sim.session.get(f"{sim.acme.origin}/_sim/host/../server.py").status_code == 404
    assert sim.session.get(f"{base}/").status_code == sim.session.get(f"{base}/spaces/DS/pages/1/x").status_code


def test_the_seed_has_the_cast(sim: Sim) -> None:
    roles = {p["name"]: p["role"] for p in sim.control("/people")["people"]}
    assert roles == {
        "alice": "editor",
        "bob": "editor",
        "charlie": "viewer",
        "dana": "space admin",
        "sam": "site admin",
    }
    assert {p["name"] for p in sim.control("/people?site=globex")["people"]} == {"gina", "hank", "greta"}


def test_two_simulators_run_side_by_side_and_stop(sim: Sim) -> None:
    """Nothing listens afterwards."""
    other = server.start()
    url = f"{other.control_url}/_sim/health"
    assert other.control_url != sim.running.control_url
    assert sim.session.get(url).json() == {"ok": True}
    other.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_pages_are_edited_moved_and_purged(sim: Sim) -> None:
    edited = sim.control("/sites/acme/page-edit", {"pageId": seed.PAGE_ID, "account": "bob", "title": "New plan"})
    assert (edited["title"], edited["version"]) == ("New plan", 3)
    sim.acme.spaces[7] = type(sim.acme.spaces[seed.SPACE_ID])(7, "AR", "Archive", seed.DANA, 0)
    moved = sim.control("/sites/acme/page-move", {"pageId": seed.PAGE_ID, "account": "bob", "spaceKey": "AR"})
    assert moved["spaceKey"] == "AR"
    sim.control("/sites/acme/page-move", {"pageId": seed.PAGE_ID, "account": "bob", "spaceKey": "DS", "force": True})
    for status in ("trashed", "purged"):
        sim.control("/sites/acme/page-status", {"pageId": seed.PAGE_ID, "account": "dana", "status": status})
    assert seed.PAGE_ID not in sim.acme.contents
    assert sim.as_person("alice", "GET", f"/api/v2/attachments/{seed.BUDGET_ID}").status_code == 404


def test_a_restriction_is_lifted_by_an_empty_list(sim: Sim) -> None:
    """Reading and editing are restricted separately."""
    body = {"pageId": seed.PAGE_ID, "account": "alice"}
    shut = sim.control("/sites/acme/restrict", {**body, "read": ["alice", "dana"]})
    assert shut["restrictions"]["read"] == sorted([seed.ALICE, seed.DANA])
    assert sim.as_person("bob", "GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 404
    assert sim.control("/sites/acme/restrict", {**body, "read": []})["restrictions"]["read"] == []
    assert sim.as_person("bob", "GET", f"/api/v2/pages/{seed.PAGE_ID}").status_code == 200
    assert sim.control_raw("/sites/acme/restrict", {**body, "read": ["nobody"]}).status_code == 404
    assert sim.control_raw("/sites/acme/restrict", {**body, "read": "alice"}).status_code == 400


def test_a_moved_file_needs_a_free_name_and_a_page(sim: Sim) -> None:
    body = {"attachmentId": seed.BUDGET_ID, "account": "bob"}
    page = sim.control("/sites/acme/page", {"title": "Elsewhere", "account": "bob"})["id"]
    upload = {"pageId": page, "account": "bob", "fileName": "budget.xlsx", "text": "x"}
    sim.control("/sites/acme/upload", upload)
    assert sim.control_raw("/sites/acme/move", {**body, "pageId": page}).status_code == 409
    assert sim.control_raw("/sites/acme/move", {**body, "pageId": 1}).status_code == 404


def test_every_value_of_a_property_is_told(sim: Sim) -> None:
    """Also one that no answer told, and one that is gone."""
    for number in range(3):
        body = {"attachmentId": str(seed.LOGO_ID), "key": "k", "value": number, "account": "dana"}
        sim.control("/sites/acme/property", body)
    sim.control("/sites/acme/property", {"attachmentId": str(seed.LOGO_ID), "key": "k", "delete": True})
    writes = sim.control("/sites/acme/property-writes?key=k")["writes"]
    assert [(one["attachmentId"], one["version"], one["value"]) for one in writes] == [
        (str(seed.LOGO_ID), number + 1, number) for number in range(3)
    ]
    late = max(one["at"] for one in writes) + 1
    assert sim.control(f"/sites/acme/property-writes?key=k&since={late}")["writes"] == []


def test_properties_of_pages_and_spaces_can_be_written_and_doubled(sim: Sim) -> None:
    """Anybody can write, without the app."""
    for owner in ({"pageId": seed.PAGE_ID}, {"spaceKey": "DS"}):
        body = {**owner, "key": "k", "value": 1, "account": "dana"}
        sim.control("/sites/acme/property", body)
        sim.control("/sites/acme/property", {**body, "duplicate": True})
    state = sim.control("/state")["sites"]["acme"]
    assert state["spaces"][0]["properties"] == {"k": 1}
    assert len(sim.acme.contents[seed.PAGE_ID].bag.rows) == 3


def test_a_draft_is_not_listed_and_its_files_neither(sim: Sim) -> None:
    """Files of drafts have draft status."""
    sim.control("/sites/acme/page-status", {"pageId": seed.PAGE_ID, "account": "dana", "status": "draft"})
    listed = sim.as_person("alice", "GET", f"/api/v2/pages/{seed.PAGE_ID}/attachments").json()["results"]
    assert listed == []
    assert sim.as_person("alice", "GET", f"/api/v2/attachments/{seed.BUDGET_ID}").json()["status"] == "draft"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/sites/acme/upload", b"no json"),
        ("/sites/acme/upload", b"[1]"),
        ("/clock", b'{"offsetSeconds": "soon"}'),
        ("/webhooks/send", b'{"event": "x", "body": 1}'),
        ("/tokens", b'{"kind": "context", "claims": 1}'),
        ("/install-keys", b'{"kid": "k", "kind": "dsa"}'),
        ("/sites/acme/page", b'{"title": "T", "account": "alice", "type": "whiteboard"}'),
        ("/sites/acme/person", b'{"account": "bob", "status": "asleep"}'),
        ("/sites/acme/space-status", b'{"status": "molten"}'),
    ],
)
def test_control_calls_that_make_no_sense_are_400(installed: Sim, path: str, data: bytes) -> None:
    """Wrong JSON, wrong types, unknown words."""
    url = f"{installed.running.control_url}/_sim{path}"
    assert installed.session.post(url, data=data, headers={"Content-Type": "application/json"}).status_code == 400


def test_a_space_gets_another_name(installed: Sim) -> None:
    assert installed.control("/sites/acme/space-name", {"spaceKey": "DS", "name": "Other"}) == {
        "key": "DS",
        "name": "Other",
    }
    found = installed.as_app("GET", "/api/v2/spaces?keys=DS").json()["results"]
    assert [space["name"] for space in found] == ["Other"]
    assert installed.control_raw("/sites/acme/space-name", {"spaceKey": "DS"}).status_code == 400


def test_unknown_spaces_people_and_addresses_are_404(sim: Sim) -> None:
    assert sim.control_raw("/sites/acme/space-status", {"spaceKey": "XX", "status": "current"}).status_code == 404
    assert sim.control_raw("/sites/acme/install", {"appKey": "none"}).status_code == 404
    assert sim.control_raw("/sites/acme/pages/x/view").status_code == 400
    base = sim.acme.base_url
    for path in ("/pages/viewpage.action?pageId=1", f"/download/attachments/{seed.PAGE_ID}/budget.xlsx"):
        assert sim.session.get(base + path).status_code == 404
    assert sim.session.get(f"{sim.acme.origin}/_media/131203/99?expires=1").status_code == 404
    assert sim.control("/webhooks/replay", {"delivery": 99})["queued"] == 0


def test_the_switches_are_shown_as_they_are_set(sim: Sim) -> None:
    assert sim.control("/sites/acme/behaviour")["restoreAttachments"] == "allowed"
    assert sim.control("/sites/acme/behaviour", {"readLagSeconds": 2})["readLagSeconds"] == 2
    assert sim.control("/sites/globex/behaviour")["readLagSeconds"] == 0
    sim.control("/webhooks/settings", {"site": "acme", "jitterSeconds": 1, "seed": 7})
    assert sim.control("/webhooks/settings?site=acme")["jitterSeconds"] == 1
    assert sim.control("/webhooks/settings?site=globex")["jitterSeconds"] == 0
    assert sim.control("/clock")["tokens"] is False


def test_the_root_leads_home(sim: Sim) -> None:
    answer = sim.session.get(sim.acme.origin + "/", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/wiki/")


def test_a_public_site_shows_pages_to_everybody(sim: Sim) -> None:
    """Without an account: pages without a view restriction, to look at."""
    assert sim.control_raw(VIEW).status_code == 404
    sim.control("/sites/acme/behaviour", {"public": True})
    view = sim.control(VIEW)
    assert (view["me"], view["may"]) == (None, {"update": False, "delete": False, "administer": False})
    private = VIEW.replace(str(seed.PAGE_ID), str(seed.PRIVATE_PAGE_ID))
    assert sim.control_raw(private).status_code == 404

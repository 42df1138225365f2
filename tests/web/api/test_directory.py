"""People and groups while somebody types, over HTTP: what Confluence shows to the caller, of their own site."""

from __future__ import annotations

import pytest

from tests.confluence.live import BOB, GINA
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import LiveApp

pytestmark = pytest.mark.usefixtures("other_site_untouched")


def test_people_are_found(api: CheckedApi) -> None:
    (found,) = api("alice", "GET", "/people?q=bo").json()["people"]
    assert found["displayName"].startswith("Bob")
    assert api("alice", "GET", "/people?q=gina").json() == {"people": []}


def test_groups_are_found(api: CheckedApi, live: LiveApp) -> None:
    live.control("sites/acme/group", id="11", name="site editors", members=["bob"])
    assert api("alice", "GET", "/groups?q=editors").json() == {"groups": [{"id": "11", "name": "site editors"}]}


def test_stored_ids_are_named(api: CheckedApi, live: LiveApp) -> None:
    """P-03: people, apps and groups of the caller's site; who is unknown there is left out."""
    named = api("alice", "GET", f"/people?ids={GINA},{BOB},nobody").json()["people"]
    assert [(one["accountId"], one["displayName"].split()[0]) for one in named] == [(BOB, "Bob")]
    live.control("sites/acme/group", id="13", name="named", members=["bob"])
    assert api("alice", "GET", "/groups?ids=nobody,13").json() == {"groups": [{"id": "13", "name": "named"}]}


def test_files_are_named_as_the_caller_sees_them(api: CheckedApi, live: LiveApp) -> None:
    """U-07: what is gone and what is closed to the caller are missing alike."""
    page, closed = live.page(), live.page()
    plan, secret = live.file(page, "plan.txt"), live.file(closed, "secret.txt")
    live.restrict(closed, "alice", live.app_user)
    path = f"/files?ids={plan},att{secret},99999999"
    named = api("dana", "GET", path)
    assert [(one["id"], one["title"]) for one in named.json()["files"]] == [(plan, "plan.txt")]
    assert named.json()["unknown"] == []
    assert "secret" not in named.text
    assert [one["title"] for one in api("alice", "GET", path).json()["files"]] == ["plan.txt", "secret.txt"]


@pytest.mark.parametrize("query", ["", "ids=", "ids=a", "ids=0", "ids=1,,2", "ids=1&x=1", "ids=" + ",".join("1" * 26)])
def test_other_questions_about_files_are_refused(api: CheckedApi, query: str) -> None:
    assert refusal(api("alice", "GET", f"/files?{query}")) == (422, "invalid_request")


def test_apps_are_found_by_name(api: CheckedApi) -> None:
    """P-08: accounts of apps, and none of people."""
    apps = api("sam", "GET", "/people?q=lockpoint&kind=app").json()["people"]
    assert [one["displayName"] for one in apps] == ["Lockpoint"]
    assert api("sam", "GET", "/people?q=lockpoint").json() == {"people": []}
    assert api("sam", "GET", "/people?q=bob&kind=app").json() == {"people": []}


@pytest.mark.parametrize("query", ["q=b&ids=1", "ids=", "ids=a,,b", "ids=a%2Fb", "q=b&kind=cat", "ids=" + "1,," * 40])
def test_other_questions_are_refused(api: CheckedApi, query: str) -> None:
    assert refusal(api("alice", "GET", f"/people?{query}")) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["/people", "/groups"])
def test_nothing_is_asked_of_confluence_for_nothing(api: CheckedApi, live: LiveApp, path: str) -> None:
    mark = live.mark()
    assert not any(api("alice", "GET", f"{path}?q=%20").json().values())
    assert live.asked(mark, "acme") == []
    assert refusal(api("alice", "GET", path)) == (422, "invalid_request")
    assert refusal(api("alice", "GET", f"{path}?q={'x' * 101}")) == (422, "invalid_request")


def test_a_lock_manager_by_group_ends_a_lock(api: CheckedApi, live: LiveApp) -> None:
    """P-03: Confluence says who is in a group; who leaves it may no more."""
    live.control("sites/acme/group", id="12", name="keepers", members=["bob"])
    version = api("dana", "GET", "/spaces/DS/settings").json()["version"]
    managers = {"people": [], "groups": ["12"]}
    body = {"version": version, "rules": {}, "managers": managers}
    assert api("dana", "PUT", "/spaces/DS/settings", body).status_code == 200
    for members, status in ((["bob"], 200), ([], 403)):
        live.control("sites/acme/group", id="12", name="keepers", members=members)
        file = live.file(live.page())
        lock = api.lock("alice", file)["lockId"]
        assert api.shown("bob", file)["can"]["break"] is (status == 200)
        broken = api("bob", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "needed"})
        assert broken.status_code == status
    body = {"version": version + 1, "rules": {}, "managers": {"people": [], "groups": []}}
    assert api("dana", "PUT", "/spaces/DS/settings", body).status_code == 200

"""`GET /locks` and `GET /spaces/<key>/locks` over HTTP."""

from __future__ import annotations

import csv
import io
import re
from urllib.parse import quote

import pytest

from tests.web.api.document import CheckedApi, as_screens_see, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import Json, LiveApp

pytestmark = BOTH_DOORS

NAMED = "=cmd|quarterly.xlsx"
HOSTILE = [
    *("cursor=", "cursor=W10", "cursor=../..", f"cursor={'A' * 601}", "cursor=%00", "cursor=gAAAAABm"),
    *("limit=0", "limit=251", "limit=1e3", "limit=-1", "limit=", "limit=%F0%9F%92%A9"),
    *("q=%00", "q=a%0Ab", f"q={'x' * 101}", "state=free", "state=", "sort=title", "sort=", "page=x", "holder=a%20b"),
    *("x=1", "limit=1&limit=2"),
]


def _rows(api: CheckedApi, person: str, path: str) -> list[Json]:
    answer = api(person, "GET", path)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["items"]
    return found


def _ids(api: CheckedApi, person: str, path: str) -> list[str]:
    return [row["id"] for row in _rows(api, person, path)]


@pytest.fixture(scope="module")
def files(live: LiveApp) -> list[str]:
    """Alice's on an open page and on a closed one, Bob's with a name that a spreadsheet would obey."""
    page, closed = live.page(), live.page()
    made = [live.file(page, "first plan.txt"), live.file(closed, "secret plan.txt"), live.file(page, NAMED)]
    for number, (who, file) in enumerate(zip(("alice", "alice", "bob"), made, strict=True), 1):
        live.lock(who, file, hours=number, note="=1+1")
    live.restrict(closed, "alice", live.app_user)
    return made


def test_ones_own_locks(api: CheckedApi, files: list[str]) -> None:
    """L-60, U-05: anybody, also who may only view."""
    rows = _rows(api, "alice", "/locks?scope=mine")
    assert [row["id"] for row in rows] == files[:2]
    assert [row["title"] for row in rows] == ["first plan.txt", "secret plan.txt"]
    assert rows[0]["lock"]["can"]["extend"]
    assert _ids(api, "charlie", "/locks?scope=mine") == []


def test_locks_that_one_waits_for(live: LiveApp, api: CheckedApi, files: list[str]) -> None:
    """U-05: without those that one may not see any more."""
    for file in (files[0], files[2]):
        assert live.call("charlie", "PUT", f"/attachments/{file}/notify-me", {}).status_code == 200
    assert _ids(api, "charlie", "/locks?scope=waiting") == [files[0], files[2]]
    assert _ids(api, "charlie", "/locks?scope=waiting&q=first") == [files[0]]
    assert _ids(api, "bob", "/locks?scope=waiting") == []
    live.call("charlie", "DELETE", f"/attachments/{files[0]}/notify-me", {})
    assert _ids(api, "charlie", "/locks?scope=waiting") == [files[2]]


def test_who_asks_and_who_is_asked_learn_what_they_may_do(live: LiveApp, api: CheckedApi, files: list[str]) -> None:
    """P-11: a list says who its viewer is, so that it tells one's own request from others'."""
    (held,) = [row for row in _rows(api, "alice", "/locks?scope=mine") if row["id"] == files[0]]
    lock_id = {"lockId": held["lock"]["lockId"]}
    assert live.call("bob", "POST", f"/attachments/{files[0]}/lock/request", lock_id).status_code == 200
    asked, asking = (
        api(who, "GET", f"/locks?scope={scope}").json() for who, scope in (("alice", "mine"), ("bob", "waiting"))
    )
    assert asked["viewerAccountId"] == held["lock"]["holder"]["accountId"]
    assert {row["id"]: row["lock"]["can"]["decline"] for row in asked["items"]} == {files[0]: True, files[1]: False}
    (own,) = asking["items"]
    assert [one["person"]["accountId"] for one in own["lock"]["requests"]] == [asking["viewerAccountId"]]
    assert own["lock"]["can"]["cancelRequest"]
    assert live.call("bob", "POST", f"/attachments/{files[0]}/lock/cancel-request", lock_id).status_code == 200
    assert [row["lock"]["requests"] for row in _rows(api, "alice", "/locks?scope=mine")] == [[], []]


@pytest.mark.parametrize(
    ("who", "path"), [("dana", "/spaces/DS/locks"), ("sam", "/spaces/DS/locks"), ("sam", "/locks?scope=site")]
)
def test_locks_of_space_and_site(api: CheckedApi, files: list[str], who: str, path: str) -> None:
    """L-60: without those on pages that this admin may not see."""
    rows = _rows(api, who, path)
    assert [row["id"] for row in rows] == [files[0], files[2]]
    assert [row["lock"]["holder"]["displayName"] for row in rows] == ["Alice Arden", "Bob Baker"]
    assert all(row["lock"]["can"]["break"] for row in rows)


def test_the_closed_page_leaves_no_trace(live: LiveApp, files: list[str]) -> None:
    """Neither its name nor its id is in what others get, in any form."""
    for person, path in (("dana", "/spaces/DS/locks?limit=1"), ("sam", "/locks?scope=site&limit=1")):
        for accept in ("application/json", "text/csv"):
            answer = live.call(person, "GET", path, headers={"Accept": accept})
            assert "secret" not in answer.text
            assert files[1] not in answer.text + answer.headers.get("Link", "")


def test_parts_follow_each_other(api: CheckedApi, files: list[str]) -> None:
    """L-60: also a lock that ends meanwhile takes no other with it."""
    seen: list[str] = []
    path = "/spaces/DS/locks?limit=1&sort=-expires"
    cursor: str | None = ""
    while cursor is not None:
        answer = api("dana", "GET", f"{path}&cursor={cursor}" if cursor else path).json()
        seen += [row["id"] for row in answer["items"]]
        cursor = answer["nextCursor"]
    assert seen == [files[2], files[0]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [("q=plan", [0]), ("q=PLA", [0]), ("q=Bob", [2]), ("q=secret", []), ("state=mine", []), ("state=other", [0, 2]),
     ("sort=-since", [2, 0]), ("q=%22", []), ("q=%5C", []), ("q=%20", [0, 2])],
)  # fmt: skip
def test_locks_are_searched_as_the_viewer(api: CheckedApi, files: list[str], query: str, wanted: list[int]) -> None:
    found = _ids(api, "dana", f"/spaces/DS/locks?{query}")
    assert found == [files[number] for number in wanted]


def test_a_list_as_a_file(live: LiveApp, files: list[str]) -> None:
    """No cell begins a formula: names of files and notes are other people's."""
    answer = as_screens_see(live.call("dana", "GET", "/spaces/DS/locks", headers={"Accept": "text/csv"}))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="lockpoint-locks.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["file id"] for row in rows] == [files[0], files[2]]
    assert rows[1]["file"] == f"'{NAMED}"
    assert {row["note"] for row in rows} == {"'=1+1"}


def test_a_file_that_is_only_a_part_says_so(live: LiveApp, files: list[str]) -> None:
    answer = as_screens_see(live.call("dana", "GET", "/spaces/DS/locks?limit=1", headers={"Accept": "text/csv"}))
    assert "lockpoint-locks-part.csv" in answer.headers["Content-Disposition"]
    link = re.fullmatch(r'<\?(.+)>; rel="next"', answer.headers["Link"])
    assert link is not None
    rest = as_screens_see(live.call("dana", "GET", f"/spaces/DS/locks?{link[1]}", headers={"Accept": "text/csv"}))
    assert [row["file id"] for row in csv.DictReader(io.StringIO(rest.text, newline=""))] == [files[2]]


@pytest.mark.parametrize("query", HOSTILE)
@pytest.mark.parametrize("path", ["/spaces/DS/locks?", "/locks?scope=site&"])
def test_hostile_queries_are_refused(api: CheckedApi, path: str, query: str) -> None:
    assert refusal(api("sam", "GET", f"{path}{query}")) == (422, "invalid_request")


@pytest.mark.parametrize("path", ["/locks", "/locks?scope=space", "/locks?scope=mine&holder=x"])
def test_a_scope_is_one_of_three(api: CheckedApi, path: str) -> None:
    assert refusal(api("sam", "GET", path)) == (422, "invalid_request")


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0, text/csv;q=0"])
@pytest.mark.parametrize("path", ["/spaces/DS/locks", "/locks?scope=site", "/audit"])
def test_who_takes_neither_form_is_told(api: CheckedApi, path: str, accept: str) -> None:
    assert refusal(api("sam", "GET", path, headers={"Accept": accept})) == (422, "invalid_request")


def test_a_cursor_of_another_is_refused(api: CheckedApi, live: LiveApp, files: list[str]) -> None:
    del files
    cursor = api("dana", "GET", "/spaces/DS/locks?limit=1").json()["nextCursor"]
    tampered = [cursor[:-2] + ("AA" if not cursor.endswith("AA") else "BB"), cursor[1:], cursor[:40]]
    for person, path in (
        ("sam", f"/spaces/DS/locks?cursor={cursor}"),
        ("dana", f"/locks?scope=mine&cursor={cursor}"),
        ("dana", f"/spaces/DS/locks?sort=since&cursor={cursor}"),
        *(("dana", f"/spaces/DS/locks?cursor={quote(one)}") for one in tampered),
    ):
        assert refusal(api(person, "GET", path)) == (422, "invalid_request"), path
    elsewhere = live.call("gina", "GET", f"/locks?scope=mine&cursor={cursor}", site="globex")
    assert elsewhere.status_code == 422


def test_a_lock_manager_sees_the_space(live: LiveApp, files: list[str]) -> None:
    """By name: not the site; and no longer once they are none."""
    seen = live.call("dana", "GET", "/spaces/DS/settings").json()
    bob = next(
        row["lock"]["holder"]["accountId"] for row in live.call("sam", "GET", "/locks?scope=site&q=Bob").json()["items"]
    )
    for people, status in (([bob], 200), ([], 403)):
        body: Json = {"version": seen["version"], "rules": {}, "managers": {"people": people, "groups": []}}
        seen = live.call("dana", "PUT", "/spaces/DS/settings", body).json()
        answer = live.call("bob", "GET", "/spaces/DS/locks")
        assert answer.status_code == status, answer.text
        if status == 200:
            assert [row["id"] for row in answer.json()["items"]] == [files[0], files[2]]
        assert live.call("bob", "GET", "/locks?scope=site").status_code == 403

"""The list of a page's files: search, state, order, pages, ETags; and waitlist, document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import CHARLIE, PRIVATE_PAGE_ID
from tests.web.api.document import CheckedApi, Document, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import SAME_PAGE, LiveApp

pytestmark = BOTH_DOORS

NAMES = ["Alpha.txt", "beta.txt", "delta.txt", "Gamma.txt"]


@pytest.fixture(scope="module")
def shelf(live: LiveApp) -> str:
    """A page that no test changes."""
    return _filled(live)


@pytest.fixture
def page(live: LiveApp) -> str:
    return _filled(live)


def _filled(live: LiveApp) -> str:
    """A page with four files of growing size; `beta.txt` is locked by Bob, `delta.txt` by Alice."""
    made = live.page()
    files = {name: live.file(made, name, text="x" * size) for size, name in enumerate(reversed(NAMES), 1)}
    live.lock("bob", files["beta.txt"])
    live.lock("alice", files["delta.txt"])
    return made


def _titles(api: CheckedApi, page: str, query: str = "", who: str = "alice") -> list[str]:
    answer = api(who, "GET", f"/pages/{page}/attachments{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_the_list_shows_every_file_with_its_lock(api: CheckedApi, live: LiveApp, shelf: str) -> None:
    """Each row's lock equals the one at the file's own address."""
    answer: dict[str, Any] = api("charlie", "GET", f"/pages/{shelf}/attachments").json()
    assert answer["nextCursor"] is None
    assert answer["viewer"] == {"accountId": CHARLIE, "mayEdit": False, "mayBreak": False}
    assert [item["title"] for item in answer["items"]] == NAMES
    assert [item["lock"]["state"] for item in answer["items"]] == ["free", "other", "other", "free"]
    for item in answer["items"]:
        own = api.shown("charlie", item["id"])
        assert {**item["lock"], "secondsLeft": own["secondsLeft"]} == own
        assert (item["mediaType"], item["version"]) == ("text/plain", 1)
        base = live.running.sites["acme"].base_url
        assert all(link.startswith(f"{base}/") for link in item["links"].values())
    assert [item["fileSize"] for item in answer["items"]] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?sort=title", NAMES),
        ("?sort=-title", NAMES[::-1]),
        ("?sort=size", NAMES[::-1]),
        ("?sort=-size", NAMES),
        ("?sort=state", ["delta.txt", "beta.txt", "Alpha.txt", "Gamma.txt"]),
        ("?sort=-state", ["Alpha.txt", "Gamma.txt", "beta.txt", "delta.txt"]),
        ("?q=A.TXT", NAMES),
        ("?q=ta", ["beta.txt", "delta.txt"]),
        ("?q=baker", ["beta.txt"]),
        ("?q=ARDEN", ["delta.txt"]),
        ("?q=nothing%20like%20it", []),
        ("?state=free", ["Alpha.txt", "Gamma.txt"]),
        ("?state=mine", ["delta.txt"]),
        ("?state=other", ["beta.txt"]),
        ("?state=ending", []),
        ("?state=other&q=delta", []),
        ("?limit=250&q=%00", []),
    ],
)
def test_search_state_and_order(api: CheckedApi, shelf: str, query: str, expected: list[str]) -> None:
    """L-60: search matches file and holder names in any case; the state is the viewer's."""
    assert _titles(api, shelf, query) == expected


@pytest.mark.parametrize("sort", ["title", "-size", "-state"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
def test_parts_lose_nothing_and_repeat_nothing(api: CheckedApi, shelf: str, limit: int, sort: str) -> None:
    """L-60."""
    parts: list[str] = []
    cursor = ""
    for _ in range(5):
        answer = api("alice", "GET", f"/pages/{shelf}/attachments?limit={limit}&sort={sort}{cursor}").json()
        assert len(answer["items"]) <= limit
        assert answer["total"] == len(NAMES)
        parts += [item["title"] for item in answer["items"]]
        if answer["nextCursor"] is None:
            break
        cursor = f"&cursor={answer['nextCursor']}"
    assert parts == _titles(api, shelf, f"?sort={sort}")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=251", "limit=-1", "limit=x", "limit=1.0", "limit=%2B5", "limit=1_0", "limit=",
        "limit=%EF%BC%95",        "cursor=x", "cursor=-1", "cursor=%D9%A3", "cursor=", "cursor=" + "1" * 10_000,
        "sort=name", "sort=", "state=locked", "state=null", "state=", "q=" + "x" * 201,
        "page=1", "limit=5&limit=6", "q=a&q=a", "state=free&state=mine", "Q=a",
    ],
)  # fmt: skip
def test_questions_that_make_no_sense(api: CheckedApi, shelf: str, query: str) -> None:
    """An unknown, doubled or out-of-range parameter: 422."""
    assert refusal(api("alice", "GET", f"/pages/{shelf}/attachments?{query}")) == (422, "invalid_request")


def test_page_without_files_is_an_empty_list(api: CheckedApi, live: LiveApp) -> None:
    answer = api("alice", "GET", f"/pages/{live.page()}/attachments").json()
    assert (answer["items"], answer["nextCursor"]) == ([], None)


def test_page_that_shuts_the_app_out_is_listed_as_its_viewer(api: CheckedApi) -> None:
    """Names are read as the person: who may see a page sees its files there, unprotected, with the remedy."""
    item = api("alice", "GET", f"/pages/{PRIVATE_PAGE_ID}/attachments").json()["items"][0]
    assert (item["title"], item["lock"]["unprotectedReason"]) == ("minutes.docx", "app_blocked")
    assert [name for name, may in item["lock"]["can"].items() if may] == ["giveAccess"]
    assert refusal(api("sam", "GET", f"/pages/{PRIVATE_PAGE_ID}/attachments")) == (404, "not_found")


def test_trashed_files_are_not_listed(api: CheckedApi, live: LiveApp, page: str) -> None:
    gone = live.file(page, "gone.txt")
    live.control("sites/acme/trash", account="alice", attachmentId=gone)
    assert _titles(api, page) == NAMES


def test_a_long_list_is_packed(live: LiveApp) -> None:
    """H7: for those who can unpack it."""
    page = live.page()
    for _ in range(4):
        live.file(page)
    path, token = f"/pages/{page}/attachments", live.token("alice")
    packed = live.raw("GET", path, token, headers={"Accept-Encoding": "gzip"})
    plain = live.raw("GET", path, token, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert packed.json()["items"] == plain.json()["items"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2


# ETags


def _tag(api: CheckedApi, page: str, query: str = "", who: str = "alice") -> str:
    return str(api(who, "GET", f"/pages/{page}/attachments{query}").headers["ETag"])


@pytest.mark.parametrize("kind", ["page", "blogpost"])
def test_unchanged_costs_confluence_nothing(api: CheckedApi, live: LiveApp, kind: str) -> None:
    """304 without a call to Confluence while no lock changed."""
    page = live.page(kind)
    live.lock("bob", live.file(page))
    tag = _tag(api, page)
    mark = live.mark()
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        answer = api("alice", "GET", f"/pages/{page}/attachments", headers={"If-None-Match": sent})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
    assert live.asked(mark) == []


@pytest.mark.parametrize("change", ["lock", "release", "extend", "take-over", "request"])
def test_every_change_of_a_lock_ends_a_tag(api: CheckedApi, page: str, change: str) -> None:
    """L-61: any change of a lock on the page, and a request for it, invalidates the ETag."""
    items = {item["title"]: item for item in api("alice", "GET", f"/pages/{page}/attachments").json()["items"]}
    hold = {"lockId": items["delta.txt"]["lock"]["lockId"]}
    tag = _tag(api, page)
    if change == "lock":
        api.lock("bob", items["Alpha.txt"]["id"])
    else:
        who, body = ("dana", {**hold, "reason": "x"}) if change == "take-over" else ("alice", hold)
        who = "bob" if change == "request" else who
        answer = api(who, "POST", f"/attachments/{items['delta.txt']['id']}/lock/{change}", body)
        assert answer.ok
    assert api("alice", "GET", f"/pages/{page}/attachments", headers={"If-None-Match": tag}).status_code == 200


def test_tags_are_one_persons_for_one_part_of_one_page(checked: CheckedApi, live: LiveApp, page: str) -> None:
    """An ETag is valid for one person, page, query and site; for any other it gives 200."""
    tag, other = _tag(checked, page), live.page()
    same = _tag(checked, SAME_PAGE)
    answers = [
        checked("bob", "GET", f"/pages/{page}/attachments", headers={"If-None-Match": tag}),
        checked("alice", "GET", f"/pages/{other}/attachments", headers={"If-None-Match": tag}),
        checked("alice", "GET", f"/pages/{page}/attachments?sort=-title", headers={"If-None-Match": tag}),
        checked("alice", "GET", f"/pages/{page}/attachments?limit=1", headers={"If-None-Match": tag}),
        checked("gina", "GET", f"/pages/{SAME_PAGE}/attachments", site="globex", headers={"If-None-Match": same}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert {item["title"] for item in answers[-1].json()["items"]} == {"roadmap.pptx", "contract.pdf"}
    hidden = checked("bob", "GET", f"/pages/{PRIVATE_PAGE_ID}/attachments", headers={"If-None-Match": tag})
    assert refusal(hidden) == (404, "not_found")


@pytest.mark.parametrize(
    "forge",
    [
        lambda _: "*",
        lambda _: '""',
        lambda _: '"..."',
        lambda _: "W/",
        lambda _: '"' + "a." * 5000 + '"',
        lambda tag: tag[:4] + ("1" if tag[4] != "1" else "2") + tag[5:],
        lambda tag: tag.replace(".", ".0", 1),
        lambda tag: tag.rpartition(".")[0] + '"',
        lambda tag: tag.replace(".", "\xe9.", 1),
    ],
)
def test_forged_tags_are_no_tags(api: CheckedApi, shelf: str, forge: Any) -> None:
    """A tag we did not issue, or a changed one, is ignored."""
    sent = forge(_tag(api, shelf))
    answer = api("alice", "GET", f"/pages/{shelf}/attachments", headers={"If-None-Match": sent.encode("latin-1")})
    assert answer.status_code == 200


# The waitlist


def test_the_line_is_first_come_first_served(api: CheckedApi, live: LiveApp) -> None:
    """L-26: cancelling twice is allowed; those left on the waitlist get one mail."""
    file = live.file(live.page())
    lock = api.lock("alice", file)
    path = f"/attachments/{file}/notify-me"
    places = [api(who, "PUT", path).json()["notifyMe"] for who in ("bob", "charlie", "bob")]
    assert [(place["position"], place["count"]) for place in places] == [(1, 1), (2, 2), (1, 2)]
    assert api.shown("charlie", file)["notifyMe"] == {"asked": True, "count": 2, "position": 2}
    for _ in range(2):
        assert api("bob", "DELETE", path).json()["notifyMe"] == {"asked": False, "count": 1, "position": None}
    before = len(live.rows()["email_intent"])
    api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
    live.run_jobs(JobKind.RECONCILE, JobKind.CONFIRM, JobKind.PAGE_HINT)
    assert len(live.rows()["email_intent"]) == before + 1
    assert api("charlie", "DELETE", path).json()["notifyMe"]["count"] == 0


def test_nothing_to_wait_for(api: CheckedApi, live: LiveApp) -> None:
    """A free file and one's own lock have no waitlist: 422."""
    file = live.file(live.page())
    assert refusal(api("bob", "PUT", f"/attachments/{file}/notify-me")) == (422, "invalid_request")
    api.lock("alice", file)
    assert refusal(api("alice", "PUT", f"/attachments/{file}/notify-me")) == (422, "invalid_request")


# Document


def test_the_document_names_every_route(api: CheckedApi, live: LiveApp) -> None:
    routes = {
        (
            method.lower(),
            str(rule)
            .replace("<page_id>", "{pageId}")
            .replace("<attachment_id>", "{attachmentId}")
            .replace("<key>", "{key}"),
        )
        for rule in live.flask.url_map.iter_rules()
        if str(rule).startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    documented = {(method, path) for path, methods in api.document.served["paths"].items() for method in methods}
    assert documented == routes


def test_the_document_notices_lies(api: CheckedApi, live: LiveApp) -> None:
    """The checker detects a missing field, an extra one, a wrong value, and a wrong status."""
    file = live.file(live.page())
    answer = live.call("alice", "GET", f"/attachments/{file}/lock")
    path = f"/attachments/{file}/lock"
    api.document.check("GET", path, answer)
    for spoil in (b'{"id": "1"}', answer.content[:-2] + b', "extra": 1}', answer.content.replace(b'"free"', b'"open"')):
        answer._content = spoil
        with pytest.raises(Exception, match=r"properties|enum|one of"):
            Document(api.document.served).check("GET", path, answer)
    answer.status_code = 418
    with pytest.raises(AssertionError):
        api.document.check("GET", path, answer)


def _undate(live: LiveApp, file: str, number: int) -> None:
    """Let Confluence leave out when a version was made."""
    with live.running.world.lock:
        versions = live.running.world.sites["acme"].attachments[int(file)].versions
        versions[number - 1] = replace(versions[number - 1], dated=False)


@pytest.mark.parametrize("odd", ["Alpha.txt", "beta.txt"])
def test_one_odd_file_hides_no_other(api: CheckedApi, live: LiveApp, page: str, odd: str) -> None:
    """The others are there with their locks; of the odd one, locked or not, there is its name, and nothing to do."""
    files = {item["title"]: item for item in api("alice", "GET", f"/pages/{page}/attachments").json()["items"]}
    _undate(live, files[odd]["id"], 1)
    live.file(page, "Gamma.txt", text="the page has changed")
    answer = api("alice", "GET", f"/pages/{page}/attachments")
    assert answer.status_code == 200, answer.text
    found = {item["title"]: item for item in answer.json()["items"]}
    assert found.keys() == files.keys()
    row = found[odd]
    assert (row["id"], row["lock"]["state"], row["version"], row["links"]) == (
        files[odd]["id"],
        "unreadable",
        None,
        None,
    )
    assert not any(row["lock"]["can"].values())
    states = {name: item["lock"]["state"] for name, item in found.items() if name != odd}
    assert states == {name: item["lock"]["state"] for name, item in files.items() if name != odd}
    for order in ("size", "-size", "state", "-title"):
        assert len(_titles(api, page, f"?sort={order}")) == len(NAMES)
    assert _titles(api, page, "?state=unreadable") == [odd]
    assert _titles(api, page, f"?q={odd.lower()}") == [odd]


def test_a_history_with_an_odd_version_is_flagged(api: CheckedApi, live: LiveApp) -> None:
    """Alice's own version may be the odd one, so Bob's after it is not undone, and the list says why."""
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    live.settle()
    live.file(page, "plan.txt", text="Alice's second")
    live.file(page, "plan.txt", author="bob", text="Bob's")
    _undate(live, file, 2)
    live.settle()
    (row,) = api("alice", "GET", f"/pages/{page}/attachments").json()["items"]
    assert (row["version"], row["lock"]["protection"], row["lock"]["unprotectedReason"]) == (
        3,
        "unprotected",
        "history_incomplete",
    )


def test_an_open_list_hears_of_an_overwrite_that_was_undone(api: CheckedApi, live: LiveApp) -> None:
    """Within the minute in which "nothing changed" costs no call, and without a call until then."""
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    live.settle()
    path = f"/pages/{page}/attachments"
    tag = {"If-None-Match": api("charlie", "GET", path).headers["ETag"]}
    mark = live.mark()
    assert api("charlie", "GET", path, headers=tag).status_code == 304
    assert not live.asked(mark)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    (row,) = api("charlie", "GET", path, headers=tag).json()["items"]
    assert (row["version"], row["lock"]["protection"]) == (3, "protected")

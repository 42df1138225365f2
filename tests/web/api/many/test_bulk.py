"""`POST /locks/bulk` over HTTP."""

from __future__ import annotations

import threading

import pytest

from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import Json, LiveApp, request_id

pytestmark = BOTH_DOORS

MANY = 100


def _bulk(api: CheckedApi, person: str, action: str, items: list[Json], **more: object) -> Json:
    answer = api(person, "POST", "/locks/bulk", {"action": action, "items": items, **more})
    assert answer.status_code == 207, answer.text
    body: Json = answer.json()
    assert answer.headers.get("Retry-After") == (None if body["retryAfter"] is None else str(body["retryAfter"]))
    return body


def _files(live: LiveApp, number: int) -> list[str]:
    page = live.page()
    return [live.file(page) for _ in range(number)]


def _named(files: list[str], body: Json) -> list[Json]:
    locks = {one["id"]: one["body"]["lock"]["lockId"] for one in body["items"]}
    return [{"id": file, "lockId": locks[file]} for file in files]


def test_results_have_the_bodies_of_single_calls(api: CheckedApi, live: LiveApp) -> None:
    """L-16, P-13: in the order of the request; refusals are those of the single call."""
    free, mine, bobs, foreign = *_files(live, 3), "999999999999"
    live.lock("alice", mine)
    live.lock("bob", bobs)
    ids = [f"att{bobs}", foreign, free, mine]
    body = _bulk(api, "alice", "lock", [{"id": one} for one in ids])
    assert [(one["id"], one["outcome"], one["status"]) for one in body["items"]] == [
        (bobs, "refused", 409),
        (foreign, "refused", 404),
        (free, "done", 201),
        (mine, "done", 200),
    ]
    single = {file: api("alice", "POST", f"/attachments/{file}/lock").json() for file in (bobs, foreign)}
    for file, one in zip((bobs, foreign), body["items"], strict=False):
        assert {name: one["body"][name] for name in ("error", "message")} == {
            name: single[file][name] for name in ("error", "message")
        }
    assert body["items"][0]["body"]["lock"]["holder"] == single[bobs]["lock"]["holder"]
    assert body["retryAfter"] is None


def test_the_life_of_many_locks(api: CheckedApi, live: LiveApp) -> None:
    """P-13: lock, extend, ask, break with a reason, unlock."""
    files = _files(live, 3)
    locked = _bulk(api, "alice", "lock", [{"id": file} for file in files], note="together", hours=4)
    assert {one["body"]["lock"]["note"] for one in locked["items"]} == {"together"}
    named = _named(files, locked)
    assert {one["status"] for one in _bulk(api, "alice", "extend", named, hours=9)["items"]} == {200}
    asked = _bulk(api, "charlie", "notify-me", [{"id": file} for file in files])
    assert [one["body"]["notifyMe"]["position"] for one in asked["items"]] == [1, 1, 1]
    refused = _bulk(api, "bob", "break", named, reason="x")
    assert {(one["status"], one["body"]["error"]) for one in refused["items"]} == {(403, "forbidden")}
    broken = _bulk(api, "dana", "break", named[:2], reason="on leave")
    assert {one["body"]["lock"]["lastEnded"]["why"] for one in broken["items"]} == {"on leave"}
    ended = _bulk(api, "alice", "unlock", named)
    assert [one["status"] for one in ended["items"]] == [412, 412, 200]


def test_a_hundred_files_and_a_429_in_the_middle(api: CheckedApi, live: LiveApp) -> None:
    """E38: the rest says `retry` with the time; the same request goes on; nothing is locked twice."""
    files, name = _files(live, MANY), request_id()
    live.control(
        "faults", kind="status", status=429, headers={"Retry-After": "30"}, path="attachments/", skip=120, times=1
    )
    items = [{"id": file} for file in files]
    first = _bulk(api, "alice", "lock", items, requestId=name)
    outcomes = [one["outcome"] for one in first["items"]]
    assert [one["id"] for one in first["items"]] == files
    assert set(outcomes) == {"done", "retry"}
    waiting = [one for one in first["items"] if one["outcome"] == "retry"]
    assert {one["body"]["error"] for one in waiting} == {"busy"}
    assert 1 <= first["retryAfter"] <= 30
    mark = live.mark()
    second = _bulk(api, "alice", "lock", items, requestId=name)
    while second["retryAfter"] is not None:  # a busy machine has no time for all of them
        second = _bulk(api, "alice", "lock", items, requestId=name)
    assert {one["outcome"] for one in second["items"]} == {"done"}
    written = [one for one in live.asked(mark, "acme") if one.method == "POST" and "properties" in one.path]
    assert len(written) <= len(waiting) + 1
    began = [row for row in live.audit() if "acquired" in row]
    assert all(sum(f",{file}," in row for row in began) == 1 for file in files)
    assert [one["status"] for one in second["items"]] == [201] * MANY


def test_two_requests_at_once_lock_each_file_once(api: CheckedApi, live: LiveApp) -> None:
    """Of one person, over the same files."""
    files = _files(live, 12)
    items, answers = [{"id": file} for file in files], []

    def send() -> None:
        answers.append(live.call("alice", "POST", "/locks/bulk", {"action": "lock", "items": items}))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {207}
    assert {one["outcome"] for answer in answers for one in answer.json()["items"]} <= {"done", "retry"}
    done = {one["id"] for answer in answers for one in answer.json()["items"] if one["outcome"] == "done"}
    began = [row for row in live.audit() if "acquired" in row]
    counts = {file: sum(f",{file}," in row for row in began) for file in files}
    assert done, "neither call got anything done"
    assert {file for file in files if counts[file] == 1} >= done, [answer.text for answer in answers]
    assert max(counts.values()) <= 1, "a file was locked twice"
    del api


@pytest.mark.parametrize(
    "body",
    [
        {"action": "lock", "items": []},
        {"action": "lock", "items": [{"id": "1"}] * 2},
        {"action": "lock", "items": [{"id": "1"}, {"id": "att1"}]},
        {"action": "lock", "items": [{"id": str(n)} for n in range(1, 102)]},
        {"action": "lock", "items": [{"id": "1"}], "reason": "x"},
        {"action": "break", "items": [{"id": "1", "lockId": "0" * 32}]},
        {"action": "unlock", "items": [{"id": "1"}]},
        {"action": "take-over", "items": [{"id": "1", "lockId": "0" * 32}]},
        {"action": "lock", "items": [{"id": "1/../2"}]},
        {"action": "lock", "items": [{"id": 1}]},
        {"action": "lock", "items": {"id": "1"}},
        {"action": "lock", "items": [{"id": "1", "note": "x"}]},
        {"action": "lock"},
        {"items": [{"id": "1"}]},
    ],
)
def test_odd_bodies_are_refused(api: CheckedApi, body: Json) -> None:
    assert refusal(api("alice", "POST", "/locks/bulk", body)) == (422, "invalid_request")


@pytest.mark.parametrize("action", ["lock", "unlock", "extend", "notify-me", "break"])
def test_invisible_is_unknown(api: CheckedApi, live: LiveApp, action: str) -> None:
    """L-02: a file on a page that Bob and Dana do not see, one of the other site, one that is not there."""
    page = live.page()
    closed = live.file(page)
    lock = live.lock("alice", closed)
    live.restrict(page, "alice", live.app_user)
    items: list[Json] = [{"id": closed}, {"id": "999999999999"}, {"id": "999999999998"}]
    if action not in {"lock", "notify-me"}:
        items = [{**item, "lockId": lock} for item in items]
    reason = {"reason": "x"} if action == "break" else {}
    for who in ("bob", "dana", "sam"):
        found = _bulk(api, who, action, items, **reason)["items"]
        assert [one["status"] for one in found] == [404] * 3
        assert len({str({name: one[name] for name in ("outcome", "status", "body")}) for one in found}) == 1


def test_another_body_under_the_same_id_is_refused(api: CheckedApi, live: LiveApp) -> None:
    """L-12: also a single call under the id of many, and the other way round."""
    (file,) = _files(live, 1)
    name = request_id()
    _bulk(api, "alice", "lock", [{"id": file}], requestId=name)
    _bulk(api, "alice", "lock", [{"id": f"att{file}"}], requestId=name)
    others: list[tuple[str, Json]] = [
        ("/locks/bulk", {"action": "lock", "items": [{"id": file}], "hours": 3}),
        (f"/attachments/{file}/lock", {}),
    ]
    for path, body in others:
        assert refusal(api("alice", "POST", path, {**body, "requestId": name})) == (422, "request_id_reused")

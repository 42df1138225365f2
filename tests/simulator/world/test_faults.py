"""Faults that the app must survive."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from simulator.world import seed
from tests.simulator.conftest import Sim

FILE = f"/api/v2/attachments/att{seed.BUDGET_ID}"
PROPERTIES = f"{FILE}/properties"


def _fault(sim: Sim, kind: str, **rule: Any) -> int:
    number: int = sim.control("/faults", {"kind": kind, **rule})["id"]
    return number


def _keys(sim: Sim) -> list[str]:
    return [row.key for row in sim.acme.attachments[seed.BUDGET_ID].bag.rows]


def _post(sim: Sim) -> requests.Response:
    return sim.as_person("alice", "POST", PROPERTIES, json={"key": "k", "value": 1})


def test_a_status_instead_of_the_deed(sim: Sim) -> None:
    """Nothing is executed."""
    _fault(sim, "status", status=503, headers={"Retry-After": "7"}, body={"why": "tired"}, method="POST")
    answer = _post(sim)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "7", {"why": "tired"})
    assert _keys(sim) == []
    assert _post(sim).status_code == 200


def test_done_but_answered_otherwise(sim: Sim) -> None:
    """A proxy's 504 hides a completed write."""
    _fault(sim, "after", status=504, path="properties")
    assert _post(sim).status_code == 504
    assert _keys(sim) == ["k"]


def test_done_but_the_answer_is_lost(sim: Sim) -> None:
    _fault(sim, "lost", path="properties")
    with pytest.raises(requests.ConnectionError):
        _post(sim)
    assert _keys(sim) == ["k"]
    (exchange,) = sim.control("/requests?path=properties")["exchanges"]
    assert (exchange["status"], exchange["fault"]) == (0, "lost")


def test_dropped_before_it_was_done(sim: Sim) -> None:
    """Nothing was written."""
    _fault(sim, "drop", path="properties")
    with pytest.raises(requests.ConnectionError):
        _post(sim)
    assert _keys(sim) == []


@pytest.mark.parametrize("status", [0, 502])
def test_done_late(sim: Sim, status: int) -> None:
    """The caller gets nothing or an error; the write happens later."""
    _fault(sim, "late", seconds=0.2, status=status, path="properties")
    if status:
        assert _post(sim).status_code == status
    else:
        with pytest.raises(requests.ConnectionError):
            _post(sim)
    assert _keys(sim) == []
    deadline = time.monotonic() + 10
    while not _keys(sim) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _keys(sim) == ["k"]


def test_a_delay_holds_up_that_request_only(sim: Sim) -> None:
    _fault(sim, "delay", seconds=0.3, path="properties")
    started = time.monotonic()
    assert sim.as_person("alice", "GET", PROPERTIES).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_false_404_looks_like_a_true_one(sim: Sim) -> None:
    true = sim.as_person("alice", "GET", "/api/v2/attachments/1")
    _fault(sim, "not_found", path="attachments")
    false = sim.as_person("alice", "GET", FILE)
    assert (false.status_code, set(false.json()["errors"][0])) == (404, set(true.json()["errors"][0]))
    assert sim.as_person("alice", "GET", FILE).status_code == 200


def test_garbage_and_cut_bodies(sim: Sim) -> None:
    """200 with a log-in page, other JSON, or half a body."""
    _fault(sim, "garbage", path="attachments")
    assert "Log in" in sim.as_person("alice", "GET", FILE).text
    _fault(sim, "garbage", path="attachments", body={"id": 7})
    assert sim.as_person("alice", "GET", FILE).json() == {"id": 7}
    _fault(sim, "truncate", path="attachments", bytes=10)
    assert len(sim.as_person("alice", "GET", FILE).content) == 10


def test_headers_can_be_set_on_true_answers(sim: Sim) -> None:
    _fault(sim, "headers", headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"})
    answer = sim.as_person("alice", "GET", FILE)
    assert (answer.status_code, answer.headers["Date"]) == (200, "Thu, 01 Jan 2026 00:00:00 GMT")


def test_a_version_just_uploaded_may_not_be_visible_yet(sim: Sim) -> None:
    """A stale read shows an older version."""
    sim.upload("bob")
    _fault(sim, "stale", seconds=60, path="attachments/att")
    stale = sim.as_person("alice", "GET", FILE).json()
    assert (stale["version"]["number"], stale["status"]) == (1, "current")
    assert sim.as_person("alice", "GET", FILE).json()["version"]["number"] == 4


def test_properties_alone_may_be_stale(sim: Sim) -> None:
    """As of the record of a lock, on a file whose versions are shown as they are."""
    sim.upload("bob")
    sim.control(
        "/sites/acme/property", {"attachmentId": FILE.rpartition("/")[2], "key": "k", "value": 1, "account": "dana"}
    )
    _fault(sim, "stale_properties", seconds=60, path="attachments/att")
    seen = [sim.as_person("alice", "GET", f"{FILE}?include-properties=true").json() for _ in range(2)]
    assert [each["version"]["number"] for each in seen] == [4, 4]
    assert [len(each["properties"]["results"]) for each in seen] == [0, 1]


def test_rules_pick_method_path_site_caller_and_count(installed: Sim) -> None:
    rule = {"path": "attachments/att", "site": "acme", "caller": "app", "skip": 1, "times": 1, "method": "GET"}
    number = _fault(installed, "status", status=500, **rule)
    assert installed.as_person("alice", "GET", FILE).status_code == 200
    assert [installed.as_app("GET", FILE).status_code for _ in range(3)] == [200, 500, 200]
    (shown,) = installed.control("/faults")["faults"]
    assert (shown["id"], shown["seen"], shown["hits"]) == (number, 3, 1)
    installed.control(f"/faults?id={number}", method="DELETE")
    assert installed.control("/faults")["faults"] == []


def test_a_rule_about_one_person_leaves_the_others_alone(sim: Sim) -> None:
    """Names and account ids work; `times: null` is unlimited."""
    _fault(sim, "status", status=500, account="bob", times=None)
    assert [sim.as_person("bob", "GET", FILE).status_code for _ in range(3)] == [500] * 3
    assert sim.as_person("alice", "GET", FILE).status_code == 200


@pytest.mark.parametrize(
    "rule", [{"kind": "nonsense"}, {}, {"kind": "status", "wrong": 1}, {"kind": "drop", "path": "("}]
)
def test_rules_that_make_no_sense_are_refused(sim: Sim, rule: dict[str, Any]) -> None:
    """Unknown kinds, fields and bad expressions."""
    assert sim.control_raw("/faults", rule).status_code == 400


def test_points_are_counted_by_the_published_formula(installed: Sim) -> None:
    """1 per request, 1 per page or attachment returned, 2 per person; writes 1; people's traffic is free."""
    installed.control("/quota", {"clear": True})
    installed.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}/attachments")
    assert installed.control("/quota")["used"] == 1 + 3
    installed.as_app("GET", f"/rest/api/user?accountId={seed.BOB}")
    assert installed.control("/quota")["used"] == 4 + 3
    installed.as_app("POST", PROPERTIES, json={"key": "k", "value": 1})
    installed.as_person("alice", "GET", FILE)
    pool = installed.control("/quota")
    assert (pool["used"], pool["bySite"]) == (8, {"acme": 8})
    assert pool["byRoute"]["GET /wiki/api/v2/pages/<page_id>/attachments"] == 4


def test_the_pool_is_shared_by_all_sites_and_ends_in_429(installed: Sim) -> None:
    """Headers show the remainder; without points the app gets 429 with Retry-After until the hour ends."""
    installed.install("globex")
    installed.control("/quota", {"limit": 10, "used": 0})
    first = installed.as_app("GET", FILE)
    assert (first.headers["X-RateLimit-Remaining"], first.headers["X-RateLimit-NearLimit"]) == ("8", "false")
    installed.control("/quota", {"used": 9})
    assert installed.as_app("GET", FILE).headers["X-RateLimit-NearLimit"] == "true"
    refused = installed.as_app("GET", FILE, "globex")
    assert (refused.status_code, refused.headers["RateLimit-Reason"]) == (429, "confluence-quota-global-based")
    assert int(refused.headers["Retry-After"]) >= 1
    assert installed.as_person("alice", "GET", FILE).status_code == 200
    installed.control("/clock", {"advanceSeconds": 3600})
    assert installed.as_app("GET", FILE).status_code == 200


def test_exhaustion_without_retry_after(installed: Sim) -> None:
    _fault(installed, "exhausted")
    answer = installed.as_app("GET", FILE)
    assert answer.status_code == 429
    assert "Retry-After" not in answer.headers

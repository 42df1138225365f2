"""`GET /health` over HTTP."""

from __future__ import annotations

import json

import pytest

from lockpoint.services.ports.jobs import JobKind
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import Json, LiveApp, request_id

_UNREACHED = (
    "INSERT INTO email_intent (tenant_id, kind, event_key, recipient, attachment_id, done, created_at, outcome) "
    "VALUES (%s, 'lock_ended', %s, %s, '1', true, now(), 'hidden')"
)
_MAIL = "insert into email_log (tenant_id, at, kind, result) values (%s, now(), 'x', %s)"
_PARKED = (
    "insert into procrastinate_jobs (queue_name, task_name, status, args) values ('lockpoint', 'sweep', 'failed', %s)"
)
_LONG_AGO = "UPDATE site_state SET tested_at = now() - interval '1 hour', restore_works = false WHERE tenant_id = %s"


@pytest.fixture(scope="module")
def closed(live: LiveApp) -> str:
    """A lock that does not protect, because its page shuts the app out."""
    page = live.page()
    file = live.file(page)
    live.lock("alice", file)
    live.lock("alice", live.file(live.page()))
    live.settle()
    live.restrict(page, "alice")
    live.work(JobKind.RECONCILE, file)
    return file


def _health(api: CheckedApi, person: str, path: str = "/health") -> Json:
    answer = api(person, "GET", path)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def test_a_site_admin_sees_the_whole(api: CheckedApi, live: LiveApp, closed: str) -> None:
    """P-18, U-07: counts and reasons, without names."""
    found = _health(api, "sam")
    assert found["locks"] == {"live": 2, "unprotected": [{"reason": "app_blocked", "count": 1}], "licensed": True}
    assert found["points"]["most"] == live.settings.points_per_hour * 0.6
    assert 0 < found["points"]["used"] < 1000
    assert found["restoreSelfTest"]["result"] == "works"
    assert found["forge"] is None, "the site is at Connect's door"
    assert closed not in str(found)


def test_mails_and_parked_jobs(live: LiveApp, closed: str) -> None:
    """Those of this site alone; who was left without two mails is one person."""
    del closed
    acme, globex = live.tenant_id("acme"), live.tenant_id("globex")
    for tenant, results in ((acme, ("sent", "hidden", "not_approved", "refused")), (globex, ("sent", "refused"))):
        for result in results:
            live.database.execute(_MAIL, [tenant, result])
        live.database.execute(_PARKED, [json.dumps({"tenant_id": tenant, "subject": ""})])
        for event, person in (("e1", "a"), ("e2", "a"), ("e3", "b")):
            live.database.execute(_UNREACHED, [tenant, event, f"{tenant}/{person}"])
    found = live.call("sam", "GET", "/health").json()
    mails = found["mails"]
    assert (mails["results"]["sent"], mails["withoutAddress"], mails["refused"]) == (1, 2, 1)
    assert found["parkedJobs"] == {"sweep": 1}
    live.sql("delete from email_intent where outcome = 'hidden'; delete from email_log")
    live.sql("delete from procrastinate_jobs where status = 'failed'")


def test_a_space_admin_sees_the_space(api: CheckedApi, closed: str) -> None:
    del closed
    found = _health(api, "dana", "/health?space=DS")
    assert found["locks"]["unprotected"] == [{"reason": "app_blocked", "count": 1}]
    assert [found[name] for name in ("points", "mails", "parkedJobs", "restoreSelfTest", "forge")] == [None] * 5


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
def test_the_site_is_for_site_admins(api: CheckedApi, who: str) -> None:
    assert refusal(api(who, "GET", "/health")) == (403, "forbidden")


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_a_space_is_for_who_may_end_locks(api: CheckedApi, who: str) -> None:
    assert refusal(api(who, "GET", "/health?space=DS")) == (403, "forbidden")


@pytest.mark.parametrize("query", ["space=", "space=a%20b", "space=a%00", "space=a&space=b", "x=1"])
def test_odd_queries_are_refused(api: CheckedApi, query: str) -> None:
    assert refusal(api("sam", "GET", f"/health?{query}")) == (422, "invalid_request")


def test_an_unknown_space_is_not_there(api: CheckedApi) -> None:
    assert refusal(api("sam", "GET", "/health?space=NONE")) == (404, "not_found")


def test_a_site_admin_runs_the_self_test(live: LiveApp, api: CheckedApi) -> None:
    """U-08: it says which way of undoing works here; within a minute the last result is the answer."""
    live.database.execute(_LONG_AGO, [live.tenant_id("acme")])
    answer = api("sam", "POST", "/health/self-test", {"requestId": request_id()})
    assert (answer.status_code, answer.json()["result"]) == (200, "works")
    again = api("sam", "POST", "/health/self-test", {"requestId": request_id()})
    first, second = answer.json(), again.json()
    assert first.pop("secondsUntilNext") == 60
    assert 0 < second.pop("secondsUntilNext") <= 60
    assert second == first
    assert _health(api, "sam")["restoreSelfTest"] == first


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
def test_nobody_else_runs_it(api: CheckedApi, who: str) -> None:
    answer = api(who, "POST", "/health/self-test", {"requestId": request_id()})
    assert refusal(answer) == (403, "forbidden")

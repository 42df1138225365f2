"""`GET /notices` over HTTP."""

from __future__ import annotations

import pytest

from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import LiveApp

pytestmark = BOTH_DOORS


def _overwritten(live: LiveApp, by: str = "bob") -> str:
    page = live.page()
    file = live.file(page, "plan.txt")
    live.lock("alice", file)
    live.file(page, "plan.txt", author=by, text="another's")
    live.settle()
    return file


def test_an_undone_upload_is_told_at_the_next_poll(api: CheckedApi, live: LiveApp) -> None:
    """U-09: as soon as it is undone, with a stable id; then 304 without a call to Confluence."""
    before = api("bob", "GET", "/notices")
    file = _overwritten(live)
    answer = api("bob", "GET", "/notices", headers={"If-None-Match": before.headers["ETag"]})
    assert answer.status_code == 200
    notice = answer.json()["items"][0]
    assert (notice["kind"], notice["attachmentId"], notice["title"]) == ("upload_undone", file, "plan.txt")
    assert file in notice["open"]
    assert notice["person"]["displayName"].startswith("Alice")
    mark = live.mark()
    again = api("bob", "GET", "/notices", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert live.asked(mark, "acme") == []
    assert api("bob", "GET", "/notices").json()["items"][0]["id"] == notice["id"]


def test_each_person_sees_their_own(api: CheckedApi, live: LiveApp) -> None:
    file = _overwritten(live)
    kinds = {
        who: {one["kind"] for one in api(who, "GET", "/notices").json()["items"] if one["attachmentId"] == file}
        for who in ("alice", "bob", "charlie", "sam")
    }
    assert kinds == {"alice": {"overwrite_attempt"}, "bob": {"upload_undone"}, "charlie": set(), "sam": set()}
    tag = api("bob", "GET", "/notices").headers["ETag"]
    assert api("alice", "GET", "/notices", headers={"If-None-Match": tag}).status_code == 200
    assert live.call("gina", "GET", "/notices", site="globex").json()["items"] == []


def test_nothing_costs_nothing(api: CheckedApi, live: LiveApp) -> None:
    """Polled every 15 seconds by every open surface."""
    mark = live.mark()
    assert api("charlie", "GET", "/notices").json()["items"] == []
    assert live.asked(mark, "acme") == []


@pytest.mark.parametrize("tag", ["x", "*", '"', 'W/"', "W/" + '"a"' * 300, '"\u00e9"'])
def test_odd_tags_do_no_harm(live: LiveApp, tag: str) -> None:
    answer = live.call("charlie", "GET", "/notices", headers={"If-None-Match": tag.encode("latin-1")})
    assert answer.status_code in {200, 304}


def test_guests_have_none(live: LiveApp) -> None:
    """Forge keeps 401 for itself."""
    status = 403 if live.doors else 401
    assert refusal(live.raw("GET", "/notices", live.token("alice", sub=None))) == (status, "unauthorized")

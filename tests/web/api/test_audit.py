"""The audit log over HTTP: what happened, who did it, for site admins only; CSV without formulas."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.listing.audit_view import AuditRow
from lockpoint.services.locks.lock_view import PersonRef
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.web.api.audit import cursor_of, lines, place_from
from tests.storage.builders import audit_event
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import Json, LiveApp

pytestmark = pytest.mark.usefixtures("other_site_untouched")
ODD_TIMES = ["from=yesterday", "to=2026-01-01"]
ODD = ["cursor=x", "cursor=W10", "event=x", "account=a%20b", "attachment=0", "limit=0", *ODD_TIMES]


def _items(api: CheckedApi, query: str) -> list[Json]:
    found: list[Json] = api("sam", "GET", f"/audit?{query}").json()["items"]
    return found


@pytest.fixture
def file(live: LiveApp) -> str:
    """Locked by Alice, overwritten by Bob, unlocked by Dana."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock = live.lock("alice", file)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    ended = live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "for the audit"})
    assert ended.status_code == 200
    return file


def test_a_site_admin_sees_what_happened(api: CheckedApi, file: str) -> None:
    """U-07: time, event, person with the name that the admin sees, file; newest first; no words of people."""
    items = _items(api, f"attachment=att{file}")
    people = {item["event"]: (item["person"] or {}).get("displayName", "").split()[:1] for item in items}
    assert (people["broken"], people["conflict"], people["acquired"]) == (["Dana"], ["Bob"], ["Alice"])
    assert "for the audit" not in str(items)
    assert {item["attachmentId"] for item in items} == {file}
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)


def test_rows_are_chosen_and_come_in_parts(api: CheckedApi, file: str) -> None:
    whole = _items(api, f"attachment={file}")
    assert [item["event"] for item in _items(api, f"attachment={file}&event=broken")] == ["broken"]
    dana = next(item["person"]["accountId"] for item in whole if item["event"] == "broken")
    assert {item["event"] for item in _items(api, f"attachment={file}&account={dana}")} == {"broken"}
    parts: list[Json] = []
    cursor = ""
    while True:
        page = api("sam", "GET", f"/audit?attachment={file}&limit=1{cursor}").json()
        parts += page["items"]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert parts == whole


@pytest.mark.parametrize("who", ["alice", "charlie", "dana"])
@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
def test_the_audit_log_is_for_site_admins(live: LiveApp, who: str, accept: str) -> None:
    assert refusal(live.call(who, "GET", "/audit", headers={"Accept": accept})) == (403, "forbidden")


@pytest.mark.parametrize("query", [*ODD, "x=1"])
def test_odd_queries_are_refused(api: CheckedApi, query: str) -> None:
    assert refusal(api("sam", "GET", f"/audit?{query}")) == (422, "invalid_request")


def test_the_same_as_a_file(live: LiveApp, api: CheckedApi, file: str) -> None:
    answer = live.call("sam", "GET", f"/audit?attachment={file}", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    shown = _items(api, f"attachment={file}")
    assert [row["event"] for row in rows] == [item["event"] for item in shown]
    people = [(item["person"] or {"accountId": ""})["accountId"] for item in shown]
    assert [row["account"] for row in rows] == people


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_begins_a_formula(name: str) -> None:
    """A person chooses their name, an admin opens the file in a spreadsheet."""
    row = AuditRow(audit_event(account="557058:a"), PersonRef("557058:a", name))
    (read,) = csv.DictReader(io.StringIO("".join(lines([row])), newline=""))
    assert read["name"].startswith("'")
    assert name.strip() in read["name"]
    assert read["account"] == "557058:a"


@pytest.mark.parametrize("attachment", [None, "123"])
def test_a_cursor_is_a_place(attachment: str | None) -> None:
    event = audit_event(attachment_id=attachment, kind=AuditKind.EXTENDED, epoch=2, seq=7)
    found: Any = place_from(cursor_of(event))
    assert isinstance(found, AuditEvent)
    place = (found.at, found.attachment_id, found.epoch, found.seq, found.kind)
    assert place == (event.at, attachment, 2, 7, AuditKind.EXTENDED)

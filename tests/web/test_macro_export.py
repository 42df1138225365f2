"""The macro in an export through Connect: as the person whose token opens it, static, and safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from simulator.world.seed import PAGE_ID
from tests.web.live_app import LiveApp

HOSTILE = "<img src=x onerror=alert(1)>\"&'.txt"


@pytest.fixture(autouse=True)
def other_site(live: LiveApp) -> Iterator[None]:
    """The second site keeps its state and gets no call."""
    mark, state = live.mark(), live.site_state("globex")
    yield
    assert not live.asked(mark, "globex")
    assert live.site_state("globex") == state


def export(live: LiveApp, who: str | None, page: str | None = None, **asked: str) -> requests.Response:
    query = {"pageId": page or "", "spaceKey": "DS", **{f"macro.{name}": value for name, value in asked.items()}}
    path = f"/connect/macro/export?{urlencode(query)}"
    token = live.control("tokens", site="acme", kind="surface", path=path, account=who)["token"]
    return live.http.get(f"{live.url}{path}&jwt={token}", timeout=30)


def cells(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td>(.*?)</td>", answer.text, re.DOTALL)]


def test_a_page_lists_its_locked_files(live: LiveApp) -> None:
    """U-04: names, holders and times as Charlie may see them; free files are not in it."""
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"), note="until Friday")
    live.file(page, "free.txt")
    found = cells(export(live, "charlie", page, columns="owner,note"))
    assert found == ["held.txt", "Alice Arden", "until Friday"]
    assert 'href="http' in export(live, "charlie", page).text


def test_names_are_text(live: LiveApp) -> None:
    """A title that looks like markup stays a title; the answer loads and runs nothing."""
    page = live.page()
    live.lock("alice", live.file(page, HOSTILE), note="<script>alert(2)</script>")
    answer = export(live, "bob", page, columns="note")
    assert "<img" not in answer.text
    assert "<script" not in answer.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_space_is_for_those_who_manage_its_locks(live: LiveApp) -> None:
    live.lock("alice", live.file(live.page(), "spacious.txt"))
    assert "spacious.txt" in export(live, "dana", scope="space", rows="100").text
    refused = export(live, "bob", scope="space")
    assert (refused.status_code, cells(refused)) == (200, [])
    assert "lock managers" in refused.text


def test_mine_are_the_reader_s_own(live: LiveApp) -> None:
    page = live.page()
    live.lock("bob", live.file(page, "bobs.txt"))
    live.lock("alice", live.file(page, "alices.txt"))
    found = export(live, "bob", page, scope="mine", rows="100").text
    assert ("bobs.txt" in found, "alices.txt" in found) == (True, False)


def test_the_document_speaks_the_reader_s_language(live: LiveApp) -> None:
    """Charlie reads German with Austrian dates."""
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    with live.running.world.lock:
        person = live.running.world.sites["acme"].person("charlie")
        assert person is not None
        person.locale = "de_AT"
    try:
        answer = export(live, "charlie", page)
    finally:
        with live.running.world.lock:
            person.locale = "en_GB"
    assert '<div lang="de-AT" dir="ltr">' in answer.text
    assert "<th>Endet</th>" in answer.text


def test_guests_are_told_to_log_in(live: LiveApp) -> None:
    """Nothing is read for them."""
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    mark = live.mark()
    answer = export(live, None, page)
    assert (answer.status_code, cells(answer)) == (200, [])
    assert "Log in" in answer.text
    assert not live.asked(mark)


def test_rows_beyond_the_authors_number_are_counted(live: LiveApp) -> None:
    page = live.page()
    for name in ("a.txt", "b.txt", "c.txt"):
        live.lock("alice", live.file(page, name))
    answer = export(live, "alice", page, rows="1", columns="owner", sort="since")
    assert cells(answer) == ["a.txt", "Locked by you"]
    assert "2 more locks are not shown." in answer.text


@pytest.mark.parametrize(
    "typed", [{"rows": "-1"}, {"rows": "x" * 999}, {"columns": "<b>"}, {"scope": "site"}, {"sort": "'"}]
)
def test_what_authors_typed_otherwise_counts_as_not_chosen(live: LiveApp, typed: dict[str, str]) -> None:
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    assert cells(export(live, "bob", page, **typed))[0] == "held.txt"


def test_pages_that_the_reader_may_not_see_are_not_there(live: LiveApp) -> None:
    page = live.page()
    live.lock("alice", live.file(page, "secret.txt"))
    live.restrict(page, "alice")
    answer = export(live, "bob", page)
    assert answer.status_code == 404
    assert "secret.txt" not in answer.text


@pytest.mark.parametrize("page", ["0", "x", "1' or 1=1", "9" * 30])
def test_odd_ids_are_not_found(live: LiveApp, page: str) -> None:
    assert export(live, "alice", page).status_code == 404


def test_a_changed_address_is_refused(live: LiveApp) -> None:
    """The token covers the whole address: who changes the page in it gets nothing."""
    path = f"/connect/macro/export?pageId={PAGE_ID}"
    token = live.control("tokens", site="acme", kind="surface", path=path, account="alice")["token"]
    changed = live.http.get(f"{live.url}/connect/macro/export?pageId=98330&jwt={token}", timeout=30)
    context = live.http.get(f"{live.url}{path}&jwt={live.token('alice')}", timeout=30)
    assert [changed.status_code, context.status_code] == [401, 401]

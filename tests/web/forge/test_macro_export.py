"""The macro in an export through Forge: as the person whose token came along, in Atlassian's document format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from lockpoint.web.macro_export import ASK_AGAIN
from tests.web.live_app import LiveApp

HOSTILE = '<img src=x onerror=alert(1)>"&.txt'


@pytest.fixture(autouse=True)
def other_site(live: LiveApp) -> Iterator[None]:
    mark, state = live.mark(), live.site_state("globex")
    yield
    assert not live.asked(mark, "globex")
    assert live.site_state("globex") == state


def export(
    live: LiveApp, user_token: str | None, body: object = None, *, claims: dict[str, object] | None = None
) -> requests.Response:
    token = live.forge_token(module="macro-export", **(claims or {}))
    headers = {"Authorization": f"Bearer {token}"} | ({} if user_token is None else {"x-forge-oauth-user": user_token})
    return live.http.post(f"{live.url}/forge/macro/export", json=body or {}, headers=headers, timeout=30)


def of(live: LiveApp, person: str) -> str:
    return live.forge_token("user", account=person)


def texts(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text

    def walk(node: dict[str, Any]) -> Iterator[str]:
        if node["type"] == "text":
            yield node["text"]
        for inner in node.get("content", ()):
            yield from walk(inner)

    found = answer.json()
    assert (found["version"], found["type"]) == (1, "doc")
    return list(walk(found))


def test_a_page_lists_its_locked_files(live: LiveApp) -> None:
    """U-04, as Charlie may see them: text and links, no markup."""
    page = live.page()
    live.lock("alice", live.file(page, HOSTILE))
    asked = {"pageId": page, "spaceKey": "DS", "parameters": {"columns": "owner"}}
    answer = export(live, of(live, "charlie"), asked)
    assert texts(answer) == ["Locked attachments of this page", "File", "Locked by", HOSTILE, "Alice Arden"]
    (table,) = [node for node in answer.json()["content"] if node["type"] == "table"]
    link = table["content"][1]["content"][0]["content"][0]["content"][0]["marks"][0]
    assert (link["type"], link["attrs"]["href"].startswith("http")) == ("link", True)


def test_who_brings_no_token_is_sent_to_the_page(live: LiveApp) -> None:
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    for token in (None, "invented", "x" * 20_000):
        assert texts(export(live, token, {"pageId": page})) == [ASK_AGAIN]


def test_the_app_s_own_token_is_nobody_s(live: LiveApp) -> None:
    """It sees more than people."""
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    assert texts(export(live, live.forge_token("system"), {"pageId": page})) == [ASK_AGAIN]


def test_an_invocation_that_names_a_person_is_theirs_alone(live: LiveApp) -> None:
    """Bob's screen, called by hand, with Alice's token."""
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    asked = {"pageId": page}
    assert texts(export(live, of(live, "alice"), asked, claims={"account": "bob"})) == [ASK_AGAIN]
    assert "held.txt" in texts(export(live, of(live, "bob"), asked, claims={"account": "bob"}))


def test_another_site_s_token_opens_nothing_here(live: LiveApp) -> None:
    page = live.page()
    live.lock("alice", live.file(page, "held.txt"))
    live.restrict(page, "alice")
    assert export(live, of(live, "bob"), {"pageId": page}).status_code == 404


def test_the_space_is_for_those_who_manage_its_locks(live: LiveApp) -> None:
    asked = {"spaceKey": "DS", "parameters": {"scope": "space", "rows": "100"}}
    live.lock("alice", live.file(live.page(), "spacious.txt"))
    assert "spacious.txt" in texts(export(live, of(live, "dana"), asked))
    assert any("lock managers" in text for text in texts(export(live, of(live, "bob"), asked)))


@pytest.mark.parametrize(
    "body",
    [{"pageId": 7}, {"other": 1}, {"parameters": {"scope": {}}}, {"parameters": {str(n): "" for n in range(30)}}, [1]],
)
def test_odd_bodies_are_refused(live: LiveApp, body: object) -> None:
    assert export(live, of(live, "alice"), body).status_code == 422


def test_without_an_invocation_nobody_gets_in(live: LiveApp) -> None:
    answer = live.http.post(
        f"{live.url}/forge/macro/export", json={}, headers={"x-forge-oauth-user": of(live, "alice")}, timeout=30
    )
    assert answer.status_code == 401

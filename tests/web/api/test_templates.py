"""Texts of mails over HTTP: written by a site admin, sent by a real mail server, hostile bodies, two admins."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from lockpoint.domain.mails.mail_templates import MAILS
from lockpoint.services.tenancy.mail_texts import UNASKED
from tests.web.api.document import CheckedApi, refusal
from tests.web.api.test_mails import (  # noqa: F401 - fixtures
    Post,
    _an_hour_later,
    later,
    live,
    overwrite,
    post,
    subjects,
    text_of,
)

if TYPE_CHECKING:
    from tests.web.live_app import Json, LiveApp

TEMPLATES = "/settings/templates"
MAIL = "overwrite_attempt.undone"
TEXT = {"subject": "{person} wrote over {attachment}", "body": "Yours is back, {owner}.\n\nSee {pageLink}."}
TRIAL = {"language": "en", "mail": MAIL, **TEXT}
CANARY = "Kanarienvogel"


@pytest.fixture
def api(live: LiveApp) -> CheckedApi:  # noqa: F811 - the fixture
    return CheckedApi(live)


def _save(api: CheckedApi, templates: Json, language: str = "en", who: str = "sam") -> Any:
    revision = api("sam", "GET", TEMPLATES).json()["revision"]
    return api(who, "PUT", TEMPLATES, {"revision": revision, "language": language, "templates": templates})


def _of(shown: Json, mail: str = MAIL) -> Json:
    return next(one for one in shown["templates"] if one["mail"] == mail)


def test_texts_are_read_changed_and_put_back(api: CheckedApi, live: LiveApp) -> None:  # noqa: F811
    """Each mail with the words of the app, its placeholders, and what an admin wrote; null puts back; audited."""
    shown = api("sam", "GET", TEMPLATES).json()
    assert [one["mail"] for one in shown["templates"]] == list(MAILS)
    mine = _of(shown)
    assert mine["custom"] is False
    assert (mine["subject"], mine["body"]) == (mine["default"]["subject"], mine["default"]["body"])
    assert mine["subject"] == "{person} tried to overwrite {attachment}"
    assert mine["placeholders"] == sorted(MAILS[MAIL])
    changed = _save(api, {MAIL: TEXT}, "de")
    assert changed.status_code == 200
    again = api("sam", "GET", f"{TEMPLATES}?language=de").json()
    assert again == changed.json()
    assert (_of(again)["subject"], _of(again)["custom"], again["custom"]) == (TEXT["subject"], True, ["de"])
    assert _of(again)["default"]["subject"].startswith("{person} wollte")
    assert api("sam", "GET", TEMPLATES).json()["custom"] == ["de"]
    assert sum("mails" in row for row in live.audit()) >= 1
    back = _save(api, {MAIL: None}, "de").json()
    assert (_of(back)["custom"], back["custom"], back["altered"]) == (False, [], False)


def test_a_mail_goes_out_with_the_text(api: CheckedApi, live: LiveApp, post: Post) -> None:  # noqa: F811
    """Within five seconds, in the worker, too; text lies in Confluence alone; names of the file are nowhere."""
    assert _save(api, {MAIL: {"subject": f"{CANARY} {{attachment}}", "body": TEXT["body"]}}).status_code == 200
    time.sleep(UNASKED.total_seconds())
    page = live.page()
    live.lock("alice", live.file(page, "plan.txt"))
    overwrite(live, page, "plan.txt", 1)
    (letter,) = post.to("alice")
    assert letter["Subject"] == f"{CANARY} plan.txt"
    assert "Yours is back, Alice Arden.\n\nSee http" in text_of(letter).replace("\r\n", "\n")
    assert "because you have locked this file" in text_of(letter)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert CANARY not in str(live.rows())
    assert CANARY not in str(live.site_state("globex"))
    assert subjects(post.to("bob")) == ["Your upload of plan.txt was undone"]
    _save(api, {MAIL: None})


def test_the_second_of_two_admins(api: CheckedApi) -> None:
    """412 with what differs; a repeated request is no second change."""
    revision = api("sam", "GET", TEMPLATES).json()["revision"]
    body = {"revision": revision, "language": "en", "templates": {MAIL: TEXT}, "requestId": "a" * 32}
    first = [api("sam", "PUT", TEMPLATES, body) for _ in range(2)]
    assert [one.status_code for one in first] == [200, 200]
    assert first[0].json() == first[1].json()
    late = {"revision": revision, "language": "fr", "templates": {"paused": {"subject": "x", "body": "y"}}}
    answer = api("sam", "PUT", TEMPLATES, late)
    assert refusal(answer) == (412, "settings_changed")
    assert answer.json()["differs"] == ["fr.paused"]
    _save(api, {MAIL: None})


BAD: list[tuple[str, str, int]] = [
    ("subject", "x {nobody}", 2),
    ("subject", "x\r\nBcc: y@example.com", 1),
    ("subject", "{pageLink}", 0),
    ("body", "{reason}", 0),
    ("body", "hi <script>alert(1)</script>", 3),
    ("body", "hi {{7*7}}", 3),
    ("body", "hi {% for x in y %}", 3),
    ("body", "hi {attachment.__class__}", 3),
    ("body", "hi https://evil.example", 3),
    ("body", "hi\u202e", 2),
    ("body", "hi\x00", 2),
    ("body", "  ", 0),
]


@pytest.mark.parametrize(("field", "text", "position"), BAD, ids=[repr(text) for _, text, _ in BAD])
def test_what_must_not_stand_there_is_named_with_its_place(
    api: CheckedApi, field: str, text: str, position: int
) -> None:
    """422 for saving, preview and test alike; nothing is stored or sent."""
    wrong = {**TEXT, field: text}
    before = api("sam", "GET", TEMPLATES).json()
    answers = [_save(api, {MAIL: wrong})]
    answers += [api("sam", "POST", f"{TEMPLATES}/{way}", {**TRIAL, **wrong}) for way in ("preview", "test")]
    for answer in answers:
        assert refusal(answer) == (422, "invalid_request")
        assert answer.json()["fields"][0]["field"] == f"templates.{MAIL}.{field}"
        assert answer.json()["fields"][0]["position"] == position
    assert api("sam", "GET", TEMPLATES).json() == before


HOSTILE: list[Json] = [
    {"language": "xx"},
    {"language": "../de"},
    {"mail": "nothing"},
    {"mail": "overwrite_attemptXundone"},
    {"subject": 1},
    {"body": ["x"]},
    {"body": None},
    {"subject": "x" * 5000},
    {"more": 1},
]


@pytest.mark.parametrize("change", HOSTILE, ids=lambda change: str(change)[:40])
def test_odd_bodies_are_refused(api: CheckedApi, change: Json) -> None:
    """4xx, never 5xx."""
    for way in ("preview", "test"):
        assert refusal(api("sam", "POST", f"{TEMPLATES}/{way}", {**TRIAL, **change})) == (422, "invalid_request")


@pytest.mark.parametrize(
    "templates", [{"nothing": TEXT}, {MAIL: {}}, {MAIL: "x"}, {MAIL: {**TEXT, "more": 1}}, [], None], ids=str
)
def test_odd_templates_are_refused(api: CheckedApi, templates: Any) -> None:
    assert refusal(_save(api, templates)) == (422, "invalid_request")
    assert refusal(api("sam", "GET", f"{TEMPLATES}?language=xx")) == (422, "invalid_request")


def test_a_preview_is_the_mail(api: CheckedApi, live: LiveApp, post: Post) -> None:  # noqa: F811
    """HTML and plain, with invented facts; stored and sent is nothing."""
    before = live.rows("request_outcome")
    shown = api("sam", "POST", f"{TEMPLATES}/preview", TRIAL).json()
    assert shown["subject"] == "Robin Example wrote over Budget.xlsx"
    assert "Yours is back, Kim Example." in shown["text"]
    assert "<strong>" not in shown["text"]
    assert re.search(r'See <a class="plain-link" href="http://[^"]+">?', shown["html"])
    assert "Unsubscribe" in shown["html"]
    assert live.rows("request_outcome") == before
    assert post.letters == []


def test_a_test_mail_goes_to_the_admin(api: CheckedApi, live: LiveApp, post: Post) -> None:  # noqa: F811
    """Once for a request, five an hour; audited and logged; nobody else gets it."""
    body = {**TRIAL, "requestId": "b" * 32}
    for _ in range(2):
        assert api("sam", "POST", f"{TEMPLATES}/test", body).json() == {"sent": True}
    assert [address for address, _ in post.letters] == ["sam@acme.example"]
    (letter,) = post.to("sam")
    assert letter["Subject"] == "Robin Example wrote over Budget.xlsx"
    assert "because you asked for a test of its text" in text_of(letter)
    logged = [row for table, rows in live.rows().items() if table.startswith("email_log") for row in rows]
    assert [row for row in logged if ",test,sent," in row]
    for _ in range(4):
        assert api("sam", "POST", f"{TEMPLATES}/test", TRIAL).status_code == 200
    refused = api("sam", "POST", f"{TEMPLATES}/test", TRIAL)
    assert refusal(refused) == (429, "too_many_requests")
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert len(post.letters) == 5


def test_what_others_stored_is_not_sent(api: CheckedApi, live: LiveApp, post: Post) -> None:  # noqa: F811
    """A person of the site writes the app property: the words of the app hold, and the admin sees it."""
    assert _save(api, {MAIL: TEXT}).status_code == 200
    text = {"language": "en", "mail": MAIL, "subject": CANARY, "body": CANARY}
    evil = {"schema": 1, "revision": 99, "texts": [text], "mac": "k:x"}
    with live.running.world.lock:
        installation = next(iter(live.running.world.sites["acme"].installations.values()))
        installation.properties["lockpointmails"] = evil
    shown = api("sam", "GET", TEMPLATES).json()
    assert (shown["altered"], shown["custom"]) == (True, [])
    time.sleep(UNASKED.total_seconds())
    page = live.page()
    live.lock("alice", live.file(page, "plan.txt"))
    overwrite(live, page, "plan.txt", 1)
    assert subjects(post.to("alice")) == ["Bob Baker tried to overwrite plan.txt"]
    healed = _save(api, {MAIL: None}).json()
    assert (healed["altered"], healed["custom"]) == (False, [])

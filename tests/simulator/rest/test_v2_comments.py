"""Footer comments as documented."""

from __future__ import annotations

import pytest

from simulator.world import seed
from tests.simulator.conftest import Sim

MENTION = f'<p><ac:link><ri:user ri:account-id="{seed.BOB}"/></ac:link> <a href="http://a/?b=1&amp;c=2">hello</a></p>'
COMMENTS = f"/api/v2/pages/{seed.PAGE_ID}/footer-comments"


def _body(value: str = MENTION, **place: str) -> dict[str, object]:
    given = place or {"pageId": str(seed.PAGE_ID)}
    return {**given, "body": {"representation": "storage", "value": value}}


def test_a_comment_stands_at_the_foot_of_its_page(sim: Sim) -> None:
    """201 with its location; newest first when asked; without `body-format` lists have no text."""
    made = sim.as_person("alice", "POST", "/api/v2/footer-comments", json=_body())
    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/api/v2/footer-comments/{made.json()['id']}")
    second = sim.as_person("bob", "POST", "/api/v2/footer-comments", json=_body("<p>two</p>")).json()
    listed = sim.as_person("charlie", "GET", f"{COMMENTS}?body-format=storage&sort=-created-date").json()["results"]
    assert [one["body"]["storage"]["value"] for one in listed] == ["<p>two</p>", MENTION]
    assert [one["version"]["authorId"] for one in listed] == [seed.BOB, seed.ALICE]
    assert sim.as_person("charlie", "GET", COMMENTS).json()["results"][1]["body"] == {}
    assert sim.as_person("charlie", "GET", f"/api/v2/footer-comments/{second['id']}").json()["pageId"] == str(
        seed.PAGE_ID
    )


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("charlie", _body(), 404),
        ("alice", _body(pageId="1"), 404),
        ("alice", _body(blogPostId=str(seed.PAGE_ID)), 404),
        ("alice", _body(pageId=str(seed.PAGE_ID), blogPostId=str(seed.BLOG_ID)), 400),
        ("alice", _body("<p>open"), 400),
        ("alice", _body("a & b"), 400),
        ("alice", {"pageId": str(seed.PAGE_ID), "body": {"representation": "wiki", "value": "x"}}, 400),
    ],
)
def test_what_is_refused(sim: Sim, who: str, body: dict[str, object], status: int) -> None:
    """Without the right to comment, elsewhere, or not well-formed."""
    assert sim.as_person(who, "POST", "/api/v2/footer-comments", json=body).status_code == status
    assert sim.as_person("alice", "GET", COMMENTS).json()["results"] == []


def test_comments_need_the_scope_write(installed: Sim) -> None:
    """An app that may only read makes none."""
    assert installed.as_app("POST", "/api/v2/footer-comments", json=_body()).status_code == 201
    installed.app.scopes = ["READ"]
    installed.install()
    assert installed.as_app("POST", "/api/v2/footer-comments", json=_body()).status_code == 403
    assert len(installed.as_app("GET", COMMENTS).json()["results"]) == 1

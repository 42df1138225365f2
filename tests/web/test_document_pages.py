"""`/privacy` shows PRIVACY.md, `/guide/…` the guides; they load and run nothing."""

from __future__ import annotations

import re

import pytest

from lockpoint.web.document_pages import POLICY, rendered
from tests.fakes.connect import make_world
from tests.support.checkout import ROOT


def test_everybody_reads_what_the_file_says() -> None:
    """Without a token: tables as tables, each promise with its number, no link into the checkout."""
    answer = make_world().app.test_client().get("/privacy")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["Content-Security-Policy"] == POLICY
    numbers = set(re.findall(r"\[(P\d+)\]", (ROOT / "PRIVACY.md").read_text(encoding="utf-8")))
    assert numbers <= set(re.findall(r"\[(P\d+)\]", page))
    assert page.count("<table>") >= 4
    assert "<!-- from" not in page
    assert "&lt;!--" not in page
    assert re.findall(r'(?:href|src)="(?!https?:|mailto:|#)[^"]*"', page) == []


def test_the_page_loads_nothing() -> None:
    """The one style sheet is inside, by its hash; HTML in the file is text."""
    page = rendered("# A\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://example.com/p.png)\n", "A")
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "img-src" not in POLICY
    assert POLICY.startswith("default-src 'none'")


@pytest.mark.parametrize(("name", "heading"), [("user", "Guide for people"), ("admin", "Guide for admins")])
def test_everybody_reads_the_guides(name: str, heading: str) -> None:
    """Without a token; no picture, and no link into the checkout."""
    answer = make_world().app.test_client().get(f"/guide/{name}")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, answer.headers["Content-Security-Policy"]) == (200, POLICY)
    assert f"<h1>{heading}" in page
    assert "<img" not in page
    assert re.findall(r'(?:href|src)="(?!https?:|mailto:|#)[^"]*"', page) == []


def test_the_front_page_and_the_descriptor_lead_there() -> None:
    client = make_world().app.test_client()
    front = client.get("/").get_data(as_text=True)
    assert all(f'href="{address}"' in front for address in ("/privacy", "/guide/user", "/guide/admin"))
    links = client.get("/atlassian-connect.json").get_json()["links"]
    assert links["privacy"] == links["homepage"].rstrip("/") + "/privacy"

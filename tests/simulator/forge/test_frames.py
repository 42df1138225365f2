"""Surfaces of the Forge app in the local Confluence: where they are served, and what they are told."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.forge import frames
from simulator.world.seed import ALICE, PAGE_ID
from tests.simulator.conftest import Sim

APP = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"


@pytest.fixture
def forge(sim: Sim) -> Sim:
    there = {"site": "acme", "appId": APP, "remoteUrl": sim.app.base_url, "announce": False}
    sim.control("/forge/install", there)
    return sim


def shown(sim: Sim, site: str = "acme") -> list[dict[str, Any]]:
    url = f"{sim.running.control_url}/_sim/sites/{site}/pages/{PAGE_ID}/view"
    found: list[dict[str, Any]] = sim.session.get(url, headers={"X-Sim-Account": "alice"}).json()["forge"]
    return found


def test_an_installed_app_shows_the_surfaces_of_its_manifest(forge: Sim) -> None:
    titles = {one["key"]: (one["kind"], one["title"]) for one in shown(forge)}
    assert titles["byline"] == ("confluence:contentBylineItem", "File locks")
    assert titles["my-locks"] == ("confluence:globalPage", "My locks")


def test_an_app_that_is_gone_shows_nothing(forge: Sim) -> None:
    forge.control("/forge/uninstall", {"site": "acme", "goodbye": False})
    assert shown(forge) == []


def test_files_are_on_an_origin_of_their_own_with_forges_policy(forge: Sim) -> None:
    """The bridge comes before every script of the app."""
    address = shown(forge)[0]["src"]
    assert not address.startswith(forge.acme.origin)
    answer = forge.session.get(address)
    assert re.search(r'<head><script src="([^"]+)" data-parent-origin="([^"]+)"', answer.text) is not None
    policy = answer.headers["Content-Security-Policy"]
    for part in (
        "script-src 'self';",
        "style-src 'self';",
        "connect-src 'self';",
        f"frame-ancestors 'self' {forge.acme.origin};",
    ):
        assert part in policy
    assert "unsafe" not in policy
    script = re.findall(r'src="\./(assets/[^"]+)"', answer.text)[-1]
    assert forge.session.get(address.replace("index.html", script)).ok


@pytest.mark.parametrize(
    ("resource", "name"), [("app", "nothing.html"), ("nothing", "index.html"), ("app", "../../manifest.yml")]
)
def test_nothing_else_is_served(forge: Sim, resource: str, name: str) -> None:
    origin = frames.resource_origin(forge.acme)
    assert forge.session.get(f"{origin}/_sim/forge/app/{resource}/{name}").status_code == 404


def test_the_sites_own_origin_serves_no_app(forge: Sim) -> None:
    """There the app's script would have the person's session."""
    path = urlsplit(shown(forge)[0]["src"]).path
    assert forge.session.get(forge.acme.origin + path).status_code == 404


def test_a_screen_is_told_its_place_and_its_viewer(forge: Sim) -> None:
    url = f"{forge.acme.origin}/_sim/forge/context/page-menu?contentId={PAGE_ID}"
    found = forge.session.get(url, headers={"X-Sim-Account": "alice"}).json()
    assert (found["accountId"], found["moduleKey"], found["siteUrl"]) == (ALICE, "page-menu", forge.acme.origin)
    assert found["extension"]["content"] == {"id": str(PAGE_ID), "type": "page"}
    assert found["extension"]["space"]["key"]
    assert "_" not in found["locale"]
    assert forge.session.get(url).status_code == 403


def context(sim: Sim, key: str, query: str) -> dict[str, Any]:
    url = f"{sim.acme.origin}/_sim/forge/context/{key}?{query}"
    found: dict[str, Any] = sim.session.get(url, headers={"X-Sim-Account": "alice"}).json()
    return found


def test_a_page_of_a_space_is_told_the_space(forge: Sim) -> None:
    extension = context(forge, "space-permissions", "spaceKey=DS")["extension"]
    assert extension == {"type": "confluence:spaceSettings", "space": {"id": "65538", "key": "DS"}}


def test_a_macro_is_told_what_its_author_chose(forge: Sim) -> None:
    """From the page's body; who opens the frame with an invented number is told nothing."""
    asked = {"account": "alice", "pageId": PAGE_ID, "key": "locked-files", "parameters": {"scope": "space"}}
    forge.control("/sites/acme/macro", asked)
    url = f"{forge.running.control_url}/_sim/sites/acme/pages/{PAGE_ID}/view"
    blocks = forge.session.get(url, headers={"X-Sim-Account": "alice"}).json()["blocks"]
    macro = blocks[-1]["macro"]
    assert (macro["key"], macro["app"]["door"]) == ("locked-files", "forge")
    told = context(forge, "locked-files", f"contentId={PAGE_ID}&localId={macro['id']}")
    assert (told["localId"], told["extension"]["config"]) == (macro["id"], {"scope": "space"})
    assert "config" not in context(forge, "locked-files", f"contentId={PAGE_ID}&localId=other")["extension"]

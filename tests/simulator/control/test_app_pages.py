"""Where apps' pages and macros are shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from simulator.world.seed import PAGE_ID
from tests.simulator.conftest import Sim, query_of


def seen(sim: Sim, path: str, who: str) -> dict[str, Any]:
    url = f"{sim.running.control_url}/_sim/sites/acme/{path}"
    found: dict[str, Any] = sim.session.get(url, headers={"X-Sim-Account": who}).json()
    return found


def test_pages_of_apps_have_places(installed: Sim) -> None:
    places = {one["key"]: (one["place"], one["title"]) for one in seen(installed, "home", "alice")["appPages"]}
    assert places == {"mine": ("general", "Mine"), "space": ("space", "Space"), "configure": ("configure", "Settings")}


def test_people_know_which_spaces_they_administer(installed: Sim) -> None:
    told = {who: seen(installed, "home", who)["spaces"][0]["administer"] for who in ("alice", "dana")}
    assert told == {"alice": False, "dana": True}


def test_a_macros_address_carries_its_parameters(installed: Sim) -> None:
    """One that the author left out is empty; none can take the place of the page."""
    chosen = {"scope": "mine&page=1", "page.id": "7"}
    asked = {"account": "alice", "pageId": PAGE_ID, "key": "list", "parameters": chosen}
    installed.control("/sites/acme/macro", asked)
    macro = seen(installed, f"pages/{PAGE_ID}/view", "alice")["blocks"][-1]["macro"]
    assert macro["parameters"] == chosen
    query = {f"parameter.{name}": value for name, value in macro["parameters"].items()}
    query |= {"page.id": str(PAGE_ID), "module_key": "list", "account": "alice"}
    url = installed.session.get(f"{installed.running.control_url}/_sim/resolve", params=query).json()["url"]
    told = query_of(url)
    assert urlsplit(url).path == "/list"
    assert [told[name] for name in ("page", "space", "scope", "rows")] == [str(PAGE_ID), "DS", "mine&page=1", ""]


def test_who_may_not_edit_inserts_no_macro(installed: Sim) -> None:
    asked = {"account": "charlie", "pageId": PAGE_ID, "key": "list"}
    assert installed.control_raw("/sites/acme/macro", asked).status_code == 403
    assert installed.control_raw("/sites/acme/macro", asked | {"account": "bob", "key": "none"}).status_code == 404


def test_a_macro_whose_app_is_gone_stays_in_the_page(installed: Sim) -> None:
    installed.control("/sites/acme/macro", {"account": "alice", "pageId": PAGE_ID, "key": "list"})
    installed.control("/sites/acme/uninstall", {})
    macro = seen(installed, f"pages/{PAGE_ID}/view", "alice")["blocks"][-1]["macro"]
    assert (macro["key"], macro["app"]) == ("list", None)

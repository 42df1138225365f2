"""Where the local Confluence shows what apps bring beside pages: both platforms' modules, as places of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simulator.connect.surfaces import shown_modules
from simulator.forge.frames import shown_surfaces
from simulator.world.bodies import Macro, Text, blocks

if TYPE_CHECKING:
    from simulator.model.entities import Content
    from simulator.model.site import Site

CONNECT, FORGE = "connect", "forge"

PLACES: Final = {
    "generalPages": "general",
    "spaceToolsTabs": "space",
    "adminPages": "admin",
    "configurePage": "configure",
    "postInstallPage": "start",
    "confluence:globalPage": "general",
    "confluence:spacePage": "space",
    "confluence:spaceSettings": "settings",
    "confluence:globalSettings": "admin",
}
"""`general` is in the menu of apps, `space` and `settings` in each space, `admin` in the administration; the list of
installed apps leads to `configure` and `start`."""
MACROS: Final = {"dynamicContentMacros", "macro"}


def app_pages(site: Site) -> list[dict[str, Any]]:
    """Of the installed apps: `door`, `place`, `key`, `title`, and the `module` that the host opens."""
    return [one | {"place": place} for one in _modules(site) if (place := _place(one)) is not None]


def macro_modules(site: Site) -> dict[str, dict[str, Any]]:
    """Macros of the installed apps by key, as in `app_pages`."""
    return {one["key"]: one for one in _modules(site) if one["kind"] in MACROS}


def body_json(site: Site, content: Content) -> list[dict[str, Any]]:
    """Text as `tag` and `text`; a macro of an installed app with its module, that of another one without."""
    known = macro_modules(site)
    return [_block_json(block, known) for block in blocks(content.versions[-1].body)]


def _block_json(block: Text | Macro, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"tag": block.tag, "text": block.text}
    found = known.get(block.key)
    return {"macro": {"key": block.key, "id": block.id, "parameters": block.parameters, "app": found}}


def _modules(site: Site) -> list[dict[str, Any]]:
    connect = [
        {"door": CONNECT, "kind": kind, "key": one["key"], "title": one["name"], "module": one}
        for kind, found in shown_modules(site, None).items()
        for one in found
    ]
    forge = [
        {"door": FORGE, "kind": one["kind"], "key": one["key"], "title": one["title"], "module": one}
        for one in shown_surfaces(site)
    ]
    return connect + forge


def _place(one: dict[str, Any]) -> str | None:
    return one["module"].get("place") or PLACES.get(one["kind"])

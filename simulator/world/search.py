"""CQL search: pages, blog posts, attachments, and extracted properties."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from simulator.model.cql import Parser
from simulator.model.entities import App, Attachment, Content, PropertyRow
from simulator.model.errors import ApiError
from simulator.model.permissions import may
from simulator.model.site import Site
from simulator.world.world import World

Found = Content | Attachment
PREFIX = "content.property["


def _extractions(app: App) -> dict[str, tuple[str, str]]:
    """Extraction fields → (property key, path)."""
    modules = app.descriptor.get("modules")
    declared = modules.get("confluenceContentProperties", []) if isinstance(modules, dict) else []
    fields: dict[str, tuple[str, str]] = {}
    for module in declared if isinstance(declared, list) else []:
        for configuration in module.get("keyConfigurations", []):
            key = str(configuration.get("propertyKey"))
            for extraction in configuration.get("extractions", []):
                path = str(extraction.get("objectName"))
                fields[f"{PREFIX}{key}].{path}".lower()] = (key, path)
                if extraction.get("alias"):
                    fields[str(extraction["alias"]).lower()] = (key, path)
    return fields


def _extracted(row: PropertyRow | None, path: str) -> object:
    value: object = row.value if row else None
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None


def _container(site: Site, found: Found) -> Content:
    return site.container(found) if isinstance(found, Attachment) else found


_PLAIN: dict[str, Callable[[Site, Found], object]] = {
    "type": lambda _site, found: "attachment" if isinstance(found, Attachment) else found.type,
    "id": lambda _site, found: str(found.id),
    "content": lambda _site, found: str(found.id),
    "title": lambda _site, found: found.title,
    "status": lambda _site, found: found.status,
    "space": lambda site, found: site.spaces[_container(site, found).space_id].key,
    "space.key": lambda site, found: site.spaces[_container(site, found).space_id].key,
    "container": lambda _site, found: str(found.container_id) if isinstance(found, Attachment) else None,
}


def run(world: World, site: Site, account: str, cql: str) -> list[Found]:
    """Hits visible to the caller, by id; 400 for a bad query."""
    fields: dict[str, tuple[str, str]] = {}
    for installation in site.installations.values():
        if installation.state == "enabled":
            fields |= _extractions(world.apps.get(installation.app.key, installation.app))
    test = Parser(cql, lambda name: name.lower() in _PLAIN or name.lower() in fields).parse()
    lag = site.behaviour.index_lag_seconds

    def read(found: Found, name: str) -> object:
        if name.lower() in _PLAIN:
            return _PLAIN[name.lower()](site, found)
        if isinstance(found, Attachment) and not site.behaviour.index_attachment_properties:
            return None
        key, path = fields[name.lower()]
        return _extracted(found.bag.by_key(key, lag), path)

    everything: list[Found] = [*site.contents.values(), *site.attachments.values()]
    hits = [
        found
        for found in everything
        if found.status in {"current", "archived"}
        and may(site, account, "read", _container(site, found))
        and test(partial(read, found))
    ]
    return sorted(hits, key=lambda found: found.id)


def offset(cursor: str | None) -> int:
    """400 for an invalid cursor."""
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("_sim_"))
    except (ValueError, binascii.Error) as error:
        raise ApiError(400, "The cursor is not valid") from error


def next_link(path: str, arguments: MultiDict[str, str], start: int, limit: int) -> str:
    """Relative to `_links.base`."""
    others = [(k, v) for k, v in arguments.items(multi=True) if k not in {"cursor", "limit", "start", "jwt"}]
    cursor = base64.urlsafe_b64encode(f"_sim_{start}".encode()).decode()
    return f"{path}?{urlencode([('next', 'true'), ('cursor', cursor), ('limit', str(limit)), *others])}"

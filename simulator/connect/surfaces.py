"""App modules: signed frame addresses, context tokens, display on pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from simulator.model import tokens
from simulator.model.entities import Content, Installation, Json
from simulator.model.errors import ApiError, not_found
from simulator.model.site import Site
from simulator.world.world import World

Module = dict[str, Any]
PARAMETER = "parameter."
"""Before the names of a macro's parameters, whose variables have no prefix."""
_VARIABLE = re.compile(r"\{([A-Za-z0-9_.-]+)\}")


@dataclass(frozen=True, slots=True)
class Place:
    """A frame's page or space, other context variables, and viewer."""

    content: Content | None = None
    space_key: str | None = None
    account_id: str | None = None
    extra: dict[str, str] = field(default_factory=dict)


def modules_of(installation: Installation, kind: str) -> list[Module]:
    """A list, even for a single object."""
    modules = installation.app.descriptor.get("modules")
    found = modules.get(kind, []) if isinstance(modules, dict) else []
    return [found] if isinstance(found, dict) else list(found)


def find_module(site: Site, key: str, addon_key: str | None = None) -> tuple[Installation, str, Module]:
    """Enabled installation, kind and module by key; 404."""
    for installation in site.installations.values():
        if installation.state != "enabled" or addon_key not in {None, "", installation.app.key}:
            continue
        modules = installation.app.descriptor.get("modules")
        for kind in modules if isinstance(modules, dict) else ():
            for module in modules_of(installation, kind):
                if module.get("key") == key and module.get("url"):
                    return installation, kind, module
    raise not_found(f"module {key}")


def variables(site: Site, place: Place) -> dict[str, str]:
    """page.* are old names of content.*."""
    found: dict[str, str] = {}
    content = place.content
    space = site.spaces[content.space_id] if content else site.space_by_key(place.space_key or "")
    if content:
        facts = {"id": str(content.id), "version": str(content.number), "type": content.type}
        found |= {f"content.{name}": value for name, value in facts.items()}
        found |= {f"page.{name}": value for name, value in facts.items()} | {"page.title": content.title}
        found["content.plugin"] = ""
    if space:
        found |= {"space.key": space.key, "space.id": str(space.id)}
    return place.extra | found


def structured(site: Site, place: Place) -> dict[str, Any]:
    """The tokens' context claim, also for AP.context.getContext."""
    known = variables(site, place)
    context: dict[str, Any] = {}
    if "content.id" in known:
        context["content"] = {name: known[f"content.{name}"] for name in ("id", "type", "version")}
    if "space.key" in known:
        context["space"] = {"id": known["space.id"], "key": known["space.key"]}
    return {"confluence": context}


def fill_in(url: str, known: dict[str, str]) -> str:
    """Unbound variables become empty."""
    path, mark, query = url.partition("?")
    path = _VARIABLE.sub(lambda match: quote(known.get(match[1], ""), safe=""), path)
    query = _VARIABLE.sub(lambda match: quote_plus(known.get(match[1], "")), query)
    return path + mark + query


def token_claims(world: World, site: Site, installation: Installation, place: Place, seconds: int) -> dict[str, Any]:
    """Common to frame and context tokens."""
    now = world.clock.token_now()
    claims: dict[str, Any] = {"iss": installation.client_key, "iat": now, "exp": now + seconds}
    if place.account_id:
        claims["sub"] = place.account_id
    return claims | {"context": structured(site, place)}


def signed_url(world: World, site: Site, installation: Installation, module: Module, place: Place) -> str:
    """With variables, standard parameters and token."""
    key = installation.app.key
    path = fill_in(str(module["url"]), variables(site, place))
    standard = {
        "xdm_e": site.origin,
        "xdm_c": f"channel-{key}__{module.get('key')}",
        "cp": "/wiki",
        "xdm_deprecated_addon_key_do_not_use": key,
        "lic": installation.licence,
        "cv": "1001.0.0-SIM",
    }
    joint = "&" if "?" in path else "?"
    url = installation.app.base_url + path + joint + "&".join(f"{k}={quote_plus(v)}" for k, v in standard.items())
    return f"{url}&jwt={frame_token(world, site, installation, url, place)}"


def frame_token(world: World, site: Site, installation: Installation, url: str, place: Place) -> str:
    """For one GET address of the app."""
    parts = urlsplit(url)
    claims = token_claims(world, site, installation, place, tokens.FRAME_SECONDS)
    base_path = urlsplit(installation.app.base_url).path.rstrip("/")
    claims["qsh"] = tokens.qsh("GET", f"{parts.path}?{parts.query}", base_path)
    return tokens.sign(claims, installation.shared_secret)


def context_token(world: World, site: Site, installation: Installation, place: Place) -> str:
    """AP.context.getToken's token."""
    claims = token_claims(world, site, installation, place, tokens.CONTEXT_SECONDS)
    return tokens.sign(claims | {"qsh": tokens.CONTEXT_QSH}, installation.shared_secret)


def resolve(
    world: World, site: Site, module_key: str, place: Place, addon_key: str | None = None, custom: Json = None
) -> dict[str, Any]:
    """What the host library needs for a module's frame."""
    installation, kind, module = find_module(site, module_key, addon_key)
    parts = urlsplit(installation.app.base_url)
    sizes = {k: v for k, v in module.get("options", {}).items() if k in {"width", "height", "size", "chrome", "header"}}
    options = {
        "productContext": variables(site, place),
        "structuredContext": structured(site, place),
        "contextJwt": context_token(world, site, installation, place),
        "origin": f"{parts.scheme}://{parts.netloc}",
        "hostOrigin": site.origin,
        "moduleType": kind,
        **sizes,
    }
    if custom is not None:
        options["customData"] = custom
    url = signed_url(world, site, installation, module, place)
    return {"url": url, "addon_key": installation.app.key, "key": module_key, "options": options}


def _label(value: object) -> str:
    return str(value.get("value", "")) if isinstance(value, dict) else str(value or "")


def module_json(installation: Installation, module: Module, content: Content | None) -> dict[str, Any]:
    """Label, place, target, the byline's bound value."""
    target = module.get("target") or {}
    options = target.get("options") or {}
    byline: Json = None
    if content is not None and module.get("contentPropertyKey"):
        row = content.bag.by_key(str(module["contentPropertyKey"]))
        byline = row.value if row else None
    dialogs = {d.get("key"): d for d in modules_of(installation, "dialogs")}
    by_url = next((key for key, d in dialogs.items() if d.get("url") == module.get("url")), None)
    return {
        "addonKey": installation.app.key,
        "appName": installation.app.name,
        "key": module.get("key"),
        "name": _label(module.get("name")),
        "url": module.get("url"),
        "location": module.get("location"),
        "target": {"type": target.get("type"), "options": options},
        "dialogKey": options.get("key") if options.get("key") in dialogs else by_url,
        "tooltip": _label(module.get("tooltip")),
        "icon": module.get("icon"),
        "options": module.get("options", {}),
        "parameters": module.get("parameters", []),
        "byline": byline,
    }


_KINDS = {
    "webItems": "webItems",
    "bylineItems": "contentBylineItems",
    "dialogs": "dialogs",
    "dynamicContentMacros": "dynamicContentMacros",
    "generalPages": "generalPages",
    "spaceToolsTabs": "spaceToolsTabs",
    "adminPages": "adminPages",
    "configurePage": "configurePage",
    "postInstallPage": "postInstallPage",
}


def shown_modules(site: Site, content: Content | None) -> dict[str, list[dict[str, Any]]]:
    """Enabled apps' modules by kind. Display conditions are not evaluated."""
    active = [i for i in site.installations.values() if i.state == "enabled"]
    return {
        name: [module_json(i, module, content) for i in active for module in modules_of(i, kind)]
        for name, kind in _KINDS.items()
    }


def place_of(site: Site, known: dict[str, str], account_id: str | None) -> Place:
    """The place for page.id, space.key and others; 404 for an unknown page."""
    number = known.get("content.id") or known.get("page.id")
    if number and not number.isdigit():
        raise ApiError(400, "page.id is a number")
    content = site.contents.get(int(number)) if number else None
    if number and content is None:
        raise not_found("page")
    derived = {"content.", "page.", "space."}
    extra = {k: v for k, v in known.items() if "." in k and not any(k.startswith(d) for d in derived)}
    parameters = {k.removeprefix(PARAMETER): v for k, v in extra.items() if k.startswith(PARAMETER)}
    return Place(content, known.get("space.key"), account_id, extra | parameters)

"""The app's modules, from `forge/manifest.yml`: Forge shows what was deployed last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from simulator.model.errors import not_found

APP: Final = Path(__file__).parents[2] / "forge"
LANGUAGE: Final = "en-US"
_PLACES: Final = {"useAsConfig": "configure", "useAsGetStarted": "start"}


@dataclass(frozen=True, slots=True)
class MacroSettings:
    """The dialog in which an author configures a macro."""

    title: str
    size: str
    resource: str


@dataclass(frozen=True, slots=True)
class ForgeModule:
    """A surface; `endpoint` is its resolver's, whose `tokens` are asked for.

    `place` is set where a module is elsewhere than others of its kind. An `inline` one grows with its content. A macro
    has `settings` where the manifest declares its own dialog for them.
    """

    kind: str
    key: str
    title: str
    tooltip: str
    size: str
    place: str | None
    inline: bool
    resource: str
    endpoint: str
    tokens: frozenset[str]
    settings: MacroSettings | None


@cache
def surfaces() -> tuple[ForgeModule, ...]:
    """The modules with a screen, in the manifest's order."""
    manifest, words = _manifest(), json.loads((APP / "locales" / f"{LANGUAGE}.json").read_text(encoding="utf-8"))
    tokens = {one["key"]: _tokens(one) for one in manifest["modules"]["endpoint"]}
    return tuple(
        ForgeModule(
            kind=kind,
            key=one["key"],
            title=_text(one.get("title"), words),
            tooltip=_text(one.get("tooltip"), words),
            size=one.get("viewportSize", "medium"),
            place=next((place for option, place in _PLACES.items() if one.get(option)), None),
            inline="viewportSize" not in one,
            resource=one["resource"],
            endpoint=one["resolver"]["endpoint"],
            tokens=tokens[one["resolver"]["endpoint"]],
            settings=_settings(one.get("config"), words),
        )
        for kind, found in manifest["modules"].items()
        for one in found
        if "resource" in one
    )


def surface(key: str) -> ForgeModule:
    """404 when there is none."""
    found = next((one for one in surfaces() if one.key == key), None)
    if found is None:
        raise not_found(f"module {key}")
    return found


def resource_folder(key: str) -> Path:
    """404 for a resource that the manifest does not name."""
    found = next((one["path"] for one in _manifest()["resources"] if one["key"] == key), None)
    if found is None:
        raise not_found(f"resource {key}")
    return APP / str(found)


@cache
def impersonated_scopes() -> frozenset[str]:
    """What the app may do as a person who is not there."""
    scopes: dict[str, dict[str, bool]] = _manifest()["permissions"]["scopes"]
    return frozenset(scope for scope, options in scopes.items() if options.get("allowImpersonation"))


@cache
def _manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((APP / "manifest.yml").read_text(encoding="utf-8"))
    return found


def _tokens(endpoint: dict[str, Any]) -> frozenset[str]:
    return frozenset(name for name, asked in endpoint.get("auth", {}).items() if asked["enabled"])


def _settings(config: dict[str, Any] | None, words: dict[str, Any]) -> MacroSettings | None:
    if config is None:
        return None
    return MacroSettings(_text(config.get("title"), words), config.get("viewportSize", "medium"), config["resource"])


def _text(value: object, words: dict[str, Any]) -> str:
    if isinstance(value, dict):
        group, _, name = str(value["i18n"]).partition(".")
        return str(words[group][name])
    return str(value or "")

"""Control API: apps' macros in the bodies of pages."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint

from simulator.control import views
from simulator.control.app_pages import FORGE, macro_modules
from simulator.control.declare import Answer, Control, control
from simulator.forge.tokens import installation_of
from simulator.model.entities import Content
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may_write
from simulator.world import bodies, pages

blueprint = Blueprint("control_macros", __name__)


@control(blueprint, "POST", "/sites/<site>/macro")
def insert(call: Control) -> Answer:
    """Put a macro at the end of a page: `key` of its module, `parameters` by name."""
    content = call.content()
    return _written(call, content, content.versions[-1].body + _stored(call))


@control(blueprint, "POST", "/sites/<site>/macro/settings")
def configure(call: Control) -> Answer:
    """What `view.submit` stores of a Forge macro: `submitted` with a `config`, for the `macroId` on a page.

    Texts, numbers and switches only: our macros have no others. Refuses with the codes of Forge.
    """
    submitted = call.data.get("submitted")
    if not isinstance(submitted, dict):
        raise ApiError(400, "INVALID_PAYLOAD")
    config = submitted.get("config")
    if not isinstance(config, dict) or not all(isinstance(value, str | int | float) for value in config.values()):
        raise ApiError(400, "INVALID_CONFIG")
    content = call.content()
    parameters = {str(name): str(value) for name, value in config.items()}
    body = bodies.forge_macro_changed(content.versions[-1].body, call.text("macroId"), parameters)
    if body is None:
        raise ApiError(404, "MACRO_NOT_FOUND")
    return _written(call, content, body)


def _written(call: Control, content: Content, body: str) -> Answer:
    actor = call.actor()
    if not may_write(call.site, actor, content):
        raise ApiError(403, "You may not edit this page")
    head = content.versions[-1]
    version = replace(head, created_at=call.world.clock.now_ms(), author_id=actor, body=body, message="")
    return views.content_json(call.site, pages.update(call.world, call.site, content, version))


def _stored(call: Control) -> str:
    key, chosen = call.text("key"), call.data.get("parameters", {})
    if not isinstance(chosen, dict):
        raise ApiError(400, "parameters is an object")
    parameters = {str(name): str(value) for name, value in chosen.items()}
    module = macro_modules(call.site).get(key)
    if module is None:
        raise not_found(f"macro {key}")
    if module["door"] == FORGE:
        return bodies.forge_macro(installation_of(call.site).app.id, key, parameters)
    return bodies.connect_macro(key, parameters)

"""Control API: apps' macros in the bodies of pages."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint

from simulator.control import views
from simulator.control.app_pages import FORGE, macro_modules
from simulator.control.declare import Answer, Control, control
from simulator.forge.tokens import installation_of
from simulator.model.errors import ApiError, not_found
from simulator.model.permissions import may_write
from simulator.world import bodies, pages

blueprint = Blueprint("control_macros", __name__)


@control(blueprint, "POST", "/sites/<site>/macro")
def insert(call: Control) -> Answer:
    """Put a macro at the end of a page: `key` of its module, `parameters` by name."""
    content, actor = call.content(), call.actor()
    if not may_write(call.site, actor, content):
        raise ApiError(403, "You may not edit this page")
    head = content.versions[-1]
    body = head.body + _stored(call)
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

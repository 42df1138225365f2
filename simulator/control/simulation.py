"""Control API: state, clock, switches, faults, records, quota."""

from __future__ import annotations

from dataclasses import asdict, fields

from flask import Blueprint

from simulator.control import views
from simulator.control.declare import Answer, Control, camel, control
from simulator.forge.deliveries import tick_all
from simulator.model.clock import iso
from simulator.model.errors import ApiError
from simulator.model.site import Behaviour
from simulator.world.exchanges import exchange_json
from simulator.world.faults import KINDS, fault_json

blueprint = Blueprint("control_world", __name__)

FURTHEST_SECONDS = 10 * 365 * 86_400


@control(blueprint, "GET", "/health")
def health(_call: Control) -> Answer:
    return {"ok": True}


@control(blueprint, "GET", "/state")
def state(call: Control) -> Answer:
    sites = {site.key: views.site_json(site) for site in call.world.sites.values()}
    clock = {"offsetSeconds": call.world.clock.offset_seconds, "now": iso(call.world.clock.now_ms())}
    return {
        "sites": sites,
        "clock": clock,
        "oauthUrl": call.world.oauth_url,
        "installKeysUrl": call.world.install_keys_url,
    }


@control(blueprint, "GET", "/sites/<site>/property-writes")
def property_writes(call: Control) -> Answer:
    """Successive values of a property of every attachment, after the moment `since`."""
    key, since = call.text("key"), int(call.number("since", 0))
    return {
        "writes": [
            {
                "attachmentId": str(file.id),
                "id": str(row.id),
                "version": row.number,
                "at": row.created_at,
                "value": row.value,
            }
            for file in call.site.attachments.values()
            for row in file.bag.written(key)
            if row.created_at >= since
        ]
    }


@control(blueprint, "POST", "/reset", locked=False)
def reset(call: Control) -> Answer:
    call.world.reset(keep_apps=call.flag("keepApps"))
    return {"reset": True}


@control(blueprint, "GET", "/clock")
def clock(call: Control) -> Answer:
    return _clock_json(call)


def _clock_json(call: Control) -> Answer:
    now = call.world.clock
    ahead = None if now.shared is None else now.shared.ahead
    return {"offsetSeconds": now.offset_seconds, "now": iso(now.now_ms()), "tokens": now.tokens, "aheadSeconds": ahead}


@control(blueprint, "POST", "/clock")
def set_clock(call: Control) -> Answer:
    """Set or advance the offset."""
    now = call.world.clock
    now.offset_seconds = call.number("offsetSeconds", now.offset_seconds) + call.number("advanceSeconds", 0)
    now.tokens = call.flag("tokens", default=now.tokens)
    return _clock_json(call)


@control(blueprint, "POST", "/time", locked=False)
def move_time(call: Control) -> Answer:
    """Move the time of the host and the app; Forge's hourly schedule, which would have come, comes at once."""
    shared = call.world.clock.shared
    if shared is None:
        raise ApiError(409, "The app does not share this clock: start with --clock")
    ahead = call.number("aheadSeconds", shared.ahead) + call.number("advanceSeconds", 0)
    if not 0 <= ahead <= FURTHEST_SECONDS:
        raise ApiError(400, "Time can be from now to ten years ahead")
    shared.set(ahead)
    tick_all(call.world)
    return _clock_json(call)


@control(blueprint, "GET", "/sites/<site>/behaviour")
def behaviour(call: Control) -> Answer:
    return {camel(name): value for name, value in asdict(call.site.behaviour).items()}


@control(blueprint, "POST", "/sites/<site>/behaviour")
def set_behaviour(call: Control) -> Answer:
    """400 for an unknown switch."""
    names = {camel(field.name): field.name for field in fields(Behaviour)}
    for name, value in call.data.items():
        if name == "site":
            continue
        if name not in names:
            raise ApiError(400, f"unknown switch {name}; there are {sorted(names)}")
        before = getattr(call.site.behaviour, names[name])
        setattr(call.site.behaviour, names[name], type(before)(value))
    return {camel(name): value for name, value in asdict(call.site.behaviour).items()}


@control(blueprint, "GET", "/faults")
def faults(call: Control) -> Answer:
    """Active rules and all kinds."""
    return {"faults": [fault_json(fault) for fault in call.world.faults.all()], "kinds": KINDS}


@control(blueprint, "POST", "/faults")
def add_fault(call: Control) -> Answer:
    rule = dict(call.data)
    if rule.get("account"):
        rule["account"] = call.person().account_id
    return fault_json(call.world.faults.add(rule))


@control(blueprint, "DELETE", "/faults")
def clear_faults(call: Control) -> Answer:
    """One rule (`id`) or all."""
    call.world.faults.clear(int(call.number("id")) if "id" in call.data else None)
    return {"faults": [fault_json(fault) for fault in call.world.faults.all()]}


@control(blueprint, "GET", "/requests", locked=False)
def requests_(call: Control) -> Answer:
    names = ("site", "method", "path", "caller")
    filters = {name: str(call.data[name]) if call.data.get(name) else None for name in names}
    found = call.world.records.find(**filters, since=int(call.number("since", 0)))
    return {"exchanges": [exchange_json(exchange) for exchange in found]}


@control(blueprint, "DELETE", "/requests", locked=False)
def clear_requests(call: Control) -> Answer:
    call.world.records.clear()
    return {"exchanges": []}


@control(blueprint, "GET", "/quota")
def quota(call: Control) -> Answer:
    return _quota_json(call)


def _quota_json(call: Control) -> Answer:
    pool = call.world.quota
    pool.roll()
    return {
        "limit": pool.limit,
        "used": pool.used,
        "remaining": pool.remaining,
        "resetAt": iso(pool.reset_ms),
        "bySite": dict(pool.by_site),
        "byRoute": dict(pool.by_route),
    }


@control(blueprint, "POST", "/quota")
def set_quota(call: Control) -> Answer:
    pool = call.world.quota
    pool.roll()
    if call.flag("clear"):
        pool.clear()
    pool.limit = int(call.number("limit", pool.limit))
    pool.used = int(call.number("used", pool.used))
    return _quota_json(call)

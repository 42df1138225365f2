"""Control API: state, people, clock, switches, webhooks, faults, records, quota."""

from __future__ import annotations

import random
from dataclasses import asdict, fields

from flask import Blueprint, request
from werkzeug.wrappers import Response

from simulator import pages, views
from simulator.auth import cookie_name, session_account
from simulator.clock import iso
from simulator.controls import Control, control
from simulator.errors import ApiError
from simulator.faults import KINDS, fault_json
from simulator.operations import json_answer
from simulator.records import exchange_json
from simulator.site import Behaviour
from simulator.webhooks import Settings

blueprint = Blueprint("control_world", __name__)
Answer = dict[str, object]


@control(blueprint, "GET", "/health")
def health(_call: Control) -> Answer:
    """Up."""
    return {"ok": True}


@control(blueprint, "GET", "/state")
def state(call: Control) -> Answer:
    """Everything there is."""
    sites = {site.key: views.site_json(site) for site in call.world.sites.values()}
    clock = {"offsetSeconds": call.world.clock.offset_seconds, "now": iso(call.world.clock.now_ms())}
    return {
        "sites": sites,
        "clock": clock,
        "oauthUrl": call.world.oauth_url,
        "installKeysUrl": call.world.install_keys_url,
    }


@control(blueprint, "POST", "/reset", locked=False)
def reset(call: Control) -> Answer:
    """Back to the seed."""
    call.world.reset(keep_apps=call.flag("keepApps"))
    return {"reset": True}


@control(blueprint, "GET", "/clock")
def clock(call: Control) -> Answer:
    """The host's time."""
    return _clock_json(call)


def _clock_json(call: Control) -> Answer:
    now = call.world.clock
    return {"offsetSeconds": now.offset_seconds, "now": iso(now.now_ms()), "tokens": now.tokens}


@control(blueprint, "POST", "/clock")
def set_clock(call: Control) -> Answer:
    """Set or advance the offset."""
    now = call.world.clock
    now.offset_seconds = call.number("offsetSeconds", now.offset_seconds) + call.number("advanceSeconds", 0)
    now.tokens = call.flag("tokens", default=now.tokens)
    return _clock_json(call)


@control(blueprint, "GET", "/whoami")
def whoami(call: Control) -> Answer:
    """Who the browser acts as."""
    return views.me_json(call.site, session_account(call.site, request))


@control(blueprint, "POST", "/be")
def be(call: Control) -> Response:
    """Act as somebody from now on, or as nobody with `account: null`."""
    account = call.person().account_id if call.data.get("account") else None
    answer = json_answer(views.me_json(call.site, account))
    name = cookie_name(call.site.key)
    if account:
        answer.set_cookie(name, account, samesite="Lax")
    else:
        answer.delete_cookie(name)
    return answer


@control(blueprint, "GET", "/people")
def people(call: Control) -> Answer:
    """Everybody of a site."""
    return {"people": views.people_json(call.site)}


@control(blueprint, "GET", "/sites/<site>/home")
def home(call: Control) -> Answer:
    """What a person sees first."""
    return views.home_json(call.site, session_account(call.site, request))


@control(blueprint, "GET", "/sites/<site>/pages/<number>/view")
def page_view(call: Control, number: str) -> Answer:
    """One page with everything on it, for the person of the browser."""
    if not number.isdigit():
        raise ApiError(400, "the page id is a number")
    return views.page_view(call.site, int(number), session_account(call.site, request))


@control(blueprint, "POST", "/sites/<site>/person")
def person(call: Control) -> Answer:
    """Change a person's rights, account or address."""
    who = call.person()
    permissions = call.data.get("permissions")
    if isinstance(permissions, list):
        pages.space_permissions(call.world, call.site, call.space(), who.account_id, set(map(str, permissions)))
    who.site_admin = call.flag("siteAdmin", default=who.site_admin)
    who.email = call.text("email", who.email)
    who.email_hidden = call.flag("emailHidden", default=who.email_hidden)
    who.display_name = call.text("displayName", who.display_name)
    status = call.data.get("status") or ("active" if call.flag("active", default=who.active) else "inactive")
    if status != who.status and not (status == "inactive" and who.status == "closed"):
        pages.set_account_status(call.world, call.site, who, str(status))
    return views.person_json(who)


@control(blueprint, "POST", "/sites/<site>/space-status")
def space_status(call: Control) -> Answer:
    """Archive, trash or bring back a space."""
    space = pages.set_space_status(call.world, call.site, call.space(), call.text("status"), call.actor())
    return {"key": space.key, "status": space.status}


@control(blueprint, "POST", "/sites/<site>/app-access")
def app_access(call: Control) -> Answer:
    """Shut apps out of a space, or let them in again."""
    space = call.space()
    accounts = {i.account_id for i in call.site.installations.values()}
    space.blocked_apps = accounts if call.flag("blocked") else set()
    return {"key": space.key, "blockedApps": sorted(space.blocked_apps)}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


@control(blueprint, "GET", "/sites/<site>/behaviour")
def behaviour(call: Control) -> Answer:
    """The switches of a site."""
    return {_camel(name): value for name, value in asdict(call.site.behaviour).items()}


@control(blueprint, "POST", "/sites/<site>/behaviour")
def set_behaviour(call: Control) -> Answer:
    """Turn switches; 400 for an unknown one."""
    names = {_camel(field.name): field.name for field in fields(Behaviour)}
    for name, value in call.data.items():
        if name == "site":
            continue
        if name not in names:
            raise ApiError(400, f"unknown switch {name}; there are {sorted(names)}")
        before = getattr(call.site.behaviour, names[name])
        setattr(call.site.behaviour, names[name], type(before)(value))
    return {_camel(name): value for name, value in asdict(call.site.behaviour).items()}


def _settings_json(call: Control) -> Answer:
    settings = call.world.webhooks.settings_of(call.site.key)
    names = [field.name for field in fields(Settings) if field.name != "chance"]
    shape: Answer = {_camel(name): getattr(settings, name) for name in names}
    return shape | {"idForm": call.site.behaviour.webhook_id_form}


@control(blueprint, "GET", "/webhooks/settings")
def webhook_settings(call: Control) -> Answer:
    """How deliveries of a site behave."""
    return _settings_json(call)


@control(blueprint, "POST", "/webhooks/settings")
def set_webhook_settings(call: Control) -> Answer:
    """Delay, double, lose, shuffle or hold deliveries of a site (of all sites when none is named)."""
    sites = [call.site] if "site" in call.data else list(call.world.sites.values())
    for site in sites:
        settings = call.world.webhooks.settings_of(site.key)
        settings.delay_seconds = call.number("delaySeconds", settings.delay_seconds)
        settings.jitter_seconds = call.number("jitterSeconds", settings.jitter_seconds)
        settings.duplicate = int(call.number("duplicate", settings.duplicate))
        settings.loss_rate = call.number("lossRate", settings.loss_rate)
        settings.lose_next = int(call.number("loseNext", settings.lose_next))
        settings.shuffle = call.flag("shuffle", default=settings.shuffle)
        settings.hold = call.flag("hold", default=settings.hold)
        site.behaviour.webhook_id_form = call.text("idForm", site.behaviour.webhook_id_form)
        if "seed" in call.data:
            settings.chance = random.Random(call.text("seed"))
    return _settings_json(call)


@control(blueprint, "GET", "/webhooks/queue")
def webhook_queue(call: Control) -> Answer:
    """Deliveries to come."""
    return {"deliveries": [delivery.json() for delivery in call.world.webhooks.waiting()]}


@control(blueprint, "GET", "/webhooks/log")
def webhook_log(call: Control) -> Answer:
    """Every delivery ever queued, with what became of it."""
    wanted = call.data.get("site")
    log = [delivery.json() for delivery in call.world.webhooks.log if wanted in {None, delivery.site}]
    return {"deliveries": log}


@control(blueprint, "POST", "/webhooks/drain", locked=False)
def webhook_drain(call: Control) -> Answer:
    """Deliver everything and wait for it."""
    hooks = call.world.webhooks
    before = sum(delivery.outcome == "delivered" for delivery in hooks.log)
    drained = hooks.drain(call.number("timeoutSeconds", 10), now=call.flag("now", default=True))
    return {"drained": drained, "delivered": sum(d.outcome == "delivered" for d in hooks.log) - before}


@control(blueprint, "POST", "/webhooks/send")
def webhook_send(call: Control) -> Answer:
    """Any body to the declared addresses of an event."""
    body = call.data.get("body")
    if not isinstance(body, dict):
        raise ApiError(400, "body is an object")
    times = int(call.number("times", 1))
    return {"queued": call.world.webhooks.send(call.site, call.text("event"), body, times)}


@control(blueprint, "POST", "/webhooks/replay")
def webhook_replay(call: Control) -> Answer:
    """An old delivery once more."""
    return {"queued": call.world.webhooks.replay(int(call.number("delivery")), int(call.number("times", 1)))}


@control(blueprint, "GET", "/faults")
def faults(call: Control) -> Answer:
    """The rules in force, and the kinds there are."""
    return {"faults": [fault_json(fault) for fault in call.world.faults.all()], "kinds": KINDS}


@control(blueprint, "POST", "/faults")
def add_fault(call: Control) -> Answer:
    """A new rule."""
    rule = dict(call.data)
    if rule.get("account"):
        rule["account"] = call.person().account_id
    return fault_json(call.world.faults.add(rule))


@control(blueprint, "DELETE", "/faults")
def clear_faults(call: Control) -> Answer:
    """One rule (`id`) or all of them away."""
    call.world.faults.clear(int(call.number("id")) if "id" in call.data else None)
    return {"faults": [fault_json(fault) for fault in call.world.faults.all()]}


@control(blueprint, "GET", "/requests", locked=False)
def requests_(call: Control) -> Answer:
    """Recorded exchanges."""
    names = ("site", "method", "path", "caller")
    filters = {name: str(call.data[name]) if call.data.get(name) else None for name in names}
    found = call.world.records.find(**filters, since=int(call.number("since", 0)))
    return {"exchanges": [exchange_json(exchange) for exchange in found]}


@control(blueprint, "DELETE", "/requests", locked=False)
def clear_requests(call: Control) -> Answer:
    """Forget them."""
    call.world.records.clear()
    return {"exchanges": []}


@control(blueprint, "GET", "/quota")
def quota(call: Control) -> Answer:
    """Points used this hour."""
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
    """Change the pool."""
    pool = call.world.quota
    pool.roll()
    if call.flag("clear"):
        pool.clear()
    pool.limit = int(call.number("limit", pool.limit))
    pool.used = int(call.number("used", pool.used))
    return _quota_json(call)

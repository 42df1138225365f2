"""Control API: webhooks."""

from __future__ import annotations

import random
from dataclasses import fields

from flask import Blueprint

from simulator.control.declare import Answer, Control, camel, control
from simulator.model.errors import ApiError
from simulator.webhooks.deliveries import Settings

blueprint = Blueprint("control_webhooks", __name__)


def _settings_json(call: Control) -> Answer:
    settings = call.world.webhooks.settings_of(call.site.key)
    names = [field.name for field in fields(Settings) if field.name != "chance"]
    shape: Answer = {camel(name): getattr(settings, name) for name in names}
    return shape | {"idForm": call.site.behaviour.webhook_id_form}


@control(blueprint, "GET", "/webhooks/settings")
def webhook_settings(call: Control) -> Answer:
    return _settings_json(call)


@control(blueprint, "POST", "/webhooks/settings")
def set_webhook_settings(call: Control) -> Answer:
    """Delay, double, lose, shuffle or hold a site's deliveries (default: all sites)."""
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
    return {"deliveries": [delivery.json() for delivery in call.world.webhooks.waiting()]}


@control(blueprint, "GET", "/webhooks/log")
def webhook_log(call: Control) -> Answer:
    wanted = call.data.get("site")
    log = [delivery.json() for delivery in call.world.webhooks.deliveries() if wanted in {None, delivery.site}]
    return {"deliveries": log}


@control(blueprint, "POST", "/webhooks/drain", locked=False)
def webhook_drain(call: Control) -> Answer:
    """Deliver everything, and wait."""
    hooks = call.world.webhooks
    before = sum(delivery.outcome == "delivered" for delivery in hooks.deliveries())
    drained = hooks.drain(call.number("timeoutSeconds", 10), now=call.flag("now", default=True))
    return {"drained": drained, "delivered": sum(d.outcome == "delivered" for d in hooks.deliveries()) - before}


@control(blueprint, "POST", "/webhooks/send")
def webhook_send(call: Control) -> Answer:
    """Send any body to an event's declared addresses."""
    body = call.data.get("body")
    if not isinstance(body, dict):
        raise ApiError(400, "body is an object")
    times = int(call.number("times", 1))
    return {"queued": call.world.webhooks.send(call.site, call.text("event"), body, times)}


@control(blueprint, "POST", "/webhooks/replay")
def webhook_replay(call: Control) -> Answer:
    return {"queued": call.world.webhooks.replay(int(call.number("delivery")), int(call.number("times", 1)))}

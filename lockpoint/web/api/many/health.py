"""`GET /api/v1/health`, of the site or of a space; and its self-test, run again."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import once_set
from lockpoint.services.listing import site_health
from lockpoint.services.tenancy import forge_sites, restore_probe
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.many import schemas as m
from lockpoint.web.api.requests import body_as, key_of, query_as
from lockpoint.web.api.settings import RESULTS
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.listing.site_health import Health
    from lockpoint.services.ports.listing import SiteReadings
    from lockpoint.services.ports.notifications import MailHealth
    from lockpoint.services.ports.tenancy import SiteState


def site_health_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("site_health", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/health")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        actor, space = current_actor(), query_as(m.HealthQuery).space
        found = site_health.of_site(services, actor) if space is None else site_health.of_space(services, actor, space)
        return jsonify(dump(_model(services, found)))

    @blueprint.post("/health/self-test")
    @guarded_by(Guard.CONTEXT)
    def test() -> Response:
        actor, body = current_actor(), body_as(m.SelfTestBody)

        def work() -> SiteState:
            return restore_probe.self_test_for(services, actor)

        state = once_set(services, actor, key_of(body), work, lambda: restore_probe.known_to(services, actor))
        rest = restore_probe.rests_for(state, services.clock.now())
        known = _test(state)
        run = m.SelfTestRunModel(result=known.result, at=known.at, seconds_until_next=ceil(rest.total_seconds()))
        return jsonify(dump(run))

    @blueprint.post("/health/former-site")
    @guarded_by(Guard.CONTEXT)
    def adopt() -> Response:
        actor, body = current_actor(), body_as(m.FormerSiteBody)
        once_set(services, actor, key_of(body), lambda: forge_sites.adopt_former(services, actor), lambda: None)
        return jsonify(dump(m.FormerSiteModel(former_site=False)))

    return blueprint


def _test(state: SiteState) -> s.SelfTestModel:
    return s.SelfTestModel(result=RESULTS[state.restore_works], at=state.tested_at)


def _model(services: Services, found: Health) -> m.HealthModel:
    reasons = sorted(found.locks.unprotected.items())
    state = found.state
    return m.HealthModel(
        locks=m.LocksHealthModel(
            live=found.locks.live,
            unprotected=[m.ReasonModel(reason=reason, count=count) for reason, count in reasons],
            licensed=found.locks.licensed,
        ),
        points=m.PointsHealthModel.model_validate(found.points) if found.points else None,
        mails=_mails(found.readings, found.mails) if found.readings and found.mails else None,
        parked_jobs=dict(found.readings.parked) if found.readings else None,
        restore_self_test=_test(state) if state else None,
        forge=m.ForgeHealthModel.model_validate(found.forge) if found.forge else None,
        server_time=services.clock.now(),
    )


def _mails(readings: SiteReadings, figures: MailHealth) -> m.MailsHealthModel:
    return m.MailsHealthModel(
        results=dict(readings.mails),
        without_address=figures.unreachable,
        told_in_comments=figures.commented,
        refused=figures.refused,
        waiting=figures.waiting,
        parked=figures.parked,
    )

"""`/api/v1/settings`: the site's settings, for site admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import once_set
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import site_settings
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.requests import body_as, key_of
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.tenancy.site_settings import SiteOverview

_RESULTS = {True: "works", False: "refused", None: "unknown"}


def settings_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("settings", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/settings")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        with spending_on("settings"):
            return _answer(site_settings.overview(services, current_actor()))

    @blueprint.put("/settings")
    @guarded_by(Guard.CONTEXT)
    def change() -> Response:
        actor, body = current_actor(), body_as(s.SettingsBody)

        def work() -> SiteOverview:
            return site_settings.change(
                services, actor, copy_mode=body.copy_mode, usage_counts=body.usage_counts, revision=body.revision
            )

        with spending_on("settings"):
            return _answer(
                once_set(services, actor, key_of(body), work, lambda: site_settings.overview(services, actor))
            )

    return blueprint


def _answer(overview: SiteOverview) -> Response:
    test = s.SelfTestModel.model_validate(
        {"result": _RESULTS[overview.state.restore_works], "at": overview.state.tested_at}
    )
    return jsonify(
        dump(
            s.SettingsModel(
                copy_mode=overview.settings.copy_mode,
                usage_counts=overview.settings.usage_counts,
                kept=[s.UsageModel.model_validate(row) for row in overview.kept],
                revision=overview.settings.revision,
                restore_self_test=test,
            )
        )
    )

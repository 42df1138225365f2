"""`/api/v1/settings` for site admins, `/api/v1/spaces/<key>/settings` for admins of the space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from flask import Blueprint, Response, jsonify
from pydantic.alias_generators import to_camel

from lockpoint.domain.settings import InForce, SpaceRules, SpaceSettings, kinds_of, site_fields
from lockpoint.services.context import Priority
from lockpoint.services.errors import UseCaseError
from lockpoint.services.idempotency import once_set
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import site_settings, space_settings
from lockpoint.web.api import schemas as s
from lockpoint.web.api import settings_schemas as shapes
from lockpoint.web.api.locks import PREFIX, dump
from lockpoint.web.api.requests import body_as, key_of, space_key
from lockpoint.web.errors import error_answer
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.context import Actor
    from lockpoint.services.tenancy.site_settings import SiteOverview
    from lockpoint.services.tenancy.space_settings import StoredSpaceSettings

RESULTS: Final[Mapping[bool | None, Literal["works", "refused", "unknown"]]] = {
    True: "works",
    False: "refused",
    None: "unknown",
}
_NO_CHANGE = {"request_id", "revision"}


def settings_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("settings", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, _refused)

    @blueprint.get("/settings")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        with spending_on("settings"):
            return _site(site_settings.overview(services, current_actor()))

    @blueprint.put("/settings")
    @guarded_by(Guard.CONTEXT)
    def change() -> Response:
        actor, body = current_actor(), body_as(shapes.SettingsBody)
        changes = body.model_dump(exclude_unset=True, exclude=_NO_CHANGE)

        def work() -> SiteOverview:
            return site_settings.change(services, actor, revision=body.revision, changes=changes)

        with spending_on("settings"):
            return _site(once_set(services, actor, key_of(body), work, lambda: site_settings.overview(services, actor)))

    @blueprint.get("/spaces/<key>/settings")
    @guarded_by(Guard.CONTEXT)
    def show_space(key: str) -> Response:
        with spending_on("settings"):
            actor = current_actor()
            space_id = space_settings.id_of(services, actor, space_key(key))
            return _space(services, actor, space_id, space_settings.overview(services, actor, space_id))

    @blueprint.put("/spaces/<key>/settings")
    @guarded_by(Guard.CONTEXT)
    def change_space(key: str) -> Response:
        actor, body = current_actor(), body_as(shapes.SpaceSettingsBody)
        with spending_on("settings"):
            space_id = space_settings.id_of(services, actor, space_key(key))

            def work() -> StoredSpaceSettings:
                return space_settings.change(services, actor, space_id, _wanted(body))

            def present() -> StoredSpaceSettings:
                return space_settings.overview(services, actor, space_id)

            return _space(services, actor, space_id, once_set(services, actor, key_of(body), work, present))

    return blueprint


def _refused(error: UseCaseError) -> Response:
    """Name settings as the caller does."""
    details = {name: _camel(value) if name in {"differs", "fields"} else value for name, value in error.details.items()}
    return error_answer(error.code, error.message, details)


def _camel(entries: object) -> list[object]:
    """Names of settings, alone or beside what is wrong with them."""
    named = entries if isinstance(entries, list) else []
    return [{**one, "field": _sent(one["field"])} if isinstance(one, dict) else _sent(one) for one in named]


def _sent(name: str) -> str:
    return to_camel(name) if "_" in name else name


def _wanted(body: shapes.SpaceSettingsBody) -> SpaceSettings:
    own = body.rules.model_dump(exclude_unset=True)
    people, groups = sorted(set(body.managers.people)), sorted(set(body.managers.groups))
    return SpaceSettings(own=own, managers=tuple(people), manager_groups=tuple(groups), version=body.version)


def _site(overview: SiteOverview) -> Response:
    test = s.SelfTestModel.model_validate(
        {"result": RESULTS[overview.state.restore_works], "at": overview.state.tested_at}
    )
    kept = [s.UsageModel.model_validate(row) for row in overview.kept]
    members = {name: value for name, value in site_fields(overview.settings).items() if name != "schema"}
    return jsonify(dump(shapes.SettingsModel(**members, kept=kept, restore_self_test=test)))


def _space(services: Services, actor: Actor, space_id: str, stored: StoredSpaceSettings) -> Response:
    site = site_settings.site_settings(services, actor.tenant, priority=Priority.INTERACTIVE)
    holding = InForce(site, stored.settings)
    rules = {
        name: shapes.RuleModel(
            value=getattr(holding.rules, name), source=holding.source(name), inherited=getattr(site.rules, name)
        )
        for name in kinds_of(SpaceRules)
    }
    managers = shapes.ManagersModel(people=list(stored.settings.managers), groups=list(stored.settings.manager_groups))
    model = shapes.SpaceSettingsModel(
        space_id=space_id,
        version=stored.settings.version,
        altered=stored.altered,
        rules=shapes.RulesModel(**rules),
        managers=managers,
    )
    return jsonify(dump(model))

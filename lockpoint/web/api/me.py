"""`/api/v1/me`: the caller's own data and preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.domain.events import MailKind
from lockpoint.services.context import Priority
from lockpoint.services.errors import UseCaseError
from lockpoint.services.notifications import preferences
from lockpoint.services.notifications.preferences import Preferences
from lockpoint.services.ports.privacy import Origin
from lockpoint.services.privacy import export, restriction
from lockpoint.services.quota_accounting import spending_on
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.requests import body_as
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services


def me_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("me", __name__, url_prefix=f"{PREFIX}/me")
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/data")
    @guarded_by(Guard.CONTEXT)
    def data() -> Response:
        actor = current_actor()
        found = export.export(services, actor.tenant, actor.account_id, Origin.PERSON, most_files=export.MOST_FILES)
        return jsonify(dump(s.MyDataModel.model_validate(found)))

    @blueprint.get("/preferences")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        actor = current_actor()
        with spending_on("preferences"):
            return _answer(preferences.read(services, actor.tenant, actor.account_id, priority=Priority.INTERACTIVE))

    # Replaces the whole state: a repeated call changes nothing.
    @blueprint.put("/preferences")
    @guarded_by(Guard.CONTEXT)
    def change() -> Response:
        body = body_as(s.PreferencesBody)
        wanted = Preferences(off=_off(body.mails), locale=body.locale, time_zone=body.time_zone)
        with spending_on("preferences"):
            return _answer(restriction.change(services, current_actor(), wanted, restricted=body.restricted))

    return blueprint


def _off(mails: s.MailChoices) -> frozenset[MailKind]:
    return frozenset(MailKind(name) for name, wanted in mails.model_dump().items() if not wanted)


def _answer(chosen: Preferences) -> Response:
    mails = s.MailChoices.model_validate(
        {name: MailKind(name) not in chosen.off for name in s.MailChoices.model_fields}
    )
    model = s.PreferencesModel(
        mails=mails, locale=chosen.locale, time_zone=chosen.time_zone, restricted=chosen.restricted
    )
    return jsonify(dump(model))

"""`/api/v1/settings/templates`: texts of mails, for site admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.domain.mails.mail_templates import LANGUAGES, MAILS, MailTemplate
from lockpoint.services.idempotency import once_set
from lockpoint.services.notifications import template_trials
from lockpoint.services.quota_accounting import spending_on
from lockpoint.services.tenancy import mail_texts
from lockpoint.web.api import template_schemas as shapes
from lockpoint.web.api.locks import PREFIX, dump
from lockpoint.web.api.requests import body_as, key_of, query_as
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services
    from lockpoint.services.tenancy.mail_texts import Changes, StoredTexts


def template_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("templates", __name__, url_prefix=f"{PREFIX}/settings/templates")

    @blueprint.get("")
    @guarded_by(Guard.CONTEXT)
    def show() -> Response:
        query = query_as(shapes.TemplatesQuery)
        with spending_on("settings"):
            return _answer(services, query.language, mail_texts.overview(services, current_actor()))

    @blueprint.put("")
    @guarded_by(Guard.CONTEXT)
    def change() -> Response:
        actor, body = current_actor(), body_as(shapes.TemplatesBody)

        def work() -> StoredTexts:
            return mail_texts.change(services, actor, body.language, revision=body.revision, changes=_changes(body))

        with spending_on("settings"):
            stored = once_set(services, actor, key_of(body), work, lambda: mail_texts.overview(services, actor))
            return _answer(services, body.language, stored)

    @blueprint.post("/preview")
    @guarded_by(Guard.CONTEXT)
    def preview() -> Response:
        body = body_as(shapes.TrialBody)
        with spending_on("settings"):
            text = MailTemplate(_lines(body.subject), _lines(body.body))
            shown = template_trials.preview(services, current_actor(), body.language, body.mail, text)
        return jsonify(dump(shapes.PreviewModel.model_validate(shown)))

    @blueprint.post("/test")
    @guarded_by(Guard.CONTEXT)
    def test() -> Response:
        actor, body = current_actor(), body_as(shapes.TrialBody)
        text = MailTemplate(_lines(body.subject), _lines(body.body))

        def work() -> None:
            template_trials.send_test(services, actor, body.language, body.mail, text)

        with spending_on("settings"):
            once_set(services, actor, key_of(body), work, lambda: None)
        return jsonify(dump(shapes.TestMailModel(sent=True)))

    return blueprint


def _changes(body: shapes.TemplatesBody) -> Changes:
    given: dict[str, dict[str, str] | None] = body.templates.model_dump(by_alias=True, exclude_unset=True)
    return {
        mail: None if text is None else MailTemplate(_lines(text["subject"]), _lines(text["body"]))
        for mail, text in given.items()
    }


def _lines(text: str) -> str:
    """Return the text with the line ends that we store: browsers send either."""
    return text.replace("\r\n", "\n")


def _answer(services: Services, language: str, stored: StoredTexts) -> Response:
    words, own = services.mailer.words(language), stored.texts.get(language, {})
    templates = [
        shapes.TemplateModel(
            mail=mail,
            subject=(own.get(mail) or words[mail]).subject,
            body=(own.get(mail) or words[mail]).body,
            custom=mail in own,
            default=shapes.DefaultModel(subject=words[mail].subject, body=words[mail].body),
            placeholders=sorted(placeholders),
        )
        for mail, placeholders in MAILS.items()
    ]
    model = shapes.TemplatesModel(
        revision=stored.revision,
        altered=stored.altered,
        language=language,
        languages=list(LANGUAGES),
        custom=[name for name in LANGUAGES if name in stored.texts],
        templates=templates,
    )
    return jsonify(dump(model))

"""The shapes of texts of mails."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints, create_model

from lockpoint.domain.mails.mail_templates import ENGLISH, LANGUAGES, LONGEST_BODY, LONGEST_SUBJECT, MAILS
from lockpoint.web.api.schemas import Command, Incoming, Outgoing
from lockpoint.web.api.settings_schemas import Revision

TemplateLanguage = Annotated[str, StringConstraints(pattern=f"^({'|'.join(LANGUAGES)})$")]
MailName = Annotated[str, StringConstraints(pattern=f"^({'|'.join(MAILS).replace('.', '[.]')})$")]
# Somewhat longer texts come in, so that they are refused with their place.
SubjectText = Annotated[str, StringConstraints(max_length=5 * LONGEST_SUBJECT)]
BodyText = Annotated[str, StringConstraints(max_length=2 * LONGEST_BODY)]


class TemplatesQuery(Incoming):
    language: TemplateLanguage = ENGLISH


class TemplateBody(Incoming):
    """Plain text with placeholders."""

    subject: SubjectText
    body: BodyText


class _Templates(Incoming):
    """By mail; null goes back to the words of the app, what is left out stays."""


def _field(mail: str) -> str:
    return mail.replace(".", "__")


_TAKEN: Final = {_field(mail): (TemplateBody | None, Field(None, alias=mail)) for mail in MAILS}
TemplatesByMail = create_model("TemplatesByMail", __base__=_Templates, **_TAKEN)  # type: ignore[call-overload]


class TemplatesBody(Command):
    """`revision` is the one that was read."""

    revision: Revision
    language: TemplateLanguage
    templates: TemplatesByMail


class TrialBody(Command):
    """A text that is not stored."""

    language: TemplateLanguage
    mail: MailName
    subject: SubjectText
    body: BodyText


class DefaultModel(Outgoing):
    """The words of the app."""

    subject: str
    body: str


class TemplateModel(Outgoing):
    """`custom`: an admin wrote it."""

    mail: str
    subject: str
    body: str
    custom: bool
    default: DefaultModel
    placeholders: list[str]


class TemplatesModel(Outgoing):
    """`custom` names the languages with texts of admins. `altered`: somebody changed them without the app."""

    revision: int
    altered: bool
    language: str
    languages: list[str]
    custom: list[str]
    templates: list[TemplateModel]


class PreviewModel(Outgoing):
    """A mail with invented facts."""

    subject: str
    html: str
    text: str


class TestMailModel(Outgoing):
    """Sent to the address that Confluence tells of the caller."""

    sent: bool

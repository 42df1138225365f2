"""A mail server in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lockpoint.domain.mails.mail_templates import MAILS, MailTemplate
from lockpoint.services.ports.notifications import MailFacts, ShortNotice, ShownMail


@dataclass
class FakeMailer:
    """Keeps the mails, or raises `trouble`."""

    box: list[tuple[str, MailFacts, str]] = field(default_factory=list)
    trouble: Exception | None = None

    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.box.append((address, facts, message_id))

    def show(self, facts: MailFacts) -> ShownMail:
        template = facts.told.template if facts.told else None
        return ShownMail(*((template.subject, template.body, template.body) if template else ("", "", "")))

    def words(self, language: str) -> Mapping[str, MailTemplate]:
        return {mail: MailTemplate(f"{language} {mail}", "words of the app") for mail in MAILS}

    def shorten(self, facts: MailFacts) -> ShortNotice:
        return ShortNotice((facts.kind.value, facts.file_name, str(facts.more)), "See the files")

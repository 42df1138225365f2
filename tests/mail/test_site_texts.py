"""Texts of admins in mails: values are escaped, links are ours, and what a mail must have stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.mails.mail_templates import LANGUAGES, MAILS, MailTemplate, mail_of, problems_of_template
from lockpoint.mail.catalogue import WORDS
from lockpoint.mail.site_texts import app_words
from lockpoint.services.ports.notifications import MailFacts, TemplateFacts
from tests.mail.builders import facts, mail

LOCKED = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
ENDS = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
EVIL = "<img src=x onerror=alert(1)>{reason}\r\nBcc: x@example.com"


def told(subject: str, body: str, language: str = "en", **values: object) -> TemplateFacts:
    wanted = {"owner_name": "Alice", "locked_at": LOCKED, "ends_at": ENDS, **values}
    return TemplateFacts(template=MailTemplate(subject, body), language=language, **wanted)


def written(subject: str, body: str, **values: object) -> EmailMessage:
    usual = {"kind": MailKind.LOCK_ENDED_BY_OTHER, "reason": "audit", "actor_name": "Dana"}
    return mail(facts(told=told(subject, body), **(usual | values)))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def links(self) -> set[str | None]:
        return {attributes.get("href") for tag, attributes in self.seen if tag == "a"}


def test_every_placeholder_is_filled() -> None:
    """Subject, HTML and plain text; the link leads to the page, dates are the recipient's."""
    body = "{attachment} on {page}: {pageLink}\nfrom {lockedDate} to {endDate}\n\n{owner}, {person}: {reason}"
    message = written("{person} ended {attachment}", body)
    assert message["Subject"] == "Dana ended budget.xlsx"
    text, html = part(message, "plain"), part(message, "html")
    assert "budget.xlsx on Release plan: https://acme.example/wiki/pages/viewpage.action?pageId=1\n" in text
    assert "from 1 March 2026, 08:00 CET to 3 March 2026, 08:00 CET\n\nAlice, Dana: audit\n" in text
    assert '<strong>budget.xlsx</strong> on Release plan: <a class="plain-link"' in html
    assert "CET<br>" not in html
    assert ">Release plan</a><br>from 1 March" in html
    assert "has ended your lock" not in text + html


def test_a_mail_keeps_what_it_must_have() -> None:
    """Greeting, reason, button, why one gets it, and how to switch it off, whatever the admin left out."""
    link = "https://lockpoint.example/mail/1"
    message = written("x", "y", unsubscribe_url=link, kind=MailKind.LOCK_ENDED, reason=None)
    plain = part(message, "plain")
    assert "You get this mail because you had locked this file." in plain
    for text in (plain, part(message, "html")):
        assert "Hello Bob," in text
        assert link in text
        assert "Unsubscribe" in text
        assert "pageId=1" in text
    assert message["List-Unsubscribe"] == f"<{link}>"
    assert "Reason given: audit" in part(written("x", "y"), "plain")


@pytest.mark.parametrize("name", ["file_name", "page_title", "actor_name", "reason"])
def test_values_are_text(name: str) -> None:
    """Names that look like HTML, placeholders or headers: no new element, no new header, no other value."""
    body = "{attachment} {page} {pageLink} {owner} {person} {reason}"
    usual, odd = (written("{attachment} {person} {reason}", body, **values) for values in ({}, {name: EVIL}))
    assert odd.keys() == usual.keys()
    assert "\n" not in odd["Subject"]
    tags, harmless = Tags(part(odd, "html")), Tags(part(usual, "html"))
    assert [tag for tag, _ in tags.seen] == [tag for tag, _ in harmless.seen]
    assert tags.links() == harmless.links()
    assert "{reason}" in part(odd, "plain")


def test_text_of_an_admin_that_was_signed_before_the_rules_is_still_text() -> None:
    """Escaped, should it ever get here; a link of another scheme is none."""
    message = written("<b>", "<script>alert(1)</script> {pageLink}", page_url="javascript:alert(1)", file_url="")
    html = part(message, "html")
    assert "<script" not in html
    assert "javascript:" not in html


def test_what_is_not_known_is_a_dash() -> None:
    """An owner who is gone is somebody."""
    empty = told("x", "[{lockedDate}] [{endDate}] [{owner}] [{reason}]", owner_name=None, locked_at=None, ends_at=None)
    message = mail(facts(told=empty, reason=None, kind=MailKind.LOCK_ENDED_BY_OTHER))
    assert "[\u2013] [\u2013] [somebody] [\u2013]" in part(message, "plain")


def test_a_test_mail_says_that_it_is_one() -> None:
    message = mail(facts(told=replace(told("x", "y"), tried=True)))
    assert "because you asked for a test of its text" in part(message, "plain")


def test_the_language_is_that_of_the_text() -> None:
    """Frame, somebody and dates speak it with the person's country."""
    german = told("{owner}", "Seit {lockedDate}", "de", owner_name=None)
    message = mail(facts(told=german, locale="de_AT"))
    assert message["Subject"] == "jemand"
    assert "Seit 1. März 2026, 08:00 MEZ" in part(message, "plain")
    assert "Guten Tag Bob!" in part(message, "plain")
    japanese = told("{owner}", "x", "ja")
    assert mail(facts(told=japanese, locale="ja"))["Subject"] == "Alice さん"


def test_every_mail_of_the_catalogue_can_be_written() -> None:
    """The lists of mails agree; each key leads to its mail."""
    keys = [key if isinstance(key, tuple) else (key, None) for key in WORDS.mails]
    assert sorted(mail_of(kind, detail) for kind, detail in keys) == sorted(MAILS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_the_app_are_offered_as_text(language: str) -> None:
    """In every language they would be taken as they are, and name at least the file or a number."""
    words = app_words(language)
    assert words.keys() == MAILS.keys()
    for name, template in words.items():
        assert problems_of_template(name, template) == (), name
        assert len(template.body) < 1000
    assert "{owner}" in words["upload_undone.undone"].body
    assert "{person}" in words["overwrite_attempt.undone"].body


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_the_app_as_text_say_what_the_app_says(language: str) -> None:
    """Saving what is offered changes no fact of the mail."""
    given: MailFacts = facts(kind=MailKind.OVERWRITE_ATTEMPT, detail="undone", locale=language, actor_name="Dana")
    template = app_words(language)["overwrite_attempt.undone"]
    own = mail(given)
    same = mail(replace(given, told=TemplateFacts(template=template, language=language)))
    assert own["Subject"] == same["Subject"]
    first = part(own, "plain").split("\n\n")[1].split("\n")
    assert all(sentence in part(same, "plain") for sentence in first)

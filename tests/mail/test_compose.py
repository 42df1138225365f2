from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.events import MailKind
from lockpoint.domain.history.judge import FlagReason
from lockpoint.domain.lock import EndReason
from lockpoint.domain.mail_budget import AT_ONCE
from lockpoint.mail.catalogue import CATALOGUES, ENGLISH, catalogue_for, locale_of
from lockpoint.mail.compose import clean, compose
from lockpoint.services.ports.notifications import DIGEST, MailFacts, MailRefused, SummaryLine
from tests.mail.builders import facts

HOSTILE = (
    "a\r\nBcc: everybody@example.com",
    "a\nb\x00c\x1b[31m",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{file.__class__} {0} %s %(x)s",
    "gpj.\u202exlsx",
    "\ud83d lone surrogate",
    "=?utf-8?q?encoded?=",
    "ä" * 5000,
    " ",
)
DETAILS = ("undone", "not_undone", "taken_over", DIGEST, *(reason.value for reason in (*EndReason, *FlagReason)), None)


def mail(given_facts: MailFacts | None = None, **values: Any) -> EmailMessage:
    wanted = {"address": "bob@example.com", "sender": "Lockpoint <noreply@lockpoint.example>", "message_id": "1.5"}
    return compose(given_facts or facts(), **(wanted | values))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


class Outline(HTMLParser):
    """The elements, links and visible text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag in {"style", "title"}
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag: str) -> None:
        self._hidden = self._hidden and tag not in {"style", "title"}

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else data


def outline(message: EmailMessage) -> Outline:
    parsed = Outline()
    parsed.feed(body(message, "html"))
    return parsed


@pytest.mark.parametrize("kind", sorted(set(MailKind) - {MailKind.SUMMARY}))
@pytest.mark.parametrize("detail", DETAILS)
def test_every_mail_can_be_written(kind: MailKind, detail: str | None) -> None:
    """Each kind with each detail; both parts say the same.

    A purged file has no name any more.
    """
    nameless = (kind, detail) == (MailKind.LOCK_ENDED, "file_gone")
    message = mail(
        facts(kind=kind, detail=detail, reason="We need it" if kind is MailKind.LOCK_ENDED_BY_OTHER else None)
    )
    text, page = body(message, "plain"), outline(message)
    for part in (text, page.text):
        assert "Hello Bob," in part
        assert ("budget.xlsx" in part) is not nameless
        assert "https://acme.example/wiki/" in part
        assert "{" not in part
    assert ("budget.xlsx" in message["Subject"]) is not nameless
    assert len(set(page.links)) == 1
    words = [line for line in text.splitlines() if line and not line.startswith(("-- ", "http"))]
    shown = " ".join(page.text.split())
    assert all(line.removesuffix(":") in shown for line in words)


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        (MailKind.UPLOAD_UNDONE, "undone", "your version is in the history"),
        (MailKind.UPLOAD_UNDONE, "not_undone", "Your version was not undone"),
        (MailKind.OVERWRITE_ATTEMPT, "undone", "Your version is current again"),
        (MailKind.OVERWRITE_ATTEMPT, "not_undone", "did not bring your version back"),
        (MailKind.FILE_AVAILABLE, None, "no longer locked"),
        (MailKind.LOCK_ENDED_BY_OTHER, "broken", "Alice has ended your lock"),
        (MailKind.LOCK_ENDED_BY_OTHER, "taken_over", "Alice has taken over your lock"),
        (MailKind.LOCK_ENDED, "expired", "has run out"),
        (MailKind.LOCK_ENDED, "file_gone", "was deleted for good"),
        (MailKind.UNPROTECTED, "app_blocked", "the page was restricted"),
        (MailKind.UNPROTECTED, "own_account_unknown", "cannot tell for sure"),
    ],
)
def test_the_story_is_the_right_one(kind: MailKind, detail: str | None, expected: str) -> None:
    """A mail claims a restore only where one happened."""
    assert expected in body(mail(facts(kind=kind, detail=detail)), "plain")


def test_the_reason_of_a_manager_is_told() -> None:
    message = mail(facts(kind=MailKind.LOCK_ENDED_BY_OTHER, reason="You are on holiday"))
    assert "Reason given: You are on holiday" in body(message, "plain")
    assert "You are on holiday" in outline(message).text
    assert "Reason" not in body(mail(facts(kind=MailKind.LOCK_ENDED_BY_OTHER)), "plain")


@pytest.mark.parametrize(
    ("locale", "zone", "expected"),
    [
        ("en-GB", "Europe/Berlin", "2 March 2026, 10:00:00 CET"),
        ("en_US", "America/New_York", "March 2, 2026"),
        ("de", "Asia/Tokyo", "6:00:00"),
        ("xx-nonsense", "Not/AZone", "9:00:00"),
        ("", "../../etc/passwd", "9:00:00"),
        ("../x", "", "9:00:00"),
    ],
)
def test_dates_are_the_recipient_s(locale: str, zone: str, expected: str) -> None:
    """Date format and time zone of the person; unknown values become English and UTC."""
    assert expected in body(mail(facts(locale=locale, time_zone=zone)), "plain").replace("\u202f", " ")


def test_dates_speak_the_language_of_the_text() -> None:
    """Without a catalogue for the person's language, month names are English like the text."""
    assert "March" in body(mail(facts(locale="de-DE")), "plain")


def test_headers_tell_what_the_mail_is() -> None:
    """Automatic mail says so; a mail sent twice has the same Message-ID."""
    message = mail()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == mail()["Message-ID"] == "<1.5@lockpoint.example>"
    assert message["From"] == "Lockpoint <noreply@lockpoint.example>"
    assert message["To"] == "bob@example.com"
    assert message["Date"]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("field", ["file_name", "page_title", "actor_name", "recipient_name", "reason"])
def test_hostile_names_stay_text(field: str, hostile: str) -> None:
    """F50: HTML, control and reordering characters, placeholders, line breaks."""
    message = mail(facts(**{"kind": MailKind.LOCK_ENDED_BY_OTHER, "reason": "r", field: hostile}))
    sent = message_from_bytes(message.as_bytes(), policy=SMTP)
    assert sorted(sent.keys()) == sorted(mail().keys())
    assert sent["Bcc"] is None
    tags = set(outline(mail(facts(kind=MailKind.LOCK_ENDED_BY_OTHER, reason="r"))).tags)
    assert set(outline(message).tags) <= tags
    assert not set(body(message, "plain").replace("\r\n", "\n")) & {"\x00", "\x1b", "\u202e", "\r", "\ud83d"}
    assert len(sent["Subject"]) < 400


@given(st.text(alphabet=st.characters()), st.integers(2, 50))
def test_cleaned_text_is_one_printable_line(text: str, longest: int) -> None:
    """A line of bounded length that can be written as UTF-8."""
    line = clean(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    line.encode()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "", "//example.com", "file:///etc/passwd"])
def test_only_web_addresses_are_linked(url: str) -> None:
    """Only http and https."""
    message = mail(facts(file_url=url, page_url=url))
    assert outline(message).links == []
    assert "Open the" not in body(message, "plain")


@pytest.mark.parametrize(
    "address",
    ["", "bob", "bob@", "@example.com", "a b@example.com", "bob@example.com\r\nBcc: x@example.com", "a@b, c@d"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailRefused):
        mail(address=address)


def test_missing_names_are_left_out_politely() -> None:
    """An unknown actor is "Somebody"; an unknown recipient is greeted without a name."""
    message = mail(facts(kind=MailKind.OVERWRITE_ATTEMPT, detail="undone", actor_name=None, recipient_name="", at=None))
    text = body(message, "plain")
    assert text.startswith("Hello,\n")
    assert "Somebody uploaded" in text
    assert "When:" not in text


def test_every_catalogue_is_complete() -> None:
    """Every language has every mail of English."""
    for tag, catalogue in CATALOGUES.items():
        assert catalogue.language == tag
        assert set(catalogue.mails) >= set(MailKind)
        assert set(catalogue.mails) == set(ENGLISH.mails)
        assert all(words.story and words.advice for words in catalogue.mails.values())
        assert set(catalogue.unprotected) <= {reason.value for reason in FlagReason}


def test_languages_are_found_by_tag() -> None:
    """With dash or underscore; an unknown language is English."""
    assert locale_of("pt-BR") == locale_of("pt_BR") == Locale("pt", "BR")
    assert catalogue_for(Locale("ja")) is ENGLISH


def test_time_is_not_changed_by_the_zone() -> None:
    """Noon UTC in July is 14:00 in Berlin."""
    text = body(mail(facts(at=datetime(2026, 7, 1, 12, tzinfo=UTC))), "plain")
    assert "14:00:00 CEST" in text


def test_optional_mails_have_one_click_headers_on_one_line() -> None:
    """RFC 8058: both headers, the link unbroken on one line, and the same link in both parts."""
    url = "https://lockpoint.example.com/mail/" + "gAAAAA" * 40
    optional = compose(facts(unsubscribe_url=url), address="bob@example.com", sender="l@example.com", message_id="1")
    lines = optional.as_bytes().split(b"\r\n")
    assert f"List-Unsubscribe: <{url}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    for part in ("plain", "html"):
        body = optional.get_body((part,))
        assert body is not None
        assert url in body.get_content()
    asked_for = compose(facts(), address="bob@example.com", sender="l@example.com", message_id="1")
    assert "List-Unsubscribe" not in asked_for.as_string()


SINCE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", [MailKind.OVERWRITE_ATTEMPT, MailKind.UPLOAD_UNDONE])
def test_a_digest_says_how_often_since_when_and_where_to_look(kind: MailKind) -> None:
    history = "https://acme.example/wiki/pages/viewpageattachments.action?pageId=1"
    message = mail(facts(kind=kind, detail=DIGEST, count=14, since=SINCE, history_url=history))
    for part in (body(message, "plain"), outline(message).text):
        assert "14 times since 2 March 2026" in part
        assert "09:00" in part
        assert "Alice" in part
    assert set(outline(message).links) == {history}
    assert "14" in message["Subject"]


@pytest.mark.parametrize("name", [*HOSTILE, "budget.xlsx"])
def test_a_summary_counts_by_file_and_kind(name: str) -> None:
    """Names of files are as hostile as elsewhere; a deleted file has none."""
    lines = (
        SummaryLine(MailKind.OVERWRITE_ATTEMPT, name, 7),
        SummaryLine(MailKind.FILE_AVAILABLE, "plan.docx", 1),
        SummaryLine(MailKind.LOCK_ENDED, "", 1),
    )
    message = mail(
        facts(kind=MailKind.SUMMARY, file_name="", page_title="", at=None, count=14, since=SINCE, lines=lines, more=5)
    )
    for part in (body(message, "plain"), outline(message).text):
        assert f"{clean(name) or 'A deleted file'}: changes by others while you had it locked: 7" in part
        assert "plan.docx: available again" in part
        assert "A deleted file: your lock has ended" in part
        assert "5 more" in part
        assert "9:00" in part
    assert message["Subject"].startswith("14 more messages")


@pytest.mark.parametrize("kind", sorted(set(MailKind) - AT_ONCE - {MailKind.SUMMARY}))
def test_a_summary_can_name_whatever_waits(kind: MailKind) -> None:
    lines = (SummaryLine(kind, "budget.xlsx", 2),)
    assert "budget.xlsx: " in body(mail(facts(kind=MailKind.SUMMARY, count=2, since=SINCE, lines=lines)), "plain")


def test_a_pause_says_when_it_ends() -> None:
    text = body(mail(facts(kind=MailKind.PAUSED, detail="paused")), "plain")
    assert "Until: 2 March 2026" in text
    assert "comes back by itself" in text
    assert "Until" not in body(mail(facts(kind=MailKind.PAUSED, detail="paused", at=None)), "plain")

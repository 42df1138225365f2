"""Mails as they are written: their story, their words, and hostile names."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.events import MailKind
from lockpoint.domain.history.judge import FlagReason
from lockpoint.domain.lock import EndReason
from lockpoint.domain.mails.mail_budget import AT_ONCE
from lockpoint.mail.catalogue import WORDS
from lockpoint.mail.compose import clean
from lockpoint.mail.languages import LANGUAGES
from lockpoint.services.ports.notifications import DIGEST, SummaryLine
from tests.mail.bodies import body, outline
from tests.mail.builders import FACTS, SINCE, every_mail, facts, mail

HOSTILE = (
    "a\r\nBcc: everybody@example.com",
    "a\nb\x00c\x1b[31m",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{file.__class__} {0} %s %(x)s",
    "gpj.\u202exlsx",
    "\ud83d lone surrogate",
    "=?utf-8?q?encoded?=",
    "=?utf-8?q?a=0D=0ABcc:_everybody=40example.com?=",
    "ä" * 5000,
    " ",
)


DETAILS = (
    "undone",
    "not_undone",
    "taken_over",
    "handed_over",
    "declined",
    DIGEST,
    *(reason.value for reason in (*EndReason, *FlagReason)),
    None,
)


OF_MANY = {MailKind.SUMMARY, MailKind.ENDLESS_LOCKS}


@pytest.mark.parametrize("kind", sorted(set(MailKind) - OF_MANY))
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
        ("en-GB", "Europe/Berlin", "When: 2 March 2026, 10:00 CET\n"),
        ("en_US", "America/New_York", "When: March 2, 2026, 4:00\xa0AM EST\n"),
        ("en_US", "Europe/Berlin", "When: March 2, 2026, 10:00\xa0AM GMT+01:00\n"),
        ("de-AT", "Europe/Berlin", "Zeitpunkt: 2. März 2026, 10:00 MEZ\n"),
        ("fr", "Asia/Tokyo", "Date\xa0: 2 mars 2026, 18:00 UTC+09:00\n"),
        ("nl", "Europe/Berlin", "Tijdstip: 2 maart 2026, 10:00 CET\n"),
        ("ja", "Asia/Tokyo", "日時: 2026年3月2日 18:00 JST\n"),
        ("ru", "Europe/Berlin", "Когда: 2 марта 2026\xa0г., 10:00 GMT+01:00\n"),  # noqa: RUF001
        ("pt-BR", "Europe/Berlin", "When: March 2, 2026, 10:00\xa0AM GMT+01:00\n"),
        ("xx-nonsense", "Not/AZone", "9:00\xa0AM UTC\n"),
        ("", "../../etc/passwd", "9:00\xa0AM UTC\n"),
        ("../x", "", "9:00\xa0AM UTC\n"),
    ],
)
def test_dates_are_the_recipient_s(locale: str, zone: str, expected: str) -> None:
    """C9: language, date format and time zone of the person, no seconds; unknown values become English and UTC."""
    assert expected in body(mail(facts(locale=locale, time_zone=zone)), "plain").replace("\u202f", "\xa0")


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
    assert not set(body(message, "plain")) & {"\x00", "\x1b", "\u202e", "\r", "\ud83d"}
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


def test_missing_names_are_left_out_politely() -> None:
    """An unknown actor is "Somebody"; an unknown recipient is greeted without a name."""
    message = mail(facts(kind=MailKind.OVERWRITE_ATTEMPT, detail="undone", actor_name=None, recipient_name="", at=None))
    text = body(message, "plain")
    assert text.startswith("Hello,\n")
    assert "Somebody uploaded" in text
    undone = body(mail(facts(kind=MailKind.UPLOAD_UNDONE, detail="undone", actor_name="\u202e")), "plain")
    assert "while it was locked by somebody." in undone
    assert "When:" not in text


def test_every_kind_has_its_words() -> None:
    """A story, advice and why this person is told, for every kind and whatever else is told of it."""
    assert set(WORDS.mails) >= set(MailKind)
    assert all(words.story and words.advice and words.because for words in WORDS.mails.values())
    assert set(WORDS.unprotected) <= {reason.value for reason in FlagReason}


def test_time_is_not_changed_by_the_zone() -> None:
    """Noon UTC in July is 14:00 in Berlin."""
    text = body(mail(facts(at=datetime(2026, 7, 1, 12, tzinfo=UTC))), "plain")
    assert "14:00 CEST" in text


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


def test_a_pause_that_is_shown_is_over_when_one_comes() -> None:
    """C9: the end is rounded up to a whole minute."""
    late = datetime(2026, 3, 2, 9, 0, 0, 1, tzinfo=UTC)
    assert "Until: 2 March 2026, 10:01 CET" in body(mail(facts(kind=MailKind.PAUSED, at=late)), "plain")
    assert "Until: 2 March 2026, 10:00 CET" in body(mail(facts(kind=MailKind.PAUSED)), "plain")
    assert "When: 2 March 2026, 10:00 CET" in body(mail(facts(kind=MailKind.LOCK_ENDED, at=late)), "plain")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_mail_speaks_one_language(locale: str) -> None:
    """No sentence of English in another language, both parts say the same, and the page says which language it is."""
    for message, original in zip(every_mail(locale), every_mail("en-GB"), strict=True):
        words, english = sentences(message), sentences(original)
        assert locale == "en" or not words & english
        assert f'<html lang="{locale}"' in body(message, "html")
        shown = " ".join(outline(message).text.split())
        assert all(" ".join(line.split()) in shown for line in words - {message["Subject"]})
        assert not {"{", "}"} & set("".join(words))


def sentences(message: EmailMessage) -> set[str]:
    lines = {line for line in body(message, "plain").splitlines() if not line.startswith(("https://", "-- "))}
    return {*lines, str(message["Subject"])} - {""}


def test_japanese_has_no_space_between_sentences() -> None:
    """Other languages have one."""
    assert "しました。以前の" in outline(mail(facts(kind=MailKind.UPLOAD_UNDONE, detail="undone", locale="ja"))).text
    assert "Alice. The" in outline(mail(facts(kind=MailKind.UPLOAD_UNDONE, detail="undone"))).text


@pytest.mark.parametrize(
    ("kind", "detail", "reason"),
    [
        (MailKind.UPLOAD_UNDONE, "undone", "because you changed a file that somebody else has locked"),
        (MailKind.UPLOAD_UNDONE, DIGEST, "because you changed a file that somebody else has locked"),
        (MailKind.OVERWRITE_ATTEMPT, "undone", "because you have locked this file"),
        (MailKind.FILE_AVAILABLE, None, "because you asked to be told when this file is free"),
        (MailKind.LOCK_ENDED, "expired", "because you had locked this file"),
        (MailKind.LOCK_ENDED, "holder_gone", "because you administer the space"),
        (MailKind.EDIT_ANSWER, "declined", "because you asked for this file"),
    ],
)
def test_a_mail_says_why_this_person_gets_it(kind: MailKind, detail: str | None, reason: str) -> None:
    """D5: also to people who never use Lockpoint."""
    for part in ("plain", "html"):
        assert f"You get this mail {reason}" in body(mail(facts(kind=kind, detail=detail)), part)


def test_a_warning_extends_with_one_click() -> None:
    """M-01: the button is the link that extends, and says so; without one it leads to the page."""
    url = "https://lockpoint.example/extend/abc"
    message = mail(facts(kind=MailKind.LOCK_WILL_END, extend_url=url))
    assert f"Extend the lock\n{url}\n" in body(message, "plain")
    assert set(outline(message).links) == {url}
    assert "Ends: 2 March 2026, 10:00 CET" in body(message, "plain")
    without = body(mail(facts(kind=MailKind.LOCK_WILL_END)), "plain")
    assert f"Open the page\n{FACTS.page_url}\n" in without


def test_a_request_and_its_answers_bring_what_was_written() -> None:
    """M-07: the message of who asks, the note of who answers."""
    asked = mail(facts(kind=MailKind.EDIT_REQUEST, reason="I only need an hour", at=None))
    assert asked["Subject"] == "Alice asks you for budget.xlsx"
    assert "Message: I only need an hour" in body(asked, "plain")
    declined = body(mail(facts(kind=MailKind.EDIT_ANSWER, detail="declined", reason="Tomorrow", at=None)), "plain")
    assert "Alice still needs the file and keeps the lock.\n\nMessage: Tomorrow\n" in declined
    handed = body(mail(facts(kind=MailKind.EDIT_ANSWER, detail="handed_over", at=None)), "plain")
    assert "It is now locked by you." in handed


def test_a_reminder_lists_the_locks_without_end() -> None:
    """M-10: how many, which, since when, and how many more."""
    lines = (
        SummaryLine(MailKind.ENDLESS_LOCKS, "budget.xlsx", 1, SINCE),
        SummaryLine(MailKind.ENDLESS_LOCKS, "<b>plan</b>", 1, SINCE),
    )
    given = facts(
        kind=MailKind.ENDLESS_LOCKS, file_name="", page_title="", at=None, count=3, lines=lines, more=1, locale="de"
    )
    text = body(mail(given), "plain")
    assert "budget.xlsx: gesperrt seit 2. März 2026, 09:00 MEZ\n<b>plan</b>: gesperrt seit" in text
    assert "Sie haben 3 Dateien ohne Ende gesperrt" in text
    assert "Hier nicht aufgeführt: 1 weitere" in text
    assert "b" not in outline(mail(given)).tags

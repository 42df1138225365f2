"""Headers of a mail: subject, sender, addresses, and the one click that switches it off."""

from email import message_from_bytes
from email.policy import SMTP

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.mail.compose import clean, compose
from lockpoint.mail.languages import LANGUAGES
from lockpoint.services.ports.notifications import MailRefused
from tests.mail.bodies import body
from tests.mail.builders import every_mail, facts, mail


def test_headers_tell_what_the_mail_is() -> None:
    """Automatic mail says so; a mail sent twice has the same Message-ID."""
    message = mail()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == mail()["Message-ID"] == "<1.5@lockpoint.example>"
    assert message["From"] == "Lockpoint <noreply@lockpoint.example>"
    assert message["To"] == "bob@example.com"
    assert message["Date"]


@pytest.mark.parametrize(
    "address",
    ["", "bob", "bob@", "@example.com", "a b@example.com", "bob@example.com\r\nBcc: x@example.com", "a@b, c@d"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailRefused):
        mail(address=address)


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


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_mail_fits_through_every_server(locale: str) -> None:
    """RFC 5322: seven bits and lines of 998 characters at most, whatever the language."""
    for message in every_mail(locale):
        sent = message.as_bytes()
        assert sent.isascii()
        assert max(map(len, sent.split(b"\r\n"))) <= 998
        assert message_from_bytes(sent, policy=SMTP)["Subject"] == message["Subject"]


@pytest.mark.parametrize(
    "name",
    [
        "ä b " * 60,
        "Ж" * 150,
        "a " * 99,
        "=?utf-8?q?a=0D=0ABcc:_b?=",
        "=?utf-8?q?x?= ä",
        "x" * 150,
        "😀" * 60,
        "Press release ä.docx",
    ],
)
def test_a_subject_arrives_as_it_is(name: str) -> None:
    """Folded between encoded words without losing a space; what looks encoded stays as it is."""
    message = mail(facts(file_name=name))
    subject = message_from_bytes(message.as_bytes(), policy=SMTP)["Subject"]
    assert subject == f"{clean(name)} is available again"


@pytest.mark.parametrize(
    "name", ["Dateisperren für Müller und Söhne, Bücher, Größe und Öl GmbH", "ロックポイント 東京 支社"]
)
def test_the_sender_s_name_arrives_as_it_is(name: str) -> None:
    message = mail(sender=f'"{name}" <noreply@lockpoint.example>')
    assert message_from_bytes(message.as_bytes(), policy=SMTP)["From"].addresses[0].display_name == name


def test_the_link_to_switch_off_says_unsubscribe() -> None:
    """D5."""
    message = mail(facts(kind=MailKind.LOCK_ENDED, unsubscribe_url="https://lockpoint.example/mail/1"))
    assert "\nUnsubscribe\nhttps://lockpoint.example/mail/1\n" in body(message, "plain")
    assert ">Unsubscribe</a>" in body(message, "html")


@pytest.mark.parametrize(
    ("domain", "ascii_domain"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("почта.example", "xn--80a1acny.example"),
        ("example.com", "example.com"),
        ("EXAMPLE.com", "EXAMPLE.com"),
    ],
)
def test_a_domain_is_written_in_ascii(domain: str, ascii_domain: str) -> None:
    """D2: of the recipient and of the sender."""
    message = mail(address=f"anna@{domain}", sender=f"Lockpoint <noreply@{domain}>")
    assert message["To"] == f"anna@{ascii_domain}"
    assert message["From"] == f"Lockpoint <noreply@{ascii_domain}>"
    assert message["Message-ID"] == f"<1.5@{ascii_domain}>"


@pytest.mark.parametrize(
    "domain", ["ü..example", "\u202eexample.ü", "-ü.example", "ü" * 64 + ".example", "ü。。example"]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    """D2: a recipient's for good; the sender's is the operator's fault, which refuses nobody's mail."""
    with pytest.raises(MailRefused):
        mail(address=f"anna@{domain}")
    with pytest.raises(ValueError):
        mail(sender=f"Lockpoint <noreply@{domain}>")

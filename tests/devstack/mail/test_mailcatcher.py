import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller

from devstack.mail.mailbox import KEPT, Mailbox
from devstack.mail.mailcatcher import HOST, Catcher, MailServer
from devstack.ports import free_ports


@pytest.fixture
def catcher() -> Iterator[tuple[str, int]]:
    """The page's address and the mail server's port."""
    mailbox = Mailbox()
    post = Controller(Catcher(mailbox), hostname=HOST, port=free_ports())
    page = MailServer(0, mailbox)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    post.start()
    yield f"http://{HOST}:{page.server_port}", post.port
    post.stop()
    page.shutdown()
    page.server_close()


def _send(port: int, to: str, subject: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Lockpoint <app@example.com>", to, subject
    message.set_content(f"Plain words about {subject}")
    message.add_alternative(f"<p>Marked-up words about <b>{subject}</b></p><script>alert(1)</script>", subtype="html")
    with smtplib.SMTP(HOST, port) as client:
        client.send_message(message)


def _mails(page: str, to: str | None = None) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = requests.get(f"{page}/mails", params={"to": to} if to else {}).json()["mails"]
    return mails


def test_a_mail_is_kept_with_both_parts(catcher: tuple[str, int]) -> None:
    page, port = catcher
    _send(port, "alice@example.com", "Grüße <b>")
    (mail,) = _mails(page)
    assert mail["to"] == ["alice@example.com"]
    assert mail["subject"] == mail["headers"]["subject"] == "Grüße <b>"
    assert mail["text"].strip() == "Plain words about Grüße <b>"
    assert "<script>" in mail["html"]


def test_mails_are_told_apart_by_recipient_and_can_be_cleared(catcher: tuple[str, int]) -> None:
    """`?to=` filters by person, newest first; DELETE removes all."""
    page, port = catcher
    for to, subject in (("alice@example.com", "one"), ("bob@example.com", "two"), ("Alice@Example.com", "three")):
        _send(port, to, subject)
    assert [mail["subject"] for mail in _mails(page, "alice@example.com")] == ["three", "one"]
    assert requests.delete(f"{page}/mails").status_code == 204
    assert _mails(page) == []


def test_a_person_can_read_a_mail_and_its_scripts_are_dead(catcher: tuple[str, int]) -> None:
    """Subjects are text; a mail's HTML is in a sandboxed frame."""
    page, port = catcher
    assert "Nothing has been sent yet" in requests.get(page).text
    _send(port, "bob@example.com", "<img src=x>")
    listing = requests.get(page)
    assert "&lt;img src=x&gt;" in listing.text
    assert "<img" not in listing.text
    one = requests.get(f"{page}/mail/1")
    assert "<iframe sandbox " in one.text
    assert "<script" not in one.text
    assert one.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert requests.get(f"{page}/mail/2").status_code == 404
    assert requests.delete(f"{page}/mail/1").status_code == 404


def test_the_mailbox_stays_small() -> None:
    mailbox = Mailbox()
    for number in range(KEPT + 3):
        mailbox.put("app@example.com", ("alice@example.com",), f"Subject: {number}\r\n\r\n".encode())
    assert [mail.subject for mail in mailbox.mails()][:: KEPT - 1] == [str(KEPT + 2), "3"]


def test_an_address_can_be_refused(catcher: tuple[str, int]) -> None:
    """For tests of the app with an unknown recipient."""
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        _send(catcher[1], "refused@example.com", "nothing")


def test_mails_outlive_a_restart_where_they_are_kept(tmp_path: Path) -> None:
    """With their numbers; what was cleared is gone, and the limit holds in the folder, too."""
    first = Mailbox(tmp_path)
    first.put("a@example.com", ("bob@example.com",), b"Subject: one\r\n\r\nwords")
    first.put("a@example.com", ("bob@example.com",), b"Subject: two\r\n\r\nwords")
    again = Mailbox(tmp_path)
    assert [(mail.number, mail.subject) for mail in again.mails("bob@example.com")] == [(2, "two"), (1, "one")]
    again.put("a@example.com", ("bob@example.com",), b"Subject: three\r\n\r\n")
    assert [mail.number for mail in again.mails()] == [3, 2, 1]
    for _ in range(KEPT):
        again.put("a@example.com", ("bob@example.com",), b"Subject: more\r\n\r\n")
    assert len(list(tmp_path.iterdir())) == KEPT
    again.clear()
    assert Mailbox(tmp_path).mails() == []

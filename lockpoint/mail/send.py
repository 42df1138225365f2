"""Handing mail to the server."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from lockpoint.domain.mails.mail_templates import MailTemplate
from lockpoint.mail.compose import compose, shorten, show
from lockpoint.mail.site_texts import app_words
from lockpoint.services.ports.notifications import MailFacts, MailRefused, MailUnavailable, ShortNotice, ShownMail

TIMEOUT: Final = 20.0
_PERMANENT: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    tls: bool
    start_tls: bool
    user: str | None
    password: str | None = field(repr=False)


def server_of(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587?starttls=1` or `smtps://…`; raises ValueError."""
    address = urlsplit(url)
    if address.scheme not in {"smtp", "smtps"} or not address.hostname:
        raise ValueError("not an address of a mail server")
    tls = address.scheme == "smtps"
    return SmtpServer(
        host=address.hostname,
        port=address.port or (465 if tls else 25),
        tls=tls,
        start_tls=parse_qs(address.query).get("starttls", ["0"])[-1] not in {"0", ""},
        user=None if address.username is None else unquote(address.username),
        password=None if address.password is None else unquote(address.password),
    )


class SmtpMailer:
    """One connection per mail, TLS verified; `sender` is From.

    Never quotes answers: they often repeat the address.
    """

    def __init__(
        self, url: str, sender: str, *, timeout: float = TIMEOUT, now: Callable[[], float] = time.time
    ) -> None:
        self._server = server_of(url)
        self._sender = sender
        self._timeout = timeout
        self._now = now

    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        """MailRefused (never retry) or MailUnavailable (later)."""
        message = compose(facts, address=address, sender=self._sender, message_id=message_id, sent_at=self._now())
        with self._connection() as connection:
            _hand_over(connection, message)

    def try_connection(self) -> None:
        """Log in and leave; MailUnavailable."""
        with self._connection():
            pass

    def show(self, facts: MailFacts) -> ShownMail:
        return show(facts)

    def words(self, language: str) -> Mapping[str, MailTemplate]:
        return app_words(language)

    def shorten(self, facts: MailFacts) -> ShortNotice:
        return shorten(facts)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Errors here are the server's or the settings', not the mail's."""
        try:
            connection = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"no connection: {_name(error)}") from None
        try:
            yield connection
        finally:
            # The mail is accepted or refused by now; a failed QUIT changes nothing.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.tls:
            context = ssl.create_default_context()
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.start_tls:
                connection.starttls(context=ssl.create_default_context())
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except BaseException:
            connection.close()
            raise
        return connection


def _hand_over(connection: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _verdict(max(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPResponseException as error:
        raise _verdict(error.smtp_code) from None
    except smtplib.SMTPNotSupportedError:
        raise MailRefused("the mail server cannot write to this kind of address") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(f"the connection broke: {_name(error)}") from None


def _verdict(code: int) -> MailRefused | MailUnavailable:
    kind = MailRefused if code in _PERMANENT else MailUnavailable
    return kind(f"the mail server answered {code}")


def _name(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"

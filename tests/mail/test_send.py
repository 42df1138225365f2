import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from lockpoint.mail.send import SmtpMailer, server_of
from lockpoint.services.ports.notifications import MailRefused, MailUnavailable
from tests.mail.builders import facts

SENDER = "Lockpoint <noreply@lockpoint.example>"


@dataclass
class Post:
    """A mail server's handler: keeps mails, or answers what a test wants."""

    answers: dict[str, str] = field(default_factory=dict)
    box: list[tuple[list[str], Message]] = field(default_factory=list)

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" not in self.answers:
            self.box.append((envelope.rcpt_tos, message_from_bytes(envelope.content or b"")))
        return self.answers.get("DATA", "250 OK")


@pytest.fixture
def post() -> Post:
    return Post()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def serve(post: Post) -> Iterator[Callable[..., str]]:
    started: list[Controller] = []

    def start(**options: Any) -> str:
        controller = Controller(post, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        started.append(controller)
        return f"127.0.0.1:{controller.port}"

    yield start
    for controller in started:
        controller.stop()


def send(url: str, address: str = "bob@example.com", **values: Any) -> None:
    SmtpMailer(url, SENDER, timeout=5).send(address, facts(**values), message_id="1.5")


def test_a_mail_arrives(serve: Callable[..., str], post: Post) -> None:
    send(f"smtp://{serve()}")
    ((recipients, message),) = post.box
    assert recipients == ["bob@example.com"]
    assert message["Message-ID"] == "<1.5@lockpoint.example>"
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 try later", MailUnavailable), ("452 full", MailUnavailable), ("550 no such", MailRefused)],
)
def test_the_server_s_word_decides(
    serve: Callable[..., str], post: Post, stage: str, answer: str, error: type[Exception]
) -> None:
    """F45: 4xx is later, 5xx is never, at every stage; the answer is not quoted, it may contain the address."""
    post.answers[stage] = f"{answer} <bob@example.com>"
    with pytest.raises(error) as caught:
        send(f"smtp://{serve()}")
    assert "bob" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert post.box == []


def test_a_server_that_is_away_is_tried_later() -> None:
    """F45."""
    with pytest.raises(MailUnavailable):
        send(f"smtp://127.0.0.1:{free_port()}")


@pytest.mark.parametrize("greeting", [b"", b"421 too busy\r\n", b"554 not for you\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_a_server_that_does_not_greet_is_tried_later(greeting: bytes) -> None:
    """F45: errors before the mail itself are not the mail's fault: connection closed, busy, not a mail server."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(greeting)

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(MailUnavailable):
        send(f"smtp://127.0.0.1:{listener.getsockname()[1]}")
    thread.join()
    listener.close()


def test_a_tarpit_does_not_hold_the_worker() -> None:
    """F45: a silent server is given up after the time-out."""
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(MailUnavailable):
        SmtpMailer(f"smtp://127.0.0.1:{listener.getsockname()[1]}", SENDER, timeout=0.2).send(
            "bob@example.com", facts(), message_id="1"
        )


def test_a_goodbye_that_fails_changes_nothing(
    serve: Callable[..., str], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F45: once the server has said 250 the mail is sent."""

    async def hang_up(server: Any, _session: Any, _envelope: Any) -> str:
        server.transport.close()
        return "221 bye"

    monkeypatch.setattr(post, "handle_QUIT", hang_up, raising=False)
    send(f"smtp://{serve()}")
    assert len(post.box) == 1


def test_credentials_are_used(serve: Callable[..., str], post: Post) -> None:
    """User and password come percent-decoded from the URL; the operator must fix wrong ones, so: later."""
    seen: list[object] = []

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        seen.append(data)
        return AuthResult(success=data == LoginPassword(b"me@site", b"p:ss"), handled=True)

    place = serve(authenticator=check, auth_require_tls=False)
    send(f"smtp://me%40site:p%3Ass@{place}")
    assert len(post.box) == 1
    assert seen[0] == LoginPassword(b"me@site", b"p:ss")
    with pytest.raises(MailUnavailable):
        send(f"smtp://me:wrong@{place}")


def test_promised_encryption_is_not_given_up(serve: Callable[..., str], post: Post) -> None:
    """`starttls=1` on a server without it: no mail in the clear, later."""
    with pytest.raises(MailUnavailable):
        send(f"smtp://{serve()}?starttls=1")
    with pytest.raises(MailUnavailable):
        send(f"smtps://{serve()}")
    assert post.box == []


def test_an_address_that_the_server_cannot_write_to_is_refused(serve: Callable[..., str], post: Post) -> None:
    """An address beyond ASCII needs SMTPUTF8."""
    send(f"smtp://{serve(enable_SMTPUTF8=True)}", "böb@example.com")
    assert post.box[0][0] == ["böb@example.com"]
    with pytest.raises(MailRefused):
        send(f"smtp://{serve(enable_SMTPUTF8=False)}", "böb@example.com")


def test_a_domain_beyond_ascii_needs_nothing_of_the_server(serve: Callable[..., str], post: Post) -> None:
    """D2: header and envelope have the domain as ASCII."""
    send(f"smtp://{serve(enable_SMTPUTF8=False)}", "anna@bücher.example")
    ((recipients, message),) = post.box
    assert recipients == [message["To"]] == ["anna@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "address", ["bob@example.com\r\nRCPT TO:<eve@example.com>", "bob@example.com>\r\nDATA", "a@b,c@d"]
)
def test_an_address_cannot_smuggle_commands(serve: Callable[..., str], post: Post, address: str) -> None:
    """Only a single address reaches the server."""
    with pytest.raises(MailRefused):
        send(f"smtp://{serve()}", address)
    assert post.box == []


def test_the_address_of_the_server() -> None:
    assert (server_of("smtp://h").port, server_of("smtps://h").port, server_of("smtp://h:2525").port) == (25, 465, 2525)
    assert server_of("smtp://h?starttls=1").start_tls
    assert not server_of("smtp://h?starttls=0").start_tls
    assert "geheim" not in repr(server_of("smtp://u:geheim@h"))
    with pytest.raises(ValueError, match="mail server"):
        server_of("http://h")

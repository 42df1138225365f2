"""Mail server without delivery: keeps mails in memory and shows them on a page.

`python -m devstack.mail.mailcatcher --smtp-port 1025 --http-port 8025`, loopback only. `GET /` is the page; programs
use `GET /mails[?to=address]` and `DELETE /mails`. Addresses that begin with `refused` are refused.
"""

import json
import signal
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import click
from aiosmtpd.controller import Controller

from devstack.mail.mailbox import Mailbox
from devstack.mail.mailpage import list_page, mail_page

HOST: Final = "127.0.0.1"
REFUSED: Final = "refused"


class Catcher:
    """Handler of aiosmtpd."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith(REFUSED):
            return "550 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self._mailbox.put(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content)
        return "250 kept, and delivered to nobody"


class MailServer(ThreadingHTTPServer):
    """Page and JSON of one mailbox."""

    daemon_threads = True

    def __init__(self, port: int, mailbox: Mailbox) -> None:
        super().__init__((HOST, port), Handler)
        self.mailbox = mailbox


class Handler(BaseHTTPRequestHandler):
    server: MailServer

    def do_GET(self) -> None:
        """The list, one mail, or JSON."""
        address = urlsplit(self.path)
        recipient = parse_qs(address.query).get("to", [None])[0]
        mails = self.server.mailbox.mails(recipient)
        if address.path == "/mails":
            self._answer(json.dumps({"mails": [mail.as_json() for mail in mails]}), "application/json")
        elif address.path == "/":
            self._answer(list_page(mails, recipient), "text/html; charset=utf-8")
        else:
            self._one(address.path.removeprefix("/mail/"))

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path != "/mails":
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.server.mailbox.clear()
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing: the page polls every five seconds, and logs contain no addresses."""

    def _one(self, number: str) -> None:
        found = next((mail for mail in self.server.mailbox.mails() if str(mail.number) == number), None)
        if found is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._answer(mail_page(found), "text/html; charset=utf-8")

    def _answer(self, content: str, media_type: str) -> None:
        data = content.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        self.end_headers()
        self.wfile.write(data)


@click.command()
@click.option("--smtp-port", type=int, default=1025, show_default=True)
@click.option("--http-port", type=int, default=8025, show_default=True)
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Folder for the mails; else in memory.")
def main(smtp_port: int, http_port: int, keep: Path | None) -> None:
    mailbox = Mailbox(keep)
    post = Controller(Catcher(mailbox), hostname=HOST, port=smtp_port)
    page = MailServer(http_port, mailbox)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    post.start()
    threading.Thread(target=page.serve_forever, daemon=True).start()
    stop.wait()
    page.shutdown()
    post.stop()


if __name__ == "__main__":
    main()

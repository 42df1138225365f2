"""Caught mails, in memory."""

import itertools
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

KEPT = 500
"""Older mails are dropped: a catcher that runs for weeks stays small."""


@dataclass(frozen=True, slots=True)
class Mail:
    """`recipients` are the envelope's."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Decoded, or empty."""
        return str(self.message.get("Subject", ""))

    @property
    def text(self) -> str:
        """Plain-text part, or empty."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """HTML part, or empty."""
        return self._part("html")

    def as_json(self) -> dict[str, object]:
        """Header names in lower case."""
        return {
            "id": self.number,
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "date": str(self.message.get("Date", "")),
            "text": self.text,
            "html": self.html,
            "headers": {name.lower(): str(value) for name, value in self.message.items()},
        }

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part is not None else ""


class Mailbox:
    """Mails since start or last clearing; thread-safe."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def put(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        """Drops the oldest above the limit."""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self._mails.append(Mail(next(self._numbers), sender, recipients, message))
            del self._mails[:-KEPT]

    def mails(self, recipient: str | None = None) -> list[Mail]:
        """Newest first, optionally to one address."""
        with self._lock:
            newest_first = self._mails[::-1]
        wanted = None if recipient is None else recipient.lower()
        return [mail for mail in newest_first if wanted is None or wanted in map(str.lower, mail.recipients)]

    def clear(self) -> None:
        with self._lock:
            self._mails.clear()

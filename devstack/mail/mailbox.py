"""The mails a catcher has caught, in memory, with the few questions tests and people ask about them."""

import itertools
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

KEPT = 500
"""Mails; older ones are forgotten, so that a catcher that runs for weeks stays small."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it was handed over: `recipients` are the envelope's, which is where it would have gone."""

    number: int
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The decoded subject, empty when there is none."""
        return str(self.message.get("Subject", ""))

    @property
    def text(self) -> str:
        """The plain-text part, empty when there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The HTML part, empty when there is none."""
        return self._part("html")

    def as_json(self) -> dict[str, object]:
        """Everything about it in JSON's types; header names are in lower case."""
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
    """Every mail caught since the start or the last clearing; safe between threads."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def put(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        """Keep one mail, forgetting the oldest when there are too many."""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            self._mails.append(Mail(next(self._numbers), sender, recipients, message))
            del self._mails[:-KEPT]

    def mails(self, recipient: str | None = None) -> list[Mail]:
        """List the mails, newest first; with a recipient only those that went to that address."""
        with self._lock:
            newest_first = self._mails[::-1]
        wanted = None if recipient is None else recipient.lower()
        return [mail for mail in newest_first if wanted is None or wanted in map(str.lower, mail.recipients)]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._mails.clear()

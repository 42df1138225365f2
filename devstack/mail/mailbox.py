"""Caught mails, in memory and, where they are to be kept, in a folder."""

import base64
import itertools
import json
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

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
    """Mails since start or last clearing, with a folder those of earlier starts, too; thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._mails: list[Mail] = [] if folder is None else _kept(folder)
        self._numbers = itertools.count(self._mails[-1].number + 1 if self._mails else 1)
        self._lock = threading.Lock()

    def put(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        """Drops the oldest above the limit."""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            mail = Mail(next(self._numbers), sender, recipients, message)
            self._mails.append(mail)
            if self._folder is not None:
                _file(self._folder, mail).write_text(_stored(mail, content), encoding="utf-8")
            self._drop(len(self._mails) - KEPT)

    def mails(self, recipient: str | None = None) -> list[Mail]:
        """Newest first, optionally to one address."""
        with self._lock:
            newest_first = self._mails[::-1]
        wanted = None if recipient is None else recipient.lower()
        return [mail for mail in newest_first if wanted is None or wanted in map(str.lower, mail.recipients)]

    def clear(self) -> None:
        with self._lock:
            self._drop(len(self._mails))

    def _drop(self, count: int) -> None:
        for mail in self._mails[: max(count, 0)]:
            if self._folder is not None:
                _file(self._folder, mail).unlink(missing_ok=True)
        del self._mails[: max(count, 0)]


def _file(folder: Path, mail: Mail) -> Path:
    return folder / f"{mail.number:08}.json"


def _stored(mail: Mail, content: bytes) -> str:
    return json.dumps([mail.sender, mail.recipients, base64.b64encode(content).decode()])


def _kept(folder: Path) -> list[Mail]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mails = []
    for file in sorted(folder.glob("*.json")):
        sender, recipients, content = json.loads(file.read_text(encoding="utf-8"))
        message = message_from_bytes(base64.b64decode(content), policy=policy.default)
        mails.append(Mail(int(file.stem), sender, tuple(recipients), message))
    return mails

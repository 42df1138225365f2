"""A mail server that keeps what it takes, answers "later" at times, or hangs up after it took a mail."""

from __future__ import annotations

import random
import threading
import time
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller

from devstack.ports import HOST
from tests.storm.evidence import WireMail


class MailServer:
    """Handler of aiosmtpd; `trouble` is the share of mails that it does not take properly."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self.mails: list[WireMail] = []
        self.trouble = 0.0
        self._chance = chance
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname=HOST, port=port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        bad = self._chance.random() < self.trouble
        if bad and self._chance.random() < 0.5:
            return "451 come again"
        name = str(message_from_bytes(envelope.content)["Message-ID"]).strip("<>").partition("@")[0]
        with self._lock:
            self.mails += [
                WireMail(message=name, to=to, at=time.time() * 1000, dropped=bad) for to in envelope.rcpt_tos
            ]
        if bad:
            server.transport.abort()
        return "250 kept"

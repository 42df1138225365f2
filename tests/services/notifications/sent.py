"""What was sent, and how sending ended."""

from __future__ import annotations

from lockpoint.services.ports.notifications import MailFacts
from tests.services.stage import Stage


def sent_to(stage: Stage) -> dict[str, MailFacts]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box
    assert len({message_id for _, _, message_id in box}) == len(box)
    return {address: facts for address, facts, _ in box}


def results(stage: Stage) -> list[str]:
    return [result for _, result in stage.world.tables.sent]

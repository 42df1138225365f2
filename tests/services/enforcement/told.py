"""Who hears of one overwrite of Bob's that was undone."""

from __future__ import annotations

from lockpoint.domain.events import MailKind
from tests.fakes.world import ALICE, BOB

BOTH_TOLD = [(MailKind.OVERWRITE_ATTEMPT, ALICE, "undone"), (MailKind.UPLOAD_UNDONE, BOB, "undone")]

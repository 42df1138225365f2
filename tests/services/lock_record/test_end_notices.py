"""Who hears of the end of a lock."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import EndReason
from lockpoint.services.context import Priority
from lockpoint.services.lock_record.end_notices import mail_to_holder
from lockpoint.services.lock_record.waitlist import Waitlist, store_waitlist
from tests.domain.build import ALICE as HOLDER
from tests.domain.build import DANA as MANAGER
from tests.domain.build import ended
from tests.fakes.world import ACME, ALICE, CHARLIE, DANA
from tests.services.stage import Stage


@pytest.mark.parametrize(
    ("reason", "by", "kind"),
    [
        (EndReason.RELEASED, HOLDER, None),
        (EndReason.BROKEN, MANAGER, MailKind.LOCK_ENDED_BY_OTHER),
        (EndReason.TAKEN_OVER, MANAGER, MailKind.LOCK_ENDED_BY_OTHER),
        (EndReason.TAKEN_OVER, HOLDER, None),
        (EndReason.HANDED_OVER, HOLDER, None),
        (EndReason.HANDED_OVER, MANAGER, MailKind.LOCK_ENDED_BY_OTHER),
        (EndReason.EXPIRED, None, MailKind.LOCK_ENDED),
        (EndReason.FILE_GONE, None, MailKind.LOCK_ENDED),
        (EndReason.HOLDER_GONE, None, None),
    ],
)
def test_a_holder_hears_of_ends_that_are_not_their_own(
    reason: EndReason, by: str | None, kind: MailKind | None
) -> None:
    """M-06: and nobody writes to an account that is gone."""
    mails = mail_to_holder("131203", ended(reason, by=by))
    assert [mail.kind for mail in mails] == ([] if kind is None else [kind])
    assert all((mail.recipient, mail.actor, mail.detail) == (HOLDER, by, reason.value) for mail in mails)


def test_a_holder_on_the_waitlist_of_their_own_lock_gets_one_mail(stage: Stage) -> None:
    """G12: the one about their end."""
    stage.lock()
    people = Waitlist((ALICE, CHARLIE))
    store_waitlist(stage.world.services, ACME, stage.file.id, None, people, priority=Priority.INTERACTIVE)
    stage.break_(stage.held.lock_id, DANA)
    assert [mail[:2] for mail in stage.mails()] == [
        (MailKind.FILE_AVAILABLE, CHARLIE),
        (MailKind.LOCK_ENDED_BY_OTHER, ALICE),
    ]

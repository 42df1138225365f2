"""The end of a lock whose holder's account is closed or deactivated."""

from __future__ import annotations

from functools import partial

from lockpoint.domain import rules
from lockpoint.domain.events import MailKind
from lockpoint.domain.lock import Ended, EndReason, Free, Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.locks.end_lock import end
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.services.tenancy.site_facts import app_accounts


def end_lock(services: Services, tenant: Tenant, state: FileState, held: Held) -> None:
    """The waitlist is told, as at every end. Raises the host's errors."""
    rule = partial(rules.end, lock_id=held.lock_id, reason=EndReason.HOLDER_GONE, by=None)
    end(services, tenant, state, rule, priority=Priority.MAINTENANCE)


def tell_administrators(services: Services, tenant: Tenant, account: str, state: FileState) -> None:
    """Tell each administrator of the space once, if this account's lock is the one that ended so last."""
    found, space = state.found, state.witness.space_id if state.witness else None
    if not isinstance(found, Free) or not was_left_by(account, found.ended) or space is None:
        return
    nobody = {account} | app_accounts(services.people, tenant, priority=Priority.MAINTENANCE)
    mails = tuple(
        MailIntent(
            kind=MailKind.LOCK_ENDED,
            recipient=administrator,
            attachment_id=state.attachment.id,
            event_key=found.ended.lock_id,
            lock_id=found.ended.lock_id,
            detail=EndReason.HOLDER_GONE.value,
        )
        for administrator in services.people.space_administrators(tenant, space, priority=Priority.MAINTENANCE)
        if administrator not in nobody
    )
    services.effects.record(tenant, Effects(intents=mails))


def was_left_by(account: str, ended: Ended) -> bool:
    """Return whether the lock ended because the account of its holder did."""
    return ended.reason is EndReason.HOLDER_GONE and ended.holder == account

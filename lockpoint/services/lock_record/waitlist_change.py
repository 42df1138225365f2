"""Changing the waitlist of a file on condition that nobody else changed it in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lockpoint.services.container import Services
from lockpoint.services.context import Priority, Tenant
from lockpoint.services.errors import Busy, Forbidden, LostRace, TooMany
from lockpoint.services.lock_record.compare_and_set import FIRST_PAUSE, ROUNDS
from lockpoint.services.lock_record.file_state import FileState
from lockpoint.services.lock_record.waitlist import (
    Waitlist,
    foreign,
    read_waitlist,
    store_waitlist,
    waitlist_of,
)
from lockpoint.services.ports.confluence import StoredProperty

Change = Callable[[Waitlist], Waitlist]


def change_waitlist(
    services: Services, tenant: Tenant, state: FileState, change: Change, *, priority: Priority
) -> FileState:
    """Store what `change` makes of the waitlist; return the file with it. Nothing is written where it stays as it is.

    `change` is asked again after a lost race. Raises `Forbidden` where nobody may write, `TooMany` where no more fits,
    `Busy` where others were faster each time.
    """
    file_id, row = state.attachment.id, state.attachment.waitlist_row
    for round_ in range(ROUNDS):
        before = waitlist_of(services, tenant, file_id, row)
        wanted = change(before)
        if wanted == before and not foreign(services, tenant, file_id, row):
            return _with_row(state, row)
        if not state.writable:
            raise Forbidden("the waitlist may not be written")
        if wanted.too_large and not before.too_large:
            raise TooMany("Too many people ask for this file. Wait until some have been answered.")
        try:
            stored = store_waitlist(services, tenant, file_id, row, wanted, priority=priority, person=state.person)
        except LostRace:
            services.clock.sleep(FIRST_PAUSE * 2**round_ * services.ids.fraction())
            row = read_waitlist(services, tenant, file_id, priority=priority, person=state.person)
        else:
            services.witnesses.still_there(tenant, file_id, services.clock.now())  # lists read the file again
            return _with_row(state, stored)
    raise Busy("Many people ask for this file at the same time. Try again.", details={"retryAfter": 1})


def _with_row(state: FileState, row: StoredProperty | None) -> FileState:
    return replace(state, attachment=replace(state.attachment, waitlist_row=row))

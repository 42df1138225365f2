"""A site that leaves: nothing is undone there any more."""

from __future__ import annotations

import pytest

from lockpoint.services.context import Tenant
from lockpoint.services.errors import Unauthorised
from lockpoint.services.reconciliation.reconcile import trashed_by
from tests.fakes.world import ACME, ALICE, BOB
from tests.services.stage import Stage


@pytest.mark.parametrize("state", ["installed", "enabled"])
def test_silence_after_the_site_has_left(locked: Stage, state: str) -> None:
    """I20, L-70: no host call after uninstall or disable."""
    locked.upload(BOB, b"Bob's")
    off = {"installed": True, "enabled": True, state: False}
    locked.world.tables.tenants[ACME.id] = Tenant(ACME.id, ACME.site_key, ACME.base_url, **off)
    locked.taps.clear()
    locked.reconcile()
    trashed_by(locked.world.services, ACME, locked.file.id, ALICE)
    assert locked.sweep() == 0
    assert locked.taps.host_calls() == []


def test_an_uninstall_in_the_middle_of_a_restore_stops_it(locked: Stage) -> None:
    """E40, F32: no later call."""
    locked.upload(BOB, b"Bob's")

    def gone() -> None:
        del locked.world.tables.tenants[ACME.id]
        locked.taps.clear()

    locked.taps.after["witnesses.set_protection", 1] = gone
    with pytest.raises(Unauthorised):
        locked.reconcile()
    assert locked.taps.host_calls() == []

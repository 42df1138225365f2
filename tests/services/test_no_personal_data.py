from __future__ import annotations

from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.locks import Effects
from tests.fakes.storage.effects import FakeEffects
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM, START
from tests.services.stage import Stage

CANARY = "Kanarienvogel"


def test_no_effect_ever_holds_a_name_a_title_a_note_or_a_reason(stage: Stage) -> None:
    """Privacy 1, L-08: people are account ids, files are ids."""
    site = stage.world.site()
    for account, person in list(site.people.items()):
        site.people[account] = type(person)(account, f"{CANARY} {person.display_name}", in_use=True)
        site.addresses[account] = f"{CANARY}.{len(account)}@example.com"
    site.pages[stage.file.container.id].title = f"{CANARY} page"
    stage.file.versions[0] = type(stage.file.versions[0])(
        START, ALICE, CANARY.encode(), "media-1", f"{CANARY}.txt", message=f"{CANARY} comment"
    )
    effects: list[Effects] = []
    record = FakeEffects.record

    def listening(self: FakeEffects, tenant: object, what: Effects) -> None:
        effects.append(what)
        record(self, tenant, what)

    FakeEffects.record = listening
    try:
        _journey(stage)
    finally:
        FakeEffects.record = record
    assert len(effects) > 15
    assert CANARY.lower() not in repr(effects).lower()
    assert CANARY.lower() not in repr(vars(stage.world.tables)).lower()
    assert CANARY in repr(site.rows)


def _journey(stage: Stage) -> None:
    """Do everything possible with a lock."""
    site = stage.world.site()
    stage.lock(note=f"{CANARY} note")
    stage.ask(CHARLIE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, CANARY.encode())
    stage.reconcile()
    site.rename(stage.file.id, BOB, f"{CANARY} renamed.txt")
    stage.reconcile()
    site.trash(stage.file.id)
    stage.reconcile()
    stage.extend(stage.held.lock_id)
    for message in ("please", "again"):
        stage.request(stage.held.lock_id, BOB, f"{CANARY} {message}")
        stage.decline(stage.held.lock_id, BOB, note=f"{CANARY} not yet")
        stage.run_jobs(*JobKind)
    stage.request(stage.held.lock_id, BOB, f"{CANARY} at last")
    stage.hand_over(stage.held.lock_id, BOB, DANA, f"{CANARY} away")
    stage.run_jobs(*JobKind)
    stage.take_over(stage.held.lock_id, DANA, why=f"{CANARY} reason", note=f"{CANARY} again")
    stage.break_(stage.held.lock_id, SAM, why=f"{CANARY} other reason")
    stage.lock(note=f"{CANARY} third")
    assert isinstance(stage.found, Held)
    site.put_lock_rows(stage.file.id)
    stage.sweep()
    site.restore_refused = True
    stage.upload(BOB, CANARY.encode() * 2)
    stage.sweep()
    stage.rows(BOB, text=CANARY)
    stage.world.clock.advance(hours=49)
    stage.sweep()
    stage.run_jobs(*JobKind, also_later=True)
    stage.lock(note=f"{CANARY} fourth")
    site.purge(stage.file.id)
    stage.sweep()
    stage.run_jobs(*JobKind, also_later=True)
    assert stage.world.tables.sent
    assert isinstance(stage.world.services, Services)
    assert stage.world.tables.audit_of(ACME)

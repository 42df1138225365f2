from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockpoint.domain.events import AuditKind
from lockpoint.services.reconciliation import sweep
from tests.fakes.world import ACME, ALICE, BOB, DANA
from tests.properties.enforcement_model import EnforcementModel

Happening = tuple[str, str | None]
HAPPENINGS = st.lists(
    st.sampled_from([("upload", ALICE), ("upload", BOB), ("upload", DANA), ("upload", None), ("trash", BOB)]),
    max_size=8,
)
Delivery = Callable[[EnforcementModel, random.Random], None]


def at_once(model: EnforcementModel, rng: random.Random) -> None:  # noqa: ARG001 - nothing is random
    """Deliver every hint right after its cause, twice."""
    while model.hints:
        model.deliver(0, again=True)
        model.stage.finish(model.stage.tasks[-1])
        model.deliver(0, again=False)
        model.stage.finish(model.stage.tasks[-1])


def by_chance(model: EnforcementModel, rng: random.Random) -> None:
    """Deliver some hints now, later, never, in any order, repeatedly."""
    while model.hints and rng.random() < 0.5:
        if rng.random() < 0.3:
            model.lose(rng.randrange(9))
        else:
            model.deliver(rng.randrange(9), again=rng.random() < 0.3)
            model.stage.finish(model.stage.tasks[-1])


def never(model: EnforcementModel, rng: random.Random) -> None:  # noqa: ARG001 - nothing is random
    model.hints.clear()


def outcome(happenings: list[Happening], delivery: Delivery, seed: int) -> tuple[object, ...]:
    """Return final content, lock, base, and audited people."""
    model, rng = EnforcementModel(), random.Random(seed)  # noqa: S311 - randomness for a test
    for what, author in happenings:
        model.tick(900)
        if what == "upload":
            model.sweep_if_trashed()
            model.tick(10)
            model.upload(author)
        else:
            model.trash()
        delivery(model, rng)
    model.tick(900)
    sweep.sweep(model.world.services, ACME)
    model.settle()
    rows = model.world.tables.audit_of(ACME)
    conflicts = {(row.account, row.at) for row in rows if row.kind is AuditKind.CONFLICT}
    held, made = model.held, model.world.tables.witnesses[ACME.id, model.file_id].protection
    return model.file.content, held.lock_id, held.holder, held.base.created, conflicts, made


@pytest.mark.parametrize("delivery", [by_chance, never], ids=lambda delivery: delivery.__name__)
@given(happenings=HAPPENINGS, seed=st.integers(0, 1000))
def test_the_end_does_not_depend_on_the_hints(delivery: Delivery, happenings: list[Happening], seed: int) -> None:
    """I15, L-43, F21, F22: any permutation, duplication, or subset (+ sweep)."""
    assert outcome(happenings, delivery, seed) == outcome(happenings, at_once, seed)

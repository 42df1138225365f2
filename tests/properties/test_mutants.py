"""The machines catch each broken design and pass the right one, on the same schedules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.properties import (
    budget_model,
    enforcement_model,
    lock_model,
    schedule_model,
    space_model,
    system_model,
    time_model,
)
from tests.properties.mutants.catalogue import MUTANTS
from tests.properties.mutants.mutant import Mutant, hunt
from tests.support.checkout import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_broken_design_is_caught(mutant: Mutant) -> None:
    """R27: a checker that has never caught a bug proves nothing."""
    found = hunt(mutant)
    assert found is not None, "it got away"
    assert found.startswith(mutant.found), found


@pytest.mark.parametrize(
    ("run", "schedules"),
    [
        (lock_model.run, 200),
        (schedule_model.run, 150),
        (schedule_model.run_rush, 200),
        (enforcement_model.run, 200),
        (system_model.run, 150),
        (partial(system_model.run, calm=True), 150),
        (time_model.run, 400),
        (space_model.run, 100),
        (budget_model.run, 10),
    ],
    ids=[
        "machine 1",
        "machine 2",
        "machine 2, beginnings",
        "machine 3",
        "machine 4",
        "machine 4, calm",
        "machine 5",
        "machine 6",
        "machine 7",
    ],
)
def test_the_right_design_is_not(run: Callable[[int], Any], schedules: int) -> None:
    """R1, R2, I10, L-33: on the same schedules."""
    for seed in range(schedules):
        run(seed)


def test_there_are_enough_of_them() -> None:
    """R27: at least 25, over all machines."""
    assert len(MUTANTS) >= 25
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_none_of_them_is_left_out() -> None:
    """R27: each that is written down is hunted."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "properties" / "mutants").glob("*.py")]
    assert sum(text.count("    Mutant(") for text in texts) == len(MUTANTS)

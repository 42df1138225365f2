"""What an installation's own data say about what is claimed, and what results of tests are read as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.services.listing.reliability import CLAIMS, ClaimOutcome, Found, newest, of_installation, of_results
from lockpoint.services.ports.maintenance import ReliabilityReadings

NOTHING = ReliabilityReadings(
    undone=0,
    standing=0,
    restores=0,
    undo_seconds=None,
    writes=0,
    doubled=0,
    gaps=0,
    recovered=0,
    mails={},
    mails_waiting=0,
    mails_parked=0,
    mails_lost=0,
    overdue={"lock_witness": 0},
    late={"erasures": 0},
)
BUSY = replace(NOTHING, undone=20, restores=20, undo_seconds=(1.0, 3.0, 9.0), writes=100, mails={"sent": 40})


def outcome(number: str, **seen: Any) -> ClaimOutcome:
    return of_installation(replace(BUSY, **seen))[number].outcome


def test_where_nothing_happened_nothing_is_claimed() -> None:
    """But that nothing is left: its zero is one."""
    found = {number: one.outcome for number, one in of_installation(NOTHING).items()}
    assert found == dict.fromkeys(("R3", "R5", "R11", "R12"), ClaimOutcome.NOT_MEASURED) | {"R23": ClaimOutcome.HOLDS}


@pytest.mark.parametrize(
    ("number", "good", "bad"),
    [
        ("R3", {"restores": 21}, {"restores": 22}),
        ("R5", {"undo_seconds": (1.0, 900.0, 2000.0)}, {"undo_seconds": (1.0, 901.0, 2000.0)}),
        ("R11", {"recovered": 50}, {"gaps": 1}),
        ("R11", {}, {"doubled": 1}),
        ("R12", {"mails_parked": 9, "mails_waiting": 9}, {"mails_lost": 1}),
        ("R23", {}, {"overdue": {"lock_witness": 1}}),
        ("R23", {}, {"late": {"erasures": 1}}),
    ],
)
def test_a_broken_promise_fails(number: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert outcome(number, **good) in {ClaimOutcome.HOLDS, ClaimOutcome.SO_FAR}
    assert outcome(number, **bad) is ClaimOutcome.FAILS


def test_slow_undoing_holds_only_so_far() -> None:
    """Nothing says which overwrites had no event and waited for the sweep; few overwrites say little."""
    assert outcome("R5", undo_seconds=(1.0, 15.0, 60.0)) is ClaimOutcome.HOLDS
    assert outcome("R5", undo_seconds=(1.0, 15.1, 60.0)) is ClaimOutcome.SO_FAR
    assert outcome("R5", undone=19, restores=19) is ClaimOutcome.SO_FAR


def test_what_is_left_is_named() -> None:
    found = of_installation(replace(BUSY, overdue={"lock_witness": 3, "email_intent": 0}))["R23"]
    assert (found.result, found.n) == ("lock_witness: 3", 3)


def test_both_kinds_of_results_are_read() -> None:
    """What was not measured there has no result here; a figure that nobody claims is left out."""
    head = {"commit": "abc", "at": "2026-11-28"}
    lines = [
        {"number": "R1", "outcome": "holds so far", "result": "0 in 60", "n": 60},
        {"number": "R2", "outcome": "not measured", "result": "the measurement broke"},
        {"number": "R99", "outcome": "holds", "result": "x"},
    ]
    assert of_results({**head, "figures": lines}) == {
        "R1": Found(ClaimOutcome.SO_FAR, "0 in 60", 60, "abc", "2026-11-28")
    }
    storm = {"R4": {"result": "1 anomaly", "holds": False}}
    assert of_results({**head, "figures": storm}) == {
        "R4": Found(ClaimOutcome.FAILS, "1 anomaly", None, "abc", "2026-11-28")
    }


@pytest.mark.parametrize(
    "document",
    [
        [],
        None,
        {},
        {"commit": "x", "at": "y", "figures": 1},
        {"commit": "x", "at": "y", "figures": {"R4": {}}},
        {"commit": "x", "at": "y", "figures": [{"number": "R1", "outcome": "great", "result": "x"}]},
    ],
)
def test_anything_else_is_refused(document: object) -> None:
    with pytest.raises(ValueError):
        of_results(document)


def test_the_newest_result_counts() -> None:
    old, new = (Found(ClaimOutcome.HOLDS, at, 1, "x", at) for at in ("2026-11-27", "2026-11-28"))
    assert newest([{"R1": new, "R2": old}, {"R1": old}]) == {"R1": new, "R2": old}
    assert newest([{"R1": old}, {"R1": new}]) == {"R1": new}


def test_every_claim_says_what_measures_it() -> None:
    assert {claim.command.split()[0] for claim in CLAIMS.values()} == {"bin/test", "bin/lockpoint"}
    assert all(claim.target and claim.what for claim in CLAIMS.values())

"""Machine 3: broken protection of one file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lockpoint.domain.history.judge import Judgement, Restore, judge
from lockpoint.domain.lock import Held
from lockpoint.services.container import Services
from lockpoint.services.context import Priority
from lockpoint.services.enforcement import protect
from lockpoint.services.errors import HostError
from lockpoint.services.reconciliation import reconcile
from tests.fakes.world import ACME, ALICE, APP_ACCOUNT
from tests.properties import enforcement_model
from tests.properties.enforcement_model import Hint
from tests.properties.mutants.mutant import Mutant, Run, replaced

Judge = Callable[..., Judgement]


def _judging(judging: Judge) -> Run:
    def run(seed: int) -> None:
        with replaced(protect, judge=judging):
            enforcement_model.run(seed)

    return run


def _target(choose: Callable[[Any, Held, Restore], Any]) -> Judge:
    def judging(history: Any, held: Held, **more: Any) -> Judgement:
        judgement = judge(history, held, **more)
        if not isinstance(judgement.verdict, Restore):
            return judgement
        target = choose(history, held, judgement.verdict)
        return replace(judgement, verdict=replace(judgement.verdict, version=target))

    return judging


def _one_before(history: Any, _held: Held, verdict: Restore) -> Any:
    return history.versions[-2] if len(history.versions) > 1 else verdict.version


def _at_lock_time(history: Any, held: Held, verdict: Restore) -> Any:
    return next((v for v in history.versions if v.created == held.base.created), verdict.version)


def _lock_time_only(seed: int) -> None:
    """Ignore the holder's own uploads, as the rival product does."""
    with replaced(reconcile, rebase=lambda *_, **__: None):
        _judging(_target(_at_lock_time))(seed)


def _by_number(history: Any, held: Held, **more: Any) -> Judgement:
    """The number moves when an admin deletes a version."""
    numbered = next((v for v in history.versions if v.number == held.base.number), None)
    found = replace(held.base, created=numbered.created) if numbered else held.base
    return judge(history, replace(held, base=found), **more)


def _echoes_count(history: Any, held: Held, **more: Any) -> Judgement:
    """Treat our own restorations as uploads."""
    plain = tuple(replace(v, message="", file_id=None) for v in history.versions)
    return judge(
        replace(history, versions=plain), held, **more | {"restorations": (), "own_accounts": frozenset({"nobody"})}
    )


def _echoes(seed: int) -> None:
    with replaced(protect, _untouched=lambda case: case.attachment.head.created == case.held.base.created):
        _judging(_echoes_count)(seed)


def _react(services: Services, file_id: str, hint: Hint) -> None:
    """Trust the event: restore the version before any other person's upload."""
    if hint.author in {ALICE, APP_ACCOUNT} or hint.number < 2:
        return
    try:
        services.attachments.restore(ACME, file_id, hint.number - 1, "", priority=Priority.EVENT)
    except HostError:
        return


MACHINE_3 = (
    Mutant("target is the version at lock time", _lock_time_only, ("I11",), 200),
    Mutant("target is the version before", _judging(_target(_one_before)), ("I11", "I13", "I14"), 200),
    Mutant("base known by number", _judging(_by_number), ("I11", "I13", "I14"), 600),
    Mutant("own echoes not filtered", _echoes, ("I11", "I13", "I14"), 50),
    Mutant(
        "react to each event without a fresh read",
        lambda seed: enforcement_model.run(seed, wake=_react, swept=False),
        ("I11", "I13"),
        50,
    ),
    Mutant("no sweep", lambda seed: enforcement_model.run(seed, swept=False), ("I11",), 300),
)

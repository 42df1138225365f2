"""Machine 6: broken settings of spaces, and moves between them."""

from __future__ import annotations

from typing import Any

from lockpoint.domain.history.unlocked import REACH
from lockpoint.domain.settings import InForce
from lockpoint.services.enforcement import unlocked_file
from lockpoint.services.reconciliation import sweep
from lockpoint.services.tenancy import absence
from tests.properties import space_model
from tests.properties.mutants.mutant import Mutant, Run, replaced


def _spaces(place: Any, **values: Any) -> Run:
    def run(seed: int) -> None:
        with replaced(place, **values):
            space_model.run(seed)

    return run


def _one_before_the_newest(versions: Any, _settled: Any) -> Any:
    return sorted(versions, key=lambda version: version.number)[-2]


_SPACES = ("P-15", "L-71")
MACHINE_6 = (
    Mutant(
        "spaces inherit whatever they decide",
        _spaces(InForce, rules=property(lambda self: self.site.rules)),
        _SPACES,
        50,
    ),
    Mutant("the return of a space is not remembered", _spaces(absence, last_return=lambda *_: None), _SPACES, 100),
    Mutant("no sweep asks where a page is", _spaces(sweep, _may_have_moved=lambda *_: False), _SPACES, 400),
    Mutant("a moved page returns unnoted", _spaces(absence, _own=lambda _: None), _SPACES, 400),
    Mutant(
        "strict from the beginning of time",
        _spaces(unlocked_file, settled_until=lambda now, *_: now - REACH),
        _SPACES,
        100,
    ),
    Mutant(
        "strict brings back the version before", _spaces(unlocked_file, base_among=_one_before_the_newest), _SPACES, 100
    ),
    Mutant("strict whatever was switched off", _spaces(unlocked_file, is_strict=lambda *_, **__: True), _SPACES, 100),
)

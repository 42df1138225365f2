"""Machine 7: a broken restore budget."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lockpoint.domain.history.restore_budget import A_DAY, USUALLY_AT_ONCE
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.enforcement import restore_budget
from tests.properties import budget_model
from tests.properties.mutants.mutant import Mutant, Run, replaced


def _paused(pause_end: Any) -> Run:
    def run(seed: int) -> None:
        with replaced(restore_budget, pause_end=pause_end):
            budget_model.run(seed)

    return run


def _for_ever(services: Services, tenant: Tenant, lock_id: str, _offenders: Any) -> datetime | None:
    """As rivals do: after some restores they give up."""
    spent = len(services.restorations.recent(tenant, lock_id)) >= USUALLY_AT_ONCE
    return services.clock.now() + A_DAY if spent else None


MACHINE_7 = (
    Mutant("nobody is ever paused", _paused(lambda *_: None), ("I13: no more restores than the budget",), 20),
    Mutant("a pause without an end", _paused(_for_ever), ("P-20",), 20),
)

"""All broken designs."""

from __future__ import annotations

from tests.properties.mutants.enforcement import MACHINE_3
from tests.properties.mutants.lock_times import MACHINE_5
from tests.properties.mutants.restore_budget import MACHINE_7
from tests.properties.mutants.rules import MACHINE_1
from tests.properties.mutants.spaces import MACHINE_6
from tests.properties.mutants.system import MACHINE_4
from tests.properties.mutants.use_cases import MACHINE_2

MUTANTS = (
    *MACHINE_1,
    *MACHINE_2,
    *MACHINE_3,
    *MACHINE_4,
    *MACHINE_5,
    *MACHINE_6,
    *MACHINE_7,
)

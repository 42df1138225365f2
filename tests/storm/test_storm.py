"""A short storm over real processes: every kind of harm must leave the promises whole."""

from __future__ import annotations

import secrets
import shutil

import pytest

from tests.storm.storm import run
from tests.support.checkout import ROOT

SECONDS = 20.0
LEAST_CALLS = 60


@pytest.mark.processes
@pytest.mark.timeout(600)
def test_a_short_storm_breaks_no_promise() -> None:
    """F01, F02, F03, F04, F05, F06, F21, F22, F33, F36, F38, F40, R4: a sample of each, all at once."""
    seed = secrets.randbelow(1_000_000)
    traces, steps = ROOT / "reports" / "storm" / f"test-{seed}", list[str]()
    result = run(SECONDS, seed, traces, steps.append)
    words = "\n".join([f"seed {seed}, traces in {traces}", *map(str, result.findings), *steps])
    assert not result.findings, words
    assert len(result.evidence.calls) > LEAST_CALLS, words
    assert len({kill.what for kill in result.evidence.kills}) > 2, words
    shutil.rmtree(traces)

"""What operators read when Confluence refuses."""

from __future__ import annotations

import pytest

from lockpoint.commands.operator import told_of
from lockpoint.connect.impersonation import ImpersonationRefusedError
from lockpoint.services import errors


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.GoneOrInvisible("x"), "There is no such attachment"),
        (errors.Unauthorised("x"), "gone from this site, or has another secret"),
        (ImpersonationRefusedError("x"), "gone from this site, or has another secret"),
        (errors.Forbidden("x"), "restrictions"),
        (errors.QuotaExceeded("x", 60), "`lockpoint site quota SITE`"),
        (errors.NoTokenYet("x"), "Forge's next call"),
        (errors.HostUnavailable("x"), "does not answer"),
        (errors.BadAnswer("x"), "answered oddly"),
    ],
)
def test_an_operator_reads_what_is_wrong_and_what_to_do(error: errors.HostError, words: str) -> None:
    """D5: no name of a class alone, and nothing of the error's own text."""
    told = told_of(error)
    assert words in told
    assert "(x)" not in told

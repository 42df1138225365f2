"""Every refusal has its error, with what the caller needs to go on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain import rules
from lockpoint.services.errors import (
    AlreadyLockedError,
    EndingError,
    Invalid,
    LockLostError,
    OutOfDateError,
    UseCaseError,
)
from lockpoint.services.locks.result import error_for, shows_lock
from tests.domain.build import NOW, base, held

Refused = rules.Refusal | rules.Already


@pytest.mark.parametrize(
    ("refusal", "kind", "details", "shown"),
    [
        (rules.Already(held()), Invalid, {}, False),
        (rules.AlreadyLocked(held()), AlreadyLockedError, {}, True),
        (rules.Ending(held(), timedelta(seconds=29.6)), EndingError, {"retryAfter": 30}, True),
        (rules.Ending(held(), timedelta(seconds=0.2)), EndingError, {"retryAfter": 1}, True),
        (
            rules.OutOfDate(base(author="bob", number=7)),
            OutOfDateError,
            {"version": 7, "author": "bob", "created": NOW.isoformat()},
            False,
        ),
        (rules.LockLost(held()), LockLostError, {}, True),
        (rules.TooLong(timedelta(days=30)), Invalid, {"longestHours": 720}, False),
    ],
)
def test_each_refusal_has_its_error(
    refusal: Refused, kind: type[UseCaseError], details: dict[str, object], *, shown: bool
) -> None:
    error = error_for(refusal)
    assert type(error) is kind
    assert error.details == details
    assert str(error)
    assert shows_lock(refusal) is shown

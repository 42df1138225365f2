"""Subjects of jobs: the text that waits in the queue."""

from __future__ import annotations

import pytest

from lockpoint.services.ports.jobs import JobSubject
from tests.fakes.world import ALICE


@pytest.mark.parametrize(
    ("stored", "subject"),
    [
        ("131203:557058:a11ce000-0000-4000-8000-000000000001", JobSubject("131203", ALICE)),
        ("131203:00000000000000000000000000000001", JobSubject("131203", f"{1:032x}")),
        ("page:65600", JobSubject("page", "65600")),
        ("131203:", JobSubject("131203", "")),
    ],
)
def test_a_subject_of_two_words(stored: str, subject: JobSubject) -> None:
    """Jobs wait across a deployment, so the text stays; an account id keeps its colons."""
    assert subject.encode() == stored
    assert JobSubject.parse(stored) == subject


def test_a_subject_of_one_word_is_refused() -> None:
    """It was not made by us."""
    with pytest.raises(ValueError, match="unpack"):
        JobSubject.parse("131203")

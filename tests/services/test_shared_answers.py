"""What work on many files asks its neighbours once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lockpoint.services.shared_answers import SHARED_FOR, SharedAnswers, asking_once, shared


def test_a_question_is_asked_once_in_a_block() -> None:
    asked: list[str] = []

    def ask() -> int:
        return len(asked.append("x") or asked)

    with asking_once():
        assert [shared("a", ask), shared("a", ask), shared("b", ask)] == [1, 1, 2]
    assert [shared("a", ask), shared("a", ask)] == [3, 4]


def test_an_answer_is_shared_for_seconds_only() -> None:
    """A right that was lost meanwhile counts no longer than that."""
    now = 100.0
    answers = SharedAnswers(lambda: now)
    assert answers.get("may edit", lambda: True)
    now += SHARED_FOR
    assert answers.get("may edit", lambda: False)
    now += 0.1
    assert not answers.get("may edit", lambda: False)


def test_an_error_is_asked_again() -> None:
    answers = SharedAnswers()

    def fail() -> int:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        answers.get("a", fail)
    assert answers.get("a", lambda: 1) == 1


def test_who_asks_the_same_at_the_same_time_waits() -> None:
    answers, begun, go_on, asked = SharedAnswers(), threading.Event(), threading.Event(), []

    def slow() -> int:
        asked.append(1)
        begun.set()
        assert go_on.wait(5)
        return 7

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(answers.get, "a", slow)
        assert begun.wait(5)
        second = threads.submit(answers.get, "a", slow)
        go_on.set()
        assert (first.result(5), second.result(5), asked) == (7, 7, [1])

"""What a piece of work on many files asks its neighbours once: rights on a page, roles in a space, names."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

T = TypeVar("T")

SHARED_FOR: Final = 5.0
"""Seconds; a right that is lost meanwhile counts for no longer."""


class SharedAnswers:
    """Thread-safe: who asks the same at the same time waits for the answer. Errors are not shared."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asking: dict[Hashable, threading.Lock] = {}
        self._answers: dict[Hashable, tuple[float, Any]] = {}

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            asking = self._asking.setdefault(question, threading.Lock())
        with asking:
            at, answer = self._answers.get(question, (0.0, None))
            if question not in self._answers or self._monotonic() - at > SHARED_FOR:
                at, answer = self._monotonic(), ask()
                self._answers[question] = at, answer
            found: T = answer
            return found


_ANSWERS: ContextVar[SharedAnswers | None] = ContextVar("lockpoint_shared_answers", default=None)


@contextmanager
def asking_once() -> Iterator[None]:
    """Share answers inside the block, in its threads, too."""
    token = _ANSWERS.set(SharedAnswers())
    try:
        yield
    finally:
        _ANSWERS.reset(token)


def shared(question: Hashable, ask: Callable[[], T]) -> T:
    """Return what was answered in this block lately, or ask; outside such a block always ask."""
    answers = _ANSWERS.get()
    return ask() if answers is None else answers.get(question, ask)

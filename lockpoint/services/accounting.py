"""On whose bill calls to Confluence go: every use case says its name once, and the client counts points under it."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

UNNAMED: Final = "unnamed"

_USE_CASE: ContextVar[str] = ContextVar("lockpoint_use_case", default=UNNAMED)


@contextmanager
def spending_on(use_case: str) -> Iterator[None]:
    """Count the calls inside the block under `use_case`, a short fixed word such as `acquire` or `sweep`."""
    token = _USE_CASE.set(use_case)
    try:
        yield
    finally:
        _USE_CASE.reset(token)


def current_use_case() -> str:
    """Give the word of the innermost block, or `unnamed`."""
    return _USE_CASE.get()

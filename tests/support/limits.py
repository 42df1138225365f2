"""Limits of the process, for a moment."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_more_files() -> Iterator[None]:
    """Nothing can be opened or connected; what is open stays so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Below it are the standard streams; poll() of other threads fails with less than it watches.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

"""The fixtures of the storage tests, for processes on a real database."""

from tests.storage.conftest import acme, database, installations, keys

__all__ = ["acme", "database", "installations", "keys"]

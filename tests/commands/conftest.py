"""The running application of the web tests, for commands that work on it."""

from tests.web.conftest import live

__all__ = ["live"]

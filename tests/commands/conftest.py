"""The running application of the web tests, for commands that work on it."""

from tests.web.conftest import live, other_site_untouched

__all__ = ["live", "other_site_untouched"]

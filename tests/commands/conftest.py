"""The running application of the web tests, for commands on it."""

from tests.web.conftest import live, other_site_untouched

__all__ = ["live", "other_site_untouched"]

"""Settings, lists and health: through the Forge door as through Connect's."""

from tests.web.access import test_site

test_the_site_is_for_site_admins = test_site.test_the_site_is_for_site_admins

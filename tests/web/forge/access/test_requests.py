"""Asking for a file, waiting for it, handing it over: through the Forge door as through Connect's."""

from tests.web.access import test_requests

test_each_role_may_do_what_the_table_says = test_requests.test_each_role_may_do_what_the_table_says

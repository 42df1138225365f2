"""Calls about many files: through the Forge door as through Connect's."""

from tests.web.access import test_bulk

test_each_role_may_do_what_the_table_says = test_bulk.test_each_role_may_do_what_the_table_says

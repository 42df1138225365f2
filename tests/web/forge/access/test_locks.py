"""Looking at files; beginning, extending and ending locks: through the Forge door as through Connect's."""

from tests.web.access import test_locks

test_each_role_may_do_what_the_table_says = test_locks.test_each_role_may_do_what_the_table_says

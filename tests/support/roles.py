"""A second role on the test's database server, which all databases share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url


@contextmanager
def second_role(url: str) -> Iterator[tuple[str, str]]:
    """Yield a role that may do nothing yet, and the database's address for it; without it afterwards."""
    address = make_url(url)
    role = f"second_of_{address.database}"
    with psycopg.connect(url, autocommit=True) as owner:
        name = sql.Identifier(role)
        owner.execute(sql.SQL("create role {} login").format(name))
        try:
            yield role, address.set(username=role).render_as_string(hide_password=False)
        finally:
            owner.execute(sql.SQL("drop owned by {}").format(name))
            owner.execute(sql.SQL("drop role {}").format(name))

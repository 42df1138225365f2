"""Postgres keeps no statistics of columns about people: they outlive the rows.

Setting a column's own type again drops the statistics that are there; it rewrites nothing.
"""

from alembic import op

revision = "0016_no_statistics"
down_revision = "0015_forge"
branch_labels = None
depends_on = None

COLUMNS = {
    "lock_witness": {"holder": "text", "record": "jsonb"},
    "request_outcome": {"account": "text"},
    "restoration": {"offenders": "text[]"},
    "audit_event": {"account": "text"},
    "email_log": {"address_hash": "text"},
    "email_intent": {"recipient": "text", "actor": "text"},
    "account_profile": {"account": "text", "time_zone": "text", "locale": "text", "used_at": "timestamptz"},
    "erasure": {"account": "text", "pseudonym": "text"},
    "closed_account": {"digest": "text"},
    "account_report": {"account": "text"},
    "procrastinate_jobs": {"lock": "text", "queueing_lock": "text", "args": "jsonb"},
}
PARTITIONS = """
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT inhrelid::regclass AS place, CASE WHEN inhparent = 'audit_event'::regclass THEN 'account'
        ELSE 'address_hash' END AS name FROM pg_inherits
        WHERE inhparent IN ('audit_event'::regclass, 'email_log'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS {target}', one.place, one.name);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    run = op.get_bind().connection.driver_connection.execute
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            run(f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {kind}, ALTER COLUMN {name} SET STATISTICS 0")
    run(PARTITIONS.format(target=0))


def downgrade() -> None:
    run = op.get_bind().connection.driver_connection.execute
    for table, columns in COLUMNS.items():
        for name in columns:
            run(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS -1")
    run(PARTITIONS.format(target=-1))

"""Licences, uninstall times, and optional usage counts."""

from alembic import op

revision = "0003_usage_licence"
down_revision = "0002_rights"
branch_labels = None
depends_on = None

# For sites uninstalled earlier, the log has the time; without an entry the month starts now.
CHANGES = """
ALTER TABLE installation ADD COLUMN uninstalled_at timestamptz;
ALTER TABLE installation ADD COLUMN licence TEXT;
ALTER TABLE installation ADD COLUMN licence_checked_at timestamptz;

UPDATE installation SET uninstalled_at = coalesce(
    (SELECT max(at) FROM installation_event AS line
     WHERE line.tenant_id = installation.id AND line.event IN ('uninstalled', 'superseded')),
    now()
) WHERE NOT installed;

CREATE INDEX installation_uninstalled_at_idx ON installation (uninstalled_at) WHERE NOT installed;

ALTER TABLE site_state ADD COLUMN usage_counts BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE usage_daily (
    site TEXT NOT NULL,
    event TEXT NOT NULL,
    locale TEXT NOT NULL,
    zone TEXT NOT NULL,
    day DATE NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT usage_daily_pkey PRIMARY KEY (site, day, event, locale, zone)
);
CREATE INDEX usage_daily_day_idx ON usage_daily (day);
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(
        "DROP TABLE usage_daily;"
        " ALTER TABLE site_state DROP COLUMN usage_counts;"
        " ALTER TABLE installation DROP COLUMN licence_checked_at, DROP COLUMN licence, DROP COLUMN uninstalled_at"
    )

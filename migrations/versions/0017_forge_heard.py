"""When Forge sent an event and its hourly call last; what else a site on Forge was called."""

from alembic import op

revision = "0017_forge_heard"
down_revision = "0016_no_statistics"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE installation ADD COLUMN forge_event_at timestamptz;
ALTER TABLE installation ADD COLUMN forge_tick_at timestamptz;
ALTER TABLE installation ADD COLUMN former_key TEXT;
"""
BACK = "ALTER TABLE installation DROP COLUMN former_key, DROP COLUMN forge_tick_at, DROP COLUMN forge_event_at"


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

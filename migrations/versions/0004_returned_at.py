"""Time of a site's last reactivation, in place of a state that a job had to end."""

from alembic import op

revision = "0004_returned_at"
down_revision = "0003_usage_licence"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE installation ADD COLUMN returned_at timestamptz;
UPDATE installation SET licence = 'active', returned_at = now() WHERE licence = 'returning';
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("ALTER TABLE installation DROP COLUMN returned_at")

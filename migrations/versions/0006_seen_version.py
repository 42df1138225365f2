"""The version of a locked file that was looked at last, so that open lists hear of an overwrite and its undoing."""

from alembic import op

revision = "0006_seen_version"
down_revision = "0005_open_erasures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute("ALTER TABLE lock_witness ADD COLUMN version integer")


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("ALTER TABLE lock_witness DROP COLUMN version")

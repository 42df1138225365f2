"""Remainder and next run of an erasure; it stays open until complete."""

from alembic import op

revision = "0005_open_erasures"
down_revision = "0004_returned_at"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE erasure ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE erasure ALTER COLUMN skipped DROP DEFAULT;

ALTER TABLE erasure ADD COLUMN due_at timestamptz;
UPDATE erasure SET due_at = release_at;
ALTER TABLE erasure ALTER COLUMN due_at SET NOT NULL;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("ALTER TABLE erasure DROP COLUMN due_at, DROP COLUMN skipped")

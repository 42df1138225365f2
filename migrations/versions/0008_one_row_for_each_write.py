"""One audit row for each write of a lock record, whatever its kind."""

from alembic import op

revision = "0008_one_row_for_each_write"
down_revision = "0007_mail_digests"
branch_labels = None
depends_on = None

CHANGES = """
DELETE FROM audit_event AS later USING audit_event AS earlier
WHERE later.seq > 0 AND later.kind > earlier.kind
  AND (later.tenant_id, later.attachment_id, later.epoch, later.seq, later.at)
    = (earlier.tenant_id, earlier.attachment_id, earlier.epoch, earlier.seq, earlier.at);

CREATE UNIQUE INDEX audit_event_one_for_each_write
    ON audit_event (tenant_id, attachment_id, epoch, seq, at) WHERE seq > 0;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("DROP INDEX audit_event_one_for_each_write")

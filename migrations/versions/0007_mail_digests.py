"""Which mail tells an event, and when it left."""

from alembic import op

revision = "0007_mail_digests"
down_revision = "0006_seen_version"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE email_intent ADD COLUMN told_by BIGINT;
ALTER TABLE email_intent ADD COLUMN told_at timestamptz;
CREATE INDEX email_intent_tenant_id_recipient_told_at_idx ON email_intent (tenant_id, recipient, told_at);
"""
BACK = """
DROP INDEX email_intent_tenant_id_recipient_told_at_idx;
ALTER TABLE email_intent DROP COLUMN told_at, DROP COLUMN told_by;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

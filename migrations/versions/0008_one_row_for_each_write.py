"""One audit row for each record write; begun locks of unanswered calls; told events without their people."""

from alembic import op

revision = "0008_one_row_for_each_write"
down_revision = "0007_mail_digests"
branch_labels = None
depends_on = None

# Of two rows for one write the one that its own writer recorded stays, and a guessed erasure goes.
CHANGES = """
UPDATE audit_event SET epoch = 0, seq = 0 WHERE kind = 'duplicate_removed';
DELETE FROM audit_event AS second USING audit_event AS first
WHERE first.epoch > 0
  AND (first.tenant_id, first.attachment_id, first.epoch, first.seq)
    = (second.tenant_id, second.attachment_id, second.epoch, second.seq)
  AND (first.recovered, first.kind = 'person_erased', first.kind, first.at)
    < (second.recovered, second.kind = 'person_erased', second.kind, second.at);
CREATE UNIQUE INDEX audit_event_write_key ON audit_event (tenant_id, attachment_id, epoch, seq, at) WHERE epoch > 0;

ALTER TABLE request_outcome ADD COLUMN lock_began BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE email_intent ALTER COLUMN recipient DROP NOT NULL;
"""

BACK = """
DELETE FROM email_intent WHERE recipient IS NULL;
ALTER TABLE email_intent ALTER COLUMN recipient SET NOT NULL;

ALTER TABLE request_outcome DROP COLUMN lock_began;

DROP INDEX audit_event_write_key;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

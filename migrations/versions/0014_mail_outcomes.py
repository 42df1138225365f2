"""What became of each mail, and the number of the texts of mails that a site stored last."""

from alembic import op

revision = "0014_mail_outcomes"
down_revision = "0010_switches"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE email_intent ADD COLUMN outcome text;
ALTER TABLE site_state ADD COLUMN template_revision integer;
"""
BACK = """
ALTER TABLE site_state DROP COLUMN template_revision;
ALTER TABLE email_intent DROP COLUMN outcome;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

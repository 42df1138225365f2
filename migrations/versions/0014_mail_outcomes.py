"""What became of each mail, and which texts of mails a site stored last."""

from alembic import op

revision = "0014_mail_outcomes"
down_revision = "0009_space_state"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE email_intent ADD COLUMN outcome text;
CREATE TABLE template_state (
    tenant_id integer NOT NULL,
    language text NOT NULL,
    revision integer NOT NULL,
    PRIMARY KEY (tenant_id, language)
);
"""
BACK = """
DROP TABLE template_state;
ALTER TABLE email_intent DROP COLUMN outcome;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

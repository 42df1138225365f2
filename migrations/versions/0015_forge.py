"""Sites behind the Forge door, by their cloud id; the app's tokens for them."""

from alembic import op

revision = "0015_forge"
down_revision = "0014_mail_outcomes"
branch_labels = None
depends_on = None

CHANGES = """
ALTER TABLE installation ADD COLUMN door TEXT NOT NULL DEFAULT 'connect';
ALTER TABLE installation ADD COLUMN cloud_id TEXT;
ALTER TABLE installation ADD COLUMN forge_url TEXT;
ALTER TABLE installation ADD COLUMN forge_installation TEXT;
ALTER TABLE installation ADD COLUMN forge_environment TEXT;
ALTER TABLE installation ADD COLUMN forge_version TEXT;
ALTER TABLE installation ADD COLUMN forge_seen_at timestamptz;
ALTER TABLE installation ADD COLUMN app_accounts TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE installation ADD CONSTRAINT installation_cloud_id_key UNIQUE (cloud_id);

CREATE TABLE forge_token (
    tenant_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    expires_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT forge_token_pkey PRIMARY KEY (tenant_id)
);
CREATE INDEX forge_token_expires_at_idx ON forge_token (expires_at);
"""
BACK = """
DROP TABLE forge_token;
ALTER TABLE installation DROP CONSTRAINT installation_cloud_id_key;
ALTER TABLE installation DROP COLUMN app_accounts, DROP COLUMN forge_seen_at, DROP COLUMN forge_version,
    DROP COLUMN forge_environment, DROP COLUMN forge_installation, DROP COLUMN forge_url, DROP COLUMN cloud_id,
    DROP COLUMN door;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

"""When sites and spaces were switched on again, and which of them are strict: asked without reading their settings."""

from alembic import op

revision = "0010_switches"
down_revision = "0009_space_state"
branch_labels = None
depends_on = None

# Strictness of before counts from now on: nothing said when it began.
CHANGES = """
ALTER TABLE lock_witness ADD COLUMN returned_at timestamptz;

ALTER TABLE site_state
    ADD COLUMN returned_at timestamptz,
    ADD COLUMN strict boolean NOT NULL DEFAULT false,
    ADD COLUMN strict_at timestamptz;
UPDATE site_state SET strict = true, strict_at = now() WHERE (settings::jsonb ->> 'strict')::boolean;

ALTER TABLE space_state
    ADD COLUMN noted_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN active boolean,
    ADD COLUMN returned_at timestamptz,
    ADD COLUMN strict boolean,
    ADD COLUMN strict_at timestamptz;
UPDATE space_state SET
    active = (settings::jsonb #>> '{rules,active}')::boolean,
    strict = (settings::jsonb #>> '{rules,strict}')::boolean,
    strict_at = CASE WHEN (settings::jsonb #>> '{rules,strict}')::boolean THEN now() END;
ALTER TABLE space_state DROP CONSTRAINT IF EXISTS space_state_tenant_id_fkey;
CREATE INDEX space_state_strict_idx ON space_state (tenant_id) WHERE strict;
"""

BACK = """
DROP INDEX space_state_strict_idx;
ALTER TABLE space_state DROP COLUMN noted_at, DROP COLUMN active, DROP COLUMN returned_at, DROP COLUMN strict,
    DROP COLUMN strict_at;
ALTER TABLE site_state DROP COLUMN returned_at, DROP COLUMN strict, DROP COLUMN strict_at;
ALTER TABLE lock_witness DROP COLUMN returned_at;
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(CHANGES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(BACK)

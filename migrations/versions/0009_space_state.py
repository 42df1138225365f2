"""What a space decides for itself, without people, as it was stored last: altered properties are noticed."""

from alembic import op

revision = "0009_space_state"
down_revision = "0008_one_row_for_each_write"
branch_labels = None
depends_on = None

_TABLE = """
CREATE TABLE space_state (
    tenant_id integer NOT NULL,
    space_id text NOT NULL,
    version integer NOT NULL,
    settings text NOT NULL,
    PRIMARY KEY (tenant_id, space_id)
)
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(_TABLE)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute("DROP TABLE space_state")

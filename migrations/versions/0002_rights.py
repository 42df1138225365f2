"""Privacy duties: requests, open erasures, reporting cycle."""

from alembic import op

revision = "0002_rights"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE privacy_request (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    tenant_id INTEGER NOT NULL,
    "right" TEXT NOT NULL,
    origin TEXT NOT NULL,
    asked_at timestamptz NOT NULL,
    done_at timestamptz,
    CONSTRAINT privacy_request_pkey PRIMARY KEY (id)
);
CREATE INDEX privacy_request_tenant_id_asked_at_idx ON privacy_request (tenant_id, asked_at);

CREATE TABLE erasure (
    request_id BIGINT NOT NULL,
    tenant_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    pseudonym TEXT NOT NULL,
    release_at timestamptz NOT NULL,
    cursor TEXT,
    CONSTRAINT erasure_pkey PRIMARY KEY (request_id),
    CONSTRAINT erasure_tenant_id_account_key UNIQUE (tenant_id, account)
);

CREATE TABLE closed_account (
    tenant_id INTEGER NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT closed_account_pkey PRIMARY KEY (tenant_id, digest)
);

CREATE TABLE account_report (
    tenant_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    retrieved_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    reported_at timestamptz,
    CONSTRAINT account_report_pkey PRIMARY KEY (tenant_id, account)
);

CREATE TABLE report_cycle (
    tenant_id INTEGER NOT NULL,
    days INTEGER NOT NULL,
    not_before timestamptz,
    CONSTRAINT report_cycle_pkey PRIMARY KEY (tenant_id)
);
"""


def upgrade() -> None:
    op.get_bind().connection.driver_connection.execute(TABLES)


def downgrade() -> None:
    op.get_bind().connection.driver_connection.execute(
        "DROP TABLE report_cycle, account_report, closed_account, erasure, privacy_request"
    )

"""First schema: installations, witness, guards, audit and mail logs, job queue."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

QUEUE = Path(__file__).parents[1] / "procrastinate_3_10.sql"

TABLES = """
CREATE TABLE installation (
    id INTEGER GENERATED ALWAYS AS IDENTITY,
    client_key TEXT NOT NULL,
    base_url TEXT NOT NULL,
    display_url TEXT,
    oauth_client_id TEXT,
    secret TEXT,
    previous_secret TEXT,
    secret_changed_at timestamptz,
    installed BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    CONSTRAINT installation_pkey PRIMARY KEY (id),
    CONSTRAINT installation_client_key_key UNIQUE (client_key)
);
CREATE INDEX installation_base_url_idx ON installation (base_url);

CREATE TABLE installation_event (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    tenant_id INTEGER NOT NULL,
    event TEXT NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT installation_event_pkey PRIMARY KEY (id)
);
CREATE INDEX installation_event_tenant_id_at_idx ON installation_event (tenant_id, at);

CREATE TABLE lock_witness (
    tenant_id INTEGER NOT NULL,
    attachment_id TEXT NOT NULL,
    container_kind TEXT,
    container_id TEXT,
    space_id TEXT,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    holder TEXT,
    record JSONB NOT NULL,
    protection TEXT NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT lock_witness_pkey PRIMARY KEY (tenant_id, attachment_id)
);
CREATE INDEX lock_witness_container_idx ON lock_witness (tenant_id, container_id) WHERE holder IS NOT NULL;
CREATE INDEX lock_witness_holder_idx ON lock_witness (tenant_id, holder) WHERE holder IS NOT NULL;

CREATE TABLE creation_guard (
    tenant_id INTEGER NOT NULL,
    attachment_id TEXT NOT NULL,
    op_id TEXT NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT creation_guard_pkey PRIMARY KEY (tenant_id, attachment_id)
);

CREATE TABLE request_outcome (
    tenant_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    lock_id TEXT NOT NULL,
    op_id TEXT NOT NULL,
    done BOOLEAN NOT NULL,
    status INTEGER,
    error TEXT,
    started_at timestamptz NOT NULL,
    busy_until timestamptz NOT NULL,
    CONSTRAINT request_outcome_pkey PRIMARY KEY (tenant_id, account, request_id)
);
CREATE INDEX request_outcome_started_at_idx ON request_outcome (started_at);

CREATE TABLE restoration (
    tenant_id INTEGER NOT NULL,
    attachment_id TEXT NOT NULL,
    created timestamptz NOT NULL,
    lock_id TEXT NOT NULL,
    source_created timestamptz NOT NULL,
    offenders TEXT[] NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT restoration_pkey PRIMARY KEY (tenant_id, attachment_id, created)
);
CREATE INDEX restoration_tenant_id_lock_id_idx ON restoration (tenant_id, lock_id);

CREATE TABLE audit_event (
    tenant_id INTEGER NOT NULL,
    at timestamptz NOT NULL,
    kind TEXT NOT NULL,
    attachment_id TEXT,
    account TEXT,
    epoch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    lock_id TEXT,
    version INTEGER,
    detail TEXT,
    recovered BOOLEAN NOT NULL,
    CONSTRAINT audit_event_once_key UNIQUE NULLS NOT DISTINCT (tenant_id, attachment_id, epoch, seq, kind, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_event_tenant_id_at_idx ON audit_event (tenant_id, at);

CREATE TABLE email_log (
    tenant_id INTEGER NOT NULL,
    at timestamptz NOT NULL,
    kind TEXT NOT NULL,
    result TEXT NOT NULL,
    address_hash TEXT,
    key_id TEXT
) PARTITION BY RANGE (at);
CREATE INDEX email_log_tenant_id_at_idx ON email_log (tenant_id, at);

CREATE TABLE email_intent (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    tenant_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    event_key TEXT NOT NULL,
    recipient TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    actor TEXT,
    lock_id TEXT,
    version INTEGER,
    detail TEXT,
    done BOOLEAN NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT email_intent_pkey PRIMARY KEY (id),
    CONSTRAINT email_intent_once_key UNIQUE (tenant_id, kind, event_key, recipient)
);
CREATE INDEX email_intent_created_at_idx ON email_intent (created_at);

CREATE TABLE account_profile (
    tenant_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    time_zone TEXT,
    locale TEXT,
    used_at timestamptz NOT NULL,
    CONSTRAINT account_profile_pkey PRIMARY KEY (tenant_id, account)
);
CREATE INDEX account_profile_used_at_idx ON account_profile (used_at);

CREATE TABLE site_state (
    tenant_id INTEGER NOT NULL,
    revision INTEGER,
    settings TEXT,
    restore_works BOOLEAN,
    tested_at timestamptz,
    scratch_id TEXT,
    cursor TEXT,
    CONSTRAINT site_state_pkey PRIMARY KEY (tenant_id)
);
"""

QUEUE_FUNCTIONS = """
SELECT format('DROP FUNCTION %s(%s) CASCADE', proname, pg_get_function_identity_arguments(oid))
FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
"""


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    connection.execute(QUEUE.read_text(encoding="utf-8"))
    connection.execute(TABLES)


def downgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    connection.execute(
        "DROP TABLE site_state, account_profile, email_intent, email_log, audit_event, restoration, request_outcome,"
        " creation_guard, lock_witness, installation_event, installation"
    )
    for (statement,) in connection.execute(QUEUE_FUNCTIONS).fetchall():
        connection.execute(statement)
    connection.execute(
        "DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers"
    )
    connection.execute(
        "DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status, procrastinate_job_event_type"
    )

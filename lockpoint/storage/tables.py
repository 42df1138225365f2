"""Our tables. People are account ids, files attachment ids; no column says more about either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB

METADATA: Final = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)
PARTITIONED: Final = ("audit_event", "email_log")
"""Tables with a partition for each UTC day of their column `at`."""

WITHOUT_STATISTICS: Final[Mapping[str, tuple[str, ...]]] = {
    "lock_witness": ("holder", "record"),
    "request_outcome": ("account",),
    "restoration": ("offenders",),
    "audit_event": ("account",),
    "email_log": ("address_hash",),
    "email_intent": ("recipient", "actor"),
    "account_profile": ("account", "time_zone", "locale", "used_at"),
    "erasure": ("account", "pseudonym"),
    "closed_account": ("digest",),
    "account_report": ("account",),
    "procrastinate_jobs": ("lock", "queueing_lock", "args"),
}
"""Columns about people, by table: Postgres would keep their values in its statistics after the rows are gone."""

_MOMENT: Final = DateTime(timezone=True)


def _tenant() -> Column[int]:
    return Column("tenant_id", Integer, nullable=False)


INSTALLATION: Final = Table(
    "installation",
    METADATA,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("client_key", Text, nullable=False, unique=True),  # the site key; the name is older than the second door
    Column("base_url", Text, nullable=False, index=True),
    Column("display_url", Text),
    Column("oauth_client_id", Text),
    Column("secret", Text),
    Column("previous_secret", Text),
    Column("secret_changed_at", _MOMENT),
    Column("installed", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("uninstalled_at", _MOMENT),
    Column("licence", Text),
    Column("licence_checked_at", _MOMENT),
    Column("returned_at", _MOMENT),
    Column("door", Text, nullable=False, server_default=text("'connect'")),
    Column("cloud_id", Text, unique=True),
    Column("forge_url", Text),
    Column("forge_installation", Text),
    Column("forge_environment", Text),
    Column("forge_version", Text),
    Column("forge_seen_at", _MOMENT),
    Column("app_accounts", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("forge_event_at", _MOMENT),
    Column("forge_tick_at", _MOMENT),
    Column("former_key", Text),
    Index("installation_uninstalled_at_idx", "uninstalled_at", postgresql_where=text("NOT installed")),
)

FORGE_TOKEN: Final = Table(
    "forge_token",
    METADATA,
    _tenant(),
    Column("token", Text, nullable=False),
    Column("expires_at", _MOMENT, nullable=False, index=True),
    Column("received_at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("tenant_id"),
)

INSTALLATION_EVENT: Final = Table(
    "installation_event",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _tenant(),
    Column("event", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Index("installation_event_tenant_id_at_idx", "tenant_id", "at"),
)

LOCK_WITNESS: Final = Table(
    "lock_witness",
    METADATA,
    _tenant(),
    Column("attachment_id", Text, nullable=False),
    Column("container_kind", Text),
    Column("container_id", Text),
    Column("space_id", Text),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("holder", Text),
    Column("record", JSONB, nullable=False),
    Column("protection", Text, nullable=False),
    Column("version", Integer),
    Column("seen_at", _MOMENT, nullable=False),
    Column("returned_at", _MOMENT),
    PrimaryKeyConstraint("tenant_id", "attachment_id"),
    # Only held records have a holder; only they are looked for by page or person.
    Index("lock_witness_container_idx", "tenant_id", "container_id", postgresql_where=text("holder IS NOT NULL")),
    Index("lock_witness_holder_idx", "tenant_id", "holder", postgresql_where=text("holder IS NOT NULL")),
)

CREATION_GUARD: Final = Table(
    "creation_guard",
    METADATA,
    _tenant(),
    Column("attachment_id", Text, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("until", _MOMENT, nullable=False),
    PrimaryKeyConstraint("tenant_id", "attachment_id"),
)

REQUEST_OUTCOME: Final = Table(
    "request_outcome",
    METADATA,
    _tenant(),
    Column("account", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("lock_id", Text, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("started_at", _MOMENT, nullable=False, index=True),
    Column("busy_until", _MOMENT, nullable=False),
    Column("lock_began", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("tenant_id", "account", "request_id"),
)

RESTORATION: Final = Table(
    "restoration",
    METADATA,
    _tenant(),
    Column("attachment_id", Text, nullable=False),
    Column("created", _MOMENT, nullable=False),
    Column("lock_id", Text, nullable=False),
    Column("source_created", _MOMENT, nullable=False),
    Column("offenders", ARRAY(Text), nullable=False),
    Column("at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("tenant_id", "attachment_id", "created"),
    Index("restoration_tenant_id_lock_id_idx", "tenant_id", "lock_id"),
)

AUDIT_EVENT: Final = Table(
    "audit_event",
    METADATA,
    _tenant(),
    Column("at", _MOMENT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("attachment_id", Text),
    Column("account", Text),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("lock_id", Text),
    Column("version", Integer),
    Column("detail", Text),
    Column("recovered", Boolean, nullable=False),
    # A row without a file (settings) is unique, too. Below, `at` is there because the partitions need it in every key:
    # the signed record says when it was written, so it has one.
    UniqueConstraint(
        "tenant_id", "attachment_id", "epoch", "seq", "kind", "at",
        name="audit_event_once_key", postgresql_nulls_not_distinct=True,
    ),
    Index(
        "audit_event_write_key", "tenant_id", "attachment_id", "epoch", "seq", "at",
        unique=True, postgresql_where=text("epoch > 0"),
    ),
    Index("audit_event_tenant_id_at_idx", "tenant_id", "at"),
    postgresql_partition_by="RANGE (at)",
)  # fmt: skip

EMAIL_LOG: Final = Table(
    "email_log",
    METADATA,
    _tenant(),
    Column("at", _MOMENT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("address_hash", Text),
    Column("key_id", Text),
    Index("email_log_tenant_id_at_idx", "tenant_id", "at"),
    postgresql_partition_by="RANGE (at)",
)

EMAIL_INTENT: Final = Table(
    "email_intent",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _tenant(),
    Column("kind", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("recipient", Text),
    Column("attachment_id", Text, nullable=False),
    Column("actor", Text),
    Column("lock_id", Text),
    Column("version", Integer),
    Column("detail", Text),
    Column("done", Boolean, nullable=False),
    Column("created_at", _MOMENT, nullable=False, index=True),
    # The intent whose mail tells this one, and since when it does; a mail that did not leave tells nothing.
    Column("told_by", BigInteger),
    Column("told_at", _MOMENT),
    # What became of it; a comment that was begun may be there.
    Column("outcome", Text),
    UniqueConstraint("tenant_id", "kind", "event_key", "recipient", name="email_intent_once_key"),
    Index("email_intent_tenant_id_recipient_told_at_idx", "tenant_id", "recipient", "told_at"),
)

ACCOUNT_PROFILE: Final = Table(
    "account_profile",
    METADATA,
    _tenant(),
    Column("account", Text, nullable=False),
    Column("time_zone", Text),
    Column("locale", Text),
    Column("used_at", _MOMENT, nullable=False, index=True),
    PrimaryKeyConstraint("tenant_id", "account"),
)

SITE_STATE: Final = Table(
    "site_state",
    METADATA,
    Column("tenant_id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer),
    Column("settings", Text),
    # Of the texts of mails, which lie in Confluence alone.
    Column("template_revision", Integer),
    Column("restore_works", Boolean),
    Column("tested_at", _MOMENT),
    Column("scratch_id", Text),
    Column("cursor", Text),
    Column("usage_counts", Boolean, nullable=False, server_default=text("false")),
    Column("returned_at", _MOMENT),
    Column("strict", Boolean, nullable=False, server_default=text("false")),
    Column("strict_at", _MOMENT),
)

SPACE_STATE: Final = Table(
    "space_state",
    METADATA,
    _tenant(),
    Column("space_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("noted_at", _MOMENT, nullable=False, server_default=text("now()")),
    # What the space decides itself; null: as its site.
    Column("active", Boolean),
    Column("returned_at", _MOMENT),
    Column("strict", Boolean),
    Column("strict_at", _MOMENT),
    PrimaryKeyConstraint("tenant_id", "space_id"),
    Index("space_state_strict_idx", "tenant_id", postgresql_where=text("strict")),
)

USAGE_DAILY: Final = Table(
    "usage_daily",
    METADATA,
    # No tenant or account on purpose: `site` is a keyed hash, and counts of a day are added up.
    Column("site", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("site", "day", "event", "locale", "zone"),
)

PRIVACY_REQUEST: Final = Table(
    "privacy_request",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _tenant(),
    Column("right", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("asked_at", _MOMENT, nullable=False),
    Column("done_at", _MOMENT),
    Index("privacy_request_tenant_id_asked_at_idx", "tenant_id", "asked_at"),
)

ERASURE: Final = Table(
    "erasure",
    METADATA,
    # Deleted at the end of an erasure: it is the one link between person and pseudonym.
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    _tenant(),
    Column("account", Text, nullable=False),
    Column("pseudonym", Text, nullable=False),
    Column("release_at", _MOMENT, nullable=False),
    Column("cursor", Text),
    # Files of this pass that could not be cleaned, and when the next pass begins.
    Column("skipped", Integer, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    UniqueConstraint("tenant_id", "account", name="erasure_tenant_id_account_key"),
)

CLOSED_ACCOUNT: Final = Table(
    "closed_account",
    METADATA,
    # Keyed digests: an account that Atlassian called closed is never reported again.
    _tenant(),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("tenant_id", "digest"),
)

ACCOUNT_REPORT: Final = Table(
    "account_report",
    METADATA,
    _tenant(),
    Column("account", Text, nullable=False),
    Column("retrieved_at", _MOMENT, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    Column("reported_at", _MOMENT),
    PrimaryKeyConstraint("tenant_id", "account"),
)

REPORT_CYCLE: Final = Table(
    "report_cycle",
    METADATA,
    Column("tenant_id", Integer, primary_key=True, autoincrement=False),
    Column("days", Integer, nullable=False),
    Column("not_before", _MOMENT),
)

_STATUS: Final = ENUM(
    *("todo", "doing", "succeeded", "failed", "cancelled", "aborting", "aborted"),
    name="procrastinate_job_status",
    create_type=False,
)

QUEUE: Final = Table(
    "procrastinate_jobs",
    # As procrastinate's schema 3.10 makes it; only what we write and read.
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("queue_name", Text, nullable=False),
    Column("task_name", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("lock", Text),
    Column("queueing_lock", Text),
    Column("args", JSONB, nullable=False),
    Column("status", _STATUS, nullable=False),
    Column("scheduled_at", _MOMENT),
    Column("attempts", Integer, nullable=False),
    Column("worker_id", BigInteger),
)

WORKERS: Final = Table(
    "procrastinate_workers",
    QUEUE.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("last_heartbeat", _MOMENT, nullable=False),
)

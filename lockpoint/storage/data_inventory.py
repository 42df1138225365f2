"""Everything that is stored: what it is, whose, why, and for how long.

`tests/structure/test_inventory.py` compares it with the migrated database, live Redis keys, jobs, and the properties
that the code writes, in both directions. `bin/privacy-page` makes the tables of `PRIVACY.md` from it.
"""

from __future__ import annotations

from typing import Final

from lockpoint.storage.classification import Field, Kept, Kind, Whose


def _of(whose: Whose, **fields: str) -> tuple[Field, ...]:
    return tuple(Field(name, whose, what) for name, what in fields.items())


_TENANT: Final = _of(Whose.SITE, tenant_id="our number of the site")
_FILE: Final = _of(Whose.FILE, attachment_id="id of the attachment")

_BASE: Final = (
    *_of(Whose.FILE, created="when it was made", size="bytes", number="number of the version"),
    *_of(Whose.PERSON, author="AccountID of the author of the protected version"),
)
_ENDED: Final = (
    *_of(Whose.NOBODY, reason="how it ended", at="when", lock_id="random name of the lock"),
    *_of(Whose.PERSON, holder="AccountID of the last owner", by="AccountID of who ended the lock"),
    *_of(Whose.FILE, unsettled="times of versions that were still to be judged"),
)


def _record(*more_of_the_end: Field) -> tuple[Field, ...]:
    """The fields of a lock, in Confluence and in our copy."""
    ended = (*_ENDED, *more_of_the_end)
    return (
        *_of(Whose.NOBODY, epoch="counter of locks", seq="counter of writes", op_id="random name of the write"),
        *_of(Whose.NOBODY, kind="what the write did"),
        *_of(Whose.NOBODY, at="time", lock_id="random name of the lock", acquired_at="begin", expires_at="end"),
        *_of(Whose.NOBODY, began="begin by Confluence's clock", kind="what the write did"),
        *_of(Whose.PERSON, holder="AccountID of the owner"),
        Field("base", Whose.PERSON, "the protected version", members=_BASE),
        *_of(Whose.NOBODY, extended_at="when it was extended last", chosen="whether its owner chose how long it lives"),
        *_of(Whose.NOBODY, unlock_on_upload="whether the owner's upload ends the lock"),
        Field("ended", Whose.PERSON, "how the last lock ended", members=ended),
    )


_SIGNER: Final = _of(Whose.NOBODY, signed_by="number of the key that signed the record in Confluence")
_RULES: Final = (
    *_of(Whose.SITE, active="on or off", strict="on or off", undo_trash="on or off", undo_rename="on or off"),
    *_of(Whose.SITE, warn_after_hours="number", unlock_after_hours="number"),
)
_SETTINGS: Final = (
    *_of(Whose.SITE, schema="version of the format", revision="number of the change"),
    *_of(Whose.SITE, copy_mode="on or off", usage_counts="on or off", comments="on or off", endless="on or off"),
    *_of(Whose.SITE, longest_days="number", restores="number", admins_may_overwrite="on or off"),
    *_of(Whose.SITE, allowed_apps="which apps, no people"),
    *_RULES,
)

_SPACE_SETTINGS: Final = (
    *_of(Whose.NOBODY, schema="version of the format"),
    Field("rules", Whose.SITE, "what the space decides itself", members=_RULES),
    *_of(Whose.NOBODY, managers="empty", manager_groups="empty"),
)

JOB_SUBJECTS: Final = (
    *_of(Whose.FILE, reconcile="attachment id", page_hint="id of a page or blog post", sweep="empty"),
    *_of(Whose.FILE, moved="attachment id"),
    *_of(Whose.SITE, switched="id of a space, or empty"),
    *_of(Whose.FILE, confirm="attachment id and random name of a write"),
    *_of(Whose.PERSON, trashed="attachment id and AccountID of who is said to have trashed it", profile="AccountID"),
    *_of(Whose.PERSON, holder_gone="AccountID of a holder whose account is deactivated"),
    *_of(Whose.NOBODY, send_mail="number of the mail intent", erase="number of the request", self_test="empty"),
    *_of(
        Whose.NOBODY,
        rediscover="empty",
        report_accounts="empty",
        tombstones="empty",
        copy_texts="empty",
        holders="empty",
    ),
    *_of(Whose.SITE, goodbye="Atlassian's name of the installation"),
)
"""The argument `subject`, by kind of job."""

_JOB_ARGUMENTS: Final = (
    *_of(Whose.SITE, tenant_id="our number of the site"),
    *_of(Whose.PERSON, subject="AccountID, in a few kinds of jobs"),
    *_of(Whose.NOBODY, cause="kind of the error that parked the job"),
)

TABLES: Final = (
    Kind(
        name="installation",
        what="the sites that installed the app",
        why="to know who calls and to sign our calls",
        kept=Kept.INSTALLED,
        fields=(
            Field("id", Whose.SITE, "our number", Kept.LOG),
            Field("client_key", Whose.SITE, "Atlassian's name of the installation", Kept.LOG),
            *_of(Whose.SITE, base_url="address", licence="state of the licence", licence_checked_at="when asked"),
            *_of(Whose.SITE, returned_at="when the app was last switched on again"),
            Field("uninstalled_at", Whose.SITE, "when it was uninstalled", Kept.LOG),
            *_of(Whose.SITE, display_url="address shown to people", oauth_client_id="name for impersonation"),
            Field("secret", Whose.SITE, "shared secret, encrypted by the app", Kept.ERASED_AT_ONCE),
            Field("previous_secret", Whose.SITE, "the secret before, encrypted by the app", Kept.CHANGE),
            Field("secret_changed_at", Whose.SITE, "when it was replaced", Kept.CHANGE),
            Field("installed", Whose.SITE, "whether it is installed", Kept.LOG),
            Field("enabled", Whose.SITE, "whether it is switched on", Kept.LOG),
            Field("door", Whose.SITE, "Connect or Forge", Kept.LOG),
            Field("cloud_id", Whose.SITE, "Atlassian's name of the site", Kept.LOG),
            *_of(Whose.SITE, forge_url="address of its REST calls", forge_installation="name of the installation"),
            *_of(Whose.SITE, forge_environment="which of Forge's environments", forge_version="version of the app"),
            *_of(Whose.SITE, forge_seen_at="when Forge called last", app_accounts="who the app itself is there"),
            *_of(Whose.SITE, forge_event_at="when it sent an event last", forge_tick_at="its hourly call"),
            Field("former_key", Whose.SITE, "what signatures of an earlier installation are bound to", Kept.LOG),
        ),
    ),
    Kind(
        name="forge_token",
        what="the app's own access token for each site that installed it through Forge",
        why="to work while nobody is at a screen",
        kept=Kept.EXPIRY,
        fields=(
            *_TENANT,
            Field("token", Whose.SITE, "access token, encrypted by the app"),
            *_of(Whose.NOBODY, expires_at="its end", received_at="when it came"),
        ),
    ),
    Kind(
        name="installation_event",
        what="log of installs and uninstalls",
        why="to show what happened to an installation",
        kept=Kept.LOG,
        fields=(*_of(Whose.NOBODY, id="number"), *_TENANT, *_of(Whose.SITE, event="what happened", at="when")),
    ),
    Kind(
        name="lock_witness",
        what="our copy of each lock's record, without notes and reasons",
        why="to notice and repair a removed record, to answer webhooks without a call, to list locks",
        kept=Kept.WORKING_DAYS,
        fields=(
            *_TENANT,
            *_FILE,
            *_of(Whose.FILE, container_kind="page or blog post", container_id="its id", space_id="id of its space"),
            *_of(Whose.NOBODY, epoch="counter of locks", seq="counter of writes"),
            *_of(Whose.PERSON, holder="AccountID of the owner"),
            Field("record", Whose.PERSON, "the record", members=(*_record(), *_SIGNER)),
            *_of(
                Whose.FILE,
                protection="whether the file can be protected, or why not",
                version="number of the version that was looked at last",
            ),
            *_of(
                Whose.NOBODY,
                seen_at="when Confluence last confirmed it",
                returned_at="when its page came to an active space",
            ),
        ),
    ),
    Kind(
        name="creation_guard",
        what="who is creating a first record just now",
        why="two people who lock at once cannot both succeed",
        kept=Kept.HOUR,
        fields=(*_TENANT, *_FILE, *_of(Whose.NOBODY, op_id="random name of the write", until="end of the claim")),
    ),
    Kind(
        name="request_outcome",
        what="the outcome of each call that writes",
        why="a repeated call gets the same answer",
        kept=Kept.DAY,
        fields=(
            *_TENANT,
            *_of(Whose.PERSON, account="AccountID of the caller"),
            *_of(Whose.NOBODY, request_id="random name from the browser", digest="keyed hash of the call"),
            *_of(Whose.NOBODY, lock_id="random name of a lock", op_id="random name of a write", done="state"),
            *_of(Whose.NOBODY, status="code of the answer", error="code of the refusal"),
            *_of(Whose.NOBODY, started_at="when", busy_until="when a dead attempt may be repeated"),
            *_of(Whose.NOBODY, lock_began="whether others found that the lock began"),
        ),
    ),
    Kind(
        name="restoration",
        what="which versions the app restored",
        why="to tell our own versions from overwrites, and never to restore in circles",
        kept=Kept.LOCK,
        fields=(
            *_TENANT,
            *_FILE,
            *_of(Whose.FILE, created="time of our version", source_created="time of the restored version"),
            *_of(Whose.NOBODY, lock_id="random name of the lock", at="when"),
            *_of(Whose.PERSON, offenders="AccountIDs whose uploads were undone"),
        ),
    ),
    Kind(
        name="audit_event",
        what="audit log: lock, unlock, update, conflict and so on",
        why="admins of the site can see who did what",
        kept=Kept.DAYS,
        fields=(
            *_TENANT,
            *_of(Whose.NOBODY, at="date and time", kind="event", epoch="counter of locks", seq="counter of writes"),
            *_FILE,
            *_of(Whose.PERSON, account="AccountID, or a random pseudonym after erasure"),
            *_of(Whose.NOBODY, lock_id="random name of the lock", detail="a word of ours", recovered="written later"),
            *_of(Whose.FILE, version="number of the version"),
        ),
    ),
    Kind(
        name="email_log",
        what="e-mail log: time, kind, result",
        why="to answer whether a mail was sent",
        kept=Kept.DAYS,
        fields=(
            *_TENANT,
            *_of(Whose.NOBODY, at="date and time", kind="kind of mail", result="sent, refused, no address"),
            *_of(Whose.PERSON, address_hash="keyed hash of the address (HMAC-SHA-256)"),
            *_of(Whose.NOBODY, key_id="which key made the hash"),
        ),
    ),
    Kind(
        name="email_intent",
        what="that somebody is to be told something, once",
        why="no mail is lost and none is sent twice",
        kept=Kept.LOCK,
        fields=(
            *_of(Whose.NOBODY, id="number"),
            *_TENANT,
            *_of(Whose.NOBODY, kind="kind of mail", event_key="which event", done="state", created_at="when"),
            *_of(Whose.NOBODY, told_by="number of the intent whose mail tells it", told_at="when it was told"),
            *_of(Whose.NOBODY, outcome="what became of it: sent, refused, no address and so on"),
            *_of(Whose.PERSON, recipient="AccountID of the recipient", actor="AccountID of the other person"),
            *_FILE,
            *_of(Whose.NOBODY, lock_id="random name of the lock", detail="a word of ours"),
            *_of(Whose.FILE, version="number of the version"),
        ),
    ),
    Kind(
        name="account_profile",
        what="time zone and language of people who used locking themselves",
        why="mails show times and words as the recipient reads them",
        kept=Kept.PROFILE,
        fields=(
            *_TENANT,
            *_of(Whose.PERSON, account="AccountID", time_zone="time zone", locale="language", used_at="last use"),
        ),
    ),
    Kind(
        name="site_state",
        what="state of a site's settings",
        why="nobody can put older settings back; the result of the restore test",
        kept=Kept.INSTALLED,
        fields=(
            *_TENANT,
            *_of(Whose.SITE, revision="number of the settings"),
            Field("settings", Whose.SITE, "the settings themselves, to put them back", members=_SETTINGS),
            *_of(Whose.SITE, template_revision="number of the texts of mails"),
            *_of(Whose.SITE, restore_works="result of the self-test", tested_at="when it ran"),
            *_of(Whose.SITE, usage_counts="whether usage is counted; off unless an admin switches it on"),
            *_of(
                Whose.SITE,
                returned_at="when admins switched Lockpoint on again last",
                strict="whether strict mode is on",
            ),
            *_of(Whose.SITE, strict_at="when it was switched on"),
            *_of(Whose.FILE, scratch_id="id of the app's own test file", cursor="where a search goes on"),
        ),
    ),
    Kind(
        name="space_state",
        what="what a space decides for itself, without its lock managers",
        why="settings that were altered without the app do not hold",
        kept=Kept.INSTALLED,
        fields=(
            *_TENANT,
            *_of(Whose.SITE, space_id="id of the space", version="number of the change"),
            Field("settings", Whose.SITE, "the settings themselves", members=_SPACE_SETTINGS),
            *_of(Whose.SITE, noted_at="when they were stored", active="whether Lockpoint is on there"),
            *_of(Whose.SITE, returned_at="when it was switched on again last", strict="whether strict mode is on"),
            *_of(Whose.SITE, strict_at="when that was switched on"),
        ),
    ),
    Kind(
        name="usage_daily",
        what="usage counts by day, only for sites whose admins switched them on",
        why="to learn which functions are used",
        kept=Kept.COUNTS,
        fields=(
            *_of(Whose.SITE, site="keyed hash of the installation"),
            *_of(Whose.NOBODY, event="name of a function", locale="language", zone="time zone", day="day"),
            *_of(Whose.NOBODY, count="how often; of all people together"),
        ),
    ),
    Kind(
        name="privacy_request",
        what="requests of people about their data: which right, when, done when",
        why="to show that requests are answered",
        kept=Kept.YEAR,
        fields=(
            *_of(Whose.NOBODY, id="number"),
            *_TENANT,
            *_of(Whose.NOBODY, right="copy, erasure or restriction", origin="who asked: person, operator, Atlassian"),
            *_of(Whose.NOBODY, asked_at="when", done_at="done when"),
        ),
    ),
    Kind(
        name="erasure",
        what="erasures under way",
        why="live locks end after a grace period, and an erasure survives a crash",
        kept=Kept.ERASURE,
        fields=(
            *_of(Whose.NOBODY, request_id="number of the request"),
            *_TENANT,
            *_of(Whose.PERSON, account="AccountID to erase", pseudonym="random pseudonym that takes its place"),
            *_of(Whose.NOBODY, release_at="end of the grace period", cursor="where the work goes on"),
            *_of(Whose.NOBODY, skipped="number of files that are closed to the app", due_at="when the work goes on"),
        ),
    ),
    Kind(
        name="closed_account",
        what="keyed hashes of AccountIDs that Atlassian reported as closed",
        why="Atlassian asks apps not to report a closed account again",
        kept=Kept.INSTALLED,
        fields=(*_TENANT, *_of(Whose.PERSON, digest="keyed hash; the AccountID cannot be read from it")),
    ),
    Kind(
        name="account_report",
        what="when each account is to be reported to Atlassian",
        why="Atlassian tells us about closed and changed accounts only when asked in time",
        kept=Kept.HELD,
        fields=(
            *_TENANT,
            *_of(Whose.PERSON, account="AccountID"),
            *_of(Whose.NOBODY, retrieved_at="age of our data", due_at="next report", reported_at="last report"),
        ),
    ),
    Kind(
        name="report_cycle",
        what="how often Atlassian wants reports of a site",
        why="the pace is Atlassian's",
        kept=Kept.INSTALLED,
        fields=(*_TENANT, *_of(Whose.NOBODY, days="days between reports", not_before="when Atlassian said: later")),
    ),
    Kind(
        name="procrastinate_jobs",
        what="the job queue; arguments are ids only",
        why="work survives a crash",
        kept=Kept.JOB,
        fields=(
            *_of(Whose.NOBODY, id="number", queue_name="constant", task_name="kind of job", priority="number"),
            *_of(Whose.PERSON, lock="kind, site and subject, or its keyed hash", queueing_lock="the same"),
            Field("args", Whose.PERSON, "AccountID, in a few kinds of jobs", members=_JOB_ARGUMENTS),
            *_of(Whose.NOBODY, status="state", scheduled_at="when", attempts="number", abort_requested="state"),
            *_of(Whose.NOBODY, worker_id="number of the worker"),
        ),
    ),
    Kind(
        name="procrastinate_events",
        what="when a job changed its state",
        why="part of the queue",
        kept=Kept.JOB,
        fields=_of(Whose.NOBODY, id="number", job_id="number of the job", type="state", at="when"),
    ),
    Kind(
        name="procrastinate_workers",
        what="running workers",
        why="jobs of a stopped one are requeued",
        kept=Kept.HOUR,
        fields=_of(Whose.NOBODY, id="number", last_heartbeat="when it last spoke"),
    ),
    Kind(
        name="procrastinate_periodic_defers",
        what="part of the queue that we do not use",
        why="it belongs to the queue's schema",
        kept=Kept.LOG,
        fields=(
            *_of(Whose.NOBODY, id="unused", task_name="unused", defer_timestamp="unused", job_id="unused"),
            *_of(Whose.NOBODY, periodic_id="unused"),
        ),
    ),
    Kind(
        name="alembic_version",
        what="version of the database's schema",
        why="migrations know where to begin",
        kept=Kept.LOG,
        fields=_of(Whose.NOBODY, version_num="name of the last migration"),
    ),
)

MUTEX: Final = Kind(
    name=r"lockpoint:mutex:reconcile:\d+:\d+",
    what="that one worker handles a file; key: site and attachment id, value: a random number",
    why="two workers do not do the same work",
    kept=Kept.HOUR,
    fields=(*_TENANT, *_FILE),
    value=r"[\da-f]{32}",
)
POINTS: Final = Kind(
    name=r"lockpoint:points:\d{10}",
    what="what calls to Confluence cost in an hour, by site and use case",
    why="Confluence limits an app's calls",
    kept=Kept.HOURS,
    fields=(*_TENANT, *_of(Whose.NOBODY, lane="who pays", use_case="a word of ours")),
    value=r"\d+\|[a-z_]+\|[a-z_]+",
)
INSTALL_KEY: Final = Kind(
    name=r"lockpoint:install-key:[\w.-]{1,128}",
    what="a public key of Atlassian's, by its name, signed by the app",
    why="to verify installs while Atlassian's servers are slow or away",
    kept=Kept.DAY,
    fields=_of(Whose.NOBODY, key_id="Atlassian's name of the key"),
    value=r"[\da-f]{64}\n-----BEGIN PUBLIC KEY-----\n[\w+/=\n]+-----END PUBLIC KEY-----\n",
)
INSTALL_TOKEN: Final = Kind(
    name=r"lockpoint:install-token:[\da-f]{64}",
    what="keyed hashes of the token and the body of an install or uninstall",
    why="a captured token cannot be used with another body",
    kept=Kept.DAY,
    fields=_of(Whose.SITE, digest="keyed hash of the token"),
    value=r"[\da-f]{64}",
)
SPENT: Final = Kind(
    name=r"lockpoint:spent:\d{10}(?:\d{2})?",
    what="what calls to Confluence cost in an hour or ten minutes, by site, page and person (a keyed hash)",
    why="nobody uses up what others need",
    kept=Kept.HOURS,
    fields=(*_TENANT, *_of(Whose.FILE, page="page id"), *_of(Whose.PERSON, person="keyed hash of an AccountID")),
    value=r"all|site\|\d+|page\|\d+\|\d+|person\|\d+\|[\da-f]{32}",
)
BLOCKED: Final = Kind(
    name=r"lockpoint:blocked:\d+",
    what="until when Confluence wants no calls, to one site or any",
    why="a refusal heard by one process counts in all",
    kept=Kept.HOUR,
    fields=_TENANT,
    value=r"\d{10}",
)
IMPERSONATIONS: Final = Kind(
    name=r"lockpoint:impersonations:\d+",
    what="how many people's tokens were asked for in a minute",
    why="Forge gives so many for all sites together",
    kept=Kept.HOUR,
    fields=_of(Whose.NOBODY, minute="number of the minute"),
    value=r"\d+",
)
REDIS: Final = (MUTEX, POINTS, INSTALL_KEY, INSTALL_TOKEN, SPENT, BLOCKED, IMPERSONATIONS)
"""Keys as regular expressions; `redis_key` makes no others."""

_DATED: Final = _of(
    Whose.NOBODY,
    schema="version of the format",
    seq="number of the write, 0 where Confluence counts none",
    at="when it was signed",
    mac="signature",
)

_REQUESTS: Final = (
    *_of(Whose.NOBODY, id="random name of the request", lock_id="random name of the lock"),
    *_of(Whose.PERSON, account="AccountID of who asks", at="when", message="what they wrote to the owner"),
    *_of(Whose.PERSON, declined_at="when the owner declined", note="what the owner answered"),
)
_TEXTS: Final = _of(Whose.SITE, language="language", mail="which mail", subject="its subject", body="its text")

PROPERTIES: Final = (
    Kind(
        name="lockpointlock",
        place="attachment",
        what="the lock",
        why="Confluence decides between two writers, and the lock outlives the app",
        kept=Kept.FILE_LIFE,
        fields=(
            *_of(Whose.NOBODY, schema="version of the format", state="held or free", mac="signature"),
            *_record(*_of(Whose.PERSON, why="what was written about the end of the lock")),
            *_of(Whose.PERSON, note="what the owner wrote for others to read"),
        ),
    ),
    Kind(
        name="lockpointwatch",
        place="attachment",
        what="who asked to be told when the file is free, or asks its owner for it",
        why="they asked",
        kept=Kept.WAITING,
        fields=(
            *_DATED,
            *_of(Whose.PERSON, askers="AccountIDs in the order of asking"),
            Field("requests", Whose.PERSON, "who asks the owner for the file", members=_REQUESTS),
        ),
    ),
    Kind(
        name="lockpointpage",
        place="page or blog post",
        what="how many files are locked",
        why="the line under the title, and finding locks again",
        kept=Kept.CONFLUENCE,
        fields=(
            *_of(Whose.FILE, schema="version of the format", lockedCount="number", mac="signature"),
            Field("name", Whose.FILE, "text shown", members=_of(Whose.FILE, value="how many files are locked")),
            Field("tooltip", Whose.FILE, "text shown", members=_of(Whose.FILE, value="how many files are locked")),
        ),
    ),
    Kind(
        name="lockpointsite",
        place="app",
        what="settings of the site",
        why="site admins choose",
        kept=Kept.CONFLUENCE,
        fields=(*_SETTINGS, *_of(Whose.SITE, mac="signature")),
    ),
    Kind(
        name="lockpointmails",
        place="app",
        what="texts of mails that site admins wrote",
        why="mails speak as the site wants it",
        kept=Kept.CONFLUENCE,
        fields=(
            *_of(Whose.SITE, schema="version of the format", revision="number of the change", mac="signature"),
            Field("texts", Whose.SITE, "what admins wrote, with placeholders instead of people", members=_TEXTS),
        ),
    ),
    Kind(
        name="lockpointspace",
        place="space",
        what="settings of the space, and its lock managers",
        why="space admins choose",
        kept=Kept.CONFLUENCE,
        fields=(
            *_DATED,
            Field("rules", Whose.SITE, "what the space decides itself", members=_RULES),
            *_of(Whose.PERSON, managers="AccountIDs"),
            *_of(Whose.SITE, manager_groups="ids of groups"),
        ),
    ),
    Kind(
        name="lockpointprefs",
        place="user",
        what="a person's choice of mails, language and time zone",
        why="they chose",
        kept=Kept.CHOICE,
        fields=(
            *_DATED,
            *_of(Whose.PERSON, off="mails switched off", locale="language", time_zone="time zone"),
            *_of(Whose.PERSON, restricted="whether data about the person are only kept"),
        ),
    ),
)

"""The settings in the environment."""

from pathlib import Path

import pytest

from lockpoint.settings import ATLASSIAN_KEY_HOSTS, Settings, SettingsError, load_settings

KEY = "k" * 32
REQUIRED = {
    "DATABASE_URL": "postgres://user:hunter2@db.example.com:5432/lockpoint?sslmode=require",
    "REDIS_URL": "rediss://:hunter2@redis.example.com:6380",
    "LOCKPOINT_BASE_URL": "https://lockpoint.example.com/",
    "LOCKPOINT_SECRET_KEYS": KEY,
    "LOCKPOINT_MAIL_URL": "smtp://user:hunter2@mail.example.com:587?starttls=1",
    "LOCKPOINT_MAIL_FROM": "Lockpoint <lockpoint@example.com>",
}


@pytest.fixture(autouse=True)
def _only_the_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    monkeypatch.delenv("DYNO", raising=False)
    monkeypatch.delenv("HEROKU_APP_DEFAULT_DOMAIN_NAME", raising=False)
    monkeypatch.delenv("PGSSLMODE", raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)


def test_defaults_are_atlassians_and_safe() -> None:
    settings = load_settings()
    assert settings.database_url.startswith("postgresql+psycopg://user:hunter2@db.example.com:5432/lockpoint?sslmode")
    assert settings.base_url == "https://lockpoint.example.com"
    assert settings.allowed_hosts == ("*.atlassian.net", "*.jira.com")
    assert settings.install_key_urls == ATLASSIAN_KEY_HOSTS
    assert settings.redis_tls_verify is True
    assert (settings.port, settings.sweep_seconds, settings.retention_days) == (5000, 900, 30)
    assert (settings.points_per_hour, settings.licensing, settings.proxy_hops) == (65000, False, 0)


def test_lists_and_switches_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCKPOINT_SECRET_KEYS", f"{'n' * 40}, {KEY}")
    monkeypatch.setenv("LOCKPOINT_ALLOWED_HOSTS", "*.Atlassian.net,localhost:8080")
    monkeypatch.setenv("LOCKPOINT_INSTALL_KEY_URLS", "http://localhost:8080/_sim/install-keys/")
    monkeypatch.setenv("LOCKPOINT_LICENSING", "on")
    monkeypatch.setenv("LOCKPOINT_REDIS_TLS_VERIFY", "0")
    settings = load_settings()
    assert [key.get_secret_value()[0] for key in settings.secret_keys] == ["n", "k"]
    assert settings.allowed_hosts == ("*.atlassian.net", "localhost:8080")
    assert settings.install_key_urls == ("http://localhost:8080/_sim/install-keys",)
    assert (settings.licensing, settings.redis_tls_verify) == (True, False)


def test_herokus_router_is_one_hop(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-Forwarded, unless the variable says otherwise."""
    monkeypatch.setenv("DYNO", "web.1")
    assert load_settings().proxy_hops == 1
    monkeypatch.setenv("LOCKPOINT_PROXY_HOPS", "2")
    assert load_settings().proxy_hops == 2


@pytest.mark.parametrize("name", sorted(REQUIRED))
@pytest.mark.parametrize("empty", [True, False])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, name: str, empty: bool) -> None:
    if empty:
        monkeypatch.setenv(name, "")
    else:
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value) == f"{name}: is missing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://db.example.com/x"),
        ("REDIS_URL", "http://redis.example.com"),
        ("PORT", "0"),
        ("PORT", "web"),
        ("LOCKPOINT_BASE_URL", "lockpoint.example.com"),
        ("LOCKPOINT_BASE_URL", "http://lockpoint.example.com"),
        ("LOCKPOINT_BASE_URL", "https://lockpoint.example.com/app"),
        ("LOCKPOINT_BASE_URL", "https://lockpoint.example.com?x=1"),
        ("LOCKPOINT_BASE_URL", "https://user@lockpoint.example.com"),
        ("LOCKPOINT_APP_KEY", "has space"),
        ("LOCKPOINT_APP_KEY", "x" * 65),
        ("LOCKPOINT_SECRET_KEYS", "tooshort"),
        ("LOCKPOINT_SECRET_KEYS", f"{KEY},tooshort"),
        ("LOCKPOINT_SECRET_KEYS", ","),
        ("LOCKPOINT_ALLOWED_HOSTS", "https://example.com"),
        ("LOCKPOINT_ALLOWED_HOSTS", "*"),
        ("LOCKPOINT_ALLOWED_HOSTS", "exa*mple.com"),
        ("LOCKPOINT_INSTALL_KEY_URLS", "https://ok.example.com,ftp://no.example.com"),
        ("LOCKPOINT_OAUTH_URL", "http://oauth.example.com"),
        ("LOCKPOINT_CONNECT_JS_URL", "//cdn.example.com/all.js"),
        ("LOCKPOINT_MAIL_URL", "mail.example.com:587"),
        ("LOCKPOINT_MAIL_FROM", "nobody"),
        ("LOCKPOINT_MAIL_FROM", "A <a@example.com>\r\nBcc: b@example.com"),
        ("LOCKPOINT_SWEEP_SECONDS", "0"),
        ("LOCKPOINT_RETENTION_DAYS", "31"),
        ("LOCKPOINT_RETENTION_DAYS", "0"),
        ("LOCKPOINT_POINTS_PER_HOUR", "-1"),
        ("LOCKPOINT_LICENSING", "maybe"),
        ("LOCKPOINT_PROXY_HOPS", "-1"),
        ("LOCKPOINT_REDIS_TLS_VERIFY", "sometimes"),
        ("SENTRY_DSN", "https://key@sentry.example.com"),
        ("SENTRY_DSN", "https://sentry.example.com/1"),
        ("SENTRY_DSN", "https://key@sentry.example.com:8x0/1"),
        ("SENTRY_DSN", "http://key@sentry.example.com/1"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{name}: ")
    assert len(value) < 3 or value not in line


@pytest.mark.parametrize("address", ["https://lockpoint.example.com", "https://localhost", ""])
def test_no_installation_has_a_clock_that_can_be_moved(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Not even one without an address."""
    monkeypatch.setenv("LOCKPOINT_BASE_URL", address)
    monkeypatch.setenv("LOCKPOINT_CLOCK_FILE", "/srv/clock")
    with pytest.raises(SettingsError, match="LOCKPOINT_CLOCK_FILE: is for a developer's machine only") as refused:
        load_settings()
    assert "/srv/clock" not in str(refused.value)


def test_a_developer_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine without TLS, which no site could call."""
    monkeypatch.setenv("LOCKPOINT_BASE_URL", "http://127.0.0.1:5000")
    monkeypatch.setenv("LOCKPOINT_CLOCK_FILE", "/srv/clock")
    assert load_settings().clock_file == Path("/srv/clock")


BROKEN = {
    "DATABASE_URL": [
        "postgres://user:54x32/a@db.example.com/lockpoint?sslmode=require",
        "postgres://user:a@db.example.com:99999/lockpoint",
        "postgres://user:12/34@db.example.com/lockpoint",
        "postgres://user:pass?w@db.example.com/lockpoint",
    ],
    "REDIS_URL": [
        "rediss://:p/w@redis.example.com",
        "rediss://redis.example.com:0",
        "rediss://redis.example.com/first",
    ],
    "LOCKPOINT_MAIL_URL": [
        "smtp://AKIA:BEx0/aVq+Zz@mail.example.com:587?starttls=1",
        "smtp://me:12#4@mail.example.com:587?starttls=1",
        "smtps://mail.example.com:99999",
        "smtps://mail.example.com/inbox",
        "smtps://[::1",
    ],
    "LOCKPOINT_BASE_URL": ["https://lp.example.com:8x0", "https://lp.example.com:99999"],
    "LOCKPOINT_OAUTH_URL": ["https://oauth.example.com:-1"],
    "LOCKPOINT_INSTALL_KEY_URLS": ["https://keys.example.com:8x0"],
}
PLAIN = {
    "DATABASE_URL": [
        "postgres://user:hunter2@db.example.com/lockpoint?sslmode=disable",
        "postgres://user:hunter2@db.example.com/lockpoint?sslmode=prefer",
        "postgres://user:hunter2@/lockpoint?host=db.example.com&sslmode=allow",
    ],
    "REDIS_URL": ["redis://db.example.com:6379/0", "redis://:hunter2@db.example.com"],
    "LOCKPOINT_MAIL_URL": ["smtp://db.example.com:25", "smtp://user:hunter2@db.example.com:587?starttls=0"],
}


def told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{name}: ")
    return line


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BROKEN for value in BROKEN[name]])
def test_an_address_that_ends_early_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """D3: the variable and what is wrong, and no part of the value."""
    line = told(monkeypatch, name, value)
    assert not any(part in line for part in ("54x32", "99999", "BEx0", "8x0", "example", "p/w", "first", "inbox"))


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in PLAIN for value in PLAIN[name]])
def test_nothing_goes_over_a_net_in_plain_text(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """C5: but to hosts that the operator names."""
    assert "plain text" in told(monkeypatch, name, value)
    monkeypatch.setenv("LOCKPOINT_PLAIN_TEXT_HOSTS", "mail.internal, db.example.com")
    load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://user@localhost/lockpoint"),
        ("DATABASE_URL", "postgres:///lockpoint?host=/var/run/postgresql"),
        ("REDIS_URL", "redis://127.0.0.1:6379/1"),
        ("REDIS_URL", "unix:///run/valkey.sock"),
        ("LOCKPOINT_MAIL_URL", "smtp://[::1]:25"),
    ],
)
def test_on_one_machine_nothing_is_encrypted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    settings = load_settings()
    assert "sslmode" not in settings.database_url or name != "DATABASE_URL"


@pytest.mark.parametrize(
    ("address", "mode", "used"),
    [
        ("postgres://u:p@db.example.com/lockpoint", None, "lockpoint?sslmode=require"),
        ("postgres://u:p@db.example.com/x?connect_timeout=5", None, "x?connect_timeout=5&sslmode=require"),
        ("postgres://u:p@db.example.com/lockpoint", "verify-full", "lockpoint"),
        ("postgres://u:p@db.example.com/lockpoint?sslmode=verify-ca", "disable", "lockpoint?sslmode=verify-ca"),
    ],
)
def test_a_database_elsewhere_is_reached_by_tls(
    monkeypatch: pytest.MonkeyPatch, address: str, mode: str | None, used: str
) -> None:
    """C5: Heroku's address says nothing about it; PGSSLMODE is libpq's own variable."""
    monkeypatch.setenv("DATABASE_URL", address)
    if mode:
        monkeypatch.setenv("PGSSLMODE", mode)
    assert load_settings().database_url.endswith(used)


@pytest.mark.parametrize(
    "dsn",
    [
        "https://0f0f@o1.ingest.de.sentry.io/4501",
        "https://key:secret@sentry.example.com:8443/below/7",
        "http://key@127.0.0.1:9000/1",
    ],
)
def test_addresses_of_sentry_projects_are_taken(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    """Of Sentry's own service, of a server below a path, and on this machine without TLS."""
    monkeypatch.setenv("SENTRY_DSN", dsn)
    assert load_settings().sentry_dsn == dsn


def test_secrets_stay_out_of_the_repr() -> None:
    shown = repr(load_settings())
    assert KEY not in shown
    assert "hunter2" not in shown


def test_settings_cannot_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_on_heroku_the_address_is_the_app_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where dyno metadata are on; an address that is set goes first, and without either the start stops."""
    monkeypatch.delenv("LOCKPOINT_BASE_URL")
    with pytest.raises(SettingsError, match="LOCKPOINT_BASE_URL: is missing"):
        load_settings()
    monkeypatch.setenv("HEROKU_APP_DEFAULT_DOMAIN_NAME", "lockpoint-1234.herokuapp.com")
    assert load_settings().base_url == "https://lockpoint-1234.herokuapp.com"
    monkeypatch.setenv("LOCKPOINT_BASE_URL", "https://lockpoint.example.com")
    assert load_settings().base_url == "https://lockpoint.example.com"

"""The environment, read once at start; nothing else reads it. Variables: `docs/operations.md`."""

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from lockpoint.addresses import database_address, mail_address, redis_address, web_address

ATLASSIAN_KEY_HOSTS: Final = (
    "https://asap-distribution.us-west-2.prod.atl-asap.net",
    "https://connect-install-keys.atlassian.com",
)
"""Keys of signed installs, in the order of Atlassian's own framework."""

ATLASSIAN_OAUTH: Final = "https://oauth-2-authorization-server.services.atlassian.com"
"""Issuer of impersonation tokens; the operation is `/oauth2/token`."""

ATLASSIAN_FORGE_KEYS: Final = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json"
"""The key set of invocation tokens."""

ATLASSIAN_API: Final = "https://api.atlassian.com"
"""Forge apps call sites below it."""

ATLASSIAN_CONNECT_JS: Final = "https://connect-cdn.atl-paas.net/all.js"
"""The iframe side of Atlassian's bridge."""

SHORTEST_SECRET_KEY: Final = 32

_HOST_PATTERN: Final = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
_MAILBOX: Final = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>\r\n]*<[^@\s<>]+@[^@\s<>]+>")
_SENTRY_DSN: Final = re.compile(
    r"(https://\w+(:\w+)?@[\w.-]+|http://\w+(:\w+)?@(localhost|127\.0\.0\.1|\[::1\]))(:\d{1,5})?(/[\w.-]+)*/\d+",
    re.ASCII,
)
_FORGE_APP: Final = "ari:cloud:ecosystem::app/"
_FORGE_ENVIRONMENTS: Final = frozenset({"DEVELOPMENT", "STAGING", "PRODUCTION"})
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SettingsError(ValueError):
    """A line for each missing or wrong variable, starting with its name."""


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _switch(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"on", "off"}:
        return value.lower() == "on"
    if isinstance(value, bool):
        return value
    msg = "must be `on` or `off`"
    raise ValueError(msg)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Switch = Annotated[bool, BeforeValidator(_switch)]


class Settings(BaseSettings):
    """Raises ValidationError for wrong values. Addresses that may hold a password stay out of the repr."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True)

    plain_text_hosts: Listed = Field(alias="LOCKPOINT_PLAIN_TEXT_HOSTS", default=())
    """Hosts of databases and mail servers that may be reached without TLS, on a net of the operator's own."""
    database_url: str = Field(alias="DATABASE_URL", repr=False)
    """For SQLAlchemy and psycopg 3; unix sockets as `?host=/absolute/folder`."""
    redis_url: str = Field(alias="REDIS_URL", repr=False)
    redis_tls_verify: bool = Field(alias="LOCKPOINT_REDIS_TLS_VERIFY", default=True)
    port: int = Field(alias="PORT", default=5000, ge=1, le=65535)
    base_url: str = Field(alias="LOCKPOINT_BASE_URL", default="", validate_default=True)
    """Scheme and host, no path or closing slash; on Heroku, where its dyno metadata are on, the app's own address."""
    app_key: str = Field(alias="LOCKPOINT_APP_KEY", default="lockpoint", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(
        alias="LOCKPOINT_SECRET_KEYS", min_length=1
    )
    """Root keys, newest first: that one signs and encrypts, all verify and decrypt."""
    allowed_hosts: Listed = Field(
        alias="LOCKPOINT_ALLOWED_HOSTS", default=("*.atlassian.net", "*.jira.com"), min_length=1
    )
    """Lower case; `*.` stands for one or more labels, a port is part of the pattern."""
    install_key_urls: Listed = Field(alias="LOCKPOINT_INSTALL_KEY_URLS", default=ATLASSIAN_KEY_HOSTS, min_length=1)
    """Tried in this order; `/{kid}` is appended, so no closing slash."""
    oauth_url: str = Field(alias="LOCKPOINT_OAUTH_URL", default=ATLASSIAN_OAUTH)
    connect_js_url: str = Field(alias="LOCKPOINT_CONNECT_JS_URL", default=ATLASSIAN_CONNECT_JS)
    forge_app_id: str | None = Field(alias="LOCKPOINT_FORGE_APP_ID", default=None)
    """In its long form; None: the Forge door does not exist."""
    forge_keys_url: str = Field(alias="LOCKPOINT_FORGE_KEYS_URL", default=ATLASSIAN_FORGE_KEYS)
    forge_api_url: str = Field(alias="LOCKPOINT_FORGE_API_URL", default=ATLASSIAN_API)
    forge_environments: Listed = Field(alias="LOCKPOINT_FORGE_ENVIRONMENTS", default=("PRODUCTION",), min_length=1)
    mail_url: str = Field(alias="LOCKPOINT_MAIL_URL", repr=False)
    """`smtp://user:password@host:587?starttls=1` or `smtps://…`."""
    mail_from: str = Field(alias="LOCKPOINT_MAIL_FROM")
    sweep_seconds: int = Field(alias="LOCKPOINT_SWEEP_SECONDS", default=900, ge=1)
    retention_days: int = Field(alias="LOCKPOINT_RETENTION_DAYS", default=30, ge=1, le=30)
    points_per_hour: int = Field(alias="LOCKPOINT_POINTS_PER_HOUR", default=65000, ge=1)
    worker_places: int = Field(alias="LOCKPOINT_WORKER_PLACES", default=40, ge=2, le=64)
    """Jobs that a worker does at a time; one site has half of them at most."""
    licensing: Switch = Field(alias="LOCKPOINT_LICENSING", default=False)
    proxy_hops: int = Field(
        alias="LOCKPOINT_PROXY_HOPS", default_factory=lambda: 1 if "DYNO" in os.environ else 0, ge=0, le=8
    )
    """Trusted X-Forwarded-* hops. Heroku sets DYNO in every process; its router is one hop."""
    private_file_hosts: Switch = Field(alias="LOCKPOINT_PRIVATE_FILE_HOSTS", default=False)
    """Whether a site may keep its files on a private net or on this machine."""
    clock_file: Path | None = Field(alias="LOCKPOINT_CLOCK_FILE", default=None)
    """On a developer's machine: tells by how many seconds our time is ahead."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        alias="LOCKPOINT_LOG_LEVEL", default="info"
    )
    """For our lines; libraries log from warning on."""
    log_format: Annotated[Literal["json", "text"], BeforeValidator(_lower)] = Field(
        alias="LOCKPOINT_LOG_FORMAT", default="json"
    )
    sentry_dsn: str | None = Field(alias="SENTRY_DSN", default=None, repr=False)

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: str, info: ValidationInfo) -> str:
        return database_address(value, os.environ.get("PGSSLMODE"), info.data["plain_text_hosts"])

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str, info: ValidationInfo) -> str:
        return redis_address(value, info.data["plain_text_hosts"])

    @field_validator("base_url")
    @classmethod
    def _base(cls, value: str) -> str:
        domain = os.environ.get("HEROKU_APP_DEFAULT_DOMAIN_NAME")
        value = value or (f"https://{domain}" if domain else "")
        if not value:
            msg = "is missing"
            raise ValueError(msg)
        address = web_address(value)
        if address.path.strip("/"):
            msg = "must be a scheme and a host, without a path"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("oauth_url", "connect_js_url", "forge_keys_url", "forge_api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        web_address(value)
        return value.rstrip("/")

    @field_validator("clock_file")
    @classmethod
    def _only_here(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """No site can call an app without TLS, which an address on this machine alone may lack."""
        if value is not None and not info.data.get("base_url", "").startswith("http://"):
            msg = "is for a developer's machine only: LOCKPOINT_BASE_URL must be http://localhost or http://127.0.0.1"
            raise ValueError(msg)
        return value

    @field_validator("forge_app_id")
    @classmethod
    def _app_id(cls, value: str | None) -> str | None:
        bare = (value or "").removeprefix(_FORGE_APP)
        if value is not None and not _UUID.fullmatch(bare):
            msg = "must be the id that `forge register` told: ari:cloud:ecosystem::app/<UUID>, or the UUID alone"
            raise ValueError(msg)
        return None if value is None else _FORGE_APP + bare

    @field_validator("forge_environments")
    @classmethod
    def _environments(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= _FORGE_ENVIRONMENTS:
            msg = f"must be some of {', '.join(sorted(_FORGE_ENVIRONMENTS))}"
            raise ValueError(msg)
        return value

    @field_validator("install_key_urls")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            web_address(address)
        return tuple(address.rstrip("/") for address in value)

    @field_validator("allowed_hosts")
    @classmethod
    def _patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        patterns = tuple(pattern.lower() for pattern in value)
        if any(not _HOST_PATTERN.fullmatch(pattern) for pattern in patterns):
            msg = "must be host names such as wiki.example.com or *.example.com, with commas between them"
            raise ValueError(msg)
        return patterns

    @field_validator("secret_keys")
    @classmethod
    def _long_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < SHORTEST_SECRET_KEY for key in value):
            msg = f"every key needs at least {SHORTEST_SECRET_KEY} characters"
            raise ValueError(msg)
        return value

    @field_validator("mail_url")
    @classmethod
    def _smtp(cls, value: str, info: ValidationInfo) -> str:
        return mail_address(value, info.data["plain_text_hosts"])

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _SENTRY_DSN.fullmatch(value):
            msg = "must look like https://key@host/1"
            raise ValueError(msg)
        if find_spec("sentry_sdk") is None:
            msg = "is set, but sentry-sdk is not installed: install lockpoint[sentry], or unset SENTRY_DSN"
            raise ValueError(msg)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not _MAILBOX.fullmatch(value):
            msg = "must be an address, or a name and an address in angle brackets"
            raise ValueError(msg)
        return value


def load_settings(given: Mapping[str, str] | None = None) -> Settings:
    """From the environment, unless `given`. Raises SettingsError; never repeats a value, which may be a secret."""
    try:
        return Settings() if given is None else Settings.model_validate(given)
    except ValidationError as error:
        lines = [
            f"{_variable(str(item['loc'][0]))}: {_reason(item['type'], item['msg'])}"
            for item in error.errors(include_input=False)
        ]
        raise SettingsError("\n".join(lines)) from None


def _variable(place: str) -> str:
    """A default's place is the field, not its variable."""
    field = Settings.model_fields.get(place)
    return str(field.alias) if field else place


def _reason(kind: str, message: str) -> str:
    return "is missing" if kind == "missing" else message.removeprefix("Value error, ")

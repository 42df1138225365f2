"""Settings of the app's processes on one machine: given ones first, made ones for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devstack.confluence import FORGE_APP, SITES, LocalConfluence
from devstack.ports import HOST, free_ports, preferred_or_free

USUAL_WEB: Final = 5000
USUAL_CONFLUENCE: Final = 8080
USUAL_SMTP: Final = 1025
USUAL_MAILS: Final = 8025


@dataclass(frozen=True, slots=True)
class Ports:
    """On the loopback interface; `confluence` is the first site's."""

    web: int
    confluence: int
    smtp: int
    mails: int

    @property
    def app_url(self) -> str:
        """Not `localhost`, so that browsers see a second site."""
        return f"http://{HOST}:{self.web}"

    @property
    def mails_url(self) -> str:
        """The mail catcher's page."""
        return f"http://{HOST}:{self.mails}"


def usual_ports(web: int | None) -> Ports:
    """The usual ones where free; a requested web port is taken unchecked."""
    return Ports(
        web=preferred_or_free(USUAL_WEB) if web is None else web,
        confluence=preferred_or_free(USUAL_CONFLUENCE, len(SITES)),
        smtp=preferred_or_free(USUAL_SMTP),
        mails=preferred_or_free(USUAL_MAILS),
    )


def spare_ports() -> Ports:
    """Free ports other than the usual ones."""
    first = free_ports(3 + len(SITES))
    return Ports(web=first, smtp=first + 1, mails=first + 2, confluence=first + 3)


def app_environment(
    given: Mapping[str, str],
    ports: Ports,
    *,
    database_url: str,
    redis_url: str,
    secret_keys: str,
    clock_file: Path | None = None,
) -> dict[str, str]:
    """Given settings win."""
    confluence = LocalConfluence(ports.confluence)
    made = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LOCKPOINT_BASE_URL": ports.app_url,
        "LOCKPOINT_SECRET_KEYS": secret_keys,
        "LOCKPOINT_ALLOWED_HOSTS": ",".join(
            ("*.atlassian.net", "*.jira.com", *confluence.hosts, *confluence.other_hosts)
        ),
        "LOCKPOINT_INSTALL_KEY_URLS": f"{confluence.origin}/_sim/install-keys",
        "LOCKPOINT_OAUTH_URL": f"{confluence.origin}/_sim/oauth",
        "LOCKPOINT_CONNECT_JS_URL": f"{confluence.origin}/_sim/connect-cdn.atl-paas.net/all.js",
        "LOCKPOINT_FORGE_APP_ID": FORGE_APP,
        "LOCKPOINT_FORGE_KEYS_URL": f"{confluence.origin}/.well-known/jwks.json",
        "LOCKPOINT_FORGE_API_URL": confluence.origin,
        "LOCKPOINT_PRIVATE_FILE_HOSTS": "on",
        "LOCKPOINT_MAIL_URL": f"smtp://{HOST}:{ports.smtp}",
        "LOCKPOINT_MAIL_FROM": "Lockpoint <lockpoint@example.com>",
        **({} if clock_file is None else {"LOCKPOINT_CLOCK_FILE": str(clock_file)}),
    }
    return {**made, **{name: value for name, value in given.items() if value}, "PORT": str(ports.web)}

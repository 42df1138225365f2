"""Forge apps on sites, their tokens, and the keys of invocation tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from simulator.model.entities import Json
from simulator.model.keys import KeyPair

ISSUER = "forge/invocation-token"
TOKEN_SECONDS = 4 * 3600
IMPERSONATIONS_PER_MINUTE = 1000


@dataclass(slots=True)
class ForgeApp:
    """`scopes` None: every scope."""

    id: str
    name: str
    remote_url: str
    scopes: frozenset[str] | None = None
    environment: str = "PRODUCTION"
    version: str = "1.0.0"


@dataclass(slots=True)
class ForgeInstallation:
    """One app on one site; `properties` are the app's. `licence` None: an app without licences."""

    app: ForgeApp
    account_id: str
    id: str = field(default_factory=lambda: f"ari:cloud:ecosystem::installation/{secrets.token_hex(16)}")
    installed: bool = True
    licence: bool | None = None
    properties: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForgeToken:
    """An access token of one installation until `expires_at` (seconds); of the app itself without an account.

    `bought`: of somebody who is not there.
    """

    value: str
    site: str
    installation: str
    account: str | None
    expires_at: int
    bought: bool = False


@dataclass(slots=True)
class ForgeCloud:
    """What Forge has for all sites. `keys_trouble`, `graphql_trouble`: "", down, nonsense."""

    pairs: dict[str, KeyPair] = field(default_factory=dict)
    kid: str = ""
    keys_trouble: str = ""
    keys_fetched: int = 0
    graphql_trouble: str = ""
    tokens: dict[str, ForgeToken] = field(default_factory=dict)
    handed_out: dict[tuple[str, str | None], str] = field(default_factory=dict)
    token_seconds: int = TOKEN_SECONDS
    impersonated_at: list[int] = field(default_factory=list)
    impersonations_per_minute: int = IMPERSONATIONS_PER_MINUTE

    def forget_tokens(self, installation: str) -> None:
        """Of one installation."""
        self.tokens = {value: token for value, token in self.tokens.items() if token.installation != installation}
        self.handed_out = {key: value for key, value in self.handed_out.items() if key[0] != installation}

    def clear(self) -> None:
        """Keys stay: they are not of a site."""
        self.keys_trouble = self.graphql_trouble = ""
        self.token_seconds, self.impersonations_per_minute = TOKEN_SECONDS, IMPERSONATIONS_PER_MINUTE
        self.tokens, self.handed_out = {}, {}
        self.impersonated_at.clear()


def new_kid() -> str:
    """With slashes, as Forge's."""
    return f"{ISSUER}/{secrets.token_hex(8)}"

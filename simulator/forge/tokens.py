"""Invocation tokens with every spoiling, and the access tokens of apps and people.

Claims: developer.atlassian.com/platform/forge/remote/essentials. Access tokens are JWTs whose `exp` may be read.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from jwt.utils import base64url_encode

from simulator.forge.keys import current_pair
from simulator.model.errors import ApiError
from simulator.model.forge import ISSUER, ForgeToken
from simulator.model.keys import KeyPair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.model.forge import ForgeInstallation
    from simulator.model.site import Site
    from simulator.world.world import World

LIFE_SECONDS = 25
LEFT_SECONDS = 2 * 3600
"""An access token that is handed out lives at least so long."""
ENDPOINT = "core:endpoint"


@dataclass(frozen=True, slots=True)
class Spoiling:
    """What is wrong with an invocation token: `claims` replace top-level ones (None removes), `app` those of the app.

    `algorithm` none or HS256 signs without, or with the public key as secret; `key` signs with another pair.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    app: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key: KeyPair | None = None


PLAIN = Spoiling()


def invocation_token(
    world: World,
    site: Site,
    installation: ForgeInstallation,
    module: str,
    *,
    kind: str = ENDPOINT,
    person: str | None = None,
    context: Mapping[str, Any] | None = None,
    spoiling: Spoiling = PLAIN,
) -> str:
    """`module` calls; a screen has a `person` and a `context`."""
    now = world.clock.token_now()
    claims: dict[str, Any] = {
        "app": _app(world, site, installation, {"type": kind, "key": module}),
        "aud": installation.app.id,
        "iss": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + LIFE_SECONDS,
        "jti": secrets.token_hex(20),
    }
    claims |= {} if context is None else {"context": dict(context)}
    claims |= {} if person is None else {"principal": person}
    claims["app"] = _present(claims["app"] | dict(spoiling.app))
    return _signed(world, _present(claims | dict(spoiling.claims)), spoiling)


def screen_context(site: Site, module: str, extension: Mapping[str, Any]) -> dict[str, Any]:
    """The `context` of a screen's token; `extension` names content and space."""
    return {
        "localId": secrets.token_hex(16),
        "cloudId": site.cloud_id,
        "moduleKey": module,
        "siteUrl": site.origin,
        "extension": dict(extension),
    }


def api_base_url(world: World, site: Site) -> str:
    return f"{world.control_url}/ex/confluence/{site.cloud_id}"


def installation_of(site: Site, app_id: str | None = None) -> ForgeInstallation:
    """The named app's, or the site's first; 404 when it is not installed."""
    found = [one for one in site.forge.values() if one.installed and app_id in {None, one.app.id}]
    if not found:
        raise ApiError(404, f"No such Forge app is installed on {site.key}")
    return found[0]


def system_token(world: World, site: Site, app_id: str | None = None) -> str:
    """The app's token: the same one again while it lives two hours longer."""
    return _access_token(world, site, installation_of(site, app_id), None)


def user_token(world: World, site: Site, account: str, app_id: str | None = None) -> str:
    """A person's token for the app, likewise."""
    return _access_token(world, site, installation_of(site, app_id), account)


def new_token(
    world: World,
    site: Site,
    installation: ForgeInstallation,
    account: str | None,
    seconds: int,
    *,
    bought: bool = False,
) -> str:
    expires = world.clock.token_now() + seconds
    value = jwt.encode({"exp": expires, "jti": secrets.token_hex(16)}, secrets.token_bytes(32), algorithm="HS256")
    world.forge.tokens[value] = ForgeToken(value, site.key, installation.id, account, expires, bought)
    return value


def _access_token(world: World, site: Site, installation: ForgeInstallation, account: str | None) -> str:
    cloud = world.forge
    known = cloud.tokens.get(cloud.handed_out.get((installation.id, account), ""))
    left = 0 if known is None else known.expires_at - world.clock.token_now()
    if known is not None and left >= min(LEFT_SECONDS, cloud.token_seconds // 2):
        return known.value
    value = new_token(world, site, installation, account, cloud.token_seconds)
    cloud.handed_out[installation.id, account] = value
    return value


def _app(world: World, site: Site, installation: ForgeInstallation, module: dict[str, str]) -> dict[str, Any]:
    app, api = installation.app, api_base_url(world, site)
    uuid_of_app = app.id.rpartition("/")[2]
    licence = {} if installation.licence is None else {"license": {"active": installation.licence}}
    return {
        "id": app.id,
        "version": app.version.partition(".")[0],
        "appVersion": app.version,
        "installationId": installation.id,
        "apiBaseUrl": api,
        "installation": {"id": installation.id, "contexts": [{"name": "confluence", "apiBaseUrl": api}]},
        "environment": {
            "type": app.environment,
            "id": f"ari:cloud:ecosystem::environment/{uuid_of_app}/{uuid.uuid5(uuid.NAMESPACE_URL, app.environment)}",
        },
        "module": module,
        **licence,
    }


def _present(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value is not None}


def _signed(world: World, claims: dict[str, Any], spoiling: Spoiling) -> str:
    kid, pair = current_pair(world.forge)
    header = _present({"alg": spoiling.algorithm, "typ": "JWT", "kid": kid} | dict(spoiling.header))
    head, body = (base64url_encode(json.dumps(part).encode()).decode() for part in (header, claims))
    return f"{head}.{body}.{_signature(f'{head}.{body}'.encode(), spoiling, pair)}"


def _signature(content: bytes, spoiling: Spoiling, pair: KeyPair) -> str:
    if spoiling.algorithm == "none":
        return ""
    if spoiling.algorithm == "HS256":
        # The old trick: the public key as a secret.
        return base64url_encode(hmac.digest(pair.public_pem.encode(), content, "sha256")).decode()
    return base64url_encode((spoiling.key or pair).sign(content)).decode()

"""Authentication and scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from simulator.model import tokens
from simulator.model.errors import ApiError

if TYPE_CHECKING:
    from simulator.model.site import Site
    from simulator.world.world import World

IMPLIED = {
    "ADMIN": {"ADMIN", "SPACE_ADMIN", "DELETE", "WRITE", "READ"},
    "SPACE_ADMIN": {"SPACE_ADMIN", "DELETE", "WRITE", "READ"},
    "DELETE": {"DELETE", "WRITE", "READ"},
    "WRITE": {"WRITE", "READ"},
}


@dataclass(frozen=True, slots=True)
class Caller:
    """`kind`: app (own token), user (impersonation token), person (browser session), anonymous.

    `app_key`: the app that asks, also as a person in the browser; its scopes then bound the call.
    """

    kind: str
    account_id: str | None
    app_key: str | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def is_app_traffic(self) -> bool:
        """Whether points and scopes apply."""
        return self.kind in {"app", "user"}


ANONYMOUS = Caller("anonymous", None)
APP_HEADER = "AP-Client-Key"
"""Added to `AP.request` by the product's half of the bridge."""


def widen(scopes: frozenset[str]) -> frozenset[str]:
    """Add implied scopes: ADMIN ⊃ SPACE_ADMIN ⊃ DELETE ⊃ WRITE ⊃ READ."""
    return scopes.union(*(IMPLIED.get(scope, ()) for scope in scopes))


def cookie_name(site_key: str) -> str:
    """One per site: cookies ignore ports."""
    return f"sim_account_{site_key}"


def session_account(site: Site, request: Request) -> str | None:
    """The browser's account; tests name one in X-Sim-Account."""
    person = site.person(request.headers.get("X-Sim-Account") or request.cookies.get(cookie_name(site.key)))
    return person.account_id if person else None


def authenticate(world: World, site: Site, request: Request, target: str) -> Caller:
    """401 for a bad credential. `target`: path?query as received."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = value.strip() if scheme.upper() == "JWT" else request.args.get("jwt", "")
    if token:
        return _app(world, site, token, request.method, target)
    if scheme.lower() == "bearer":
        return _bearer(world, site, value.strip())
    if scheme:
        raise ApiError(401, "Unsupported authorization scheme")
    account = session_account(site, request)
    if account is None:
        return ANONYMOUS
    if not site.people[account].active:
        raise ApiError(401, "The account is not active")
    return _in_browser(site, account, request.headers.get(APP_HEADER))


def _in_browser(site: Site, account: str, app_key: str | None) -> Caller:
    """A person, or an app's frame as that person."""
    if app_key is None:
        return Caller("person", account)
    installation = site.installations.get(app_key)
    if installation is None or installation.state != "enabled":
        raise ApiError(403, "The app is not installed here")
    return Caller("person", account, app_key, widen(installation.app.scopes))


def _app(world: World, site: Site, token: str, method: str, target: str) -> Caller:
    try:
        installation = site.installations.get(tokens.issuer(token))
        if installation is None or installation.state != "enabled":
            raise ApiError(401, "The app is not installed here")
        claims = _claims(world, [installation.shared_secret, installation.pending_secret], token)
    except tokens.TokenError as error:
        raise ApiError(401, f"JWT refused: {error}") from error
    if claims.get("qsh") != tokens.qsh(method, target, "/wiki"):
        raise ApiError(401, "JWT refused: query string hash does not fit the request")
    return Caller("app", installation.account_id, installation.app.key, widen(installation.app.scopes))


def _claims(world: World, secrets: list[str | None], token: str) -> dict[str, object]:
    problem = tokens.TokenError("no secret")
    for secret in filter(None, secrets):
        try:
            return tokens.verify(token, secret, world.clock.token_now())
        except tokens.TokenError as error:
            problem = error
    raise problem


def _bearer(world: World, site: Site, value: str) -> Caller:
    token = world.bearers.get(value)
    if token is None or token.site != site.key or token.expires_at <= world.clock.token_now():
        raise ApiError(401, "The access token is unknown, expired or for another site")
    installation = site.installations.get(token.app_key)
    person = site.people.get(token.account_id)
    if installation is None or installation.state != "enabled" or person is None or not person.active:
        raise ApiError(401, "The access token is no longer good")
    return Caller("user", token.account_id, token.app_key, widen(token.scopes))


def check_scope(caller: Caller, scope: str | None) -> None:
    """Raise 403 when the app lacks the scope; people without an app have none."""
    if scope and caller.app_key is not None and scope not in caller.scopes:
        raise ApiError(403, f"The app does not have the scope {scope}")

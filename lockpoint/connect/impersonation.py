"""People's access tokens, from Atlassian's authorisation server for apps with `ACT_AS_USER`.

Connect's JWT bearer grant (developer.atlassian.com, "OAuth 2.0 - JWT Bearer token authorization grant type"; fields as
in `atlassian-oauth2`). Errors are undocumented: 400, 401 and 403 count as permanent for this person, others as passing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import requests

from lockpoint.services.deadlines import bounded
from lockpoint.services.errors import HostUnavailable, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.connect.sites import Site, SiteDirectory
    from lockpoint.services.context import Tenant

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS: Final = 60
EARLY_SECONDS: Final = 60
"""Renewal before a token's end."""
REFUSAL_SECONDS: Final = 30
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
MOST_TOKENS: Final = 10_000
DEFAULT_RETRY_SECONDS: Final = 5.0
LONGEST_TOKEN: Final = 16_384

_PERMANENT: Final = frozenset({400, 401, 403})


class ImpersonationRefusedError(Unauthorised):
    """Closed account, no access, or our secret is stale."""


class ImpersonationUnavailableError(HostUnavailable):
    """`retry_after` in seconds. Contains no person, assertion or token."""

    def __init__(self, message: str, retry_after: float = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Kept:
    secret_mark: bytes
    until: float
    token: str | None


class Impersonation:
    """Tokens per site and person, in memory until shortly before they end; thread-safe.

    `oauth_url` (no closing slash): audience, and base of `/oauth2/token`. `session` is per thread, `now` seconds since
    1970. A replaced secret's tokens are not used.
    """

    def __init__(
        self,
        sites: SiteDirectory,
        oauth_url: str,
        now: Callable[[], float],
        session: Callable[[], requests.Session] = requests.Session,
        timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
        on_refused: Callable[[int, float, str | None], None] = lambda _tenant_id, _seconds, _date: None,
    ) -> None:
        """`on_refused` hears after how many seconds the server refused us, and its `Date`."""
        self._sites = sites
        self._on_refused = on_refused
        self._oauth_url = oauth_url.rstrip("/")
        self._now = now
        self._session = session
        self._timeout = timeout
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str], _Kept] = OrderedDict()

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Raises ImpersonationRefusedError (cached for 30 s), ImpersonationUnavailableError, StorageUnavailable."""
        site = self._sites.find_active(tenant.site_key)
        if site is None:
            self.forget(tenant)
            raise ImpersonationRefusedError("the site is not active")
        mark = sha256(site.secret.encode()).digest()
        kept = self._recall(tenant.id, account_id, mark)
        if kept is None:
            kept = self._ask_and_keep(site, account_id, mark)
        if kept.token is None:
            raise ImpersonationRefusedError("the authorisation server refuses to act as this person")
        return kept.token

    def drop(self, tenant_id: int, account_id: str) -> None:
        """After a 401 from the site."""
        with self._lock:
            self._kept.pop((tenant_id, account_id), None)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for key in [key for key in self._kept if key[0] == tenant.id]:
                del self._kept[key]

    def _recall(self, tenant_id: int, account_id: str, mark: bytes) -> _Kept | None:
        with self._lock:
            kept = self._kept.get((tenant_id, account_id))
            if kept is None or kept.until <= self._now() or kept.secret_mark != mark:
                return None
            self._kept.move_to_end((tenant_id, account_id))
            return kept

    def _ask_and_keep(self, site: Site, account_id: str, mark: bytes) -> _Kept:
        asked = self._now()
        granted = self._ask(site, account_id, asked)
        if granted is None:
            kept = _Kept(mark, asked + REFUSAL_SECONDS, None)
        else:
            token, life = granted
            kept = _Kept(mark, asked + life - EARLY_SECONDS, token)
        with self._lock:
            self._kept[site.tenant.id, account_id] = kept
            self._kept.move_to_end((site.tenant.id, account_id))
            if len(self._kept) > MOST_TOKENS:
                self._kept.popitem(last=False)
        return kept

    def _ask(self, site: Site, account_id: str, now: float) -> tuple[str, float] | None:
        if site.tenant.oauth_client_id is None:
            return None
        try:
            answer = self._session().post(
                f"{self._oauth_url}/oauth2/token",
                data={"grant_type": GRANT, "assertion": self._assertion(site, account_id, now)},
                headers={"Accept": "application/json"},
                timeout=bounded(self._timeout),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # The text may repeat the address: only the kind is kept.
            raise ImpersonationUnavailableError(type(error).__name__) from None
        if answer.status_code in _PERMANENT:
            self._on_refused(site.tenant.id, answer.elapsed.total_seconds(), answer.headers.get("Date"))
            return None
        if answer.status_code != requests.codes.ok:
            raise ImpersonationUnavailableError(f"status {answer.status_code}", _retry_after(answer))
        return _granted(answer)

    def _assertion(self, site: Site, account_id: str, now: float) -> str:
        issued = int(now)
        claims = {
            "iss": f"urn:atlassian:connect:clientid:{site.tenant.oauth_client_id}",
            "sub": f"urn:atlassian:connect:useraccountid:{account_id}",
            "tnt": site.tenant.base_url,
            "aud": self._oauth_url,
            "iat": issued,
            "exp": issued + ASSERTION_SECONDS,
        }
        return site.key.sign(claims)


def _granted(answer: requests.Response) -> tuple[str, float]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        raise ImpersonationUnavailableError("the answer is no JSON") from None
    token = body.get("access_token") if isinstance(body, dict) else None
    life = body.get("expires_in") if isinstance(body, dict) else None
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN or not token.isascii():
        raise ImpersonationUnavailableError("the answer holds no token")
    if isinstance(life, bool) or not isinstance(life, int | float):
        raise ImpersonationUnavailableError("the answer does not say how long the token lives")
    return token, float(life)


def _retry_after(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else DEFAULT_RETRY_SECONDS

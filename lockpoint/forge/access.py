"""HTTP calls to Atlassian's API outside Confluence's client: whose a token is, and a person's token for the app's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import requests

from lockpoint.services.deadlines import bounded
from lockpoint.services.errors import HostUnavailable, Unauthorised

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
LONGEST_TOKEN: Final = 16_384
CONTEXT: Final = "ari:cloud:confluence::site/"
"""F4: the documents say "context ARI" and use this form elsewhere."""

_MUTATION: Final = (
    "mutation lockpoint($input: OfflineUserAuthTokenInput!) { offlineUserAuthToken(input: $input)"
    " { success errors { message } authToken { token ttl } } }"
)
_REFUSALS: Final = frozenset({401, 403, 404})


class AppTokenRefusedError(Unauthorised):
    """The app's token is no longer good."""


class AtlassianUnavailableError(HostUnavailable):
    """Contains no person or token."""


def plausible(token: str) -> bool:
    """Whether it may go into a header."""
    return 0 < len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token


@dataclass(frozen=True, slots=True)
class AtlassianApi:
    """`url` has no closing slash; `session` is per thread."""

    url: str
    session: Callable[[], requests.Session]
    timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)

    def owner(self, site_url: str, token: str) -> str | None:
        """Return the account of a token on a site whose calls go to `site_url`; None for a refused one.

        AtlassianUnavailableError when nobody can tell.
        """
        answer = self._send("GET", f"{site_url}/rest/api/user/current", token, None)
        if answer.status_code in _REFUSALS:
            return None
        account = _json(answer).get("accountId")
        return account if isinstance(account, str) else None

    def impersonate(self, cloud_id: str, system_token: str, account_id: str) -> tuple[str, float] | None:
        """Return a person's token and its seconds; None when Atlassian refuses the person.

        AppTokenRefusedError, AtlassianUnavailableError.
        """
        wanted = {"contextIds": [CONTEXT + cloud_id], "userId": account_id}
        body = {"query": _MUTATION, "variables": {"input": wanted}}
        answer = self._send("POST", f"{self.url}/graphql", system_token, body)
        if answer.status_code == requests.codes.unauthorized:
            raise AppTokenRefusedError("the app's token is refused")
        return None if answer.status_code in _REFUSALS else _granted(_json(answer))

    def _send(self, method: str, url: str, token: str, body: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            answer = self.session().request(
                method, url, headers=headers, json=body, timeout=bounded(self.timeout), allow_redirects=False
            )
        except requests.RequestException as error:
            # The text may repeat the address: only the kind is kept.
            raise AtlassianUnavailableError(type(error).__name__) from None
        if answer.status_code != requests.codes.ok and answer.status_code not in _REFUSALS:
            raise AtlassianUnavailableError(f"status {answer.status_code}")
        return answer


def _granted(body: Mapping[str, object]) -> tuple[str, float] | None:
    data = body.get("data")
    outcome = data.get("offlineUserAuthToken") if isinstance(data, dict) else None
    if not isinstance(outcome, dict):
        raise AtlassianUnavailableError("the answer is not the mutation's")
    if outcome.get("success") is not True:
        return None
    granted = outcome.get("authToken")
    token, life = (granted.get("token"), granted.get("ttl")) if isinstance(granted, dict) else (None, None)
    if not isinstance(token, str) or not plausible(token):
        raise AtlassianUnavailableError("the answer holds no token")
    if isinstance(life, bool) or not isinstance(life, int | float):
        raise AtlassianUnavailableError("the answer does not say how long the token lives")
    return token, float(life)


def _json(answer: requests.Response) -> Mapping[str, object]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        raise AtlassianUnavailableError("the answer is no JSON") from None
    if not isinstance(body, dict):
        raise AtlassianUnavailableError("the answer is no object")
    return body

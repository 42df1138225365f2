"""One HTTP session per thread: no cookies, no environment, no retries below us, no redirects followed."""

from __future__ import annotations

import threading
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter

_SITES_PER_PROCESS = 32


class Sessions:
    """Keeps a `requests` session for every thread that asks.

    Cookies are refused because one gateway serves many tenants; `trust_env` is off so that neither a proxy variable
    nor a `.netrc` changes what is sent where.
    """

    def __init__(self) -> None:
        """Open nothing yet."""
        self._threads = threading.local()

    def mine(self) -> requests.Session:
        """Give the calling thread's session."""
        session = getattr(self._threads, "session", None)
        if not isinstance(session, requests.Session):
            session = _new_session()
            self._threads.session = session
        return session


class _StayingSession(requests.Session):
    """Follows no redirect; even asked not to, `requests` would parse the target, and fail on a malformed one."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - signature of the library
        """Say that there is none."""
        return


def _new_session() -> requests.Session:
    session = _StayingSession()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=_SITES_PER_PROCESS, pool_maxsize=2, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = "lockpoint"
    session.headers["Accept"] = "application/json"
    return session

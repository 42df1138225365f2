"""One HTTP session per thread: no cookies, environment, retries or redirects."""

from __future__ import annotations

import threading
import weakref
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

_SITES_PER_PROCESS = 32


class Sessions:
    """No cookies: many tenants share one gateway. No `trust_env`: ignores proxies and `.netrc`."""

    def __init__(self) -> None:
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._adapters: weakref.WeakSet[HTTPAdapter] = weakref.WeakSet()

    def mine(self) -> requests.Session:
        session = getattr(self._threads, "session", None)
        if not isinstance(session, requests.Session):
            adapter = HTTPAdapter(pool_connections=_SITES_PER_PROCESS, pool_maxsize=2, max_retries=0)
            session = _new_session(adapter)
            self._threads.session = session
            with self._lock:
                self._adapters.add(adapter)
        return session

    def forget(self, base_url: str) -> None:
        """Close all threads' connections to this address; a call just beginning counts as unsent."""
        place = urlsplit(base_url)
        with self._lock:
            adapters = list(self._adapters)
        for adapter in adapters:
            pools = adapter.poolmanager.pools
            for key in pools.keys():  # noqa: SIM118 - urllib3's container refuses to be iterated
                if key.key_host == place.hostname and place.port in {None, key.key_port}:
                    pools.pop(key, None)


class _StayingSession(requests.Session):
    """Even without redirects, `requests` would parse the target and fail on a malformed one."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - signature of the library
        return


def _new_session(adapter: HTTPAdapter) -> requests.Session:
    session = _StayingSession()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = "lockpoint"
    session.headers["Accept"] = "application/json"
    return session

"""One HTTP session per thread: no cookies, environment, retries or redirects."""

from __future__ import annotations

import ipaddress
import socket
import threading
import weakref
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_SITES_PER_PROCESS = 32


class Sessions:
    """No cookies: many tenants share one gateway. No `trust_env`: ignores proxies and `.netrc`.

    `private_files`: whether downloads may lead to addresses that are not public.
    """

    def __init__(self, *, private_files: bool = False) -> None:
        self._private_files = private_files
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

    def for_files(self) -> requests.Session:
        """A session for an address that a site named; it connects to public addresses only."""
        return _new_session(HTTPAdapter(max_retries=0) if self._private_files else _PublicAdapter(max_retries=0))

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


class PrivateAddressError(Exception):
    """A file's address leads to a private net or to this machine; nothing was sent."""


class _PublicConnection(HTTPConnection):
    """Looks at whom it reached: a name may lead elsewhere each time it is asked for."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        if not is_public(made.getpeername()[0]):
            made.close()
            raise PrivateAddressError
        return made


class _PublicTlsConnection(HTTPSConnection, _PublicConnection):
    pass


class _PublicPool(HTTPConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicTlsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicTlsConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        super().init_poolmanager(*arguments, **options)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = {"http": _PublicPool, "https": _PublicTlsPool}


def is_public(address: str) -> bool:
    """Return whether anybody's machine may have this IP address: none of a private net, this machine or link."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


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

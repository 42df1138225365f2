"""Client of the local Confluence's control API."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from devstack.errors import EmbeddedError

SITES: Final = ("acme", "globex")
CALL_SECONDS: Final = 30.0
CONNECT, FORGE = "connect", "forge"
FORGE_APP: Final = "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"
"""The app's id on this machine; `forge register` would tell another."""
INSTALL_PAUSES: Final = (1.0, 3.0)
"""Seconds before each further try."""
NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True)
class LocalConfluence:
    """`port` is the first site's, the second site has the next."""

    port: int

    @property
    def origin(self) -> str:
        """The first site's; the app has another host name, so that browsers see two sites."""
        return f"http://localhost:{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host and port of every site, for an allow-list."""
        return tuple(f"localhost:{self.port + index}" for index in range(len(SITES)))

    @property
    def other_hosts(self) -> tuple[str, ...]:
        """Of the same sites once they are renamed (`rename-site`)."""
        return tuple(host.replace("localhost", "127.0.0.1") for host in self.hosts)

    def install(self, app_url: str, doors: Mapping[str, str]) -> None:
        """Register the app and install it on every site by its door; EmbeddedError when app or simulator refuses."""
        self.post("/_sim/apps", {"descriptorUrl": f"{app_url}/atlassian-connect.json"})
        for site in SITES:
            self._install_on(site, app_url, doors.get(site, CONNECT))

    def _install_on(self, site: str, app_url: str, door: str) -> None:
        """A database that has just started may keep the app waiting for longer than it waits."""
        for pause in (*INSTALL_PAUSES, None):
            if door == FORGE:
                answer = self.post("/_sim/forge/install", {"site": site, "appId": FORGE_APP, "remoteUrl": app_url})
                done = answer.get("appStatus") == NO_CONTENT
            else:
                answer = self.post(f"/_sim/sites/{site}/install", {})
                done = bool(answer.get("installed"))
            if done:
                return
            if pause is None:
                msg = f"the app refused to be installed on {site}: {answer}"
                raise EmbeddedError(msg)
            time.sleep(pause)

    def site(self, name: str) -> dict[str, Any]:
        """People, contents, attachments, apps."""
        content: dict[str, Any] = self.get("/_sim/state")["sites"][name]
        return content

    def download(self, path: str, account: str) -> bytes:
        """A file of the first site as a person; EmbeddedError when refused."""
        with requests.Session() as browser:
            _answer(browser.post(f"{self.origin}/_sim/be", json={"account": account}, timeout=CALL_SECONDS))
            return _success(browser.get(self.origin + path, timeout=CALL_SECONDS)).content

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """EmbeddedError without success."""
        return _answer(requests.get(self.origin + path, params=query, timeout=CALL_SECONDS))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """EmbeddedError without success."""
        return _answer(requests.post(self.origin + path, json=body, timeout=CALL_SECONDS))


def _answer(response: requests.Response) -> dict[str, Any]:
    content: dict[str, Any] = _success(response).json()
    return content


def _success(response: requests.Response) -> requests.Response:
    if response.ok:
        return response
    msg = f"{response.request.method} {response.url} answered {response.status_code}: {response.text[:300]}"
    raise EmbeddedError(msg)

"""One HTTP try: signed, sent with time-outs, read with a cap."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from lockpoint.confluence.http.sessions import PrivateAddressError, Sessions
from lockpoint.services.errors import BadAnswer, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.confluence.http.calls import Call, Caller
    from lockpoint.confluence.http.credentials import PersonTokens, RequestSigner
    from lockpoint.confluence.http.retries import Pace

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
READ_BYTES_SECONDS: Final = 60.0
LONGEST_ANSWER: Final = 8 * 1024 * 1024
MOST_REDIRECTS: Final = 3

_OF_ONE_SITE: Final = "/ex/confluence/"
_CHUNK: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class NotSentError(Exception):
    """The request did not reach the host: nothing changed."""


class BrokenError(Exception):
    """The answer is missing or incomplete: effect unknown."""


class NoCredentialsError(Exception):
    """The site was not asked; `error` says why nothing could be signed."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True, slots=True)
class Raw:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wire:
    """NotSentError or BrokenError without a whole answer, NoCredentialsError without a call."""

    sessions: Sessions
    signer: RequestSigner
    person_tokens: PersonTokens
    pace: Pace

    def once(self, caller: Caller, call: Call, deadline: float) -> Raw:
        """Return the answer, whatever its status; BadAnswer if too long. `deadline` is monotonic."""
        prepared = self._signed(caller, call.method, _address(caller, call), call)
        seconds = READ_BYTES_SECONDS if call.carries_bytes else READ_SECONDS
        try:
            return self._send(prepared, seconds, deadline, LONGEST_ANSWER)
        except TooLarge:
            raise BadAnswer(f"{call.name}: the answer is too long") from None

    def download(self, caller: Caller, call: Call, deadline: float, most: int) -> Raw:
        """Follow a download's redirects; TooLarge above `most` bytes.

        Another host gets no credentials and may not redirect back. Hops on the tenant's host are signed anew: a
        signature fits one address.
        """
        address, at_home = _address(caller, call), True
        for _ in range(MOST_REDIRECTS + 1):
            prepared = self._signed(caller, "GET", address, call) if at_home else self._plain(address)
            session = self.sessions.mine() if at_home else self.sessions.for_files()
            raw = self._send(prepared, READ_BYTES_SECONDS, deadline, most, session)
            if raw.status not in _REDIRECTS:
                return _from_afar(raw, at_home=at_home)
            address = _joined(call, str(prepared.url), raw.headers.get("Location", ""))
            at_home = _check_hop(caller, call, address, at_home=at_home)
            call = call.asking(())
        raise BadAnswer(f"{call.name}: too many redirects")

    def _signed(self, caller: Caller, method: str, address: str, call: Call) -> requests.PreparedRequest:
        request = requests.Request(
            method, address, params=list(call.query), json=call.body, files=dict(call.parts), headers=_headers(call)
        )
        prepared = self.sessions.mine().prepare_request(request)
        try:
            prepared.headers["Authorization"] = self._authorization(caller, prepared)
        except Exception as error:
            raise NoCredentialsError(error) from error
        return prepared

    def _authorization(self, caller: Caller, prepared: requests.PreparedRequest) -> str:
        if caller.account is not None:
            return f"Bearer {self.person_tokens.token(caller.tenant, caller.account)}"
        context = urlsplit(caller.tenant.base_url).path.rstrip("/")
        target = prepared.path_url.removeprefix(context)
        return self.signer.authorization(caller.tenant, str(prepared.method), target)

    def _plain(self, address: str) -> requests.PreparedRequest:
        try:
            return self.sessions.mine().prepare_request(requests.Request("GET", address, headers=_AS_THEY_ARE))
        except requests.RequestException:
            raise BadAnswer("redirected to an invalid address") from None

    def _send(
        self,
        prepared: requests.PreparedRequest,
        seconds: float,
        deadline: float,
        most: int,
        session: requests.Session | None = None,
    ) -> Raw:
        left = deadline - self.pace.monotonic()
        if left <= 0:
            raise NotSentError
        timeouts = (min(CONNECT_SECONDS, left), min(seconds, left))
        try:
            sender = session or self.sessions.mine()
            response = sender.send(prepared, stream=True, allow_redirects=False, timeout=timeouts)
            with closing(response):
                return Raw(response.status_code, response.headers, self._read(response, deadline, most))
        except PrivateAddressError:
            raise BadAnswer("redirected to an address that is not public") from None
        except requests.RequestException as error:
            raise (NotSentError if _never_arrived(error) else BrokenError) from None

    def _read(self, response: requests.Response, deadline: float, most: int) -> bytes:
        body = bytearray()
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > most:
            raise TooLarge("the answer is longer than the limit")
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > most:
                raise TooLarge("the answer is longer than the limit")
            if self.pace.monotonic() > deadline:
                raise BrokenError
        return bytes(body)


# Compression would hide the length until the whole file is read.
_AS_THEY_ARE: Final = {"Accept": "*/*", "Accept-Encoding": "identity"}


def _headers(call: Call) -> dict[str, str]:
    if call.reads:
        return dict(_AS_THEY_ARE) if call.fetches_file else {}
    return {"X-Atlassian-Token": "no-check"}


def _address(caller: Caller, call: Call) -> str:
    base = caller.tenant.base_url.rstrip("/")
    return (base.partition(_OF_ONE_SITE)[0] if call.of_all_sites else base) + call.path


def _joined(call: Call, address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        raise BadAnswer(f"{call.name}: redirected to nowhere") from None


def _check_hop(caller: Caller, call: Call, address: str, *, at_home: bool) -> bool:
    """Return whether the hop is on the tenant's host; BadAnswer if forbidden."""
    home = urlsplit(caller.tenant.base_url)
    try:
        there = urlsplit(address)
        same_host = (there.hostname, there.port) == (home.hostname, home.port)
    except ValueError:
        raise BadAnswer(f"{call.name}: redirected to nowhere") from None
    safe = there.hostname and (there.scheme == "https" or (there.scheme == "http" and home.scheme == "http"))
    inside = there.path.startswith(home.path.rstrip("/") + "/")
    if not safe or there.username is not None or (same_host and not (at_home and inside)):
        raise BadAnswer(f"{call.name}: redirected to a forbidden address")
    return same_host


def _from_afar(raw: Raw, *, at_home: bool) -> Raw:
    # A file store's error says nothing about the attachment.
    if not at_home and raw.status != HTTPStatus.OK:
        raise BrokenError
    return raw


def _never_arrived(error: requests.RequestException) -> bool:
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.InvalidURL)):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)

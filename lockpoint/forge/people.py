"""People's tokens: those that their screens bring, once proved to be theirs, else those that the app's token buys.

In this process's memory only, never stored or logged.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from lockpoint.forge.access import AppTokenRefusedError
from lockpoint.forge.tokens import EARLY, read_token
from lockpoint.services.errors import HostUnavailable, NoTokenYet, Unauthorised
from lockpoint.services.ports.forge import AccessToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from lockpoint.forge.access import AtlassianApi
    from lockpoint.forge.tokens import StoredTokens
    from lockpoint.services.context import Tenant

MOST_TOKENS: Final = 10_000
REFUSAL: Final = timedelta(seconds=30)
IMPERSONATIONS_PER_MINUTE: Final = 1000
"""Of the whole app (developer.atlassian.com, Forge limits)."""

_Who = tuple[int, str]
_V = TypeVar("_V")


class ForgeImpersonationRefusedError(Unauthorised):
    """A closed account, or no access to the app."""


class TooManyImpersonationsError(HostUnavailable):
    """The minute's share of the whole app is used up."""


class MinuteLimit(Protocol):
    """What all processes may do in a minute, together."""

    def take(self, most: int) -> bool:
        """Whether this one is among the first `most`."""
        ...


class ForgePeople:
    """By site and person; thread-safe. A screen's token counts for the person of the screen alone.

    What is bought may do less, by the manifest's `allowImpersonation`: it is used only where no screen's is live.
    """

    def __init__(self, api: AtlassianApi, app: StoredTokens, limit: MinuteLimit, now: Callable[[], datetime]) -> None:
        self._api = api
        self._app = app
        self._limit = limit
        self._now = now
        self._lock = threading.Lock()
        self._offered: OrderedDict[_Who, AccessToken] = OrderedDict()
        self._proven: OrderedDict[_Who, AccessToken] = OrderedDict()
        self._purchased: OrderedDict[_Who, AccessToken] = OrderedDict()
        self._refusals: OrderedDict[_Who, datetime] = OrderedDict()
        self._disproved: OrderedDict[_Who, datetime] = OrderedDict()

    def offer(self, tenant: Tenant, account_id: str, header: str | None) -> None:
        """Remember what a screen of this person brought; it is proved at its first use."""
        if self._recall(self._proven, tenant, account_id) is not None or self._offers(tenant, account_id, header):
            return
        token = read_token(header, self._now())
        if token is not None:
            with self._lock:
                _put(self._offered, (tenant.id, account_id), token)

    def bring(self, tenant: Tenant, header: str | None) -> str | None:
        """Return whose token this is, as the host says, and remember it for them; HostUnavailable.

        None for no usable token, and for that of the app, which sees more than people.
        """
        token = read_token(header, self._now())
        owner = None if token is None else self._api.owner(tenant.base_url, token.value)
        if token is None or owner is None or owner in tenant.app_accounts:
            return None
        with self._lock:
            _put(self._proven, (tenant.id, owner), token)
        return owner

    def token(self, tenant: Tenant, account_id: str) -> str:
        """ForgeImpersonationRefusedError (cached for 30 s), HostUnavailable, NoTokenYet, StorageUnavailable."""
        return (self._of_screen(tenant, account_id) or self._of_app(tenant, account_id)).value

    def drop(self, tenant_id: int, account_id: str) -> None:
        """After a 401 from the site."""
        with self._lock:
            for cache in (self._proven, self._purchased, self._offered):
                cache.pop((tenant_id, account_id), None)

    def forget(self, tenant: Tenant) -> None:
        with self._lock:
            for cache in (self._proven, self._purchased, self._offered, self._refusals, self._disproved):
                for person in [person for person in cache if person[0] == tenant.id]:
                    del cache[person]

    def _of_screen(self, tenant: Tenant, account_id: str) -> AccessToken | None:
        return self._recall(self._proven, tenant, account_id) or self._proved(tenant, account_id)

    def _of_app(self, tenant: Tenant, account_id: str) -> AccessToken:
        return self._recall(self._purchased, tenant, account_id) or self._bought(tenant, account_id)

    def _recall(self, cache: OrderedDict[_Who, AccessToken], tenant: Tenant, account_id: str) -> AccessToken | None:
        person = (tenant.id, account_id)
        with self._lock:
            known = cache.get(person)
            if known is None or known.expires_at <= self._now() + EARLY:
                return None
            cache.move_to_end(person)
            return known

    def _offers(self, tenant: Tenant, account_id: str, header: str | None) -> bool:
        """Whether it is remembered: a screen brings one token many times."""
        offered = self._recall(self._offered, tenant, account_id)
        return offered is not None and offered.value == header

    def _proved(self, tenant: Tenant, account_id: str) -> AccessToken | None:
        """Return the offered token if the host names this person as its owner; none for 30 s after a false one.

        It stays offered meanwhile, so that the screen's other calls buy none.
        """
        person, now = (tenant.id, account_id), self._now()
        with self._lock:
            offered = None if self._disproved.get(person, now) > now else self._offered.get(person)
        if offered is None or offered.expires_at <= now + EARLY:
            return None
        own = self._api.owner(tenant.base_url, offered.value) == account_id
        with self._lock:
            self._offered.pop(person, None)
            if not own:
                _put(self._disproved, person, now + REFUSAL)
                return None
            _put(self._proven, person, offered)
        return offered

    def _bought(self, tenant: Tenant, account_id: str) -> AccessToken:
        person, now = (tenant.id, account_id), self._now()
        with self._lock:
            refused_until = self._refusals.get(person, now)
        granted = None if refused_until > now else self._granted(tenant, account_id)
        if granted is None:
            with self._lock:
                _put(self._refusals, person, max(refused_until, now + REFUSAL))
            raise ForgeImpersonationRefusedError("Atlassian refuses to act as this person")
        bought = AccessToken(granted[0], now + timedelta(seconds=granted[1]))
        with self._lock:
            _put(self._purchased, person, bought)
        return bought

    def _granted(self, tenant: Tenant, account_id: str) -> tuple[str, float] | None:
        """Ask with the app's token, and once more if another one has come meanwhile."""
        if not self._limit.take(IMPERSONATIONS_PER_MINUTE):
            raise TooManyImpersonationsError("no more people's tokens this minute")
        try:
            return self._api.impersonate(tenant.cloud_id or "", self._app.token(tenant).value, account_id)
        except AppTokenRefusedError:
            if not self._app.refused(tenant):
                raise NoTokenYet("the site's token is refused") from None
            return self._api.impersonate(tenant.cloud_id or "", self._app.token(tenant).value, account_id)


def _put(cache: OrderedDict[_Who, _V], person: _Who, value: _V) -> None:
    cache[person] = value
    cache.move_to_end(person)
    if len(cache) > MOST_TOKENS:
        cache.popitem(last=False)

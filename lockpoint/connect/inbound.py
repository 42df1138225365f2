"""Verification of callers.

Routes set the kind of token: context tokens carry a fixed hash and count on the JSON API only, others must carry the
called address's hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.connect import qsh, tokens
from lockpoint.connect.tokens import HS256, OUT_OF_TIME, Expectations, InTime, Reason, SigningKey, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockpoint.connect.signed_install import SignedInstalls
    from lockpoint.connect.sites import Site, SiteDirectory
    from lockpoint.connect.tokens import Claims, Token
    from lockpoint.services.context import Tenant

_SCHEME: Final = "jwt "
_LICENCE: Final = b"lic"
_WORDS: Final = {b"active": True, b"none": False}
_DECOY: Final = SigningKey("an unknown site costs as much as a known one")


@dataclass(frozen=True, slots=True)
class InboundCall:
    """`target`: path and query as sent, undecoded."""

    method: str
    target: str
    authorization: str | None
    address: str = ""
    """Of the caller, as the trusted proxies say."""


@dataclass(frozen=True, slots=True)
class TokenCaller:
    tenant: Tenant
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Inbound:
    """`now` gives seconds since 1970. Methods raise TokenRefusedError.

    StorageUnavailable when an unknown site cannot be looked up.
    """

    sites: SiteDirectory
    signed_installs: SignedInstalls
    app_key: str
    base_url: str
    now: Callable[[], float]
    on_licence: Callable[[Tenant, bool], None] = lambda _tenant, _active: None
    """Gets the licence state in Confluence's own calls; the address hash covers it."""
    on_time: Callable[[InTime], None] = lambda _in_time: None
    """Hears of each token whose signature is right whether it came in its time."""

    def server(self, call: InboundCall) -> TokenCaller:
        """Confluence, by header: webhooks, `enabled`, `disabled`."""
        header, query = _tokens(call)
        return self._heard(call, self._symmetric(_only(header, query), self._hashes(call)))

    def frame(self, call: InboundCall) -> TokenCaller:
        """A frame Confluence opens, by query parameter `jwt`."""
        header, query = _tokens(call)
        return self._heard(call, self._symmetric(_only(query, header), self._hashes(call)))

    def context(self, call: InboundCall) -> TokenCaller:
        """Our front end, by header; the token must name a person."""
        header, query = _tokens(call)
        if query is not None:
            raise TokenRefusedError(Reason.WRONG_PLACE)
        caller = self._symmetric(_only(header, None), (qsh.CONTEXT,))
        if caller.account_id is None:
            raise TokenRefusedError(Reason.NO_ACCOUNT, caller.tenant.site_key)
        return caller

    def signed_install(self, call: InboundCall, read_body: Callable[[], bytes]) -> Mapping[str, object]:
        """Return the body of `installed` or `uninstalled`, signed by Atlassian, by header or query."""
        header, query = _tokens(call)
        text = _only(header, query) if header is not None else _only(query, None)
        return self.signed_installs.verify(text, call, read_body, self.now())

    def _heard(self, call: InboundCall, caller: TokenCaller) -> TokenCaller:
        words = {value for name, value in qsh.query_pairs(call.target.partition("?")[2]) if name == _LICENCE}
        if len(words) == 1 and (word := words.pop()) in _WORDS:
            self.on_licence(caller.tenant, _WORDS[word])
        return caller

    def _hashes(self, call: InboundCall) -> tuple[str, ...]:
        return qsh.accepted_hashes(call.method, call.target, qsh.path_of(self.base_url))

    def _symmetric(self, text: str, hashes: tuple[str, ...]) -> TokenCaller:
        token = tokens.parse(text, HS256)
        site = self.sites.find(token.claims.issuer)
        if site is None:
            _DECOY.verifies(token)
            raise TokenRefusedError(Reason.ISSUER, token.claims.issuer)
        expected = Expectations(hashes, (self.app_key, self.base_url))
        try:
            site, claims = self._verified(token, site, expected)
        except TokenRefusedError as refusal:
            if refusal.reason in OUT_OF_TIME:
                self.on_time(InTime.NO)
            raise
        self.on_time(InTime.YES)
        return TokenCaller(site.tenant, claims.account_id)

    def _verified(self, token: Token, site: Site, expected: Expectations) -> tuple[Site, Claims]:
        now = self.now()
        try:
            return site, tokens.verify(token, site.keys(now), expected, now)
        except TokenRefusedError as refusal:
            newer = self._newer(site, refusal)
            return newer, tokens.verify(token, newer.keys(now), expected, now)

    def _newer(self, site: Site, refusal: TokenRefusedError) -> Site:
        """Return the site as another process changed it; else raise the refusal."""
        newer = self.sites.reread(site) if refusal.reason is Reason.SIGNATURE else None
        if newer is None:
            raise refusal
        return newer


def _tokens(call: InboundCall) -> tuple[str | None, str | None]:
    header = call.authorization
    if header is not None:
        header = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else None
    query = call.target.partition("?")[2]
    found = [value for name, value in qsh.query_pairs(query) if name == qsh.TOKEN_PARAMETER] if query else []
    if len(found) > 1:
        raise TokenRefusedError(Reason.TWO_TOKENS)
    return header or None, found[0].decode("latin-1") if found else None


def _only(wanted: str | None, other: str | None) -> str:
    """A different token elsewhere is refused."""
    if not wanted:
        raise TokenRefusedError(Reason.MISSING if other is None else Reason.WRONG_PLACE)
    if other is not None and other != wanted:
        raise TokenRefusedError(Reason.TWO_TOKENS)
    return wanted

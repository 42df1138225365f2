"""Signed installs: signed with Atlassian's key (RS256), not a site's secret."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lockpoint.connect import qsh, tokens
from lockpoint.connect.tokens import LEEWAY_SECONDS, RS256, Claims, Reason, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lockpoint.connect.inbound import InboundCall
    from lockpoint.connect.install_keys import InstallKeys

PRODUCT: Final = "confluence"


class InstallTokens(Protocol):
    """The install tokens that came, while they live."""

    def fits(self, token: str, body: bytes, seconds: float) -> bool:
        """Return False when this token came with another body; else remember both for so long."""
        ...


@dataclass(frozen=True, slots=True)
class SignedInstalls:
    """`base_url` is the required audience of `installed` and `uninstalled`."""

    keys: InstallKeys
    seen: InstallTokens
    app_key: str
    base_url: str

    def verify(self, text: str, call: InboundCall, read_body: Callable[[], bytes], now: float) -> Mapping[str, object]:
        """Return the body of a call to which it belongs; raises TokenRefusedError, and Busy when no key can be asked.

        The body is read once the token is proven. Tokens cover method and address only, so the body's client key must
        be the issuer (a site cannot register a secret for another), and a token fits the first body that came with it.
        Free checks precede the key fetch.
        """
        token = tokens.parse(text, RS256)
        if token.header.key_id is None:
            raise TokenRefusedError(Reason.KEY_ID, token.claims.issuer)
        self._check_audience(token.claims)
        tokens.check_times(token.claims, now)
        tokens.check_hash(token.claims, qsh.accepted_hashes(call.method, call.target, qsh.path_of(self.base_url)))
        tokens.check_signature(token, self.keys.key(token.header.key_id, call.address))
        content = read_body()
        body = self._checked_body(token.claims, content)
        if not self.seen.fits(text, content, token.claims.expires + LEEWAY_SECONDS - now):
            raise TokenRefusedError(Reason.USED, token.claims.issuer)
        return body

    def _check_audience(self, claims: Claims) -> None:
        # As in Atlassian's framework: first audience only, one closing slash allowed.
        if not claims.audience or claims.audience[0].removesuffix("/") != self.base_url.removesuffix("/"):
            raise TokenRefusedError(Reason.AUDIENCE, claims.issuer)

    def _checked_body(self, claims: Claims, content: bytes) -> Mapping[str, object]:
        body = _json_object(content)
        if body is None or body.get("key") != self.app_key or body.get("productType") != PRODUCT:
            raise TokenRefusedError(Reason.BODY, claims.issuer)
        if body.get("clientKey") != claims.issuer:
            raise TokenRefusedError(Reason.ISSUER, claims.issuer)
        return body


def _json_object(content: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(content, object_pairs_hook=tokens.unique_pairs)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

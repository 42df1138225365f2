"""Signed installs: signed with Atlassian's key (RS256), not a site's secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.connect import qsh, tokens
from lockpoint.connect.tokens import RS256, Claims, Reason, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.connect.install_keys import InstallKeys

PRODUCT: Final = "confluence"


@dataclass(frozen=True, slots=True)
class SignedInstalls:
    """`base_url` is the required audience of `installed` and `uninstalled`."""

    keys: InstallKeys
    app_key: str
    base_url: str

    def verify(self, text: str, method: str, target: str, body: Mapping[str, object], now: float) -> Claims:
        """Return the claims of a call whose body belongs to it; raises TokenRefusedError.

        Tokens cover method and address only. The body's client key must be the issuer: a site cannot register a secret
        for another. Free checks precede the key fetch.
        """
        token = tokens.parse(text, RS256)
        if token.header.key_id is None:
            raise TokenRefusedError(Reason.KEY_ID, token.claims.issuer)
        self._check_claims(token.claims, body)
        tokens.check_times(token.claims, now)
        tokens.check_hash(token.claims, qsh.accepted_hashes(method, target, qsh.path_of(self.base_url)))
        tokens.check_signature(token, self.keys.key(token.header.key_id))
        return token.claims

    def _check_claims(self, claims: Claims, body: Mapping[str, object]) -> None:
        if body.get("clientKey") != claims.issuer:
            raise TokenRefusedError(Reason.ISSUER, claims.issuer)
        # As in Atlassian's framework: first audience only, one closing slash allowed.
        if not claims.audience or claims.audience[0].removesuffix("/") != self.base_url.removesuffix("/"):
            raise TokenRefusedError(Reason.AUDIENCE, claims.issuer)
        if body.get("key") != self.app_key or body.get("productType") != PRODUCT:
            raise TokenRefusedError(Reason.BODY, claims.issuer)

"""The client's credentials; `lockpoint.connect` implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lockpoint.services.context import Tenant


class RequestSigner(Protocol):
    """Signs calls of the app itself."""

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """Return the `Authorization` header.

        `target` is path and query exactly as sent, below the tenant's base address (no `/wiki`). `Unauthorised` when
        the tenant has no secret.
        """
        ...


class PersonTokens(Protocol):
    """Impersonation tokens, kept until shortly before they expire."""

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Return a bearer token; `Unauthorised` for this person, `HostUnavailable` for outages."""
        ...

    def drop(self, tenant_id: int, account_id: str) -> None:
        """Forget refused tokens."""
        ...

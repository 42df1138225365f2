"""The client's credentials; `lockpoint.connect` implements them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lockpoint.services.context import Tenant


class RequestSigner(Protocol):
    """Signs calls that the app makes as itself."""

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """Return the `Authorization` header for one request.

        `target` is path and query exactly as sent, relative to the tenant's base address (without `/wiki`). Raises
        `Unauthorised` when the tenant has no secret.
        """
        ...


class PersonTokens(Protocol):
    """Access tokens of people, by impersonation; kept until shortly before they expire."""

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Return a bearer token; `Unauthorised` for this person, `HostUnavailable` for outages."""
        ...

    def drop(self, tenant_id: int, account_id: str) -> None:
        """Forget a person's tokens after the site refused one."""
        ...

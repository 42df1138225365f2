"""What the client needs to prove who is calling; `lockpoint.connect` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lockpoint.services.context import Tenant


class RequestSigner(Protocol):
    """Signs calls that the app makes as itself."""

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """Give the `Authorization` header for one request.

        `target` is the path with its query exactly as it will go over the wire, relative to the tenant's base address
        (so without `/wiki`). Raises `Unauthorised` when the tenant has no secret any more.
        """
        ...


class PersonTokens(Protocol):
    """Access tokens of people, by impersonation; implementations keep them until shortly before they expire."""

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Give a bearer token; `Unauthorised` when this person cannot be acted for, `HostUnavailable` for outages."""
        ...

    def drop(self, tenant_id: int, account_id: str) -> None:
        """Forget the tokens of a person, because the site refused one."""
        ...

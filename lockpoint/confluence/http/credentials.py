"""Proof of who is calling; `lockpoint.connect` implements it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lockpoint.services.context import Tenant


class RequestSigner(Protocol):
    """Signs calls of the app itself."""

    def authorization(self, tenant: Tenant, method: str, target: str) -> str:
        """Return the `Authorization` header; `Unauthorised` when the tenant has no secret any more.

        `target` is path and query exactly as on the wire, relative to the base address (without `/wiki`).
        """
        ...


class PersonTokens(Protocol):
    """Access tokens by impersonation, kept until shortly before they expire."""

    def token(self, tenant: Tenant, account_id: str) -> str:
        """Return a bearer token; `Unauthorised`: the app cannot act for this person; `HostUnavailable`: outage."""
        ...

    def drop(self, tenant_id: int, account_id: str) -> None:
        """Forget a person's tokens after the site refused one."""
        ...

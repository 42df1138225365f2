"""Headers of every answer: framing, loading, no caching."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import request

from lockpoint.services.host_names import is_host_name
from lockpoint.web.api.request_body import cut_off_after, given_up
from lockpoint.web.guards import Guard, guard_of, verified_tenant
from lockpoint.web.mail_links import POLICY as MAIL_PAGE_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask, Response

    from lockpoint.services.context import Tenant

ALWAYS: Final = (
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # addresses of frames carry tokens
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
NO_STORE: Final = ("Cache-Control", "no-cache, no-store")
NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of all answers but pages."""

BARE_HEADERS: Final = (*ALWAYS, NO_STORE, ("Content-Security-Policy", NOTHING))
"""For answers made without Flask."""

_ORIGIN: Final = re.compile(r"(?:https://([a-z0-9.-]+)|http://(localhost|127\.0\.0\.1))(?::[0-9]{1,5})?")


def send_headers(app: Flask, connect_js_url: str) -> None:
    """Errors get them too; `connect_js_url` is the bridge."""
    bridge = origin_of(connect_js_url)

    @app.after_request
    def add(answer: Response) -> Response:
        for name, value in ALWAYS:
            answer.headers[name] = value
        answer.headers.setdefault(*NO_STORE)
        answer.headers.setdefault("Content-Security-Policy", _policy(app, answer, bridge))
        return cut_off_after(answer) if given_up(request.environ) else answer


def page_policy(bridge: str | None, ancestors: Iterable[str]) -> str:
    """Our files and Atlassian's bridge, framed by these origins only."""
    code = " ".join(filter(None, ("'self'", bridge)))
    framed_by = " ".join(ancestors) or "'none'"
    return (
        f"default-src 'none'; script-src {code}; style-src {code}; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {framed_by}"
    )


def origins_of(tenant: Tenant) -> tuple[str, ...]:
    """Its own, and its custom domain."""
    found = (origin_of(tenant.base_url), origin_of(tenant.display_url or ""))
    return tuple(dict.fromkeys(origin for origin in found if origin))


def origin_of(url: str) -> str | None:
    """Return None for what must not go into a header."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    found = _ORIGIN.fullmatch(origin)
    return origin if found and is_host_name(found[1] or found[2]) else None


def _policy(app: Flask, answer: Response, bridge: str | None) -> str:
    if answer.mimetype != "text/html":
        return NOTHING
    guard = guard_of(app.view_functions[request.endpoint]) if request.endpoint else None
    if guard is Guard.MAIL_LINK:
        return MAIL_PAGE_POLICY
    tenant = verified_tenant() if guard is Guard.FRAME else None
    return page_policy(bridge, origins_of(tenant) if tenant else ())

"""A guard for each kind of token, declared on every route; a route without one refuses every caller.

`guarded_by` marks a view, `protect` checks the mark first. The caller comes only from `current_*` and `signed_body`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import structlog
from flask import Flask, g, request
from prometheus_client import Counter

from lockpoint.connect.inbound import Inbound, InboundCall, TokenCaller
from lockpoint.connect.tokens import Reason, TokenRefusedError
from lockpoint.services.context import Actor, Door, Tenant
from lockpoint.services.errors import NotAllowed
from lockpoint.services.notifications.mail_links import MailLink
from lockpoint.services.ports.forge import Sign
from lockpoint.services.quota_accounting import charge
from lockpoint.web.api.request_body import whole_body
from lockpoint.web.places import Places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.web.forge.door import ForgeDoor

log = structlog.get_logger("lockpoint.security")

# Labels are our own words, never ids.
_TOKENS_REFUSED: Final = Counter("lockpoint_tokens_refused", "Refused tokens", ["guard", "reason"])

FORGE_PREFIX: Final = "/forge"
EVENTS: Final = f"{FORGE_PREFIX}/events"
SIGNS: Final = {EVENTS: Sign.EVENT, f"{FORGE_PREFIX}/tick": Sign.TICK}

_MARK: Final = "lockpoint_guard"
_PATH_AS_IS: Final = "/-._~!$&'()*+,;=:@"

LinkReader = Callable[[str], "MailLink | None"]
View = TypeVar("View", bound="Callable[..., Any]")


class Guard(StrEnum):
    PUBLIC = "public"
    """The answer tells nothing about customers."""
    SIGNED_INSTALL = "signed_install"
    """Atlassian, RS256 (`installed`, `uninstalled`)."""
    SERVER = "server"
    """A site, HS256 in the header with the address hash (webhooks, `enabled`, `disabled`)."""
    FRAME = "frame"
    """A site that opens a frame, HS256 in the query parameter `jwt` with the address hash."""
    EXPORT = "export"
    """The same for a document: lists as the person whom the token names, if it names one."""
    CONTEXT = "context"
    """A person in a frame, HS256 in the header with the context hash; `/api/v1` only."""
    MAIL_LINK = "mail_link"
    """The address is a sealed link of a mail, for one person and one purpose."""
    FORGE_PERSON = "forge_person"
    """A person at a Forge screen, by invocation token; `/forge/api/v1` only."""
    FORGE_PLATFORM = "forge_platform"
    """Forge itself, by invocation token: never a screen's."""
    FORGE_ARRIVAL = "forge_arrival"
    """The same, of a site that may be new or have another version."""
    FORGE_EXPORT = "forge_export"
    """The app's function at Forge; the person is whose token came along, if any."""


OF_FORGE: Final = frozenset({Guard.FORGE_PERSON, Guard.FORGE_PLATFORM, Guard.FORGE_ARRIVAL, Guard.FORGE_EXPORT})
OF_PERSON_OR_NOBODY: Final = frozenset({Guard.EXPORT, Guard.FORGE_EXPORT})


def guarded_by(guard: Guard) -> Callable[[View], View]:

    def mark(view: View) -> View:
        setattr(view, _MARK, guard)
        return view

    return mark


def guard_of(view: Callable[..., Any]) -> Guard | None:
    guard = getattr(view, _MARK, None)
    return guard if isinstance(guard, Guard) else None


def guard_at(rule: str, view: Callable[..., Any]) -> Guard | None:
    """Return the guard of a view at this address: below `/forge`, the API is for people at Forge's screens."""
    guard = guard_of(view)
    return Guard.FORGE_PERSON if guard is Guard.CONTEXT and rule.startswith(f"{FORGE_PREFIX}/") else guard


def protect(
    app: Flask,
    inbound: Inbound,
    places: Places,
    read_link: LinkReader = lambda _: None,
    forge: ForgeDoor | None = None,
) -> None:
    """`read_link` reads the links of mails; people have a place while their request is at work.

    Without `forge`, its routes refuse everybody.
    """
    app.teardown_request(lambda _: charge(None))

    @app.before_request
    def check() -> None:
        if request.routing_exception is None and request.endpoint is not None:
            guard = guard_at(str(request.url_rule), app.view_functions[request.endpoint])
            try:
                if guard is Guard.MAIL_LINK:
                    g.lockpoint_link = _link(read_link)
                    charge(current_link().actor.account_id)
                elif guard in OF_FORGE:
                    _admit_forge(guard, forge)
                else:
                    _admit(guard, inbound)
            except TokenRefusedError as refusal:
                log_refusal(refusal, guard, str(request.url_rule))
                raise
            if (actor := _person(guard)) is not None:
                places.take(actor)
                g.lockpoint_place = actor

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        actor: Actor | None = g.pop("lockpoint_place", None)
        if actor is not None:
            places.give_back(actor)


def call_of(environ: Mapping[str, Any]) -> InboundCall:
    """Return the request as sent.

    `RAW_URI` or `REQUEST_URI` hold the undecoded target. Without them (granian) the decoded path is re-encoded: exact
    for our paths, which need no escape.
    """
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not target:
        path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe=_PATH_AS_IS)
        query = environ.get("QUERY_STRING", "")
        target = f"{path}?{query}" if query else path
    return InboundCall(
        environ["REQUEST_METHOD"], target, environ.get("HTTP_AUTHORIZATION"), environ.get("REMOTE_ADDR", "")
    )


def log_refusal(refusal: TokenRefusedError, guard: Guard | None, route: str) -> None:
    """Log and count why, where and (as a digest) the claimed sender; never a token."""
    kind = guard.value if guard else "none"
    site = sha256(refusal.issuer.encode()).hexdigest()[:12] if refusal.issuer else None
    log.warning("token_refused", reason=refusal.reason.value, guard=kind, route=route, site=site)
    _TOKENS_REFUSED.labels(guard=kind, reason=refusal.reason.value).inc()


def current_tenant() -> Tenant:
    """Return the verified site (guards `SERVER`, `FRAME`, `CONTEXT`, and those of Forge)."""
    return current_viewer().tenant


def current_viewer() -> TokenCaller:
    """Return the verified site, and the person if the token names one."""
    caller: TokenCaller = g.lockpoint_caller
    return caller


def is_guest() -> bool:
    """Return whether Confluence opened the frame for somebody without an account, or not logged in."""
    return current_viewer().account_id is None


def current_actor() -> Actor:
    """Return the verified person (guards `CONTEXT`, `FORGE_PERSON`)."""
    caller = current_viewer()
    if caller.account_id is None:
        raise TokenRefusedError(Reason.NO_ACCOUNT, caller.tenant.site_key)
    return Actor(caller.tenant, caller.account_id)


def actor_or_nobody() -> Actor | None:
    """Return the verified person, if there is one (guards `EXPORT`, `FORGE_EXPORT`)."""
    caller = current_viewer()
    return None if caller.account_id is None else Actor(caller.tenant, caller.account_id)


def verified_tenant() -> Tenant | None:
    """For headers and error answers."""
    caller: TokenCaller | None = g.get("lockpoint_caller")
    return caller.tenant if caller else None


def known_link() -> MailLink | None:
    """For error answers."""
    link: MailLink | None = g.get("lockpoint_link")
    return link


def current_link() -> MailLink:
    """Return the verified link (guard `MAIL_LINK`)."""
    link: MailLink = g.lockpoint_link
    return link


def signed_body() -> Mapping[str, object]:
    """Return the verified body (guard `SIGNED_INSTALL`)."""
    body: Mapping[str, object] = g.lockpoint_signed_body
    return body


def _admit(guard: Guard | None, inbound: Inbound) -> None:
    if guard is Guard.PUBLIC:
        return
    call = call_of(request.environ)
    if guard is Guard.SIGNED_INSTALL:
        g.lockpoint_signed_body = inbound.signed_install(call, partial(whole_body, request.environ))
    elif guard is Guard.SERVER:
        g.lockpoint_caller = inbound.server(call)
    elif guard is Guard.FRAME:
        g.lockpoint_caller = _active(inbound.frame(call))
    elif guard is Guard.EXPORT:
        g.lockpoint_caller = _active(inbound.frame(call))
        charge(g.lockpoint_caller.account_id)
    elif guard is Guard.CONTEXT:
        g.lockpoint_caller = _active(inbound.context(call))
        charge(g.lockpoint_caller.account_id)
    else:
        raise TokenRefusedError(Reason.NO_GUARD)


def _admit_forge(guard: Guard | None, forge: ForgeDoor | None) -> None:
    if forge is None:
        raise TokenRefusedError(Reason.NO_GUARD)
    if guard is Guard.FORGE_PERSON:
        g.lockpoint_caller = forge.person(request.headers)
        charge(g.lockpoint_caller.account_id)
    elif guard is Guard.FORGE_EXPORT:
        g.lockpoint_caller = forge.export(request.headers)
        charge(g.lockpoint_caller.account_id)
    else:
        sign = SIGNS.get(request.path)
        g.lockpoint_caller = forge.platform(request.headers, lifecycle=guard is Guard.FORGE_ARRIVAL, sign=sign)


def _person(guard: Guard | None) -> Actor | None:
    """Return who may make this process wait for Confluence."""
    if guard in {Guard.CONTEXT, Guard.FORGE_PERSON}:
        return current_actor()
    if guard in OF_PERSON_OR_NOBODY:
        return actor_or_nobody()
    return current_link().actor if guard is Guard.MAIL_LINK else None


def _link(read_link: LinkReader) -> MailLink:
    link = read_link(str((request.view_args or {}).get("token", "")))
    if link is None:
        raise TokenRefusedError(Reason.MALFORMED)
    return link


def _active(caller: TokenCaller) -> TokenCaller:
    if caller.tenant.door is not Door.CONNECT:
        raise NotAllowed("Lockpoint has moved on this site. Open it from the apps of Confluence.")
    if not caller.tenant.active:
        raise NotAllowed("The app is disabled on this site. Ask a Confluence administrator to enable it.")
    return caller

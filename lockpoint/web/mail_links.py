"""`/mail/<token>`: GET changes nothing, POST does what the link is for.

Mail programs post to the same address to unsubscribe (RFC 8058); robots that preview mails only get.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, render_template_string, request
from markupsafe import Markup

from lockpoint.connect.tokens import TokenRefusedError
from lockpoint.services.errors import HostError
from lockpoint.services.locks import extend_by_mail
from lockpoint.services.notifications import unsubscribe
from lockpoint.services.notifications.mail_links import Unsubscribe
from lockpoint.services.ports.notifications import LinkAnswer, PageKind
from lockpoint.web.guards import Guard, current_link, guarded_by, known_link

if TYPE_CHECKING:
    from lockpoint.services.container import Services

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#172b4d;background:#f7f8f9;margin:0;padding:10vh 1rem}"
    "main{max-width:32rem;margin:auto;background:#fff;border:1px solid #dcdfe4;border-radius:8px;padding:2rem}"
    "h1{font-size:1.4rem;margin:0 0 1rem}button{font:inherit;font-weight:600;color:#fff;background:#0c66e4;border:0;"
    "border-radius:4px;padding:.5rem 1rem;cursor:pointer}"
    "@media(prefers-color-scheme:dark){body{color:#c7d1db;background:#1d2125}"
    "main{background:#22272b;border-color:#38414a}button{color:#1d2125;background:#579dff}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""These pages load nothing, run nothing, and post one form home."""

_DONE: Final = frozenset({PageKind.UNSUBSCRIBED, PageKind.SUBSCRIBED_AGAIN, PageKind.ONLY_KEPT, PageKind.EXTENDED})
_UNDO: Final = "undo"
"""In the query, since no body is read here."""

_PAGE: Final = """<!doctype html>
<html lang="{{ page.language }}" dir="{{ page.direction }}"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{{ page.title }}</title><style>{{ style|safe }}</style></head>
<body><main><h1>{{ page.title }}</h1>{% for line in page.lines %}<p>{{ line }}</p>{% endfor %}
{% if page.button %}<form method="post"{{ action }}><button>{{ page.button }}</button></form>{% endif %}
</main></body></html>
"""


def mail_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("mail", __name__, url_prefix="/mail")
    blueprint.register_error_handler(TokenRefusedError, lambda _: _page(services, 401, LinkAnswer(PageKind.BAD_LINK)))
    blueprint.register_error_handler(HostError, lambda _: _page(services, 503, LinkAnswer(PageKind.LATER)))

    @blueprint.get("/<token>")
    @guarded_by(Guard.MAIL_LINK)
    def show(token: str) -> Response:
        del token  # the guard has read it
        actor, wish = current_link().actor, current_link().wish
        answer = (
            unsubscribe.offer(wish.kind)
            if isinstance(wish, Unsubscribe)
            else extend_by_mail.offer(services, actor, wish)
        )
        return _page(services, 200, answer)

    @blueprint.post("/<token>")
    @guarded_by(Guard.MAIL_LINK)
    def act(token: str) -> Response:
        del token
        actor, wish = current_link().actor, current_link().wish
        if isinstance(wish, Unsubscribe):
            change = unsubscribe.undo if _UNDO in request.args else unsubscribe.unsubscribe
            answer = change(services, actor, wish.kind)
        else:
            answer = extend_by_mail.extend_by_mail(services, actor, wish)
        return _page(services, 200 if answer.kind in _DONE else 409, answer)

    return blueprint


def _page(services: Services, status: int, answer: LinkAnswer) -> Response:
    """Speak the language of the mail; without a link that of the browser."""
    link = known_link()
    locale, zone = (link.locale, link.time_zone) if link else (str(request.accept_languages.best or ""), "UTC")
    page = services.link_pages.words(answer, locale, zone)
    action = Markup(f' action="?{_UNDO}=1"') if answer.kind is PageKind.UNSUBSCRIBED else ""  # noqa: S704 - constant
    text = render_template_string(_PAGE, page=page, style=_STYLE, action=action)
    return Response(text, status=status, content_type="text/html; charset=utf-8")

"""`/mail/<token>`: GET changes nothing, POST unsubscribes.

Mail programs post to the same address to unsubscribe (RFC 8058).
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, render_template_string

from lockpoint.connect.tokens import TokenRefusedError
from lockpoint.domain.events import MailKind
from lockpoint.services.errors import HostError, UseCaseError
from lockpoint.services.notifications import unsubscribe
from lockpoint.web.guards import Guard, current_link, guarded_by

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

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{{ title }}</title><style>{{ style|safe }}</style></head>
<body><main><h1>{{ title }}</h1>{% for line in lines %}<p>{{ line }}</p>{% endfor %}
{% if button %}<form method="post"><button>{{ button }}</button></form>{% endif %}</main></body></html>
"""

_ABOUT: Final = {
    MailKind.LOCK_ENDED: "that a lock of yours has ended by itself",
    MailKind.OVERWRITE_ATTEMPT: "that somebody uploaded a file that you have locked",
    MailKind.UNPROTECTED: "that a file you have locked is not protected",
    MailKind.LOCK_WILL_END: "that a lock of yours will end soon",
    MailKind.EDIT_REQUEST: "that somebody asks for a file that you have locked",
    MailKind.EDIT_ANSWER: "what became of your request for a file",
    MailKind.ENDLESS_LOCKS: "once a week which files you have locked without an end",
}


def mail_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("mail", __name__, url_prefix="/mail")
    blueprint.register_error_handler(TokenRefusedError, _unknown)
    blueprint.register_error_handler(UseCaseError, lambda error: _page(409, "Nothing was changed", error.message))
    blueprint.register_error_handler(HostError, _later)

    @blueprint.get("/<token>")
    @guarded_by(Guard.MAIL_LINK)
    def show(token: str) -> Response:
        del token  # the guard has read it
        about = f"Lockpoint mails you {_ABOUT[current_link().kind]}."
        return _page(200, "No more mails of this kind?", about, button="Unsubscribe")

    @blueprint.post("/<token>")
    @guarded_by(Guard.MAIL_LINK)
    def act(token: str) -> Response:
        del token
        unsubscribe.unsubscribe(services, current_link())
        return _page(
            200,
            "Done",
            f"Lockpoint will no longer mail you {_ABOUT[current_link().kind]}.",
            "You can change your mind in Confluence, in Lockpoint's preferences.",
        )

    return blueprint


def _unknown(_error: TokenRefusedError) -> Response:
    return _page(
        401,
        "This link does not work",
        "It is incomplete or too old. Nothing was changed. You can choose your mails in Lockpoint's preferences.",
    )


def _later(_error: HostError) -> Response:
    return _page(503, "Confluence does not answer", "Nothing was changed. Please try the link again later.")


def _page(status: int, title: str, *lines: str, button: str | None = None) -> Response:
    text = render_template_string(_PAGE, title=title, style=_STYLE, lines=lines, button=button)
    return Response(text, status=status, content_type="text/html; charset=utf-8")

"""Frames that Confluence opens: a constant page for each surface, and its files.

The page holds nothing about site or file, and of the viewer only whether they have an account: its script reads the
frame's address and asks `/api/v1`, which guests cannot. A frame costs a token check and a copy of bytes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, abort, request

from lockpoint.web.guards import Guard, guarded_by, is_guest

if TYPE_CHECKING:
    from lockpoint.web.connect.frontend_bundle import Bundle, StaticFile

PAGE_ENTRY: Final = "src/entries/connect-page.ts"
PREPAINT_ENTRY: Final = "src/prepaint.ts"

# Read by the library: no margins or heights of its own, the dialog fills its frame.
_BRIDGE_OPTIONS: Final = "margin:false;resize:false"
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_SHELL: Final = """<!doctype html>
<html lang="en" data-color-mode="light" data-theme="light:light dark:dark">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lockpoint</title>
{styles}
<script src="{prepaint}"></script>
<script src="{bridge}" data-options="{options}"></script>
<script type="module" src="{script}"></script>
</head>
<body><div id="app"{guest}></div>
<noscript>Lockpoint needs JavaScript to show the locks.</noscript>
</body>
</html>
"""


def surface_routes(bundle: Bundle, connect_js_url: str) -> Blueprint:
    """`GET /connect/page` and `GET /static/…`; BundleError when the front end lacks a screen."""
    blueprint = Blueprint("surfaces", __name__)
    page = shell(bundle, PAGE_ENTRY, connect_js_url)
    guest_page = shell(bundle, PAGE_ENTRY, connect_js_url, guest=True)

    @blueprint.get("/connect/page")
    @guarded_by(Guard.FRAME)
    def page_dialog() -> Response:
        return Response(guest_page if is_guest() else page, content_type="text/html; charset=utf-8")

    @blueprint.get("/static/<path:name>")
    @guarded_by(Guard.PUBLIC)
    def static_file(name: str) -> Response:
        file = bundle.files.get(name)
        if file is None:
            abort(404)
        return _answer(file)

    return blueprint


def shell(bundle: Bundle, entry: str, connect_js_url: str, *, guest: bool = False) -> bytes:
    """Return a surface's page; BundleError when the front end lacks it."""
    screen = bundle.screen(entry)
    styles = "\n".join(f'<link rel="stylesheet" href="/static/{escape(name)}">' for name in screen.styles)
    return _SHELL.format(
        styles=styles,
        prepaint=f"/static/{escape(bundle.screen(PREPAINT_ENTRY).script)}",
        bridge=escape(connect_js_url),
        options=_BRIDGE_OPTIONS,
        guest=" data-guest" if guest else "",
        script=f"/static/{escape(screen.script)}",
    ).encode()


def _answer(file: StaticFile) -> Response:
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if file.packed is not None and request.accept_encodings.quality("gzip") > 0:
        return Response(file.packed, content_type=file.content_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.content, content_type=file.content_type, headers=headers)

"""Frames that Confluence opens: a constant page for each surface, and its files.

The page holds nothing about site or file, and of the viewer only whether they have an account: its script reads the
frame's address and asks `/api/v1`, which guests cannot. A frame costs a token check and a copy of bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, abort, request

from lockpoint.web.guards import Guard, guarded_by, is_guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockpoint.web.connect.frontend_bundle import Bundle, StaticFile

PREPAINT_ENTRY: Final = "src/prepaint.ts"


@dataclass(frozen=True, slots=True)
class Surface:
    """A screen at `/connect/<name>`; `options` are for Atlassian's library in its frame."""

    name: str
    options: str

    @property
    def entry(self) -> str:
        return f"src/entries/connect-{self.name}.ts"


# A dialog fills its frame; a whole page fills its parent; a macro is as high as its content, which the library knows by
# the class `ac-content`, and adds elements of its own to.
_DIALOG, _WHOLE_PAGE, _INLINE = "margin:false;resize:false", "margin:false;sizeToParent:true", "margin:false"
SURFACES: Final = (
    Surface("page", _DIALOG),
    Surface("macro", _INLINE),
    Surface("my-locks", _WHOLE_PAGE),
    Surface("space", _WHOLE_PAGE),
    Surface("admin", _WHOLE_PAGE),
    Surface("get-started", _WHOLE_PAGE),
)

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
<body><div class="ac-content"><div id="app" data-app-key="{app_key}"{guest}></div></div>
<noscript>Lockpoint needs JavaScript to show the locks.</noscript>
</body>
</html>
"""


def surface_routes(bundle: Bundle, connect_js_url: str, app_key: str) -> Blueprint:
    """`GET /connect/<surface>` and `GET /static/…`; BundleError when the front end lacks a screen."""
    blueprint = Blueprint("surfaces", __name__)
    for surface in SURFACES:
        _surface_route(blueprint, partial(shell, bundle, surface, connect_js_url, app_key), surface)

    @blueprint.get("/static/<path:name>")
    @guarded_by(Guard.PUBLIC)
    def static_file(name: str) -> Response:
        file = bundle.files.get(name)
        if file is None:
            abort(404)
        return _answer(file)

    return blueprint


def _surface_route(blueprint: Blueprint, shown: Callable[..., bytes], surface: Surface) -> None:
    page, guest_page = shown(), shown(guest=True)

    @guarded_by(Guard.FRAME)
    def frame() -> Response:
        return Response(guest_page if is_guest() else page, content_type="text/html; charset=utf-8")

    blueprint.add_url_rule(f"/connect/{surface.name}", surface.name, frame, methods=["GET"])


def shell(bundle: Bundle, surface: Surface, connect_js_url: str, app_key: str, *, guest: bool = False) -> bytes:
    """Return a surface's page; BundleError when the front end lacks it."""
    screen = bundle.screen(surface.entry)
    styles = "\n".join(f'<link rel="stylesheet" href="/static/{escape(name)}">' for name in screen.styles)
    return _SHELL.format(
        styles=styles,
        prepaint=f"/static/{escape(bundle.screen(PREPAINT_ENTRY).script)}",
        bridge=escape(connect_js_url),
        options=surface.options,
        app_key=escape(app_key),
        guest=" data-guest" if guest else "",
        script=f"/static/{escape(screen.script)}",
    ).encode()


def _answer(file: StaticFile) -> Response:
    headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if file.packed is not None and request.accept_encodings.quality("gzip") > 0:
        return Response(file.packed, content_type=file.content_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.content, content_type=file.content_type, headers=headers)

"""Stand-in for Atlassian's CDN: the Connect bridge of its published package.

The library finds its script tag by `/connect-cdn.atl-paas.net/all` and builds theme addresses from a constant, the only
thing that is changed.
"""

from __future__ import annotations

from functools import cache

from flask import Blueprint, request, send_from_directory
from werkzeug.wrappers import Response

from simulator.browser.pages import NODE_MODULES

blueprint = Blueprint("cdn", __name__)
PREFIX = "/_sim/connect-cdn.atl-paas.net"
DIST = NODE_MODULES / "atlassian-connect-js" / "dist"
_OWN_ADDRESS = 'var CDN_URL = "https://" + CDN_DOMAIN;'


@blueprint.get(f"{PREFIX}/all.js")
def all_js() -> Response:
    return Response(library(request.url_root.rstrip("/")), content_type="text/javascript; charset=utf-8")


@blueprint.get(f"{PREFIX}/<path:name>")
def sheet(name: str) -> Response:
    """Also other files of the library."""
    return send_from_directory(DIST, name)


@cache
def library(origin: str) -> str:
    """Return all.js for this origin; raise ValueError when the package lacks the constant."""
    text = (DIST / "iframe.js").read_text(encoding="utf-8")
    if text.count(_OWN_ADDRESS) != 1:
        raise ValueError("atlassian-connect-js sets its CDN address in another way than this code expects")
    return text.replace(_OWN_ADDRESS, f'var CDN_URL = "{origin}{PREFIX}";')

"""Stands in for Atlassian's CDN: the frame's half of the Connect bridge, from its published package.

The library finds its own script tag by `/connect-cdn.atl-paas.net/all` in the address, and builds the addresses of its
theme sheets from a constant. That constant is the one thing changed here.
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
    """The library, looking for its sheets here."""
    return Response(library(request.url_root.rstrip("/")), content_type="text/javascript; charset=utf-8")


@blueprint.get(f"{PREFIX}/<path:name>")
def sheet(name: str) -> Response:
    """A theme sheet or another file of the library."""
    return send_from_directory(DIST, name)


@cache
def library(origin: str) -> str:
    """The text of all.js for this origin; raises ValueError when the package has changed in the place that matters."""
    text = (DIST / "iframe.js").read_text(encoding="utf-8")
    if text.count(_OWN_ADDRESS) != 1:
        raise ValueError("atlassian-connect-js sets its CDN address in another way than this code expects")
    return text.replace(_OWN_ADDRESS, f'var CDN_URL = "{origin}{PREFIX}";')

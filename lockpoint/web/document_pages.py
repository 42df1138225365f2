"""`/privacy`, `/guide/user`, `/guide/admin`: documents as pages, rendered at the start; they load and run nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

from flask import Blueprint, Response
from markdown_it import MarkdownIt

from lockpoint.web.guards import Guard, guarded_by

DOCUMENTS: Final = {
    "/privacy": ("Privacy", "PRIVACY.md"),
    "/guide/user": ("User guide", "docs/user-guide.md"),
    "/guide/admin": ("Admin guide", "docs/admin-guide.md"),
}
"""Title and file of each, by its address."""
_PACKAGE: Final = Path(__file__).parents[1]

_STYLE: Final = (
    "body{font:16px/1.6 system-ui,sans-serif;color:#172b4d;background:#fff;margin:0 auto;max-width:60rem;"
    "padding:2rem 1rem}"
    "table{border-collapse:collapse;display:block;overflow-x:auto}th,td{border:1px solid #dcdfe4;padding:.4rem .6rem;"
    "text-align:left;vertical-align:top}code{overflow-wrap:anywhere}a{color:#0c66e4}"
    "@media(prefers-color-scheme:dark){body{color:#c7d1db;background:#1d2125}th,td{border-color:#38414a}a{color:#579dff}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

_OF_THE_CHECKOUT: Final = re.compile(r"^(<!--.*-->|\[P\d+\]: .*)\n", re.MULTILINE)
"""Lines for `bin/privacy-page` and readers of the file."""

_IMAGE: Final = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n", re.MULTILINE)
_RELATIVE_LINK: Final = re.compile(r"\[([^\]]+)\]\((?!https?:|mailto:|#)[^)]+\)")

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Lockpoint</title><style>{style}</style></head>
<body><main>
{text}
</main></body></html>
"""


def document_routes() -> Blueprint:
    """FileNotFoundError when a file is neither in the package (a wheel) nor beside it (a checkout)."""
    blueprint = Blueprint("documents", __name__)
    for address, (title, name) in DOCUMENTS.items():
        _document_route(blueprint, address, rendered(_source(name), title))
    return blueprint


def _document_route(blueprint: Blueprint, address: str, page: str) -> None:
    @guarded_by(Guard.PUBLIC)
    def document() -> Response:
        answer = Response(page, content_type="text/html; charset=utf-8")
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    blueprint.add_url_rule(address, address.strip("/").replace("/", "-"), document, methods=["GET"])


def rendered(source: str, title: str) -> str:
    """HTML in the source is shown as text; pictures are left out, links into the checkout keep their words."""
    text = _RELATIVE_LINK.sub(r"\1", _IMAGE.sub("", _OF_THE_CHECKOUT.sub("", source)))
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return _PAGE.format(style=_STYLE, title=title, text=body)


def _source(name: str) -> str:
    places = (_PACKAGE / name, _PACKAGE.parent / name)
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise FileNotFoundError(
            f"{name} is not in {' or '.join(str(folder) for folder in (_PACKAGE, _PACKAGE.parent))}"
        )
    return path.read_text(encoding="utf-8")

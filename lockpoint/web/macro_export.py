"""The macro "Locked attachments" in exports: a static page for Connect, a document in Atlassian's format for Forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from flask import Blueprint, Response, jsonify, render_template_string, request
from pydantic import Field

from lockpoint.services.listing import macro
from lockpoint.services.listing.macro import MacroPlace
from lockpoint.web.api.requests import bare_id, body_as, space_key
from lockpoint.web.api.schemas import Incoming
from lockpoint.web.guards import FORGE_PREFIX, Guard, actor_or_nobody, guarded_by
from lockpoint.web.headers import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.services.container import Services
    from lockpoint.services.ports.macro import MacroCell, MacroDocument

PARAMETER: Final = "macro."
"""Before the names of a macro's parameters in an address, as in that of its frame."""
FORGE_PATH: Final = "/macro/export"
ASK_AGAIN: Final = "Open the page to see which attachments are locked."
"""In English: without a person there is no language."""
MOST_PARAMETERS, LONGEST_PARAMETER = 20, 200

# Storage format knows no page around it, no style and no script.
_HTML: Final = """<div lang="{{ page.language }}" dir="{{ page.direction }}"><p><strong>{{ page.title }}</strong></p>
{% if page.rows %}<table><tbody><tr>{% for name in page.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in page.rows %}<tr>{% for cell in row %}<td>
{%- if cell.url %}<a href="{{ cell.url }}">{{ cell.text }}</a>{% else %}{{ cell.text }}{% endif -%}
</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% endif %}{% for line in page.lines %}<p>{{ line }}</p>{% endfor %}</div>
"""

_Text = Annotated[str, Field(max_length=LONGEST_PARAMETER)]


class ExportBody(Incoming):
    """What our function at Forge passes on."""

    page_id: _Text | None = None
    space_key: _Text | None = None
    parameters: Annotated[dict[_Text, _Text], Field(max_length=MOST_PARAMETERS, default_factory=dict)]


def export_routes(services: Services) -> Blueprint:
    """`GET /connect/macro/export`."""
    blueprint = Blueprint("macro_export", __name__)

    @blueprint.get("/connect/macro/export")
    @guarded_by(Guard.EXPORT)
    def connect_export() -> Response:
        asked = request.args
        given = {name.removeprefix(PARAMETER): value for name, value in asked.items() if name.startswith(PARAMETER)}
        found = _document(services, asked.get("pageId"), asked.get("spaceKey"), given)
        html = render_template_string(_HTML, page=found)
        return Response(html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": NOTHING})

    return blueprint


def forge_export_routes(services: Services) -> Blueprint:
    """`POST /forge/macro/export`."""
    blueprint = Blueprint("forge_macro_export", __name__, url_prefix=FORGE_PREFIX)

    @blueprint.post(FORGE_PATH)
    @guarded_by(Guard.FORGE_EXPORT)
    def forge_export() -> Response:
        asked = body_as(ExportBody)
        if actor_or_nobody() is None:
            return jsonify(_adf([_paragraph(ASK_AGAIN)]))
        return jsonify(atlassian_document(_document(services, asked.page_id, asked.space_key, asked.parameters)))

    return blueprint


def _document(services: Services, page: str | None, space: str | None, given: Mapping[str, str]) -> MacroDocument:
    choice = macro.choice_of(given)
    place = MacroPlace(bare_id(page) if page else None, space_key(space) if space else None)
    return macro.document(services, actor_or_nobody(), choice, place)


def atlassian_document(found: MacroDocument) -> dict[str, Any]:
    """developer.atlassian.com/cloud/jira/platform/apis/document/structure."""
    content = [_paragraph(found.title, strong=True)]
    if found.rows:
        head = {"type": "tableRow", "content": [_cell("tableHeader", name) for name in found.columns]}
        rows = [{"type": "tableRow", "content": [_linked(cell) for cell in row]} for row in found.rows]
        content.append({"type": "table", "content": [head, *rows]})
    return _adf([*content, *map(_paragraph, found.lines)])


def _adf(content: list[dict[str, Any]]) -> dict[str, Any]:
    return {"version": 1, "type": "doc", "content": content}


def _linked(cell: MacroCell) -> dict[str, Any]:
    marks = [{"type": "link", "attrs": {"href": cell.url}}] if cell.url else []
    return _cell("tableCell", cell.text, *marks)


def _cell(kind: str, text: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "attrs": {}, "content": [_paragraph(text, *marks)]}


def _paragraph(text: str, *marks: dict[str, Any], strong: bool = False) -> dict[str, Any]:
    """An empty text is no node."""
    found = [*marks, *([{"type": "strong"}] if strong else [])]
    node = {"type": "text", "text": text, **({"marks": found} if found else {})}
    return {"type": "paragraph", "content": [node] if text else []}

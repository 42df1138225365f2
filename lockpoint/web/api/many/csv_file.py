"""CSV for spreadsheets: no cell begins a formula, whatever separates cells there."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from flask import Response, request

from lockpoint.services.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

CSV: Final = "text/csv"
_JSON: Final = "application/json"
_FORMULA: Final = re.compile(r"(^|[;|\t\r\n])(?=[\s\"]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula would begin: in the cell, or in what another separator or a line break makes of it."""


def wants_csv() -> bool:
    """Return which of the two the caller prefers; `Invalid` for who takes neither."""
    best = request.accept_mimetypes.best_match((_JSON, CSV))
    if best is None and request.accept_mimetypes:
        raise Invalid("Accept application/json or text/csv.")
    return best == CSV


def line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_FORMULA.sub(r"\1'", cell) for cell in cells])
    return buffer.getvalue()


def as_file(lines: Iterable[str], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("".join(lines), mimetype=CSV, headers=headers)

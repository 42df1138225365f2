"""`/forge/api/v1`: the API a second time, with answers that `invokeRemote` hands to a screen.

Forge keeps 401 for itself, takes JSON alone, knows no 304, and reports an answer over 5 MB as a breakdown.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, json, request
from werkzeug.http import parse_options_header

from lockpoint.web.errors import error_body
from lockpoint.web.guards import FORGE_PREFIX

LARGEST_ANSWER: Final = 5_000_000
_NEXT: Final = re.compile(r'<(\?[^>]*)>; rel="next"')
TOO_LARGE_TEXT: Final = "The answer is larger than Forge carries (5 MB). Ask for less, for example a shorter period."


def adapt_answers(app: Flask, app_url: str) -> None:
    """Adapt every answer of the API below `/forge`, those of guards and crashes included.

    Each names our server, which the frame of a screen does not know, for links to pages for everybody.
    """

    @app.after_request
    def adapt(answer: Response) -> Response:
        if not request.path.startswith(f"{FORGE_PREFIX}/api/"):
            return answer
        answer.headers["Lockpoint-Server"] = app_url
        return adapted(answer)


def adapted(answer: Response) -> Response:
    """Change an answer of the API in place; refusals have a JSON body already."""
    if answer.status_code == HTTPStatus.NOT_MODIFIED:
        answer.status_code = HTTPStatus.OK
        _say(answer, {"unchanged": True})
    elif answer.status_code == HTTPStatus.UNAUTHORIZED:
        answer.status_code = HTTPStatus.FORBIDDEN
    elif answer.mimetype == "text/csv":
        _, disposition = parse_options_header(answer.headers.pop("Content-Disposition"))
        rest = _NEXT.fullmatch(answer.headers.get("Link", ""))
        file = {"csv": answer.get_data(as_text=True), "name": disposition["filename"]}
        _say(answer, {**file, "next": rest[1] if rest else None})
    if len(answer.get_data()) > LARGEST_ANSWER:
        answer.status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        _say(answer, error_body("too_large", TOO_LARGE_TEXT))
    return answer


def _say(answer: Response, body: dict[str, object]) -> None:
    answer.set_data(json.dumps(body))
    answer.content_type = "application/json"

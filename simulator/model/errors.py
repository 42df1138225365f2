"""Error answers, in Confluence's two body shapes."""

from __future__ import annotations

import json

from werkzeug.wrappers import Response

_CODES = {
    400: "INVALID_REQUEST_PARAMETER",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    410: "GONE",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    501: "NOT_IMPLEMENTED",
}


class ApiError(Exception):
    """Status, sentence, v2 code (default: from the status)."""

    def __init__(self, status: int, title: str, code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {title}")
        self.status = status
        self.title = title
        self.code = code or _CODES.get(status, "ERROR")
        self.headers = headers or {}


def error_body(status: int, title: str, code: str | None, *, v2: bool) -> dict[str, object]:
    """Shaped as both API documents describe."""
    if v2:
        word = code or _CODES.get(status, "ERROR")
        return {"errors": [{"status": status, "code": word, "title": title, "detail": None}]}
    data = {
        "authorized": status not in {401, 403},
        "valid": status != 400,  # noqa: PLR2004 - the status itself
        "allowedInReadOnlyMode": True,
        "errors": [],
        "successful": False,
    }
    return {"statusCode": status, "data": data, "message": title}


def error_response(error: ApiError, path: str) -> Response:
    body = error_body(error.status, error.title, error.code, v2=path.startswith("/wiki/api/v2"))
    return Response(json.dumps(body), status=error.status, headers=error.headers, content_type="application/json")


def not_found(what: str = "resource") -> ApiError:
    """A missing or invisible thing; Confluence does not tell which."""
    return ApiError(404, f"The requested {what} does not exist, or you do not have permission to see it")

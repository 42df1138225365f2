"""Checks recorded exchanges with Confluence against Atlassian's OpenAPI documents.

The documents (`confluence-v1.json`, `confluence-v2.json`) are outside the repository, in the folder `LOCKPOINT_SPECS`.
Operations in neither document have small schemas of our own (`OWN`). `DEVIATIONS` lists known differences between
documents and reality.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.response.exceptions import DataValidationError
from werkzeug.datastructures import Headers, ImmutableMultiDict

HOST = "http://confluence.test"
METHODS = {"get", "put", "post", "delete", "patch"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One exchange. `url` is absolute or a path with query; `status` 0: no answer came."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A known difference: problems that match `problem` are expected. `source`: who saw it."""

    method: str
    path: str
    status: str
    problem: str
    source: str

    def covers(self, exchange: Recorded, problem: str) -> bool:
        return (
            re.fullmatch(self.method, exchange.method) is not None
            and re.fullmatch(self.path, exchange.path) is not None
            and re.fullmatch(self.status, str(exchange.status)) is not None
            and re.search(self.problem, problem) is not None
        )


ANY = ".*"
UNDOCUMENTED = "^response: undocumented status"
DEVIATIONS = (
    Deviation(ANY, ANY, "429|50[0234]", UNDOCUMENTED, "any call may be throttled or fail; the documents list neither"),
    Deviation(
        "POST|PUT",
        r"/wiki/api/v2/(attachments|pages|blogposts|spaces)/[^/]+/properties(/\d+)?",
        "409",
        UNDOCUMENTED,
        "a taken key and a stale version answer 409 (text2confl issue 334, confluencebuilder publisher)",
    ),
    Deviation(
        "DELETE",
        r"/wiki/api/v2/attachments/att\d+",
        ANY,
        "^request: .*(integer|Cast|cast)",
        "attachment ids carry `att` in every path; the document says int64 for this one (confluence.js live tests)",
    ),
    Deviation(
        ANY,
        r"/wiki/api/v2/attachments/[^/]+/(versions|properties)/\d+",
        ANY,
        r"does not match '\(att\)\?0-9\+'",
        "the pattern of this path parameter lacks the brackets of [0-9]",
    ),
    Deviation(
        ANY,
        r"/wiki/(api/v2|rest/api)/.*",
        "403",
        UNDOCUMENTED,
        "a missing scope and an app-access rule answer 403 wherever they apply",
    ),
    Deviation(ANY, r"/wiki/(api/v2|rest/api)/.*", "401", UNDOCUMENTED, "any call may be refused for its token"),
    Deviation(
        ANY,
        r"/wiki/rest/api/(content/[^/]+(/child/attachment|/property(/.*)?|/version)?|space(/.*)?|group/[^/]+)",
        "410",
        "",
        "operations removed by CHANGE-2520 answer 410; they are in no document any more",
    ),
    Deviation(ANY, ANY, "30[12]", UNDOCUMENTED, "a renamed site redirects for a while (Atlassian blog 2018/10)"),
    Deviation("POST|PUT", ANY, "415|413", UNDOCUMENTED, "a body of a wrong kind or size"),
    Deviation(
        "PUT",
        r"/wiki/rest/api/content/[^/]+/child/attachment/[^/]+",
        ANY,
        "^request: .*'(when|minorEdit)' is a required property",
        "the document re-uses the answer's version object; its own example sends the number only",
    ),
    Deviation(
        "POST",
        r"/wiki/api/v2/(pages|footer-comments)",
        "20[01]",
        "^request: .*(Page|Comment)NestedBodyWrite.*(Page|Comment)BodyWrite",
        "the two forms of a body are `oneOf`, but nothing is required in either, so every body fits both",
    ),
)

STATUS_ONLY: dict[str, Any] = {}
_PROPERTY = {
    "type": "object",
    "required": ["key", "value"],
    "properties": {"key": {"type": "string"}, "self": {"type": "string"}},
}
_REPORT = {
    "type": "object",
    "required": ["accounts"],
    "properties": {
        "accounts": {
            "type": "array",
            "minItems": 1,
            "maxItems": 90,
            "items": {
                "type": "object",
                "required": ["accountId", "updatedAt"],
                "additionalProperties": False,
                "properties": {
                    "accountId": {"type": "string", "minLength": 1, "maxLength": 128},
                    "updatedAt": {
                        "type": "string",
                        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
                    },
                },
            },
        }
    },
}
_REPORTED = {
    "type": "object",
    "required": ["accounts"],
    "properties": {
        "accounts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["accountId", "status"],
                "properties": {"accountId": {"type": "string"}, "status": {"enum": ["closed", "updated"]}},
            },
        }
    },
}
_ADDON = {
    "type": "object",
    "required": ["key", "version", "state", "host"],
    "properties": {
        "key": {"type": "string"},
        "state": {"const": "ENABLED"},
        "host": {"type": "object", "required": ["product"]},
        "license": {
            "type": "object",
            "required": ["active", "evaluation"],
            "properties": {"active": {"type": "boolean"}},
        },
    },
}
_TOKEN = {
    "type": "object",
    "required": ["access_token", "expires_in", "token_type"],
    "properties": {
        "access_token": {"type": "string"},
        "expires_in": {"type": "integer"},
        "token_type": {"const": "Bearer"},
    },
}
_MESSAGE = {"type": "object", "required": ["message", "status-code"]}


@dataclass(frozen=True, slots=True)
class OwnOperation:
    """An operation of Connect in no OpenAPI document. `answers`: JSON schema by status, empty: any body."""

    method: str
    path: str
    answers: Mapping[int, dict[str, Any]]
    request: dict[str, Any] | None = None
    query: frozenset[str] = frozenset()


_ADDONS = r"/wiki/rest/atlassian-connect/1/addons/[^/]+"
_REFUSED = {401: STATUS_ONLY, 403: STATUS_ONLY, 404: STATUS_ONLY}
OWN = (
    OwnOperation("GET", _ADDONS, {200: _ADDON, **_REFUSED}),
    OwnOperation("GET", _ADDONS + "/properties", {200: {"type": "object", "required": ["keys"]}, **_REFUSED}),
    OwnOperation("GET", _ADDONS + r"/properties/[^/]+", {200: _PROPERTY, **_REFUSED}, query=frozenset({"jsonValue"})),
    OwnOperation(
        "PUT", _ADDONS + r"/properties/[^/]+", {200: _MESSAGE, 201: _MESSAGE, 400: STATUS_ONLY, **_REFUSED}, {}
    ),
    OwnOperation("DELETE", _ADDONS + r"/properties/[^/]+", {204: STATUS_ONLY, **_REFUSED}),
    OwnOperation(
        "POST",
        r"/wiki/rest/atlassian-connect/(latest|1)/report-accounts",
        {200: _REPORTED, 204: STATUS_ONLY, 400: STATUS_ONLY, **_REFUSED},
        _REPORT,
    ),
    OwnOperation("POST", r".*/oauth2/token", {200: _TOKEN, 400: STATUS_ONLY, 401: STATUS_ONLY, 403: STATUS_ONLY}),
)


class _Request:
    """The request as openapi-core reads it."""

    def __init__(self, exchange: Recorded) -> None:
        headers = Headers(list(exchange.request_headers.items()))
        self.host_url = HOST
        self.path = exchange.path
        self.path_pattern = None
        self.method = exchange.method.lower()
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(exchange.query), header=headers, cookie={}, path={}
        )
        self.content_type = headers.get("Content-Type", "")
        self.body = exchange.request_body or None


class _Response:
    def __init__(self, exchange: Recorded) -> None:
        self.status_code = exchange.status
        self.headers = Headers(list(exchange.response_headers.items()))
        self.content_type = self.headers.get("Content-Type", "").partition(";")[0]
        self.data = exchange.response_body


def _load(path: Path, server: str) -> OpenAPI:
    document = json.loads(path.read_text())
    document["servers"] = [{"url": server}]
    # Our tokens are none of the documented schemes (basic, OAuth 2).
    document.pop("security", None)
    for item in document["paths"].values():
        for method in METHODS & set(item):
            item[method].pop("security", None)
    # Some published parameter defaults break their own schemas, so the document itself is not validated.
    return OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))


class Checker:
    """Both documents, loaded once; OSError if `folder` lacks them."""

    def __init__(self, folder: Path) -> None:
        self._v1 = _load(folder / "confluence-v1.json", HOST)
        self._v2 = _load(folder / "confluence-v2.json", f"{HOST}/wiki/api/v2")

    def problems(self, exchange: Recorded) -> list[str]:
        """An exchange's problems without known deviations."""
        found = self._all_problems(exchange)
        return [text for text in found if not any(d.covers(exchange, text) for d in DEVIATIONS)]

    def deviations(self, exchange: Recorded) -> list[Deviation]:
        """Known deviations an exchange shows."""
        found = self._all_problems(exchange)
        return [d for d in DEVIATIONS if any(d.covers(exchange, text) for text in found)]

    def report(self, exchanges: Iterable[Recorded]) -> list[str]:
        """Problems of many exchanges, one line each."""
        return [f"{exchange}: {text}" for exchange in exchanges for text in self.problems(exchange)]

    def _all_problems(self, exchange: Recorded) -> list[str]:
        own = next((o for o in OWN if o.method == exchange.method and re.fullmatch(o.path, exchange.path)), None)
        if own is not None:
            return _own_problems(own, exchange)
        if exchange.path.startswith("/wiki/api/v2/"):
            return _documented_problems(self._v2, exchange)
        if exchange.path.startswith("/wiki/rest/"):
            return _documented_problems(self._v1, exchange)
        return [f"{exchange.path} is no operation of Confluence"]


def _reason(error: BaseException) -> str:
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        details = getattr(seen, "schema_errors", None) or ()
        parts.append(f"{type(seen).__name__}: {seen}")
        parts += [f"{'/'.join(map(str, d.absolute_path))}: {d.message}" for d in details]
        seen = seen.__cause__
    return " | ".join(dict.fromkeys(parts))[:2000]


def _documented_problems(document: OpenAPI, exchange: Recorded) -> list[str]:
    request = _Request(exchange)
    problems = _unknown_parameters(document, request)
    # A refused request may be one the document forbids; only accepted ones must conform.
    if exchange.status < 400:
        try:
            document.validate_request(request)
        except OpenAPIError as error:
            problems.append(f"request: {_reason(error)}")
    if exchange.status:
        problems += _response_problems(document, request, exchange)
    return problems


def _response_problems(document: OpenAPI, request: _Request, exchange: Recorded) -> list[str]:
    try:
        if _body_is_open(_operation(document, request), exchange.status):
            return []
        document.validate_response(request, _Response(exchange))
    except ResponseNotFound:
        return [f"response: undocumented status {exchange.status}"]
    except (OpenAPIError, DataValidationError) as error:
        return [f"response: {_reason(error)}"]
    return []


def _unknown_parameters(document: OpenAPI, request: _Request) -> list[str]:
    try:
        found = document.request_validator._find_path(request)
    except OpenAPIError as error:
        return [f"request: {_reason(error)}"]
    names = {name for part in (found.path, found.operation) for name in _query_names(part)}
    used = set(request.parameters.query) - {"jwt"}
    return [f"request: undocumented query parameter {name}" for name in sorted(used - names)]


def _body_is_open(operation: SchemaPath, status: int) -> bool:
    """Whether the document lists the status without describing its body."""
    responses = (operation / "responses").read_value()
    described = responses.get(str(status))
    return isinstance(described, dict) and not described.get("content") and "$ref" not in described


def _operation(document: OpenAPI, request: _Request) -> SchemaPath:
    return document.request_validator._find_path(request).operation


def _query_names(part: SchemaPath) -> list[str]:
    parameters = part / "parameters"
    found = list(parameters) if parameters.exists() else []
    return [(p / "name").read_str() for p in found if (p / "in").read_str() == "query"]


def _own_problems(own: OwnOperation, exchange: Recorded) -> list[str]:
    problems = [f"request: undocumented query parameter {n}" for n, _ in exchange.query if n not in own.query | {"jwt"}]
    if own.request is not None and exchange.status < 400:
        problems += _schema_problems("request", own.request, exchange.request_body)
    if exchange.status and exchange.status not in own.answers:
        return [*problems, f"response: undocumented status {exchange.status}"]
    if exchange.status and own.answers[exchange.status]:
        problems += _schema_problems("response", own.answers[exchange.status], exchange.response_body)
    return problems


def _schema_problems(where: str, schema: dict[str, Any], body: bytes) -> list[str]:
    try:
        value = json.loads(body)
    except ValueError:
        return [f"{where}: not JSON"]
    return [f"{where}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(value)]


@functools.cache
def _checker(folder: str) -> Checker:
    return Checker(Path(folder))


def checker_or_skip() -> Checker:
    """The checker, or a skip that says how to get the documents (a failure when LOCKPOINT_TESTS_STRICT=1)."""
    folder = os.environ.get("LOCKPOINT_SPECS", "")
    if folder and (Path(folder) / "confluence-v2.json").is_file():
        return _checker(folder)
    reason = "LOCKPOINT_SPECS must name a folder with Atlassian's confluence-v1.json and confluence-v2.json"
    if os.environ.get("LOCKPOINT_TESTS_STRICT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

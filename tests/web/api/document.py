"""Check every answer against the served OpenAPI document: statuses, media types, exact fields."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import requests
from jsonschema import Draft202012Validator

from tests.web.live_app import Headers, Json, LiveApp


class Document:
    def __init__(self, served: Json) -> None:
        self.served = served
        self._components = deepcopy(served["components"])
        for schema in self._components["schemas"].values():
            if schema.get("type") == "object":
                schema.setdefault("additionalProperties", False)
        self._paths = {re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)): path for path in served["paths"]}
        self.seen: set[tuple[str, str, int]] = set()

    def check(self, method: str, path: str, answer: requests.Response) -> None:
        """Check an answer against the document; `path` is below `/api/v1`, without query."""
        template = next(text for pattern, text in self._paths.items() if pattern.fullmatch(f"/api/v1{path}"))
        responses = self.served["paths"][template][method.lower()]["responses"]
        assert str(answer.status_code) in responses, (method, path, answer.status_code, answer.text)
        self.seen.add((method, template, answer.status_code))
        content = responses[str(answer.status_code)].get("content")
        if content is None:
            assert not answer.content
            return
        assert answer.headers["Content-Type"] == "application/json"
        self._validate(content["application/json"]["schema"], answer.json())
        if answer.status_code >= 400 and "lock" in answer.json():
            self._validate({"$ref": "#/components/schemas/LockModel"}, answer.json()["lock"])

    def _validate(self, schema: Any, body: Any) -> None:
        Draft202012Validator({**schema, "components": self._components}).validate(body)


class CheckedApi:
    """The API; every answer is checked against the document."""

    def __init__(self, live: LiveApp) -> None:
        self.live = live
        self.document = Document(live.raw("GET", "/openapi.json", live.token("alice")).json())

    def __call__(
        self,
        person: str,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        site: str = "acme",
        headers: Headers | None = None,
    ) -> requests.Response:
        answer = as_screens_see(self.live.call(person, method, path, body, site=site, headers=headers))
        self.document.check(method, path.partition("?")[0], answer)
        return answer

    def lock(self, person: str, file: str, **options: object) -> Json:
        """Lock a file; return the lock as the API shows it."""
        answer = self(person, "POST", f"/attachments/{file}/lock", dict(options))
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["lock"])

    def shown(self, person: str, file: str) -> Json:
        answer = self(person, "GET", f"/attachments/{file}/lock")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["lock"])


def as_screens_see(answer: requests.Response) -> requests.Response:
    """Undo what Forge's carrier demands, in place, as the screens do: it knows JSON alone, and no 304."""
    body = answer.json() if answer.url.partition("/forge/")[1] and answer.content else None
    if body == {"unchanged": True}:
        answer.status_code, answer._content = requests.codes.not_modified, b""
    elif isinstance(body, dict) and "csv" in body:
        answer._content = body["csv"].encode()
        answer.headers["Content-Type"] = "text/csv; charset=utf-8"
        answer.headers["Content-Disposition"] = f'attachment; filename="{body["name"]}"'
    return answer


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Status and code of an error; its message must be a non-empty text."""
    body = answer.json()
    assert isinstance(body["message"], str)
    assert body["message"]
    return answer.status_code, body["error"]

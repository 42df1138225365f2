"""Generated requests, honest and broken, from the served OpenAPI document, with tokens of both sites.

Schemathesis makes them and judges the answers; what is asked for exists in most cases, and the hold is the present one,
so that the calls reach the rules and not only the checks in front of them. The examples are the same in every run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lockpoint.web.api.openapi import OPERATIONS, document
from tests.web.live_app import CALL_SECONDS, LiveApp

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PEOPLE = {"acme": ("alice", "bob", "charlie", "dana", "sam"), "globex": ("gina", "hank", "greta")}
WITHOUT_SHRINKING = (Phase.explicit, Phase.generate)


@dataclass
class Range:
    """The application, and on each site a page with files to shoot at."""

    live: LiveApp
    files: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)

    def aim(self, site: str) -> None:
        """Make something to shoot at."""
        author = PEOPLE[site][0]
        self.pages[site] = self.live.page(site=site, author=author)
        self.files[site] = [self.live.file(self.pages[site], site=site, author=author) for _ in range(3)]

    def hold(self, site: str, file: str) -> str:
        """The id of the present hold, or none's."""
        record = self.live.properties(file, site).get("lockpointlock", (0, {}))[1]
        return str(record.get("lock_id") or "0" * 32)


@pytest.fixture(scope="module")
def field_of_fire(live: LiveApp) -> Iterator[Range]:
    """Both sites prepared; how many cases there were is told at the end (`pytest -s` shows it)."""
    made = Range(live)
    for site in PEOPLE:
        made.aim(site)
    yield made
    print(f"\nschemathesis: {sum(made.tried.values())} cases, {dict(sorted(made.tried.items()))}")  # noqa: T201 - figure


@pytest.fixture(scope="module")
def schema() -> Any:
    """The document that the application serves."""
    return schemathesis.openapi.from_dict(json.loads(document()))


def _examples() -> int:
    """Few by default, many in the long mode."""
    usual = settings.get_profile("default").max_examples
    return 20 if settings().max_examples <= usual else settings().max_examples


CELLS = [
    pytest.param(operation, site, mode, id=f"{operation.name}, {site}, {mode.value}")
    for operation in OPERATIONS
    for site in PEOPLE
    for mode in GenerationMode
    # In a request without parameters there is nothing to get wrong.
    if mode is GenerationMode.POSITIVE or operation.body or operation.query or "{" in operation.path
]


@pytest.mark.parametrize(("operation", "site", "mode"), CELLS)
def test_answers_keep_to_the_document(
    field_of_fire: Range, schema: Any, operation: Any, site: str, mode: GenerationMode
) -> None:
    """No answer is a 5xx, and every one has a status, a type and a body that the document names."""
    target: APIOperation[Any, Any, Any, Any] = schema[f"/api/v1{operation.path}"][operation.method.upper()]
    other = next(name for name in PEOPLE if name != site)
    state = field_of_fire.live.site_state(other)
    cases = target.as_strategy(generation_mode=mode)

    @settings(
        max_examples=_examples(),
        derandomize=True,
        database=None,
        deadline=None,
        phases=WITHOUT_SHRINKING,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def shoot(data: st.DataObject) -> None:
        case = data.draw(cases)
        _aimed(field_of_fire, site, case, data)
        field_of_fire.tried[f"{site} {mode.value}"] += 1
        _judged(field_of_fire.live, case, data.draw(st.sampled_from(PEOPLE[site])), site)

    shoot()
    assert field_of_fire.live.site_state(other) == state


def _aimed(aims: Range, site: str, case: Any, data: st.DataObject) -> None:
    """Three of four cases are about something that is there."""
    if not data.draw(st.sampled_from([True, True, True, False])):
        return
    file = data.draw(st.sampled_from(aims.files[site]))
    real = {"attachmentId": data.draw(st.sampled_from([file, f"att{file}"])), "pageId": aims.pages[site]}
    for name in case.path_parameters or {}:
        case.path_parameters[name] = real[name]
    if isinstance(case.body, dict) and "lockId" in case.body and data.draw(st.booleans()):
        case.body["lockId"] = aims.hold(site, file)


def _judged(live: LiveApp, case: Any, person: str, site: str) -> None:
    headers = {"Authorization": f"JWT {live.token(person, site)}"}
    case.headers.pop("Authorization", None)
    answer = case.call(base_url=live.url, headers=headers, timeout=CALL_SECONDS, allow_redirects=False)
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_nobody_without_a_token(field_of_fire: Range, schema: Any, operation: Any) -> None:
    """Generated requests without a token are 401, honest or not."""
    target: APIOperation[Any, Any, Any, Any] = schema[f"/api/v1{operation.path}"][operation.method.upper()]

    @settings(
        max_examples=4,
        derandomize=True,
        database=None,
        deadline=None,
        phases=WITHOUT_SHRINKING,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=target.as_strategy())
    def shoot(case: Any) -> None:
        case.headers.pop("Authorization", None)
        answer = case.call(base_url=field_of_fire.live.url, timeout=CALL_SECONDS, allow_redirects=False)
        field_of_fire.tried["nobody"] += 1
        assert answer.status_code == 401
        case.validate_response(answer, checks=CHECKS)

    shoot()


@pytest.mark.parametrize("lie", ["status", "field"])
def test_the_judge_sees_lies(field_of_fire: Range, lie: str) -> None:
    """A document that says something else is noticed: that all answers pass means something."""
    live, false = field_of_fire.live, json.loads(document())
    path = "/api/v1/attachments/{attachmentId}/lock"
    if lie == "status":
        del false["paths"][path]["get"]["responses"]["200"]
    else:
        false["components"]["schemas"]["LockModel"]["properties"]["note"] = {"type": "integer"}
    case = schemathesis.openapi.from_dict(false)[path]["GET"].Case(
        path_parameters={"attachmentId": field_of_fire.files["acme"][0]}
    )
    headers = {"Authorization": f"JWT {live.token('alice')}"}
    answer = case.call(base_url=live.url, headers=headers, timeout=CALL_SECONDS)
    with pytest.raises(FailureGroup):
        case.validate_response(answer, checks=CHECKS)

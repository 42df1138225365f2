from __future__ import annotations

from simulator.world import seed
from tests.contracts.openapi_checker import DEVIATIONS, Recorded, checker_or_skip
from tests.simulator.conftest import Sim, is_rest, recorded

READS = (
    f"/api/v2/pages/{seed.PAGE_ID}?include-properties=true&include-operations=true",
    f"/api/v2/blogposts/{seed.BLOG_ID}?include-properties=true&include-operations=true",
    f"/api/v2/pages/{seed.PAGE_ID}/operations",
    f"/api/v2/pages/{seed.PAGE_ID}/footer-comments?body-format=storage&sort=-created-date&limit=5",
    f"/api/v2/blogposts/{seed.BLOG_ID}/footer-comments",
    "/api/v2/footer-comments/1",
    f"/api/v2/blogposts/{seed.BLOG_ID}/operations",
    f"/api/v2/pages/{seed.PAGE_ID}/attachments?limit=2&status=current&status=trashed&sort=-modified-date",
    f"/api/v2/blogposts/{seed.BLOG_ID}/attachments?filename=agenda.pdf&mediaType=application/pdf",
    "/api/v2/attachments?limit=2",
    f"/api/v2/attachments/att{seed.BUDGET_ID}?include-operations=true&include-versions=true&include-labels=true",
    f"/api/v2/attachments/att{seed.BUDGET_ID}?version=1&include-version=false&include-properties=true",
    f"/api/v2/attachments/att{seed.BUDGET_ID}/operations",
    f"/api/v2/attachments/att{seed.BUDGET_ID}/versions?limit=1&sort=-modified-date",
    f"/api/v2/attachments/att{seed.BUDGET_ID}/versions/2",
    f"/api/v2/attachments/att{seed.BUDGET_ID}/versions/99",
    f"/api/v2/attachments/att{seed.BUDGET_ID}/properties?key=k&sort=key",
    "/api/v2/attachments/1",
    "/api/v2/pages/nonsense",
    "/api/v2/spaces?keys=DS&status=current",
    f"/api/v2/spaces/{seed.SPACE_ID}?include-operations=true&include-properties=true",
    f"/api/v2/spaces/{seed.SPACE_ID}/operations",
    f"/api/v2/spaces/{seed.SPACE_ID}/properties?key=k",
    f"/api/v2/spaces/{seed.SPACE_ID}/pages",
    f"/api/v2/spaces/{seed.SPACE_ID}/blogposts",
    f"/rest/api/user?accountId={seed.SAM}&expand=operations",
    "/rest/api/user?accountId=nobody",
    "/rest/api/user/current",
    f"/rest/api/user/bulk?accountId={seed.ALICE}&accountId={seed.BOB}",
    f"/rest/api/user/email?accountId={seed.ALICE}",
    f"/rest/api/user/email/bulk?accountId={seed.ALICE}",
    f"/rest/api/user/{seed.ALICE}/property",
    "/rest/api/settings/systemInfo",
    "/rest/api/content/search?cql=type=attachment&limit=2",
    "/rest/api/search?cql=type=page&limit=2",
    "/rest/api/content/search?cql=nonsense",
    f"/rest/api/content/{seed.PAGE_ID}/restriction",
    f"/rest/api/content/{seed.PAGE_ID}/restriction/byOperation/read/user?accountId={seed.ALICE}",
    f"/rest/api/content/{seed.PAGE_ID}/child/attachment/att{seed.BUDGET_ID}/download?version=1",
    f"/rest/api/content/{seed.PAGE_ID}",
    "/rest/atlassian-connect/1/addons/test-app",
    "/rest/atlassian-connect/1/addons/test-app/properties",
)


def _writes(sim: Sim) -> None:
    for owner in (f"attachments/att{seed.BUDGET_ID}", f"pages/{seed.PAGE_ID}", f"blogposts/{seed.BLOG_ID}"):
        path = f"/api/v2/{owner}/properties"
        number = sim.as_app("POST", path, json={"key": "k", "value": {"a": 1}}).json()["id"]
        sim.as_app("POST", path, json={"key": "k", "value": 1})
        for version in (2, 2):
            body = {"key": "k", "value": [1], "version": {"number": version, "message": "m"}}
            sim.as_app("PUT", f"{path}/{number}", json=body)
        sim.as_app("DELETE", f"{path}/{number}")
    space = f"/api/v2/spaces/{seed.SPACE_ID}/properties"
    number = sim.as_user("dana", "POST", space, json={"key": "k", "value": 1}).json()["id"]
    sim.as_user("dana", "PUT", f"{space}/{number}", json={"key": "k", "value": 2, "version": {"number": 2}})
    sim.as_user("dana", "DELETE", f"{space}/{number}")
    for place in ({"pageId": str(seed.PAGE_ID)}, {"blogPostId": str(seed.BLOG_ID)}, {}):
        text = {
            "representation": "storage",
            "value": f'<p><ac:link><ri:user ri:account-id="{seed.BOB}"/></ac:link></p>',
        }
        made = sim.as_app("POST", "/api/v2/footer-comments", json={**place, "body": text}).json()
        sim.as_app("GET", f"/api/v2/footer-comments/{made.get('id', 'nonsense')}")
    sim.as_app("GET", f"/api/v2/pages/{seed.PAGE_ID}/footer-comments?body-format=storage")
    sim.as_app("POST", "/api/v2/users-bulk", json={"accountIds": [seed.ALICE]})
    check = {"subject": {"type": "user", "identifier": seed.BOB}, "operation": "update"}
    sim.as_app("POST", f"/rest/api/content/{seed.PAGE_ID}/permission/check", json=check)
    for method in ("PUT", "DELETE"):
        path = f"/rest/api/content/{seed.PAGE_ID}/restriction/byOperation/update/user?accountId={seed.ALICE}"
        sim.as_user("dana", method, path)
    _file_writes(sim)
    user = f"/rest/api/user/{seed.ALICE}/property/p"
    for method in ("POST", "PUT", "GET", "DELETE"):
        sim.as_app(method, user, **({} if method in {"GET", "DELETE"} else {"json": {"value": {"x": 1}}}))
    app = "/rest/atlassian-connect/1/addons/test-app/properties/p"
    for method in ("PUT", "GET", "DELETE"):
        sim.as_app(method, app, **({"json": {"x": 1}} if method == "PUT" else {}))
    report = {"accounts": [{"accountId": seed.BOB, "updatedAt": "2026-11-20T10:00:00.000Z"}]}
    sim.as_app("POST", "/rest/atlassian-connect/latest/report-accounts", json=report)


def _file_writes(sim: Sim) -> None:
    files = f"/rest/api/content/{seed.PAGE_ID}/child/attachment"
    form = {"data": {"minorEdit": "true", "comment": "c"}, "headers": {"X-Atlassian-Token": "no-check"}}
    sim.as_user("bob", "POST", files, files={"file": ("n.txt", b"1")}, **form)
    sim.as_user("bob", "PUT", files, files={"file": ("n.txt", b"2")}, **form)
    sim.as_app("POST", f"{files}/att{seed.BUDGET_ID}/data", files={"file": ("budget.xlsx", b"3")}, **form)
    body = {"id": f"att{seed.BUDGET_ID}", "type": "attachment", "title": "b.xlsx", "version": {"number": 5}}
    sim.as_app("PUT", f"{files}/att{seed.BUDGET_ID}", json=body)
    for content in (f"att{seed.BUDGET_ID}", str(seed.PAGE_ID)):
        params = {"versionNumber": 1, "message": "m", "restoreTitle": False}
        sim.as_app("POST", f"/rest/api/content/{content}/version", json={"operationKey": "restore", "params": params})
    sim.as_person("dana", "DELETE", f"/rest/api/content/att{seed.BUDGET_ID}/version/1")
    for query in ("", "?purge=true"):
        sim.as_person("dana", "DELETE", f"/api/v2/attachments/att{seed.LOGO_ID}{query}")


def test_requests_and_answers_of_every_operation_fit_the_documents(installed: Sim) -> None:
    """Only listed deviations occur, and all listed ones do."""
    checker = checker_or_skip()
    for path in READS:
        installed.as_app("GET", path)
    _writes(installed)
    exchanges = [recorded(e) for e in installed.world.records.find() if is_rest(e)]
    assert checker.report(exchanges) == []
    assert len({(e.method, e.path) for e in exchanges}) > 60
    shown = {deviation for exchange in exchanges for deviation in checker.deviations(exchange)}
    # The others need faults, missing permissions or renamed sites.
    assert {d.problem for d in DEVIATIONS if d in shown} >= {d.problem for d in DEVIATIONS if "att" in d.problem}


def _exchange(method: str, url: str, status: int = 200, body: bytes = b"", answer: bytes = b"{}") -> Recorded:
    json = {"Content-Type": "application/json"}
    return Recorded(method, url, json if body else {}, body, status, json, answer)


def test_the_checker_sees_what_is_wrong() -> None:
    checker = checker_or_skip()
    wrong = {
        "unknown path": _exchange("GET", "/wiki/api/v2/nothing"),
        "not Confluence": _exchange("GET", "/elsewhere"),
        "unknown parameter": _exchange("GET", "/wiki/api/v2/pages/1?colour=red"),
        "parameter type": _exchange("GET", "/wiki/api/v2/pages/1/attachments?limit=many"),
        "unknown status": _exchange("GET", "/wiki/api/v2/pages/1", 418),
        "answer type": _exchange("GET", "/wiki/api/v2/pages/1", answer=b'{"id": 1}'),
        "request body": _exchange("POST", "/wiki/api/v2/users-bulk", body=b'{"accountIds": "one"}'),
        "missing field": _exchange("POST", "/wiki/rest/api/content/1/permission/check", body=b"{}"),
        "own request": _exchange(
            "POST", "/wiki/rest/atlassian-connect/latest/report-accounts", 204, b'{"accounts": []}', b""
        ),
        "own answer": _exchange("GET", "/wiki/rest/atlassian-connect/1/addons/x/properties/y", answer=b"{}"),
    }
    assert {name for name, exchange in wrong.items() if not checker.problems(exchange)} == set()
    assert checker.problems(_exchange("GET", "/wiki/api/v2/pages/1", 429)) == []
    assert checker.problems(_exchange("GET", "/wiki/api/v2/pages/1", 0)) == []

"""Connect operations outside both API documents: app properties, licence, personal-data reports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint
from werkzeug.wrappers import Response

from simulator.http.operations import Call, empty, json_answer, operation
from simulator.model.clock import parse_moment
from simulator.model.entities import Installation, Json
from simulator.model.errors import ApiError, not_found

if TYPE_CHECKING:
    from simulator.model.site import Site

blueprint = Blueprint("rest_connect", __name__)
API = "/wiki/rest/atlassian-connect"
MAX_PROPERTIES = 100
MAX_REPORTED = 90


def _installation(call: Call, app_key: str) -> Installation:
    """404 for another app's token, as documented. People reach any app."""
    if call.caller.is_app_traffic and call.caller.app_key != app_key:
        raise not_found("add-on")
    installation = call.site.installations.get(app_key)
    if installation is None or installation.state == "uninstalled":
        raise not_found("add-on")
    return installation


@operation(blueprint, "GET", f"{API}/1/addons/<app_key>", "READ")
def addon(call: Call, app_key: str) -> dict[str, object]:
    """With its licence if paid."""
    installation = _installation(call, app_key)
    licence = {
        "active": installation.licence_active,
        "type": "COMMERCIAL",
        "evaluation": installation.licence_evaluation,
        "supportEntitlementNumber": "SEN-1",
    }
    shape: dict[str, object] = {
        "key": app_key,
        "version": "1.0.0",
        "state": "ENABLED",
        "host": {"product": "Confluence", "contacts": []},
        "links": {"self": f"{call.site.base_url}/rest/atlassian-connect/1/addons/{app_key}"},
    }
    return shape | ({"license": licence} if installation.app.descriptor.get("enableLicensing") else {})


@operation(blueprint, "GET", f"{API}/1/addons/<app_key>/properties", None)
def properties(call: Call, app_key: str) -> dict[str, object]:
    base = f"{call.site.base_url}/rest/atlassian-connect/1/addons/{app_key}/properties"
    return {"keys": [{"key": key, "self": f"{base}/{key}"} for key in _installation(call, app_key).properties]}


@operation(blueprint, "GET", f"{API}/1/addons/<app_key>/properties/<key>", None)
def property_read(call: Call, app_key: str, key: str) -> dict[str, object]:
    """The value is JSON with `jsonValue=true`, else text of JSON."""
    stored = _installation(call, app_key).properties
    if key not in stored:
        raise not_found("property")
    value = stored[key]
    self_link = f"{call.site.base_url}/rest/atlassian-connect/1/addons/{app_key}/properties/{key}"
    return {"key": key, "value": value if call.flag("jsonValue") else json.dumps(value), "self": self_link}


@operation(blueprint, "PUT", f"{API}/1/addons/<app_key>/properties/<key>", None)
def property_write(call: Call, app_key: str, key: str) -> Response:
    """The last write wins, any signed-in user may write."""
    stored = _installation(call, app_key).properties
    data = call.request.get_data()
    if len(data) > call.site.behaviour.max_property_bytes:
        raise ApiError(400, "The value is longer than 32 KB")
    try:
        value: Json = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The value is not JSON") from error
    created = key not in stored
    if created and len(stored) >= MAX_PROPERTIES:
        raise ApiError(400, "An app may have 100 properties")
    stored[key] = value
    word = "created" if created else "updated"
    return json_answer(
        {"message": f"Property {word}.", "status-code": 201 if created else 200}, 201 if created else 200
    )


@operation(blueprint, "DELETE", f"{API}/1/addons/<app_key>/properties/<key>", None)
def property_delete(call: Call, app_key: str, key: str) -> Response:
    stored = _installation(call, app_key).properties
    if key not in stored:
        raise not_found("property")
    del stored[key]
    return empty()


@operation(blueprint, "POST", f"{API}/latest/report-accounts", None)
def report_accounts(call: Call) -> Response:
    return report(call.site, call.body())


def report(site: Site, body: object) -> Response:
    """Reported accounts that were closed or changed; 204 for none."""
    accounts = body.get("accounts") if isinstance(body, dict) else None
    if not isinstance(accounts, list) or not 1 <= len(accounts) <= MAX_REPORTED:
        return _report_error("accounts must have 1 to 90 entries")
    due = []
    for account in accounts:
        if not isinstance(account, dict) or not isinstance(account.get("accountId"), str):
            return _report_error("accountId is missing")
        try:
            reported = parse_moment(account.get("updatedAt"))
        except ValueError:
            return _report_error("updatedAt is not a moment")
        status = _due(site, account["accountId"], reported)
        due += [{"accountId": account["accountId"], "status": status}] if status else []
    headers = {"Cycle-Period": str(site.behaviour.report_cycle_days)}
    return json_answer({"accounts": due}, headers=headers) if due else Response(status=204, headers=headers)


def _due(site: Site, account_id: str, reported: int) -> str | None:
    person = site.people.get(account_id)
    if person is None:
        return None
    if person.status == "closed":
        return "closed"
    return "updated" if person.changed_at > reported else None


def _report_error(message: str) -> Response:
    return json_answer({"errorType": "InvalidRequest", "errorMessage": message}, 400)

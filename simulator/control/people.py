"""Control API: browser identity and views; admin changes to people and spaces."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

from flask import Blueprint, request
from werkzeug.wrappers import Response

from simulator.control import views
from simulator.control.declare import Answer, Control, control
from simulator.http.auth import cookie_name, session_account
from simulator.http.operations import json_answer
from simulator.model.entities import Group, Person
from simulator.model.errors import ApiError
from simulator.world import pages

blueprint = Blueprint("control_people", __name__)


@control(blueprint, "GET", "/whoami")
def whoami(call: Control) -> Answer:
    return views.me_json(call.site, session_account(call.site, request))


@control(blueprint, "POST", "/be")
def be(call: Control) -> Response:
    """Act as a person, or anonymously with `account: null`."""
    account = call.person().account_id if call.data.get("account") else None
    answer = json_answer(views.me_json(call.site, account))
    name = cookie_name(call.site.key)
    if account:
        answer.set_cookie(name, account, samesite="Lax")
    else:
        answer.delete_cookie(name)
    return answer


@control(blueprint, "GET", "/people")
def people(call: Control) -> Answer:
    return {"people": views.people_json(call.site)}


@control(blueprint, "GET", "/sites/<site>/home")
def home(call: Control) -> Answer:
    return views.home_json(call.site, session_account(call.site, request))


@control(blueprint, "GET", "/sites/<site>/pages/<number>/view")
def page_view(call: Control, number: str) -> Answer:
    if not number.isdigit():
        raise ApiError(400, "the page id is a number")
    return views.page_view(call.site, int(number), session_account(call.site, request))


@control(blueprint, "POST", "/sites/<site>/person")
def person(call: Control) -> Answer:
    """Change a person's permissions, account, address or language."""
    who = call.person()
    permissions = call.data.get("permissions")
    if isinstance(permissions, list):
        pages.space_permissions(call.world, call.site, call.space(), who.account_id, set(map(str, permissions)))
    who.site_admin = call.flag("siteAdmin", default=who.site_admin)
    who.email_hidden = call.flag("emailHidden", default=who.email_hidden)
    who.locale = call.text("locale", who.locale)
    who.time_zone = call.text("timeZone", who.time_zone)
    profile = (call.text("email", who.email), call.text("displayName", who.display_name))
    if profile != (who.email, who.display_name):
        who.email, who.display_name = profile
        who.changed_at = call.world.clock.now_ms()
    status = call.data.get("status") or ("active" if call.flag("active", default=who.active) else "inactive")
    if status != who.status and not (status == "inactive" and who.status == "closed"):
        pages.set_account_status(call.world, call.site, who, str(status))
    return views.person_json(who)


@control(blueprint, "POST", "/sites/<site>/newcomer")
def newcomer(call: Control) -> Answer:
    """Add a person; `permissions` are those in the space. 409 where somebody has this name."""
    name, permissions = call.text("name"), call.data.get("permissions", [])
    if call.site.person(name) is not None:
        raise ApiError(409, f"{name} is here already")
    if not isinstance(permissions, list):
        raise ApiError(400, "permissions is a list")
    account = f"557058:{uuid5(NAMESPACE_DNS, f'{name}.{call.site.key}.example')}"
    who = Person(account, name, call.text("displayName", name.title()), f"{name}@{call.site.key}.example")
    call.site.people[account] = who
    pages.space_permissions(call.world, call.site, call.space(), account, set(map(str, permissions)))
    return views.person_json(who)


@control(blueprint, "POST", "/sites/<site>/group")
def group(call: Control) -> Answer:
    """Make a group, or give it other members."""
    key, name = call.text("id"), call.text("name")
    call.site.groups[key] = Group(key, name, call.accounts("members") or set())
    return {"id": key, "name": name, "members": sorted(call.site.groups[key].members)}


@control(blueprint, "POST", "/sites/<site>/space-status")
def space_status(call: Control) -> Answer:
    space = pages.set_space_status(call.world, call.site, call.space(), call.text("status"), call.actor())
    return {"key": space.key, "status": space.status}


@control(blueprint, "POST", "/sites/<site>/space-name")
def space_name(call: Control) -> Answer:
    space = call.space()
    space.name = call.text("name")
    return {"key": space.key, "name": space.name}


@control(blueprint, "POST", "/sites/<site>/app-access")
def app_access(call: Control) -> Answer:
    """Block or allow apps in a space."""
    space = call.space()
    accounts = {i.account_id for i in call.site.installations.values()}
    space.blocked_apps = accounts if call.flag("blocked") else set()
    return {"key": space.key, "blockedApps": sorted(space.blocked_apps)}

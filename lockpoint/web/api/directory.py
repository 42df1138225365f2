"""`/api/v1/people` and `/api/v1/groups`: what forms offer while somebody types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.services.errors import UseCaseError
from lockpoint.services.listing import directory
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.requests import query_as
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from lockpoint.services.container import Services


def directory_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("directory", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/people")
    @guarded_by(Guard.CONTEXT)
    def people() -> Response:
        found = directory.find_people(services, current_actor(), query_as(s.SearchQuery).q)
        return jsonify(dump(s.PeopleModel(people=[s.PersonModel.model_validate(one) for one in found])))

    @blueprint.get("/groups")
    @guarded_by(Guard.CONTEXT)
    def groups() -> Response:
        found = directory.find_groups(services, current_actor(), query_as(s.SearchQuery).q)
        return jsonify(dump(s.GroupsModel(groups=[s.GroupModel.model_validate(one) for one in found])))

    return blueprint

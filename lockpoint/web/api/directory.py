"""`/api/v1/people`, `/groups`, `/files`: what forms offer while somebody types, and names where only ids are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from lockpoint.services.errors import UseCaseError
from lockpoint.services.listing import directory
from lockpoint.services.listing.seen_files import files_named
from lockpoint.web.api import schemas as s
from lockpoint.web.api.locks import PREFIX, dump, refused
from lockpoint.web.api.requests import bare_id, query_as
from lockpoint.web.guards import Guard, current_actor, guarded_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.services.container import Services
    from lockpoint.services.ports.confluence import Attachment


def directory_routes(services: Services) -> Blueprint:
    blueprint = Blueprint("directory", __name__, url_prefix=PREFIX)
    blueprint.register_error_handler(UseCaseError, refused)

    @blueprint.get("/people")
    @guarded_by(Guard.CONTEXT)
    def people() -> Response:
        asked, actor = query_as(s.PeopleQuery), current_actor()
        if asked.ids is None:
            found = directory.find_people(services, actor, asked.q or "", apps=asked.kind == "app")
        else:
            found = directory.people_named(services, actor, asked.ids.split(","))
        return jsonify(dump(s.PeopleModel(people=[s.PersonModel.model_validate(one) for one in found])))

    @blueprint.get("/groups")
    @guarded_by(Guard.CONTEXT)
    def groups() -> Response:
        asked, actor = query_as(s.SearchQuery), current_actor()
        if asked.ids is None:
            found = directory.find_groups(services, actor, asked.q or "")
        else:
            found = directory.groups_named(services, actor, asked.ids.split(","))
        return jsonify(dump(s.GroupsModel(groups=[s.GroupModel.model_validate(one) for one in found])))

    @blueprint.get("/files")
    @guarded_by(Guard.CONTEXT)
    def files() -> Response:
        asked = query_as(s.FilesQuery)
        found = files_named(services, current_actor(), [bare_id(one) for one in asked.ids.split(",")])
        return jsonify(dump(_files(found)))

    return blueprint


def _files(found: Mapping[str, Attachment | None]) -> s.FilesModel:
    seen = [s.FileModel(id=key, title=file.title, open=file.open_url or None) for key, file in found.items() if file]
    return s.FilesModel(files=seen, unknown=[key for key, file in found.items() if file is None])

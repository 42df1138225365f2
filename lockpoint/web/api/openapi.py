"""The OpenAPI document, from the models that check requests and make answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from lockpoint import __version__
from lockpoint.web.api import schemas as s
from lockpoint.web.api import settings_schemas as f
from lockpoint.web.api import template_schemas as t
from lockpoint.web.api.many import schemas as m
from lockpoint.web.errors import STATUS_OF_CODE

_REFERENCE: Final = "#/components/schemas/{model}"


class DocumentModel(s.Outgoing):
    """This document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, str]


@dataclass(frozen=True, slots=True)
class Operation:
    """`refusals` come beside the common ones."""

    method: str
    path: str
    name: str
    summary: str
    answers: tuple[tuple[int, type[BaseModel] | None], ...]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    refusals: tuple[int, ...] = ()
    tagged: bool = False


_LOCK: Final = "/attachments/{attachmentId}/lock"
_NOTIFY: Final = "/attachments/{attachmentId}/notify-me"
_LOCKED: Final = ((200, s.LockAnswerModel),)

_LOCKS_AND_SETTINGS: Final = (
    Operation("get", "/openapi.json", "openapi", "This document", ((200, DocumentModel),)),
    Operation(
        "get",
        "/pages/{pageId}/attachments",
        "listAttachments",
        "The files of a page or blog post with their locks; 304 while the tagged list is current",
        ((200, s.ListModel), (304, None)),
        query=s.ListQuery,
        tagged=True,
    ),
    Operation(
        "get",
        _LOCK,
        "showLock",
        "The lock of one file from the caller's side",
        ((200, s.LockStateModel),),
    ),
    Operation(
        "post",
        _LOCK,
        "acquire",
        "Lock a file (201), or extend one's own lock (200)",
        ((201, s.LockAnswerModel), (200, s.LockAnswerModel)),
        body=s.AcquireBody,
        refusals=(409, 412),
    ),
    Operation(
        "post", f"{_LOCK}/release", "release", "End one's own lock", _LOCKED, body=s.ReleaseBody, refusals=(409, 412)
    ),
    Operation(
        "post", f"{_LOCK}/extend", "extend", "Extend one's own lock", _LOCKED, body=s.ExtendBody, refusals=(409, 412)
    ),
    Operation(
        "post", f"{_LOCK}/break", "break", "End another person's lock", _LOCKED, body=s.BreakBody, refusals=(409, 412)
    ),
    Operation(
        "post",
        f"{_LOCK}/take-over",
        "takeOver",
        "Take over another person's lock",
        ((201, s.LockAnswerModel),),
        body=s.TakeOverBody,
        refusals=(409, 412),
    ),
    Operation(
        "post",
        f"{_LOCK}/request",
        "request",
        "Ask the owner of a lock for the file",
        _LOCKED,
        body=s.RequestBody,
        refusals=(409, 412),
    ),
    Operation(
        "post",
        f"{_LOCK}/cancel-request",
        "cancelRequest",
        "Withdraw one's own request",
        _LOCKED,
        body=s.CancelRequestBody,
        refusals=(409,),
    ),
    Operation(
        "post",
        f"{_LOCK}/decline",
        "decline",
        "Decline a request, as the owner of the lock",
        _LOCKED,
        body=s.DeclineBody,
        refusals=(409, 412),
    ),
    Operation(
        "post",
        f"{_LOCK}/hand-over",
        "handOver",
        "Move the lock to somebody who asks for the file",
        _LOCKED,
        body=s.HandOverBody,
        refusals=(409, 412),
    ),
    Operation(
        "put",
        _NOTIFY,
        "askNotice",
        "Get a mail when the file is unlocked",
        ((200, s.NotifyModel),),
        body=s.NotifyBody,
        refusals=(409,),
    ),
    Operation(
        "delete",
        _NOTIFY,
        "cancelNotice",
        "Cancel that mail",
        ((200, s.NotifyModel),),
        body=s.NotifyBody,
        refusals=(409,),
    ),
    Operation(
        "post",
        "/pages/{pageId}/access",
        "giveAccess",
        "Add the app to the restrictions of a page or blog post, as the caller",
        ((200, s.AccessModel),),
        body=s.AccessBody,
        refusals=(409,),
    ),
    Operation("get", "/settings", "showSettings", "The site's settings, for site admins", ((200, f.SettingsModel),)),
    Operation(
        "put",
        "/settings",
        "changeSettings",
        "Change the site's settings",
        ((200, f.SettingsModel),),
        body=f.SettingsBody,
        refusals=(409, 412),
    ),
    Operation(
        "get",
        "/spaces/{key}/settings",
        "showSpaceSettings",
        "What holds in a space, for its admins",
        ((200, f.SpaceSettingsModel),),
    ),
    Operation(
        "put",
        "/spaces/{key}/settings",
        "changeSpaceSettings",
        "Replace what a space decides itself, as the caller",
        ((200, f.SpaceSettingsModel),),
        body=f.SpaceSettingsBody,
        refusals=(409, 412),
    ),
)

_TEMPLATES: Final = "/settings/templates"
_TEXTS: Final = (
    Operation(
        "get",
        _TEMPLATES,
        "showTemplates",
        "The texts of mails in a language, for site admins",
        ((200, t.TemplatesModel),),
        query=t.TemplatesQuery,
    ),
    Operation(
        "put",
        _TEMPLATES,
        "changeTemplates",
        "Change texts of mails, or go back to the words of the app",
        ((200, t.TemplatesModel),),
        body=t.TemplatesBody,
        refusals=(409, 412),
    ),
    Operation(
        "post",
        f"{_TEMPLATES}/preview",
        "previewTemplate",
        "A mail with a text and invented facts",
        ((200, t.PreviewModel),),
        body=t.TrialBody,
    ),
    Operation(
        "post",
        f"{_TEMPLATES}/test",
        "sendTestMail",
        "Send such a mail to the caller; five an hour",
        ((200, t.TestMailModel),),
        body=t.TrialBody,
        refusals=(409,),
    ),
)

_DIRECTORY: Final = (
    Operation(
        "get",
        "/audit",
        "readAudit",
        "The audit log, for site admins; of a space its part, for its admins; as text/csv, too",
        ((200, s.AuditModel),),
        query=s.AuditQueryModel,
    ),
    Operation(
        "get",
        "/people",
        "findPeople",
        "People or apps whose name fits, or those with ids",
        ((200, s.PeopleModel),),
        query=s.PeopleQuery,
    ),
    Operation(
        "get",
        "/groups",
        "findGroups",
        "Groups whose name fits, or those with ids",
        ((200, s.GroupsModel),),
        query=s.SearchQuery,
    ),
    Operation(
        "get",
        "/files",
        "nameFiles",
        "Names of files, as the caller sees them; those that are gone or not for the caller are missing",
        ((200, s.FilesModel),),
        query=s.FilesQuery,
    ),
)

_MANY: Final = (
    Operation(
        "post",
        "/locks/bulk",
        "bulk",
        "One act on up to 100 files, each with its own result; what was left out says `retry`",
        ((207, m.BulkModel),),
        body=m.BulkBody,
        refusals=(409,),
    ),
    Operation(
        "get",
        "/locks",
        "listLocks",
        "The caller's own locks, or for site admins those of the site; as text/csv, too",
        ((200, m.LocksModel),),
        query=m.LocksQuery,
    ),
    Operation(
        "get",
        "/spaces/{key}/locks",
        "listSpaceLocks",
        "The locks of a space, for those who may end them; as text/csv, too",
        ((200, m.LocksModel),),
        query=m.SpaceLocksQuery,
    ),
    Operation(
        "get",
        "/notices",
        "showNotices",
        "What the caller should be shown now, of the last ten minutes; 304 while there is nothing new",
        ((200, m.NoticesModel), (304, None)),
        tagged=True,
    ),
    Operation(
        "get",
        "/health",
        "showHealth",
        "Locks that do not protect, points, mails: for site admins; of a space its locks, for those who may end them",
        ((200, m.HealthModel),),
        query=m.HealthQuery,
    ),
    Operation(
        "post",
        "/health/self-test",
        "runSelfTest",
        "Restore a version of a scratch attachment, for site admins; within a minute the last result",
        ((200, m.SelfTestRunModel),),
        body=m.SelfTestBody,
        refusals=(409,),
    ),
    Operation(
        "post",
        "/health/former-site",
        "adoptFormerSite",
        "Let locks of an earlier installation by Connect at the same address count, for site admins",
        ((200, m.FormerSiteModel),),
        body=m.FormerSiteBody,
        refusals=(409,),
    ),
)

_ME: Final = (
    Operation("get", "/me/data", "showMyData", "All data about the caller", ((200, s.MyDataModel),)),
    Operation("get", "/me/preferences", "showPreferences", "The caller's preferences", ((200, s.PreferencesModel),)),
    Operation(
        "put",
        "/me/preferences",
        "changePreferences",
        "Replace the caller's preferences",
        ((200, s.PreferencesModel),),
        body=s.PreferencesBody,
    ),
)

OPERATIONS: Final = (*_LOCKS_AND_SETTINGS, *_MANY, *_TEXTS, *_DIRECTORY, *_ME)

_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The `ETag` of the list that the caller has",
}
_COMMON: Final = (401, 403, 404, 422, 429, 503)


@cache
def document() -> bytes:
    _, definitions = models_json_schema(_models(), by_alias=True, ref_template=_REFERENCE)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api/v1{operation.path}", {})[operation.method] = _operation(operation)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Lockpoint", "version": __version__},
            "paths": paths,
            "components": {
                "schemas": definitions["$defs"],
                "securitySchemes": {
                    "contextToken": {
                        "type": "apiKey",
                        "in": "header",
                        "name": "Authorization",
                        "description": "`JWT ` and the token that AP.context.getToken gives",
                    }
                },
            },
            "security": [{"contextToken": []}],
        }
    ).encode()


def _models() -> list[tuple[type[BaseModel], Any]]:
    incoming: set[tuple[type[BaseModel], Any]] = {(o.body, "validation") for o in OPERATIONS if o.body}
    outgoing: set[tuple[type[BaseModel], Any]] = {
        (model, "serialization") for o in OPERATIONS for _, model in o.answers if model
    }
    return sorted({*incoming, *outgoing, (s.ErrorModel, "serialization")}, key=lambda pair: pair[0].__name__)


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(status): _response(status, model) for status, model in _statuses(operation)},
    }
    parameters = [*_path_parameters(operation.path), *_query_parameters(operation.query)]
    if operation.tagged:
        parameters.append(_IF_NONE_MATCH)
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    return described


def _statuses(operation: Operation) -> list[tuple[int, type[BaseModel] | None]]:
    refusals = {*_COMMON, *operation.refusals, *((408, 413, 415) if operation.body else ())}
    return [*operation.answers, *((status, s.ErrorModel) for status in sorted(refusals))]


def _response(status: int, model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"description": "No body"}
    content = _json(model)
    if model is s.ErrorModel:
        codes = sorted(code for code, its_status in STATUS_OF_CODE.items() if its_status == status)
        content["application/json"]["schema"]["properties"] = {"error": {"enum": codes}}
    return {"description": (model.__doc__ or "").strip(), "content": content}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    patterns = {name: s.SPACE_KEY if name == "key" else r"(att)?[1-9][0-9]{0,18}" for name in names}
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}
        for name, pattern in patterns.items()
    ]


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(by_alias=True)
    shared = schema.get("$defs", {})
    return [
        {"name": name, "in": "query", "schema": _without_null(_inlined(field, shared))}
        for name, field in schema["properties"].items()
    ]


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A query cannot express null."""
    kinds = [kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else field


def _inlined(field: Any, shared: dict[str, Any]) -> Any:
    """Replace references: parameters cannot carry definitions."""
    if isinstance(field, list):
        return [_inlined(item, shared) for item in field]
    if not isinstance(field, dict):
        return field
    reference = field.get("$ref")
    if isinstance(reference, str):
        return _inlined(shared[reference.rsplit("/", 1)[1]], shared)
    return {name: _inlined(value, shared) for name, value in field.items()}

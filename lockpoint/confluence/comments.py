"""Comments of the app at the foot of pages, for people whom no mail reaches."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller, get
from lockpoint.confluence.http.ids import content_id
from lockpoint.services.errors import BadAnswer
from lockpoint.services.ports.confluence import ContainerKind

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant
    from lockpoint.services.ports.confluence import Container, Mention

_PLACES: Final = {
    ContainerKind.PAGE: ("pageId", "pages"),
    ContainerKind.BLOGPOST: ("blogPostId", "blogposts"),
    ContainerKind.CUSTOM: ("customContentId", "custom-content"),
}
_NEWEST: Final = (("body-format", "storage"), ("sort", "-created-date"), ("limit", "100"))


@dataclass(frozen=True, slots=True)
class ConfluenceComments:
    """1 point per operation."""

    client: ConfluenceClient

    def add(self, tenant: Tenant, container: Container, mention: Mention, *, priority: Priority) -> None:
        name, _ = _PLACES[container.kind]
        body = {name: content_id(container.id), "body": {"representation": "storage", "value": _storage(mention)}}
        call = Call(name="comments.create", method="POST", path="/api/v2/footer-comments", body=body)
        self.client.tell(Caller(tenant, priority), call)

    def has(self, tenant: Tenant, container: Container, link: str, *, priority: Priority) -> bool:
        """Whoever wrote it: what only leads to our address is no harm, and people do not know it before we comment."""
        _, folder = _PLACES[container.kind]
        call = get("comments.list", f"/api/v2/{folder}/{content_id(container.id)}/footer-comments", query=_NEWEST)
        answer = self.client.ask(Caller(tenant, priority), call).answer
        href = f'"{escape(link)}"'
        return any(href in text for text in answer.readable(_text))


def _text(comment: Answer) -> str:
    body = comment.part_or_empty("body").part_or_empty("storage")
    value = body.data.get("value")
    if not isinstance(value, str):
        raise BadAnswer("comments.list: a comment without text")
    return value


def _storage(mention: Mention) -> str:
    """Return Confluence's storage format; all texts are escaped."""
    person = f'<ac:link><ri:user ri:account-id="{escape(mention.account)}"/></ac:link>'
    first, *others = map(escape, mention.sentences)
    link = f'<a href="{escape(mention.link)}">{escape(mention.link_text)}</a>'
    return "".join(f"<p>{text}</p>" for text in (f"{person} {first}", *others, link))

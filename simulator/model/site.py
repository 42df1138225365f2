"""One Confluence site and its behaviour switches."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.model.entities import Attachment, Comment, Content, Group, Installation, Person, Space
from simulator.model.forge import ForgeInstallation


@dataclass(slots=True)
class Behaviour:
    """Variable behaviour of Confluence; see README.md, "Behaviour switches"."""

    restore_attachments: str = "allowed"
    permission_check_attachments: bool = True
    property_events: str = "none"
    trash_sends_removed: bool = False
    email_lookup: str = "allowed"
    index_lag_seconds: float = 0.0
    index_attachment_properties: bool = False
    read_lag_seconds: float = 0.0
    max_upload_bytes: int = 100_000_000
    max_property_bytes: int = 32_768
    webhook_id_form: str = "string"
    redirect_old_host: bool = True
    report_cycle_days: int = 7
    public: bool = False


@dataclass(slots=True)
class Site:
    """`base_url` ends in /wiki, without slash; `forge`: installations by app id."""

    key: str
    name: str
    base_url: str
    cloud_id: str
    people: dict[str, Person] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    spaces: dict[int, Space] = field(default_factory=dict)
    contents: dict[int, Content] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    installations: dict[str, Installation] = field(default_factory=dict)
    forge: dict[str, ForgeInstallation] = field(default_factory=dict)
    behaviour: Behaviour = field(default_factory=Behaviour)
    renamed: bool = False
    last_id: int = 900_000

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.base_url.removesuffix("/wiki")

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def person(self, name: str | None) -> Person | None:
        """By account id or short name."""
        if name is None:
            return None
        found = self.people.get(name)
        return found or next((p for p in self.people.values() if p.name == name), None)

    def space_by_key(self, key: str) -> Space | None:
        return next((space for space in self.spaces.values() if space.key == key), None)

    def container(self, attachment: Attachment) -> Content:
        return self.contents[attachment.container_id]

    def attachments_of(self, content_id: int) -> list[Attachment]:
        found = [a for a in self.attachments.values() if a.container_id == content_id]
        return sorted(found, key=lambda attachment: attachment.id)

"""Content and space properties: writes name the version they replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockpoint.confluence.http.calls import Call, Caller, Repeat, get
from lockpoint.confluence.http.ids import content_id, rest_attachment_id
from lockpoint.confluence.parsing import rows_under, stored_property
from lockpoint.services.errors import GoneOrInvisible, HostUnavailable, LostRace
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient

FEW = "50"
"""Properties of one page: their values are others' and may be long."""

_FOLDERS = {
    PropertyHost.PAGE: "pages",
    PropertyHost.BLOGPOST: "blogposts",
    PropertyHost.SPACE: "spaces",
}


def properties_path(host: PropertyHost, host_id: str) -> str:
    """ValueError for a bad `host_id`."""
    if host is PropertyHost.ATTACHMENT:
        return f"/api/v2/attachments/{rest_attachment_id(host_id)}/properties"
    return f"/api/v2/{_FOLDERS[host]}/{content_id(host_id)}/properties"


@dataclass(frozen=True, slots=True)
class PropertyRows:
    client: ConfluenceClient

    def under(self, caller: Caller, host: PropertyHost, host_id: str, key: str) -> tuple[StoredProperty, ...]:
        """1 point; lowest id first. `GoneOrInvisible` concerns the host."""
        call = get(
            f"{host.value}_properties.find",
            properties_path(host, host_id),
            query=(("key", key), ("limit", "250")),
        )
        return rows_under(key, self.client.ask(caller, call).answer.items())

    def under_both(
        self, caller: Caller, host: PropertyHost, host_id: str, keys: tuple[str, str]
    ) -> tuple[tuple[StoredProperty, ...], tuple[StoredProperty, ...]]:
        """1 point; 3 where others have stored so many properties that ours may be on a later page."""
        path = properties_path(host, host_id)
        answer = self.client.ask(caller, get(f"{host.value}_properties.list", path, query=(("limit", FEW),))).answer
        one, other = keys
        if answer.next_query() is None:
            return rows_under(one, answer.items()), rows_under(other, answer.items())
        return self.under(caller, host, host_id, one), self.under(caller, host, host_id, other)

    def create(self, caller: Caller, host: PropertyHost, host_id: str, key: str, value: object) -> StoredProperty:
        """1 point. `LostRace` when a row exists.

        Never repeated after a time-out: a late POST could make a second row. The caller keeps its creation guard.
        """
        call = Call(
            name=f"{host.value}_properties.create",
            method="POST",
            path=properties_path(host, host_id),
            body={"key": key, "value": value},
        )
        return self._written(caller, call, 1)

    def replace(
        self, caller: Caller, host: PropertyHost, host_id: str, key: str, row: tuple[str, int], value: object
    ) -> StoredProperty:
        """Write the next version of row (id, version to write); 1 point.

        `LostRace` for a taken version (409, or 400 "cannot update") and a missing row (404).
        """
        property_id, version = row
        call = Call(
            name=f"{host.value}_properties.replace",
            method="PUT",
            path=f"{properties_path(host, host_id)}/{content_id(property_id)}",
            body={"key": key, "value": value, "version": {"number": version}},
            repeat=Repeat.FREELY,
        )
        try:
            return self._written(caller, call, version)
        except GoneOrInvisible as error:
            raise LostRace(str(error)) from None

    def delete(self, caller: Caller, host: PropertyHost, host_id: str, property_id: str) -> None:
        """1 point. A missing row is fine."""
        path = f"{properties_path(host, host_id)}/{content_id(property_id)}"
        try:
            self.client.tell(caller, Call(name=f"{host.value}_properties.delete", method="DELETE", path=path))
        except GoneOrInvisible:
            return

    def _written(self, caller: Caller, call: Call, version: int) -> StoredProperty:
        answer = self.client.ask(caller, call).answer
        stored = stored_property(answer)
        if stored.version != version:
            raise HostUnavailable(f"{call.name}: stored under another version than asked; the outcome is unknown")
        return stored

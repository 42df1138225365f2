"""Properties on accounts, as the app."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller, get
from lockpoint.services.errors import GoneOrInvisible, LostRace
from lockpoint.services.ports.confluence import StoredProperty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.services.context import Priority, Tenant

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}", re.ASCII)
_KEY: Final = re.compile(r"[-_a-zA-Z0-9]{1,100}", re.ASCII)
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class ConfluenceUserProperties:
    """v1 `user/{id}/property/{key}`; 1 point per operation."""

    client: ConfluenceClient

    def read(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> StoredProperty | None:
        try:
            answer = self.client.ask(Caller(tenant, priority), get("user_properties.get", _path(account, key))).answer
        except GoneOrInvisible:
            return None
        return StoredProperty(
            id=answer.text_or_none("id") or "",
            version=0,
            value=answer.data.get("value"),
            created=answer.moment_or_none("lastModifiedDate"),
            key=key,
        )

    def write(self, tenant: Tenant, account: str, key: str, value: Mapping[str, object], *, priority: Priority) -> None:
        """Creating and replacing differ: the loser of a race tries the other."""
        caller, path, body = Caller(tenant, priority), _path(account, key), {"value": dict(value)}
        for _ in range(_ROUNDS):
            try:
                self.client.tell(caller, Call(name="user_properties.put", method="PUT", path=path, body=body))
            except GoneOrInvisible:
                try:
                    self.client.tell(caller, Call(name="user_properties.post", method="POST", path=path, body=body))
                except LostRace:
                    continue
            return
        raise LostRace("user_properties: others create and delete it at the same time")

    def delete(self, tenant: Tenant, account: str, key: str, *, priority: Priority) -> None:
        call = Call(name="user_properties.delete", method="DELETE", path=_path(account, key))
        try:
            self.client.tell(Caller(tenant, priority), call)
        except GoneOrInvisible:
            return


def _path(account: str, key: str) -> str:
    if not _ACCOUNT.fullmatch(account) or not _KEY.fullmatch(key):
        raise ValueError("not an account id, or not a property key")
    return f"/rest/api/user/{account}/property/{key}"

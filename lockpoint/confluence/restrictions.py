"""Restrictions of pages and blog posts, read and changed as a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lockpoint.confluence.http.calls import Call, Caller, Objects, Repeat
from lockpoint.confluence.http.ids import content_id

if TYPE_CHECKING:
    from lockpoint.confluence.http.client import ConfluenceClient
    from lockpoint.confluence.http.json_reader import Answer
    from lockpoint.services.context import Priority, Tenant
    from lockpoint.services.ports.confluence import Container

_OPERATIONS: Final = frozenset({"read", "update"})


@dataclass(frozen=True, slots=True)
class ConfluenceRestrictions:
    client: ConfluenceClient

    def admit(
        self, tenant: Tenant, person: str, container: Container, account: str, *, priority: Priority
    ) -> tuple[str, ...]:
        """1 point, 2 for each person and group that is listed, 1 for each addition."""
        caller = Caller(tenant, priority, person)
        folder = f"/rest/api/content/{content_id(container.id)}/restriction"
        call = Call(
            name="restrictions.list",
            method="GET",
            path=folder,
            repeat=Repeat.FREELY,
            objects=Objects.IDENTITY,
            count=_listed,
        )
        lacking = tuple(
            operation
            for restriction in self.client.ask(caller, call).answer.items()
            if (operation := restriction.text("operation")) in _OPERATIONS and _leaves_out(restriction, account)
        )
        for operation in lacking:
            self.client.tell(caller, _addition(folder, operation, account))
        return lacking


def _addition(folder: str, operation: str, account: str) -> Call:
    return Call(
        name="restrictions.add",
        method="PUT",
        path=f"{folder}/byOperation/{operation}/user",
        query=(("accountId", account),),
        repeat=Repeat.FREELY,
    )


def _leaves_out(restriction: Answer, account: str) -> bool:
    """Return whether somebody is listed but not this account: an operation without a list is open to all."""
    users, groups = _named(restriction, "user"), _named(restriction, "group")
    return bool(users or groups) and all(user.text_or_none("accountId") != account for user in users)


def _named(restriction: Answer, kind: str) -> tuple[Answer, ...]:
    listed = restriction.part_or_empty("restrictions").part_or_empty(kind)
    return listed.items() if "results" in listed.data else ()


def _listed(answer: Answer) -> int:
    return sum(len(_named(restriction, kind)) for restriction in answer.items() for kind in ("user", "group"))

"""Whatever a property holds, reading it finds a value, and what lies beside it in the same answer is unharmed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import pytest

from lockpoint.confluence.attachments import ConfluenceAttachments
from lockpoint.confluence.properties import ConfluenceLockProperties, ConfluenceProperties
from lockpoint.confluence.user_properties import ConfluenceUserProperties
from lockpoint.domain import signed_json
from lockpoint.domain.lock import Subject, Unreadable
from lockpoint.domain.signed_json import MacKeys
from lockpoint.domain.signed_record import decode
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from tests.confluence.doubles import ALICE, site
from tests.confluence.live import PRIORITY
from tests.confluence.oddhost import answer, odd_host
from tests.confluence.test_versions import attachment
from tests.support.odd_values import ODD

if TYPE_CHECKING:
    from lockpoint.services.context import Tenant
    from tests.confluence.doubles import Kit

KEYS: Final = MacKeys("k1", {"k1": b"0123456789abcdef0123456789abcdef"})
VERSION: Final = {"number": 3, "createdAt": "2026-03-02T09:00:00.000Z"}
Read = Callable[["Kit", "Tenant"], object]


def row(number: int, key: str, value: object) -> dict[str, object]:
    return {"id": str(number), "key": key, "value": value, "version": VERSION}


def body(shape: object, odd: str) -> bytes:
    """The shape as JSON, with the odd value in the place of "odd"."""
    return json.dumps(shape).replace('"odd"', odd).encode("utf-8", "surrogatepass")


def _value(found: StoredProperty | None) -> object:
    assert found is not None
    return found.value


READS: Final[Mapping[str, tuple[object, Read]]] = {
    **{
        f"of {host}": (
            {"results": [row(4, "beside", 1), row(5, "key", "odd")]},
            lambda kit, tenant, host=host: _value(
                ConfluenceProperties(kit.client, "lockpoint").read(tenant, host, "7", "key", priority=PRIORITY)
            ),
        )
        for host in PropertyHost
    },
    "of a lock": (
        {"results": [row(5, "lockpointlock", "odd")]},
        lambda kit, tenant: ConfluenceLockProperties(kit.client).read(tenant, "7", priority=PRIORITY).locks[0].value,
    ),
    "of the app": (
        {"key": "k", "value": "odd"},
        lambda kit, tenant: ConfluenceProperties(kit.client, "lockpoint").read_app(tenant, "k", priority=PRIORITY),
    ),
    "of a person": (
        {"key": "k", "value": "odd", "id": "1", "lastModifiedDate": "odd"},
        lambda kit, tenant: _value(ConfluenceUserProperties(kit.client).read(tenant, ALICE, "k", priority=PRIORITY)),
    ),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("read", READS)
def test_an_odd_value_is_a_value_that_is_not_ours(kit: Kit, read: str, kind: str) -> None:
    """F3: every way in which a property is read."""
    shape, ask = READS[read]
    with odd_host(answer(200, body(shape, ODD[kind]))) as host:
        found = ask(kit, site(host.base))
    assert signed_json.verify(found, "here", KEYS) is None
    assert isinstance(decode(found, 3, Subject("client", "7"), KEYS), Unreadable)


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_value_beside_the_lock_does_not_hide_it(kit: Kit, kind: str) -> None:
    """A file comes with the properties of all apps; one that cannot be read spoils only itself."""
    ours = {"schema": 1, "nested": {"number": 9, "list": [1, 2]}}
    rows = [row(3, "theirs", "odd"), row(4, "lockpointwatch", "odd"), row(5, "lockpointlock", ours)]
    shape = {**attachment(1), "properties": {"results": rows}}
    with odd_host(answer(200, body(shape, ODD[kind]))) as host:
        found = ConfluenceAttachments(kit.client).get(site(host.base), "7", priority=PRIORITY)
    assert found.properties is not None
    assert [one.value for one in found.properties] == [ours]
    assert found.waitlist_row is not None
    assert signed_json.verify(found.waitlist_row.value, "here", KEYS) is None


@pytest.mark.parametrize("created", [None, "yesterday", 1, [], "2026-03-02T09:00:00"])
def test_a_property_without_value_or_time_is_read(kit: Kit, created: object) -> None:
    """A time that cannot be read is none, and a value that the host leaves out is null."""
    stored = {"id": "5", "key": "key", "version": {"number": 3, "createdAt": created}}
    with odd_host(answer(200, {"results": [stored]})) as host:
        found = ConfluenceProperties(kit.client, "lockpoint").read(
            site(host.base), PropertyHost.PAGE, "7", "key", priority=PRIORITY
        )
    assert found == StoredProperty("5", 3, None, None, "key")

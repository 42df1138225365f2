"""What a site says of itself, by either door."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.confluence.properties import ConfluenceProperties
from lockpoint.confluence.site import ConfluenceLicences, ConfluenceSiteFacts
from lockpoint.services.context import Door, Tenant
from tests.confluence.doubles import Kit, site
from tests.confluence.live import PRIORITY
from tests.confluence.oddhost import answer, odd_host

CLOUD = "d0d52620-3203-4cfa-8db5-f2587155f0dd"


def on_forge(base_url: str) -> Tenant:
    return replace(site(base_url), door=Door.FORGE)


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"cloudId": CLOUD}, CLOUD),
        ({"cloudId": CLOUD.upper()}, None),
        ({"cloudId": "../x"}, None),
        ({"cloudId": 7}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_cloud_id(kit: Kit, body: object, found: str | None) -> None:
    with odd_host(answer(200, body)) as host:
        assert ConfluenceSiteFacts(kit.client).cloud_id(site(host.base), priority=PRIORITY) == found


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ({"base": "https://acme.atlassian.net/wiki"}, "https://acme.atlassian.net/wiki"),
        ({"base": "javascript:alert(1)"}, None),
        ({"base": "https://acme.atlassian.net/wiki?x=1"}, None),
        ({"base": None}, None),
        ({}, None),
        (None, None),
    ],
    ids=str,
)
def test_the_site_s_own_address_is_told_by_lists(kit: Kit, links: object, found: str | None) -> None:
    with odd_host(answer(200, {"results": [], "_links": links})) as host:
        assert ConfluenceSiteFacts(kit.client).address(on_forge(host.base), priority=PRIORITY) == found


def test_on_forge_nobody_is_asked_for_the_licence(kit: Kit) -> None:
    """Every invocation tells it."""
    with odd_host(answer(200, {"license": {"active": True}})) as host:
        assert ConfluenceLicences(kit.client, "lockpoint").active(on_forge(host.base), priority=PRIORITY) is None
        assert host.requests == []
        assert ConfluenceLicences(kit.client, "lockpoint").active(site(host.base), priority=PRIORITY) is True


def test_settings_are_app_properties_of_either_door(kit: Kit) -> None:
    properties = ConfluenceProperties(kit.client, "lockpoint")
    with odd_host(answer(200, {"key": "lockpointsite", "value": {"a": 1}})) as host:
        for tenant in (site(host.base), on_forge(host.base)):
            assert properties.read_app(tenant, "lockpointsite", priority=PRIORITY) == {"a": 1}
            properties.write_app(tenant, "lockpointsite", {"a": 2}, priority=PRIORITY)
    connect, forge = "/wiki/rest/atlassian-connect/1/addons/lockpoint/properties/", "/wiki/api/v2/app/properties/"
    assert [(sent.method, sent.target) for sent in host.requests] == [
        ("GET", f"{connect}lockpointsite?jsonValue=true"),
        ("PUT", f"{connect}lockpointsite"),
        ("GET", f"{forge}lockpointsite"),
        ("PUT", f"{forge}lockpointsite"),
    ]

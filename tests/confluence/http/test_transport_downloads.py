from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.confluence.http import transport
from lockpoint.confluence.http.calls import get
from lockpoint.confluence.http.sessions import Sessions, is_public
from lockpoint.services.errors import BadAnswer, GoneOrInvisible, HostUnavailable, TooLarge
from tests.confluence.doubles import Kit, as_app
from tests.confluence.oddhost import answer, cut, drop, odd_host, redirect, unannounced

FILE = replace(get("file.download", "/rest/api/content/1/child/attachment/att2/download"), fetches_file=True)
BYTES = b"\x00bytes\xff" * 100


def test_a_download_goes_to_another_host_without_credentials(kit: Kit) -> None:
    """F18: the file store's address is signed."""
    with odd_host(answer(200, BYTES)) as store, odd_host(redirect(f"{store.origin}/file?signature=s")) as host:
        content = kit.client.fetch(as_app(host.base), FILE, most=10_000)
    assert content == BYTES
    assert store.targets() == ["/file?signature=s"]
    assert {"Authorization", "Cookie", "Referer"}.isdisjoint(store.requests[0].headers)
    assert store.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_redirect_on_the_own_host_is_signed_again(kit: Kit) -> None:
    """F18: a signature fits one address."""
    with odd_host(redirect("{origin}/wiki/download/attachments/1/a%20b.txt?version=2"), answer(200, BYTES)) as host:
        assert kit.client.fetch(as_app(host.base), FILE, most=10_000) == BYTES
    first, second = (received.headers["Authorization"] for received in host.requests)
    assert second == "JWT 2:GET:/download/attachments/1/a%20b.txt?version=2"
    assert first != second


def test_bytes_in_the_first_answer_are_taken(kit: Kit) -> None:
    """A site may answer without redirect."""
    with odd_host(answer(200, BYTES)) as host:
        assert kit.client.fetch(as_app(host.base), FILE, most=10_000) == BYTES


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://files.example/x",
        "http://[::1",
        "http://user:pass@files.example/x",
        "{origin}/elsewhere",
        "{origin}/wikipedia/x",
        "javascript:alert(1)",
    ],
)
def test_a_download_goes_nowhere_odd(kit: Kit, location: str) -> None:
    """Only http and https; on the own host only below the base address."""
    with odd_host(redirect(location), answer(200, BYTES)) as host, pytest.raises(BadAnswer):
        kit.client.fetch(as_app(host.base), FILE, most=10_000)
    assert len(host.requests) == 1


def test_a_site_on_https_does_not_send_us_to_plain_http() -> None:
    tenant = as_app("https://example.atlassian.net/wiki")
    assert transport._check_hop(tenant, FILE, "https://files.example/x", at_home=True) is False
    with pytest.raises(BadAnswer):
        transport._check_hop(tenant, FILE, "http://files.example/x", at_home=True)


def test_the_file_store_cannot_send_us_back_with_credentials(kit: Kit) -> None:
    with odd_host(answer(200, BYTES)) as host, odd_host(redirect(f"{host.base}/rest/api/user/current")) as store:
        host.steps = (redirect(f"{store.origin}/x"), answer(200, BYTES))
        with pytest.raises(BadAnswer):
            kit.client.fetch(as_app(host.base), FILE, most=10_000)
    assert len(host.requests) == 1


def test_redirect_loops_end(kit: Kit) -> None:
    """F18."""
    with odd_host(redirect("{origin}/wiki/again")) as host, pytest.raises(BadAnswer):
        kit.client.fetch(as_app(host.base), FILE, most=10_000)
    assert len(host.requests) == 4


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_above_the_limit_is_not_read(kit: Kit, announced: bool) -> None:
    """The limit applies to announced and to actual length."""
    step = answer(200, BYTES) if announced else unannounced(BYTES)
    with odd_host(step) as host, pytest.raises(TooLarge):
        kit.client.fetch(as_app(host.base), FILE, most=len(BYTES) - 1)


def test_a_truncated_download_is_repeated_from_the_start(kit: Kit) -> None:
    """The next try gets a new signed address."""
    broken = cut(BYTES[:10], len(BYTES))
    with odd_host(broken, drop, answer(200, BYTES)) as store, odd_host(redirect(f"{store.origin}/x")) as host:
        assert kit.client.fetch(as_app(host.base), FILE, most=10_000) == BYTES
    assert len(host.requests) == 3


def test_what_the_file_store_refuses_says_nothing_about_the_attachment(kit: Kit) -> None:
    """A 404 of the file store is a failed download."""
    with (
        odd_host(answer(404)) as store,
        odd_host(redirect(f"{store.origin}/x")) as host,
        pytest.raises(HostUnavailable),
    ):
        kit.client.fetch(as_app(host.base), FILE, most=10_000)
    with odd_host(answer(404)) as host, pytest.raises(GoneOrInvisible):
        kit.client.fetch(as_app(host.base), FILE, most=10_000)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 - as target
def test_a_download_does_not_lead_into_private_nets(name: str) -> None:
    """The address that was reached counts, whatever it was called; nothing is sent there."""
    kit = Kit(sessions=Sessions())
    with odd_host(answer(200, BYTES)) as store:
        place = f"http://{name}:{store.origin.rpartition(':')[2]}/file"
        with odd_host(redirect(place)) as host:
            with pytest.raises(BadAnswer, match="not public"):
                kit.client.fetch(as_app(host.base), FILE, most=10_000)
            assert len(host.requests) == 1
    assert store.requests == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *("::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "224.0.0.1", "255.255.255.255"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)

"""Sessions of threads and their connections to one site."""

from __future__ import annotations

import threading

from requests.adapters import HTTPAdapter

from lockpoint.confluence.http.sessions import Sessions
from tests.confluence.oddhost import OddHost, answer, odd_host


def connected(sessions: Sessions) -> list[str]:
    """The origins that the calling thread's session is connected to."""
    adapter = sessions.mine().get_adapter("http://")
    assert isinstance(adapter, HTTPAdapter)
    return sorted(f"http://{key.key_host}:{key.key_port}" for key in adapter.poolmanager.pools.keys())  # noqa: SIM118


def test_a_forgotten_site_keeps_no_connection_in_any_thread() -> None:
    """Connections to other sites stay, and a new one can be made."""
    sessions = Sessions()
    forgotten, looked = threading.Event(), threading.Event()
    found: list[list[str]] = []

    def talk(*hosts: OddHost) -> list[str]:
        for host in hosts:
            assert sessions.mine().get(host.base, timeout=5).ok
        return connected(sessions)

    def other_thread(*hosts: OddHost) -> None:
        found.append(talk(*hosts))
        looked.set()
        assert forgotten.wait(5)
        found.append(connected(sessions))
        sessions.mine().close()

    with odd_host(answer(200)) as acme, odd_host(answer(200)) as globex:
        both, rest = sorted([acme.origin, globex.origin]), [globex.origin]
        thread = threading.Thread(target=other_thread, args=(acme, globex))
        thread.start()
        assert looked.wait(5)
        assert talk(acme, globex) == both
        sessions.forget(acme.base)
        forgotten.set()
        thread.join()
        assert connected(sessions) == rest
        assert found == [both, rest]
        assert talk(acme) == both
        sessions.mine().close()

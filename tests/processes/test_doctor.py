"""What an operator is told when something around the processes is wrong."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from devstack.ports import free_ports
from lockpoint.cli import main
from lockpoint.doctor import distrust
from tests.confluence.oddhost import answer, odd_host
from tests.support.tls import untrusted_server

NOBODY = "http://127.0.0.1:1"
TODAY = "Sat, 28 Nov 2026 12:00:00 GMT"


@contextmanager
def installation(database_url: str, redis_url: str, descriptor: Any) -> Iterator[dict[str, str]]:
    """Our own address answers with this descriptor; nobody else is there."""
    with odd_host(answer(200, descriptor, Date=TODAY)) as host:
        yield {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "LOCKPOINT_BASE_URL": host.origin,
            "LOCKPOINT_SECRET_KEYS": "k" * 64,
            "LOCKPOINT_MAIL_URL": f"smtp://me:hunter2@127.0.0.1:{free_ports()}",
            "LOCKPOINT_MAIL_FROM": "lockpoint@example.com",
            "LOCKPOINT_INSTALL_KEY_URLS": f"{NOBODY}/keys",
            "LOCKPOINT_OAUTH_URL": host.origin,
        }


def examined(environment: dict[str, str]) -> tuple[int, dict[str, tuple[str, str]]]:
    result = CliRunner(env=environment).invoke(main, ["doctor", "--json"])
    found = json.loads(result.stdout)
    return result.exit_code, {one["what"]: (one["state"], one["told"]) for one in found}


def test_every_fault_is_named_in_one_go(database_url: str) -> None:
    """E3: all of them, each with what to do, and without a password."""
    gone = make_url(database_url).set(database="gone").render_as_string(hide_password=False)
    with installation(gone, "redis://:hunter2@127.0.0.1:1", {"key": "another"}) as environment:
        code, found = examined(environment)
    assert code == 1
    assert {what: state for what, (state, _) in found.items()} == {
        "settings": "fine",
        "database": "wrong",
        "redis": "worse",
        "mail": "wrong",
        "key host": "wrong",
        "tokens": "fine",
        "clock": "wrong",
        "base url": "wrong",
    }
    assert "Create it" in found["database"][1]
    assert "LOCKPOINT_MAIL_URL" in found["mail"][1]
    assert "no site can install" in found["key host"][1]
    assert "Set it by NTP" in found["clock"][1]
    assert "this is another app" in found["base url"][1]
    assert "hunter2" not in json.dumps(found)


def test_without_redis_alone_nothing_is_wrong(database_url: str) -> None:
    with installation(database_url, "redis://127.0.0.1:1", {}) as environment:
        _, found = examined(environment)
    state, told = found["database"]
    assert (state, "its tables are current" in told, "owns them" in told) == ("fine", True, True)
    assert found["redis"][0] == "worse"


def test_wrong_settings_are_all_named_first() -> None:
    environment = {"DATABASE_URL": "mysql://x", "REDIS_URL": "", "LOCKPOINT_SECRET_KEYS": "short"}
    result = CliRunner(env=environment).invoke(main, ["doctor"])
    assert result.exit_code == 1
    for name in ("DATABASE_URL", "REDIS_URL", "LOCKPOINT_SECRET_KEYS", "LOCKPOINT_BASE_URL", "LOCKPOINT_MAIL_URL"):
        assert f"{name}: " in result.output


@pytest.mark.parametrize("body", [b"no JSON", b"[]"])
def test_an_odd_answer_at_our_address_is_another_app(database_url: str, redis_url: str, body: bytes) -> None:
    with installation(database_url, redis_url, body) as environment:
        _, found = examined(environment)
    assert found["base url"][0] == "wrong"


def test_a_certificate_that_nobody_trusts_is_named(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """Host, reason and remedy for each neighbour; not "no answer"."""
    with untrusted_server(tmp_path) as origin, installation(database_url, redis_url, {}) as environment:
        port = origin.rpartition(":")[2]
        named = {
            "LOCKPOINT_BASE_URL": origin,
            "LOCKPOINT_OAUTH_URL": origin,
            "LOCKPOINT_INSTALL_KEY_URLS": f"{origin}/keys",
            "LOCKPOINT_MAIL_URL": f"smtps://me:hunter2@localhost:{port}",
            "REDIS_URL": f"rediss://localhost:{port}",
        }
        code, found = examined({**environment, **named})
    assert code == 1
    for what, remedy in (
        ("base url", "fullchain.pem"),
        ("tokens", "let the app go past it"),
        ("key host", "let the app go past it"),
        ("mail", "Name the host as its certificate does"),
        ("redis", "LOCKPOINT_REDIS_TLS_VERIFY=0"),
    ):
        told = found[what][1]
        assert f"the certificate of localhost:{port} is not trusted: self-signed certificate. " in told, what
        assert (remedy in told, "no answer" in told, ".." in told) == (True, False, False), told
    assert "hunter2" not in json.dumps(found)


def test_the_reason_is_found_behind_other_errors() -> None:
    """Expired, for another name, of an unknown authority: each in OpenSSL's words; a loop ends."""
    refused = ssl.SSLCertVerificationError(1, "x")
    refused.verify_message = "Hostname mismatch, certificate is not valid for 'lp.example.com'."
    outer = OSError("connection failed", OSError(refused))
    outer.__context__ = outer
    assert distrust(outer) == "Hostname mismatch, certificate is not valid for 'lp.example.com'"
    assert distrust(OSError("no route")) is None

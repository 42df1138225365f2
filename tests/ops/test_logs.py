"""Log lines, as the process prints them."""

import json
import subprocess
import sys

import pytest

from lockpoint.logs import GONE, scrub

PRINTS = """
import logging, structlog
from lockpoint.logs import configure_logs
configure_logs()
structlog.get_logger("ours").info("opened", tenant_id=7, jwt="eyJhbGciOi.eyJpc3Mi.c2ln")
logging.getLogger("theirs").warning("GET %s failed for %s", "/connect/page?jwt=abc&x=1", "alice@example.com")
try:
    raise ValueError("postgresql://user:hunter2@db.example.com/x")
except ValueError:
    logging.getLogger("theirs").exception("broken")
"""


def test_ours_and_theirs_are_json_lines_without_secrets() -> None:
    """Every line is one JSON object; tokens, query strings, addresses and passwords are gone from all of them."""
    out = subprocess.run([sys.executable, "-c", PRINTS], capture_output=True, text=True, check=True).stdout
    ours, theirs, broken = (json.loads(line) for line in out.splitlines())
    assert (ours["event"], ours["tenant_id"], ours["jwt"], ours["logger"]) == ("opened", 7, GONE, "ours")
    assert theirs["event"] == f"GET /connect/page?{GONE} failed for {GONE}"
    assert theirs["level"] == "warning"
    assert "ValueError" in broken["exception"]
    assert "hunter2" not in out


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sharedSecret", "x"),
        ("headers", {"Authorization": "JWT abc"}),
        ("headers", [{"cookie": "abc"}]),
        ("text", "Authorization: Bearer abc.def"),
        ("error", ValueError("mail to bob.b+x@mail.example.com")),
    ],
)
def test_secrets_are_found_at_any_depth(field: str, value: object) -> None:
    """The scrubber looks into mappings, lists and errors."""
    said = json.dumps(scrub(None, "info", {field: value}), default=str)
    assert GONE in said
    assert not any(secret in said for secret in ('"x"', "abc", "bob.b"))


def test_harmless_values_stay() -> None:
    """Ids, numbers and words of ours are left as they are."""
    event = {"event": "restored", "attachment_id": "131203", "tokens": 3, "ok": True, "none": None, "ratio": 0.5}
    assert scrub(None, "info", dict(event)) == event

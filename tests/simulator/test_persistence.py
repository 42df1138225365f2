from pathlib import Path

import requests

from simulator import server

FILE = "att131203"


def _file(running: server.Running) -> dict[str, object]:
    state = requests.get(f"{running.control_url}/_sim/state").json()["sites"]["acme"]
    found: dict[str, object] = next(file for file in state["attachments"] if file["id"] == FILE)
    return found


def _upload(running: server.Running, text: str) -> None:
    body = {"account": "bob", "attachmentId": FILE, "fileName": "budget.xlsx", "text": text}
    assert requests.post(f"{running.control_url}/_sim/sites/acme/upload", json=body).ok


def test_what_people_did_outlives_a_restart(tmp_path: Path) -> None:
    """Uploads, ids and install keys stay, on other ports too."""
    first = server.start(keep=tmp_path / "kept")
    pair = first.world.keys.pair()
    _upload(first, "written before")
    before = _file(first)
    first.stop()
    second = server.start(keep=tmp_path / "kept")
    assert _file(second)["versions"] == before["versions"]
    assert second.world.sites["acme"].base_url == second.sites["acme"].base_url
    kept_pair = second.world.keys.pair()
    assert pair is not None
    assert kept_pair is not None
    assert kept_pair.public_pem == pair.public_pem
    _upload(second, "written after")
    assert second.world.sites["acme"].last_id == first.world.sites["acme"].last_id
    second.stop()


def test_a_file_that_does_not_fit_is_left_alone(tmp_path: Path) -> None:
    """A file of another simulator version."""
    kept = tmp_path / "kept"
    kept.write_bytes(b"not a pickle")
    running = server.start(keep=kept)
    assert requests.get(f"{running.control_url}/_sim/health").ok
    running.stop()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    """Only changing requests write the file."""
    running = server.start(keep=tmp_path / "deep" / "kept")
    _file(running)
    assert not (tmp_path / "deep").exists()
    _upload(running, "x")
    assert (tmp_path / "deep" / "kept").exists()
    running.stop()

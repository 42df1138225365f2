from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.properties import run
from tests.properties.oracle import Violation


def test_a_report_names_seeds_and_duration(tmp_path: Path) -> None:
    """R1: figures come with what is needed to repeat them."""
    path = tmp_path / "reports" / "calm.json"
    assert run.main(["--calm", "--schedules", "30", "--seed", "7", "--processes", "2", "--json", str(path)]) == 0
    report = json.loads(path.read_text())
    assert (report["model"], report["calm"], report["seeds"], report["schedules"]) == ("file", True, [7, 36], 30)
    assert report["seconds"] > 0
    assert report["violations"] == []


def test_a_violation_is_reported_with_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int) -> None:
        if seed == 3:
            raise Violation("I1: on purpose")
        if seed == 4:
            raise KeyError("unforeseen")

    monkeypatch.setitem(run.MODELS, "file", broken)
    report = run.report("file", calm=False, first=2, schedules=4, processes=1)
    assert report["violations"] == [
        {"seed": 3, "found": "I1: on purpose"},
        {"seed": 4, "found": "KeyError: 'unforeseen'"},
    ]


def test_only_the_file_is_calm(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["--model", "rules", "--calm"])
    assert "only the file has calm schedules" in capsys.readouterr().err

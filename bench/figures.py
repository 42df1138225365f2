"""A figure with its command, number of cases, seeds and duration; and the report of many, as JSON and as a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lockpoint.services.listing.reliability import ClaimOutcome


class NotMeasuredError(Exception):
    """Something that the measurement needs is not there; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a measurement found; `violations` is None where nothing is counted that should be zero."""

    result: str
    holds: bool
    n: int | None = None
    violations: int | None = None
    seeds: str = ""
    enumerated: bool = False  # all cases there are, not a sample of them
    needed: int = 0
    open: str = ""
    """What of the target this does not measure."""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bound_95(self) -> float | None:
        """With no violation in N random cases, the rate is below 3/N with 95 % confidence."""
        return 3 / self.n if self.n and self.violations == 0 and not self.enumerated else None

    @property
    def outcome(self) -> ClaimOutcome:
        if not self.holds or self.violations:
            return ClaimOutcome.FAILS
        return ClaimOutcome.SO_FAR if self.open or (self.n or 0) < self.needed else ClaimOutcome.HOLDS


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure; `command` measures it alone."""

    number: str
    what: str
    target: str
    command: str
    measure: Callable[[], Measured]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A figure as reported."""

    number: str
    what: str
    target: str
    outcome: ClaimOutcome
    result: str
    n: int | None = None
    violations: int | None = None
    bound_95: float | None = None
    seeds: str = ""
    seconds: float = 0.0
    command: str
    details: Mapping[str, Any] = field(default_factory=dict)


def line_of(figure: Figure) -> Line:
    """Measure one figure; a measurement that breaks is not measured, never good."""
    started = time.perf_counter()
    head: dict[str, Any] = {
        "number": figure.number,
        "what": figure.what,
        "target": figure.target,
        "command": figure.command,
    }
    try:
        found = figure.measure()
    except NotMeasuredError as reason:
        return Line(**head, outcome=ClaimOutcome.NOT_MEASURED, result=str(reason))
    except Exception as error:  # noqa: BLE001 - one broken measurement must not hide the others
        return Line(
            **head, outcome=ClaimOutcome.NOT_MEASURED, result=f"the measurement broke: {type(error).__name__}: {error}"
        )
    return Line(
        **head,
        outcome=found.outcome,
        result="; ".join(filter(None, (found.result, found.open))),
        n=found.n,
        violations=found.violations,
        bound_95=found.bound_95,
        seeds=found.seeds,
        seconds=round(time.perf_counter() - started, 1),
        details=found.details,
    )


def as_json(lines: Sequence[Line], circumstances: Mapping[str, Any]) -> dict[str, Any]:
    return {**circumstances, "figures": [asdict(line) for line in lines]}


def as_table(lines: Sequence[Line], circumstances: Mapping[str, Any]) -> str:
    """Return one Markdown table below the circumstances."""
    told = [f"- {name}: {value}" for name, value in circumstances.items()]
    head = ["#", "figure", "target", "outcome", "result", "N", "95 % bound", "seeds", "s", "command"]
    rows = [head, ["---"] * len(head), *(_cells(line) for line in lines)]
    table = ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in rows]
    return "\n".join(["# Reliability", "", *told, "", *table, ""])


def _cells(line: Line) -> list[str]:
    cases = f"{line.n:,}" if line.n else ""
    bound = f"{line.bound_95:.1e}" if line.bound_95 else ""
    found = [line.outcome, line.result, cases, bound, line.seeds, f"{line.seconds:g}"]
    return [line.number, line.what, line.target, *found, f"`{line.command}`"]


def _plain(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")

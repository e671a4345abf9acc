"""Timing two things in turn, so that what the machine does meanwhile strikes both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing. ``value`` and ``floor`` are medians in ``unit``; ``ratio`` is how
    many times the floor the value is, ``limit`` the most it should be, ``unlimited`` why there
    is none, ``least`` the least: where another's way is measured and the floor is ours."""

    name: str
    value: float
    unit: str
    floor_name: str = ""
    floor: float | None = None
    limit: float | None = None
    least: float | None = None
    unlimited: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def within(self) -> bool | None:
        measured = self.value if self.ratio is None else self.ratio
        if self.least is not None:
            return measured >= self.least
        return None if self.limit is None else measured <= self.limit

    def record(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "within": self.within}


def paired(
    name: str,
    subject: Callable[[], object],
    floor_name: str,
    floor: Callable[[], object],
    *,
    rounds: int,
    limit: float | None = None,
    unlimited: str = "",
    warm: int = 3,
) -> Figure:
    """Medians of both, in milliseconds, the two run alternately ``rounds`` times, after some
    turns that do not count."""
    times: tuple[list[float], list[float]] = ([], [])
    warm = min(warm, rounds - 1)  # a single round measures nothing anyway
    for turn in range(rounds + warm):
        for kept, call in zip(times, (subject, floor), strict=True):
            begun = time.perf_counter()
            call()
            spent = (time.perf_counter() - begun) * 1000
            if turn >= warm:
                kept.append(spent)
    value, base = (statistics.median(kept) for kept in times)
    return Figure(name, value, "ms", floor_name, base, limit, unlimited=unlimited)


def _bound(figure: Figure) -> str:
    unit = "times" if figure.floor else figure.unit
    if figure.least is not None:
        return f"at least {figure.least:g} {unit}"
    if figure.limit is None:
        return f"no limit, because {figure.unlimited}" if figure.unlimited else ""
    return f"at most {figure.limit:g} {unit}"


def table(figures: list[Figure]) -> str:
    """The figures as aligned text."""
    rows = [("what", "median", "floor", "", "ratio", "bound", "")]
    for figure in figures:
        rows.append(
            (
                figure.name,
                f"{figure.value:.2f} {figure.unit}",
                f"{figure.floor:.2f} {figure.unit}" if figure.floor else "",
                figure.floor_name,
                f"{figure.ratio:.2f}" if figure.ratio else "",
                _bound(figure),
                {True: "ok", False: "OVER", None: ""}[figure.within],
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)

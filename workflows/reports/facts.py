"""All that a report is made of, read once, and the words of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from workflows.lawfiles import LAW, table
from workflows.quoted import Beside
from workflows.records.listing import Line
from workflows.reports.absence import Absence
from workflows.reports.counting import Tallies
from workflows.reports.layout import Layout
from workflows.reports.parts import Sources
from workflows.reports.passages import Scope
from workflows.units import Unit


@cache
def words() -> Mapping[str, Any]:
    """The words of the tables; not to be changed by the reader."""
    return table(LAW / "words" / "reports.toml")


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report is made of, read once."""

    session: Session
    layout: Layout
    scope: Scope
    unit: Unit
    language: str
    lines: Mapping[str, list[Line]]
    years: list[dict[str, Any]]
    tallies: Tallies
    quotes: Mapping[int, Beside]
    sources: Sources
    absences: Sequence[Absence]

    def word(self, group: str, key: str, **places: object) -> str:
        """A text of the tables in the report's language."""
        return str(words()[group][key][self.language]).format(**places)

    @property
    def first(self) -> int:
        """The first year of the yearly tables."""
        return self.scope.first - self.layout.years_before

    def behind(self, what: str, **values: object) -> str:
        """The page of what stands behind a count of results."""
        asked = "&".join(f"{name}={value}" for name, value in values.items() if value)
        return f"/reports/{what}?unit={self.unit.id}" + (f"&{asked}" if asked else "")

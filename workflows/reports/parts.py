"""What a report is made of: sections, tables, cells that know where their figure comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from workflows.reports.passages import Scope


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. ``address`` is the page of the records behind its figure, ``note`` the number
    of that source in the report's list; ``value`` the number for spreadsheets, to as many
    places as it is shown with, ``plain`` if thousands are not set apart in it (a year)."""

    text: str
    value: int | Decimal | None = None
    address: str = ""
    note: int = 0
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its caption, its heads, its rows, what is to be known about it. ``figures`` is
    the column from which on cells are figures."""

    id: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    figures: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A year of the picture: how many, and of how many hundredths of a percent."""

    year: int
    count: int
    hundredths: int


@dataclass(frozen=True, slots=True)
class Section:
    """A section with what people wrote in it."""

    id: str
    number: str
    heading: str
    level: int
    writable: bool
    text: str
    version: int
    tables: tuple[Table, ...]
    bars: tuple[Bar, ...] = ()

    @property
    def paragraphs(self) -> list[str]:
        return [line.strip() for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures come from, and the page that shows it."""

    number: int
    text: str
    address: str


@dataclass(slots=True)
class Sources:
    """The list of sources while it grows; each is told once."""

    known: dict[tuple[str, str], Source] = field(default_factory=dict)

    def note(self, text: str, address: str) -> int:
        """The number of a source."""
        key = (text, address)
        if key not in self.known:
            self.known[key] = Source(len(self.known) + 1, text, address)
        return self.known[key].number

    def cell(self, text: str, told: str, address: str, value: int | None = None) -> Cell:
        """A figure with its source."""
        return Cell(text, value, address, self.note(told, address))


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands now."""

    scope: Scope
    title: str
    place: str
    authority: str
    years: str
    made_on: date
    sections: tuple[Section, ...]
    sources: tuple[Source, ...]
    signatory: str
    recipients: tuple[str, ...]
    committee: bool = False
    """Whether it is signed on behalf of a people's committee."""

    @property
    def tables(self) -> Iterator[Table]:
        for section in self.sections:
            yield from section.tables

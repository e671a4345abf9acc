"""Figures that old papers quote, kept as they stand there beside what the records come to.

A quoted percentage is never computed over: it is compared, and a difference is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base
from workflows.results import Result, counting
from workflows.streaks.denominators import denominator, existing_in
from workflows.streaks.members import members, was_there
from workflows.streaks.table import percent, yearly_table
from workflows.units import Unit

PERCENT = "percent"
"""The share of a unit's areas that were recognised in a year."""


class Quoted(Base):
    """What a paper says of a unit and a year, in its own digits.

    ``denominator`` and ``basis``: of how many, and on what that rests; none where the paper
    does not say and nobody established it. ``source`` names the paper.
    """

    __tablename__ = "quoted_figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    year: Mapped[int]
    what: Mapped[str] = mapped_column(String(20), default=PERCENT)
    quoted: Mapped[str] = mapped_column(String(20))
    denominator: Mapped[int | None]
    basis: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(300))

    __table_args__ = (
        CheckConstraint("what IN ('percent')", name="what_known"),
        CheckConstraint("denominator > 0", name="denominator_counts"),
        UniqueConstraint("unit_id", "year", "what"),
    )


_NUMBER = re.compile(r"\d{1,3}(?:[.,]\d{1,4})?")


def number(text: str) -> Decimal | None:
    """What a quoted percentage says: ``70``, ``70 %``, ``70,9``; nothing for what is none."""
    bare = text.replace("%", "").strip()
    if not _NUMBER.fullmatch(bare):
        return None
    found = Decimal(bare.replace(",", "."))
    return found if found <= 100 else None


def rounded(part: int, whole: int, quoted: Decimal) -> Decimal:
    """A share in percent with as many decimals as the quoted one has, half rounded up."""
    return (Decimal(100 * part) / Decimal(whole)).quantize(quoted, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Beside:
    """A quoted percentage beside what the records come to: of ``denominator`` areas, so many
    recognised."""

    unit: str
    unit_name: str
    year: int
    quoted: str
    recognised: int
    denominator: int
    basis: str
    source: str

    @property
    def computed(self) -> str:
        """The share in the precision of the quoted one."""
        said = number(self.quoted)
        if said is None or not self.denominator:
            return ""
        return str(rounded(self.recognised, self.denominator, said))

    @property
    def differs(self) -> bool:
        """Whether the paper says something else than the records, where they say anything."""
        return bool(self.computed) and number(self.quoted) != number(self.computed)

    @property
    def exact(self) -> str | None:
        """The share to two places; none where nothing is known to take it of."""
        return percent(self.recognised, self.denominator)

    def record(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        return {
            "unit": self.unit,
            "unit_name": self.unit_name,
            "percent": self.quoted,
            "computed": self.computed,
            "exact": self.exact,
            "denominator": self.denominator,
            "basis": self.basis,
            "differs": self.differs,
            "source": self.source,
        }


def beside(
    session: Session, first: int, last: int, unit_id: int | None = None
) -> dict[int, list[Beside]]:
    """What old papers quote of a unit (or of any that is no area), by year, beside what the
    records come to; three queries. Where a paper names no denominator, it is the regime's: all
    areas there were, or all that have a result."""
    quoted = session.execute(_quoted(first, last, unit_id)).all()
    if not quoted:
        return {}
    units = {row.Quoted.unit_id for row in quoted}
    counts = {
        (unit, year): (judged, recognised)
        for unit, year, judged, recognised in session.execute(_counts(units, first, last))
    }
    there = existing_in(session, units, first, last)
    found: dict[int, list[Beside]] = {}
    for row in quoted:
        told: Quoted = row.Quoted
        judged, recognised = counts.get((told.unit_id, told.year), (0, 0))
        whole = told.denominator
        if whole is None:
            whole = denominator(told.year, judged, there.get((told.unit_id, told.year), 0))
        one = Beside(
            row.Unit.code,
            row.Unit.title,
            told.year,
            told.quoted,
            recognised,
            whole,
            told.basis,
            told.source,
        )
        found.setdefault(told.year, []).append(one)
    return found


def _quoted(first: int, last: int, unit_id: int | None) -> Select[Quoted, Unit]:
    query = (
        select(Quoted, Unit)
        .join(Unit, Unit.id == Quoted.unit_id)
        .where(Quoted.what == PERCENT, Quoted.year.between(first, last))
        .order_by(Quoted.year, Unit.kind.desc(), Unit.sort, Unit.id)
    )
    return query.where(Unit.kind != "area" if unit_id is None else Unit.id == unit_id)


def _counts(units: Collection[int], first: int, last: int) -> Select[int, int, int, int]:
    there = members(units, literal(first), literal(last))
    return (
        select(there.c.root, Result.year, func.count(), func.count().filter(Result.recognised))
        .join(Result, was_there(there, Result.area_id, Result.year))
        .where(counting(), there.c.kind == "area")
        .group_by(there.c.root, Result.year)
    )


def recognition_table(
    session: Session, first: int, last: int, unit_id: int | None = None
) -> list[dict[str, Any]]:
    """The yearly table, each year with what old papers quote of it."""
    quoted = beside(session, first, last, unit_id)
    return [
        row | ({"quoted": [one.record() for one in quoted[year]]} if year in quoted else {})
        for row in yearly_table(session, first, last, unit_id)
        for year in (row["year"],)
    ]

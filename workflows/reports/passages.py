"""The paragraphs of a report: people's own words, kept when the figures are made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import clock
from engine.db import Base, Instant, writing
from engine.errors import Refusal, Refused, Stale
from engine.texts import Unfit, read_text

LONGEST = 20_000


class Passage(Base):
    """One version of the paragraphs of one section; every version is kept."""

    __tablename__ = "report_passages"

    id: Mapped[int] = mapped_column(primary_key=True)
    report: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id", ondelete="RESTRICT"))
    first_year: Mapped[int]
    last_year: Mapped[int]
    section: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="RESTRICT"))
    written_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        UniqueConstraint(
            "report", "unit_id", "first_year", "last_year", "section", "version", name="uq_passage"
        ),
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """Which report: its kind, the unit, the years."""

    report: str
    unit_id: int
    first: int
    last: int


def passages(session: Session, scope: Scope) -> Mapping[str, Passage]:
    """The newest version of each section."""
    newest = (
        select(func.max(Passage.id)).where(*_of(scope)).group_by(Passage.section).scalar_subquery()
    )
    rows = session.scalars(select(Passage).where(Passage.id.in_(newest)))
    return {one.section: one for one in rows}


def write(
    session: Session, scope: Scope, section: str, text: str, *, version: int, author_id: int
) -> int:
    """Keeps a new version over the one the writer saw; the version now.

    Writing the same again keeps nothing. Raises ``Stale`` when somebody was quicker, and
    ``Refused`` (``too_long``, ``not_text``).
    """
    try:
        # What the typeface lacks is told when the paper is made: office files print it all.
        text = read_text(text, longest=LONGEST, lines=True, printed=False)
    except Unfit as unfit:
        raise Refused(Refusal(unfit.code, unfit.params, field="text")) from None
    with writing(session):
        known = passages(session, scope).get(section)
        stands = known.version if known else 0
        if text == (known.text if known else ""):
            return stands
        if version != stands:
            raise Stale(Refusal("passage_changed"))
        session.add(
            Passage(
                report=scope.report,
                unit_id=scope.unit_id,
                first_year=scope.first,
                last_year=scope.last,
                section=section,
                version=stands + 1,
                text=text,
                author_id=author_id,
                written_at=clock.now(),
            )
        )
        return stands + 1


def _of(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return (
        Passage.report == scope.report,
        Passage.unit_id == scope.unit_id,
        Passage.first_year == scope.first,
        Passage.last_year == scope.last,
    )

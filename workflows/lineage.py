"""The papers that changed units, and which unit came out of which.

A unit that only changed its name, code or parent stays itself and is in no lineage. One that
took others in and went on (a town that two communes joined) is their successor; what it was
before, it still is: whoever asks after all that made it counts it besides its predecessors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.db import Base

ActKind = Literal["create", "merge", "split", "rename", "move", "recode", "end", "load"]
ACT_KINDS: tuple[ActKind, ...] = get_args(ActKind)

CONFIDENCE = ("text", "secondary", "assumed")
"""How well what an act states is known (the tags of the files of law)."""


class UnitAct(Base):
    """The paper by which units changed: number, date and issuer as far as they are known,
    and how well. ``fingerprint`` is that of what was ordered, so that nothing happens twice.
    """

    __tablename__ = "unit_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(60), default="")
    issued_on: Mapped[date | None]
    effective_on: Mapped[date]
    issuer: Mapped[str] = mapped_column(String(160), default="")
    source: Mapped[str] = mapped_column(String(300), default="")
    confidence: Mapped[str] = mapped_column(String(10), default="text")
    fingerprint: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        CheckConstraint(
            "kind IN ('create', 'merge', 'split', 'rename', 'move', 'recode', 'end', 'load')",
            name="kind_known",
        ),
        CheckConstraint("confidence IN ('text', 'secondary', 'assumed')", name="confidence_known"),
        UniqueConstraint("fingerprint"),
    )


class UnitLineage(Base):
    """One unit came, whole or in part, out of another on a day."""

    __tablename__ = "unit_lineage"

    predecessor_id: Mapped[int] = mapped_column(
        ForeignKey("units.id", ondelete="RESTRICT"), primary_key=True
    )
    successor_id: Mapped[int] = mapped_column(
        ForeignKey("units.id", ondelete="RESTRICT"), primary_key=True
    )
    # A part that was split off may take in the rest on a later day.
    effective_on: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    act_id: Mapped[int | None] = mapped_column(ForeignKey("unit_acts.id"))

    __table_args__ = (
        CheckConstraint("kind IN ('merge', 'split', 'replace')", name="kind_known"),
        CheckConstraint("predecessor_id <> successor_id", name="not_itself"),
        Index("ix_unit_lineage_successor_id", "successor_id"),
    )


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a lineage, seen from one end: the unit at the other end, and its first day
    or, of a predecessor, the day from which it was no more (or no more whole).

    ``kind``: ``merge`` (several became one, or one was taken in), ``split`` (one became
    several, or gave up a part), ``replace`` (one took the place of another).
    """

    unit_id: int
    effective_on: date
    kind: str


def predecessors(session: Session, unit_ids: Iterable[int]) -> dict[int, list[Link]]:
    """What each unit came out of, one step back, by day; no entry for what came of nothing."""
    here, there = UnitLineage.successor_id, UnitLineage.predecessor_id
    return _links(session, unit_ids, here, there)


def successors(session: Session, unit_ids: Iterable[int]) -> dict[int, list[Link]]:
    """What each unit went into, one step on, by day; no entry for what just goes on."""
    here, there = UnitLineage.predecessor_id, UnitLineage.successor_id
    return _links(session, unit_ids, here, there)


def _links(
    session: Session,
    unit_ids: Iterable[int],
    here: Mapped[int],
    there: Mapped[int],
) -> dict[int, list[Link]]:
    query = select(here, there, UnitLineage.effective_on, UnitLineage.kind)
    query = query.order_by(UnitLineage.effective_on, there).where(here.in_(set(unit_ids)))
    found: dict[int, list[Link]] = {}
    for unit, other, effective_on, kind in session.execute(query):
        found.setdefault(unit, []).append(Link(other, effective_on, kind))
    return found
